"""Members from a workbook: the roster of form d.1 and what offices make of it.

A blank cell says nothing and leaves what is stored, except in the column of party positions: a roster that has it is
complete, so that who stands down by leaving the cell empty does.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.access import reaches
from campaign.common.bulk import portions
from campaign.common.capabilities import Cap
from campaign.common.excel.problems import Category, Mistake, Severity, mistake
from campaign.common.excel.reader import Workbook
from campaign.common.excel.schema import CELL_MISSING, Column, ParsedRow, ParsedTable, parse
from campaign.common.excel.values import (
    ID_OTHER_BIRTH,
    CellError,
    Convert,
    Raw,
    Reading,
    birth_in,
    choice,
    date,
    ethnic_group,
    id_number,
    is_male,
    label,
    person_name,
    phone,
    squeezed,
    text,
    year_month,
    yes_no,
)
from orgs.importers.names import ORGANIZATION_AMBIGUOUS, ORGANIZATION_SIMILAR, ORGANIZATION_UNKNOWN, Names
from orgs.importers.plan import Changed, New, Plan
from orgs.importers.posts import party_posts
from orgs.models import Member, MembershipKind, MembershipStatus, Organization, Sex
from orgs.models.members import id_digest
from orgs.rules import member_breaches
from orgs.services.changes import differences

ID_TWICE = mistake(
    "member.id_twice",
    _("This id number stands in row %(first)s too."),
    _("Compare both rows with the id cards, or delete one."),
    Category.DUPLICATE,
)
NUMBER_TWICE = mistake(
    "member.number_twice",
    _("This personnel number stands in row %(first)s too."),
    _("Correct one of the rows, or delete it."),
    Category.DUPLICATE,
)
PERSON_TWICE = mistake(
    "member.person_twice",
    _("Row %(first)s holds the same person."),
    _("Delete one of the rows, or add the id numbers."),
    Category.DUPLICATE,
)
NUMBER_OF_ANOTHER = mistake(
    "member.number_of_another",
    _("This personnel number belongs to a member with another id number."),
    _("Check the personnel number, or leave the cell empty."),
    Category.CONFLICT,
)
MEMBER_ELSEWHERE = mistake(
    "member.elsewhere",
    _("This person is enrolled in an organization that you may not import for."),
    _("Ask the office above both organizations to move the person."),
    Category.CONFLICT,
)
NO_BRANCH = mistake(
    "member.no_branch",
    _("Members are enrolled in branches; this is none."),
    _("Write the branch if the person belongs to one."),
    Category.RULE,
    Severity.WARNING,
)
ONE_POST = mistake(
    "member.one_post",
    _("Of several party positions only the highest is kept."),
    _("Write the others into the column “remarks” if they matter."),
    Category.RULE,
    Severity.WARNING,
)


def _digits(max_length: int) -> Convert[str]:
    """A code: no blanks, 1024.0 → 1024."""
    return Convert(lambda raw, _reading: squeezed(raw)[:max_length], blank="")


def _date_or_month() -> Convert[Any]:
    """A day, or a month as its first day: that is how starting work is written in most rosters."""
    day, month = date(), year_month()

    def convert(raw: Raw, reading: Reading) -> Any:
        try:
            return day(raw, reading)
        except CellError:
            return month(raw, reading)

    return Convert(convert)


KINDS = {
    MembershipKind.FULL: ("正式党员", "正式"),
    MembershipKind.PROBATIONARY: ("预备党员", "预备"),
}
STATUSES = {
    MembershipStatus.NORMAL: ("正常", "在册", "正常党籍"),
    MembershipStatus.LOST_CONTACT: ("失联", "失去联系"),
    MembershipStatus.SUSPENDED: ("停止党籍", "停止", "留党察看"),
    MembershipStatus.LEFT: ("已转出", "转出", "出党"),
    MembershipStatus.DECEASED: ("已去世", "去世", "死亡"),
}

COLUMNS = (
    Column("name", "姓名", ("党员姓名",), required=True, converter=person_name()),
    Column("sex", "性别", converter=choice({Sex.MALE: ("男", "男性", "M"), Sex.FEMALE: ("女", "女性", "F")})),
    Column("ethnicity", "民族", ("民 族",), converter=ethnic_group()),
    Column("birth_date", "出生日期", ("生日", "出生年月日"), converter=date()),
    Column("birth_month", "出生年月", converter=year_month()),
    Column(
        "id_number",
        "身份证号",
        ("身份证号码", "公民身份号码", "居民身份证号", "身份证", "证件号码"),
        personal=True,
        converter=id_number(),
    ),
    Column("native_place", "籍贯", converter=label(60)),
    Column("education", "学历", ("文化程度", "学历层次"), converter=label(20)),
    Column("degree", "学位", converter=label(20)),
    Column("started_work_on", "参加工作时间", ("参加工作日期", "工作时间", "参工时间"), converter=_date_or_month()),
    Column("joined_on", "入党时间", ("入党日期", "加入党组织日期", "入党年月日"), converter=date()),
    Column("full_member_on", "转正时间", ("转正日期", "转为正式党员日期", "转为正式党员时间"), converter=date()),
    Column("kind", "人员类别", ("党员类别", "党员类型", "人员类型"), converter=choice(KINDS)),
    Column(
        "organization",
        "所在党组织",
        ("所在党支部", "党支部", "所属党支部", "所属党组织", "所在支部", "党组织", "党支部名称", "党组织名称"),
        required=True,
        converter=label(),
    ),
    Column("cell", "所在党小组", ("党小组",), converter=label(60)),
    Column("party_post", "党内职务", ("党内任职", "支部职务"), converter=party_posts()),
    Column("admin_post", "行政职务", ("职务",), converter=label(60)),
    Column("job", "岗位", ("岗位/工种", "工种", "工作岗位", "岗位工种"), converter=label(60)),
    Column("technical_title", "专业技术职称", ("职称", "技术职称", "专业技术职务"), converter=label(60)),
    Column("is_frontline", "是否一线", ("是否一线党员", "一线", "是否在一线"), converter=yes_no()),
    Column("is_party_worker", "是否党务工作者", ("党务工作者",), converter=yes_no()),
    Column("phone", "联系电话", ("手机", "手机号", "手机号码", "电话", "联系方式"), personal=True, converter=phone()),
    Column("status", "党籍状态", ("状态",), converter=choice(STATUSES)),
    Column("personnel_no", "人员编号", ("工号", "员工编号", "职工编号", "党员编号"), converter=_digits(30)),
    Column("remarks", "备注", converter=text(200)),
)
SHOWN = ("name", "sex", "organization", "id_number", "kind", "party_post")
PLAIN_FIELDS = (
    "name", "sex", "ethnicity", "birth_date", "native_place", "education", "degree", "started_work_on", "joined_on",
    "full_member_on", "kind", "cell", "party_post", "admin_post", "job", "technical_title", "is_frontline",
    "is_party_worker", "phone", "status", "personnel_no", "remarks",
)  # fmt: skip

_PLAIN = frozenset(PLAIN_FIELDS) - {"party_post"}


def members_plan(workbook: Workbook, actor: Any) -> Plan[Member]:
    """Compare a workbook of members with the database. `actor` None is the system.

    Found again are members by id number, else personnel number, else name and date of birth in the same organization.
    Raises WorkbookError when a sheet cannot be read.
    """
    table = parse(workbook, COLUMNS)
    rows = list(table)
    plan: Plan[Member] = Plan.of(table, len(rows))
    _Reading(table, rows, actor).into(plan)
    return plan


class _Reading:
    """The checks of one workbook that need other rows or the database."""

    def __init__(self, table: ParsedTable, rows: Sequence[ParsedRow], actor: Any) -> None:
        self._table, self._rows, self._actor = table, rows, actor
        places = Organization.objects.active()
        if actor is not None:
            places = places.allowed(actor, Cap.MEMBER_IMPORT)
        self._names = Names(places.only("code", "name", "short_name", "path", "type").iterator(chunk_size=2000))
        self._digests = {id(row): id_digest(row["id_number"]) for row in rows}
        self._first: dict[tuple[str, Any], int] = {}

    def into(self, plan: Plan[Member]) -> None:
        """Report what is wrong, and sort the rows into new, changed and unchanged ones."""
        entries = [Entry(row, self._values(row), self._digests[id(row)]) for row in self._rows]
        known = Known(entries)
        for entry in entries:
            self._sort(plan, entry, known)

    def _values(self, row: ParsedRow) -> dict[str, Any]:
        """Return what the row says: only cells that are filled and right; what follows from the id number as well."""
        filled = row.filled()
        values = {field: filled[field] for field in _PLAIN.intersection(filled)}
        if "party_post" in row and "party_post" in row.heading.found:
            values["party_post"] = self._post(row)
        # A number that is another row's says nothing about this person.
        if not self._is_double(row, "id_number", self._digests[id(row)], ID_TWICE) and row["id_number"]:
            values["id_number"] = row["id_number"]
        self._is_double(row, "personnel_no", values.get("personnel_no"), NUMBER_TWICE)
        self._identity(row, values)
        if "organization" in row and (organization := self._organization(row)):
            values["organization"] = organization
        if not self._digests[id(row)]:
            self._is_double(row, "name", person_key(values), PERSON_TWICE)
        self._report_breaches(row, values)
        return values

    def _is_double(self, row: ParsedRow, column: str, key: Any, kind: Mistake) -> bool:
        """Report `key` when an earlier row had it already."""
        if not key or (first := self._first.setdefault((column, key), row.number)) == row.number:
            return False
        self._table.report(row, column, kind, first=first)
        return True

    def _post(self, row: ParsedRow) -> str:
        posts = row["party_post"]
        if len(posts) > 1:
            self._table.report(row, "party_post", ONE_POST)
        return posts[0] if posts else ""

    def _identity(self, row: ParsedRow, values: dict[str, Any]) -> None:
        """Take date of birth and sex from the id number where they are not written; sex must be known."""
        number, month = values.get("id_number", ""), row["birth_month"]
        if number:
            born = birth_in(number)
            if month and month != born.replace(day=1):
                self._table.report(row, "birth_month", ID_OTHER_BIRTH)
            if "birth_date" in row:
                values.setdefault("birth_date", born)
            if "sex" in row:
                values.setdefault("sex", Sex.MALE if is_male(number) else Sex.FEMALE)
        elif month:
            values.setdefault("birth_date", month)
        if "sex" not in values and "sex" in row and "id_number" in row and not row["id_number"]:
            self._table.report(row, "sex", CELL_MISSING)

    def _organization(self, row: ParsedRow) -> Organization | None:
        written = row["organization"]
        found = self._names.find(written)
        if len(found) == 1:
            if not found[0].is_branch:
                self._table.report(row, "organization", NO_BRANCH)
            return found[0]
        if found:
            self._table.report(row, "organization", ORGANIZATION_AMBIGUOUS, count=len(found))
        elif similar := self._names.similar(written):
            self._table.report(row, "organization", ORGANIZATION_SIMILAR, similar=similar)
        else:
            self._table.report(row, "organization", ORGANIZATION_UNKNOWN)
        return None

    def _report_breaches(self, row: ParsedRow, values: dict[str, Any]) -> None:
        for breach in member_breaches(
            sex=values.get("sex"),
            id_number=values.get("id_number", ""),
            birth_date=values.get("birth_date"),
            joined_on=values.get("joined_on"),
            full_member_on=values.get("full_member_on"),
            kind=values.get("kind"),
        ):
            self._table.report(row, breach.field, breach.mistake)

    def _sort(self, plan: Plan[Member], entry: "Entry", known: "Known") -> None:
        row, values = entry.row, entry.values
        member = known.member(entry)
        if member is None:
            plan.new.append(New(row, values))
            return
        if self._actor is not None and not reaches(self._actor, Cap.MEMBER_IMPORT, member.organization.path):
            self._table.report(row, "id_number" if entry.digest else "name", MEMBER_ELSEWHERE)
        elif entry.digest and member.id_number_digest and entry.digest != member.id_number_digest:
            self._table.report(row, "personnel_no", NUMBER_OF_ANOTHER)
        elif not self._is_double(row, "name", member.pk, PERSON_TWICE):
            changes = _changes(member, values)
            plan.unchanged += not changes
            plan.changed += [Changed(row, member, changes)] if changes else []


def _changes(member: Member, values: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    changes = differences(member, {field: values[field] for field in PLAIN_FIELDS if field in values})
    organization = values.get("organization")
    if organization is not None and organization.pk != member.organization_id:
        changes["organization"] = (member.organization, organization)
    if values.get("id_number") and not member.id_number_digest:
        changes["id_number"] = ("", values["id_number"])
    return changes


@dataclass(frozen=True)
class Entry:
    """A row with what it says, and the keyed hash of its id number."""

    row: ParsedRow
    values: dict[str, Any]
    digest: str | None


Person = tuple[int, str, dt.date | None]


def person_key(values: dict[str, Any]) -> Person | None:
    """Return what a person without numbers is known by: organization, name, date of birth."""
    organization = values.get("organization")
    if organization is None or "name" not in values:
        return None
    return organization.pk, values["name"], values.get("birth_date")


class Known:
    """The members of the database that rows may mean, found by a few queries."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        digests = [entry.digest for entry in entries if entry.digest]
        numbers = [entry.values["personnel_no"] for entry in entries if "personnel_no" in entry.values]
        self._by_digest = {member.id_number_digest: member for member in _members("id_number_digest", digests)}
        self._by_number = {member.personnel_no: member for member in _members("personnel_no", numbers)}
        self._by_name: dict[tuple[int, str], list[Member]] = defaultdict(list)
        open_names = {entry.values.get("name", ""): entry.digest for entry in entries if not self._numbered(entry)}
        with_number = [name for name, digest in open_names.items() if name and digest]
        without = [name for name, digest in open_names.items() if name and not digest]
        # Who has another id number is somebody else.
        for member in (*_members("name", with_number, id_number_digest=None), *_members("name", without)):
            self._by_name[member.organization_id, member.name].append(member)

    def _numbered(self, entry: Entry) -> Member | None:
        return self._by_digest.get(entry.digest) or self._by_number.get(entry.values.get("personnel_no", ""))

    def member(self, entry: Entry) -> Member | None:
        """Return whom the row means: by id number, else personnel number, else by name and birth in the organization."""
        if found := self._numbered(entry):
            return found
        key = person_key(entry.values)
        if key is None:
            return None
        organization, name, born = key
        namesakes = [
            member
            for member in self._by_name.get((organization, name), [])
            if not (entry.digest and member.id_number_digest) and (not born or member.birth_date in (None, born))
        ]
        return namesakes[0] if len(namesakes) == 1 else None


def _members(field: str, keys: Sequence[str | None], **conditions: Any) -> Iterator[Member]:
    unique = list(dict.fromkeys(keys))
    members = Member.objects.select_related("organization").defer("pinyin", "initials")
    for some in portions(unique):
        yield from members.filter(**{f"{field}__in": some}, **conditions)
