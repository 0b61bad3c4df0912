"""Organizations, members, positions and accounts out of the system, in the columns in which an import takes them back.

A form to be filled in (`template`) has empty cells where nothing is known, drop-downs, and a sheet that says what each
column takes; a list has the marks that offices expect. Both are masked alike.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from campaign.common.capabilities import Cap
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Kind, Row, Value
from campaign.common.excel.values import ETHNIC_GROUPS, is_blank
from campaign.common.masking import mask
from orgs.importers import IMPORTERS
from orgs.importers.members import KINDS, STATUSES
from orgs.importers.names import name_key
from orgs.importers.organizations import CATEGORIES, TYPES, UNIT_KINDS
from orgs.importers.posts import POST_NAMES
from orgs.models import ImportKind, Member, Organization, Position, Sex, User
from orgs.selectors import phone_shown, units_of_staff

CHUNK = 2_000
YES_NO = ("是", "否")
SEXES = {Sex.MALE: ("男",), Sex.FEMALE: ("女",)}


@dataclass(frozen=True)
class Field:
    """A column: its key in the importer, what its cells hold, and what they may say (value → names)."""

    key: str
    kind: Kind = Kind.TEXT
    names: Any = None
    width: float | None = None
    offered: bool = True

    @property
    def choices(self) -> tuple[str, ...]:
        """What a drop-down offers."""
        if self.kind is Kind.YES_NO:
            return YES_NO
        return tuple(names[0] for names in self.names.values()) if self.names and self.offered else ()

    def cell(self, value: Any) -> Value:
        """Return a value of a record as it stands in a cell; what an import would read as "nothing" stays empty."""
        if self.names and value:
            return str(self.names[value][0])
        return "" if isinstance(value, str) and is_blank(value) else value


DAY, CODE, YES = Kind.DATE, Kind.CODE, Kind.YES_NO
MEMBER_FIELDS = (
    Field("personnel_no", CODE, width=13), Field("name", width=10), Field("sex", names=SEXES, width=6),
    Field("ethnicity", width=9), Field("birth_month", Kind.YEAR_MONTH), Field("id_number", CODE, width=21),
    Field("native_place"), Field("education"), Field("degree"), Field("started_work_on", DAY), Field("joined_on", DAY),
    Field("full_member_on", DAY), Field("kind", names=KINDS, width=11), Field("organization", width=28), Field("cell"),
    Field("party_post", names=POST_NAMES, width=11), Field("admin_post"), Field("job"), Field("technical_title"),
    Field("is_frontline", YES), Field("is_party_worker", YES), Field("is_mobile", YES), Field("phone", CODE),
    Field("status", names=STATUSES), Field("remarks", width=20),
)  # fmt: skip
ORGANIZATION_FIELDS = (
    Field("code", CODE), Field("name", width=32), Field("short_name", width=18), Field("type", names=TYPES),
    Field("parent", width=32), Field("unit_kind", names=UNIT_KINDS), Field("covered_units", width=20),
    Field("category", names=CATEGORIES),
    Field("established_on", DAY), Field("term_started_on", DAY), Field("term_ends_on", DAY), Field("contact_name"),
    Field("contact_phone", CODE), Field("contact_email", width=20), Field("address", width=24), Field("guided_by", width=24),
)  # fmt: skip
POSITION_FIELDS = (
    Field("personnel_no", CODE, width=13), Field("name", width=10), Field("organization", width=28),
    Field("post", names=POST_NAMES, width=11), Field("is_acting", YES), Field("starts_on", DAY), Field("ends_on", DAY),
)  # fmt: skip
ACCOUNT_FIELDS = (
    Field("personnel_no", CODE, width=13), Field("name", width=10), Field("organization", width=28),
    Field("username", CODE), Field("email", width=24),
)  # fmt: skip


class Places:
    """What an organization is called in a cell: its full name, or its code where the name is another one's too."""

    def __init__(self) -> None:
        self._count = Counter(name_key(name) for name in Organization.objects.order_by().values_list("name", flat=True))

    def __call__(self, organization: Organization) -> str:
        return organization.name if self._count[name_key(organization.name)] == 1 else organization.code


def _members(viewer: Any, organization: Organization) -> Iterator[Row]:
    place, units = Places(), units_of_staff(viewer)
    found = Member.objects.visible_to(viewer).present().in_subtree(organization).select_related("organization")
    for member in found.order_by("organization__path", "pinyin", "pk").iterator(CHUNK):
        born = member.birth_date
        own = {
            "birth_month": dt.date(born.year, born.month, 1) if born else None,
            "id_number": mask(member.id_number),
            "phone": phone_shown(member, viewer, units),
            "organization": place(member.organization),
        }
        yield [
            field.cell(own[field.key] if field.key in own else getattr(member, field.key)) for field in MEMBER_FIELDS
        ]


def _organizations(viewer: Any, organization: Organization) -> Iterator[Row]:
    place = Places()
    above: dict[str, str] = {}
    if organization.parent_path:
        above[organization.parent_path] = place(organization.higher())
    found = Organization.objects.visible_to(viewer).active().in_subtree(organization)
    for node in found.order_by("path").iterator(CHUNK):
        above[node.path] = place(node)
        parent = above.get(node.parent_path, "")
        yield [
            field.cell(parent if field.key == "parent" else getattr(node, field.key)) for field in ORGANIZATION_FIELDS
        ]


def _positions(viewer: Any, organization: Organization) -> Iterator[Row]:
    place = Places()
    found = Position.objects.visible_to(viewer).in_subtree(organization).select_related("organization", "member")
    for position in found.order_by("organization__path", "post", "starts_on", "pk").iterator(CHUNK):
        own = {
            "personnel_no": position.member.personnel_no,
            "name": position.member.name,
            "organization": place(position.organization),
        }
        yield [field.cell(own.get(field.key) or getattr(position, field.key, None)) for field in POSITION_FIELDS]


def _accounts(viewer: Any, organization: Organization) -> Iterator[Row]:
    place = Places()
    found = Member.objects.allowed(viewer, Cap.ACCOUNT_MANAGE).present().in_subtree(organization)
    order = found.select_related("organization", "user").order_by("organization__path", "pinyin", "pk")
    for member in order.iterator(CHUNK):
        user: User | None = getattr(member, "user", None)
        known = (user.username, user.email) if user else ("", "")
        yield [member.personnel_no, member.name, place(member.organization), *known]


@dataclass(frozen=True)
class Exporter:
    """How one kind of record leaves the system; `rows(viewer, organization)` starts from what the viewer may see."""

    title: str
    fields: tuple[Field, ...]
    rows: Callable[[Any, Organization], Iterator[Row]]
    freeze: int


EXPORTERS = {
    ImportKind.MEMBERS: Exporter("党员花名册", MEMBER_FIELDS, _members, 2),
    ImportKind.ORGANIZATIONS: Exporter("党组织基本情况一览表", ORGANIZATION_FIELDS, _organizations, 2),
    ImportKind.POSITIONS: Exporter("党内任职情况表", POSITION_FIELDS, _positions, 2),
    ImportKind.ACCOUNTS: Exporter("账号名单", ACCOUNT_FIELDS, _accounts, 2),
}


def list_sheet(kind: ImportKind) -> FormSheet:
    """Return the form of a list."""
    exporter = EXPORTERS[kind]
    headers = {column.key: column for column in IMPORTERS[kind].columns}
    columns = tuple(FormColumn(headers[field.key].header, field.kind, field.width) for field in exporter.fields)
    return FormSheet(exporter.title, exporter.title, columns, freeze=exporter.freeze, paper_a3=len(columns) > 16)


def template(kind: ImportKind, viewer: Any, organization: Organization, *, prefilled: bool) -> list[Filled]:
    """Return the sheets of a workbook to be filled in and sent back: the table, and what each column takes."""
    exporter = EXPORTERS[kind]
    form = list_sheet(kind)
    offered = tuple(
        replace(column, choices=field.choices) for column, field in zip(form.columns, exporter.fields, strict=True)
    )
    rows = exporter.rows(viewer, organization) if prefilled else iter([[None] * len(offered)] * EMPTY_ROWS)
    form = replace(form, columns=offered, blank="", left=f"填报单位：{organization.name}")
    return [(form, rows), (GUIDE, guide_rows(kind))]


EMPTY_ROWS = 30
GUIDE = FormSheet(
    "填写说明",
    "填写说明",
    (FormColumn("栏目", width=16), FormColumn("要求", width=10, align="center"), FormColumn("可填内容", width=70)),
    landscape=False,
    notes=(
        "注：1.空白单元格表示不改动；填“—”表示清空该项（姓名、性别、党组织等必填项及是否类栏目除外）。",
        "2.带“*”的号码是脱敏显示，保持原样即表示不改动；要更正的，请填写完整号码。",
        "3.人员编号、党组织编码是对应记录的依据，请勿改动；新增的留空，由系统编号。",
        "4.党内职务一栏视为完整：表中有此栏时，空白表示不担任职务。",
        "5.可以增删行、调整栏目次序、保留标题和附注；不需要的栏目可整列删除。",
        "6.严禁填写国家秘密。",
    ),
)


def guide_rows(kind: ImportKind) -> list[Row]:
    """Return (heading, must it be filled, what it takes) of each column of the form."""
    columns = {column.key: column for column in IMPORTERS[kind].columns}
    return [
        [columns[field.key].header, "必填" if columns[field.key].required else "选填", _takes(field)]
        for field in EXPORTERS[kind].fields
    ]


TAKES = {
    "personnel_no": "字母和数字；新增人员可留空，由系统编号",
    "name": "全称；姓名中间的空格不影响识别",
    "ethnicity": f"{ETHNIC_GROUPS[0]}族、{ETHNIC_GROUPS[2]}族等 56 个民族，可省略“族”字",
    "birth_month": "年和月，如 1975-03、1975.03、1975年3月、197503",
    "id_number": "18 位居民身份证号，文本格式；核对校验码、出生日期和性别",
    "organization": "系统中的党组织全称、简称或编码",
    "parent": "上级党组织全称、简称或编码；可以是本表中的其他行",
    "code": "字母和数字；新增的可留空，由系统编号",
    "phone": "11 位手机号，或带区号的固定电话，只填一个",
    "contact_phone": "11 位手机号，或带区号的固定电话，只填一个",
    "covered_units": "联合党支部填写所覆盖的单位，用顿号隔开",
    "email": "如 name@example.cn",
    "contact_email": "如 name@example.cn",
    "username": "字母、数字和 - _ .；留空则用人员编号；已开通的账号名不在此更改",
    "education": "如 研究生、大学本科（大本）、大专、中专、高中",
    "remarks": "200 字以内",
}
_DAYS = "年月日，如 2011-03-01、2011/3/1、2011.3.1、2011年3月1日、20110301，或日期格式"


def _takes(field: Field) -> str:
    if field.choices:
        return "、".join(field.choices) + ("（√、×、Y、N 也可）" if field.kind is Kind.YES_NO else "")
    return TAKES.get(field.key, _DAYS if field.kind is Kind.DATE else "文字")
