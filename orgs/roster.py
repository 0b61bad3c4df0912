"""Form d.1, the roster of members: for the report, for its public variant, and as part of records (2-domain d.1)."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from campaign.common.crypto import decrypt
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind, Row
from campaign.common.masking import mask
from orgs.models import Member
from orgs.models.members import MembershipKind, MembershipStatus, PartyPost, Sex

COLUMNS = (
    ("name", FormColumn("姓名", width=8)),
    ("sex", FormColumn("性别", width=5, align="center")),
    ("ethnicity", FormColumn("民族", width=7, align="center")),
    ("birth_date", FormColumn("出生年月", Kind.YEAR_MONTH, width=9)),
    ("id_number_cipher", FormColumn("身份证号", Kind.CODE, width=20)),
    ("native_place", FormColumn("籍贯", width=10)),
    ("education", FormColumn("学历", width=9)),
    ("degree", FormColumn("学位", width=8)),
    ("started_work_on", FormColumn("参加工作时间", Kind.DATE, width=11)),
    ("joined_on", FormColumn("入党时间", Kind.DATE, width=11)),
    ("full_member_on", FormColumn("转正时间", Kind.DATE, width=11)),
    ("kind", FormColumn("人员类别(正式/预备)", width=9)),
    ("organization__name", FormColumn("所在党组织", width=22)),
    ("cell", FormColumn("所在党小组", width=10)),
    ("party_post", FormColumn("党内职务", width=9)),
    ("admin_post", FormColumn("行政职务", width=10)),
    ("job", FormColumn("岗位/工种", width=9)),
    ("technical_title", FormColumn("专业技术职称", width=9)),
    ("is_frontline", FormColumn("是否一线", Kind.YES_NO, width=6)),
    ("is_party_worker", FormColumn("是否党务工作者", Kind.YES_NO, width=8)),
    ("phone", FormColumn("联系电话", Kind.CODE, width=13)),
    ("status", FormColumn("党籍状态", width=7)),
    ("remarks", FormColumn("备注", width=10)),
)
"""The field from which a column is made, and the column."""
PERSONAL = {"birth_date", "id_number_cipher", "native_place", "phone"}
"""What a roster that hangs on a wall does not show."""
PUBLIC_COLUMNS = tuple((field, column) for field, column in COLUMNS if field not in PERSONAL)
CHOICES = {"sex": Sex, "kind": MembershipKind, "party_post": PartyPost, "status": MembershipStatus}
CHUNK = 2000


def _sheet(columns: Sequence[tuple[str, FormColumn]]) -> FormSheet:
    return FormSheet("党员花名册", "党员花名册", tuple(column for _field, column in columns), freeze=1)


ROSTER = _sheet(COLUMNS)
PUBLIC_ROSTER = _sheet(PUBLIC_COLUMNS)


def roster_rows(members: Any, *, unmasked: bool, columns: Sequence[tuple[str, FormColumn]] = COLUMNS) -> Iterator[Row]:
    """Yield the rows of form d.1 for a queryset of members, in the order of the roll.

    Plain values and no objects: a group has hundreds of thousands of members.
    """
    fields = [field for field, _column in columns]
    changes = _changes(fields, unmasked=unmasked)
    ordered = members.order_by("organization__path", "pinyin", "pk")
    for values in ordered.values_list(*fields).iterator(chunk_size=CHUNK):
        yield _row(values, changes)


def roster_row(member: Member, *, unmasked: bool) -> Row:
    """Return the row of one member; masked, the cell of the month of birth holds no day either."""
    fields = [field for field, _column in COLUMNS]
    values = attrgetter(*(field.replace("__", ".") for field in fields))(member)
    return _row(values, _changes(fields, unmasked=unmasked))


def _row(values: Sequence[Any], changes: list[tuple[int, Callable[[Any], Any]]]) -> Row:
    cells = list(values)
    for place, change in changes:
        cells[place] = change(cells[place])
    return cells


def _changes(fields: Sequence[str], *, unmasked: bool) -> list[tuple[int, Callable[[Any], Any]]]:
    """Return by place what becomes of stored values on their way into a cell; the others stay as they are."""
    changes: dict[str, Callable[[Any], Any]] = {"id_number_cipher": decrypt if unmasked else _masked_number}
    changes |= {field: _named(choices) for field, choices in CHOICES.items()}
    if not unmasked:
        changes |= {"phone": mask, "birth_date": _month}
    return [(place, changes[field]) for place, field in enumerate(fields) if field in changes]


def _named(choices: Any) -> Callable[[str], str]:
    names = {value: str(label) for value, label in choices.choices}
    return lambda value: names.get(value, value)


def _masked_number(cipher: str) -> str:
    return mask(decrypt(cipher))


def _month(born: dt.date | None) -> dt.date | None:
    return born and born.replace(day=1)
