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
from campaign.common.excel.schema import CELL_MISSING, Column, ParsedRow, ParsedTable, parse
from campaign.common.excel.values import (
    ID_OTHER_BIRTH,
    CellError,
    Convert,
    Masked,
    Raw,
    Reading,
    birth_in,
    choice,
    date,
    ethnic_group,
    id_number,
    is_male,
    label,
    or_masked,
    person_name,
    phone,
    squeezed,
    text,
    year_month,
    yes_no,
)
from campaign.common.masking import mask
from orgs.importers.names import Names
from orgs.importers.plan import Changed, New, Plan, Sent
from orgs.importers.posts import party_posts
from orgs.models import Member, MembershipKind, MembershipStatus, Organization, Sex
from orgs.models.members import PRESENT, id_digest
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
ID_CORRECTED = mistake(
    "member.id_corrected",
    _("The member with this personnel number and name has another id number; it is replaced."),
    _("Compare it with the id card."),
    Category.CONFLICT,
    Severity.WARNING,
)
MASK_CHANGED = mistake(
    "member.mask_changed",
    _("The masked value was changed and cannot be understood."),
    _("Write the whole number, or leave the cell as it was downloaded."),
    Category.FORMAT,
)
MASK_OF_NOBODY = mistake(
    "member.mask_of_nobody",
    _("The value is masked, but this row means no member that is known."),
    _("Write the whole number; keep the personnel number of members that were downloaded."),
    Category.UNKNOWN,
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
HAS_LEFT = mistake(
    "member.has_left",
    _("This member has left and holds no position any more."),
    _("The position is not taken over. Correct the status if the person is still a member."),
    Category.CONFLICT,
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


EDUCATIONS = {"大本": "大学本科", "专科": "大学专科", "硕研": "硕士研究生", "博研": "博士研究生"}
"""Half-written levels; any other is kept as it is written."""


def _education() -> Convert[str]:
    plain = label(20)
    return Convert(lambda raw, reading: EDUCATIONS.get(written := plain(raw, reading), written), blank="")


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
    Column("sex", "性别", converter=choice({Sex.MALE: ("男", "男性", "M", "1"), Sex.FEMALE: ("女", "女性", "F", "2")})),
    Column("ethnicity", "民族", ("民 族",), converter=ethnic_group(), clears=True),
    Column("birth_date", "出生日期", ("生日", "出生年月日"), converter=date(), clears=True),
    Column("birth_month", "出生年月", converter=year_month()),
    Column(
        "id_number",
        "身份证号",
        (
            "身份证号码",
            "公民身份号码",
            "居民身份证号",
            "居民身份证号码",
            "身份证件号码",
            "身份证",
            "证件号码",
            "证件号",
        ),
        personal=True,
        converter=or_masked(id_number()),
    ),
    Column("native_place", "籍贯", converter=label(60), clears=True),
    Column("education", "学历", ("文化程度", "学历层次"), converter=_education(), clears=True),
    Column("degree", "学位", converter=label(20), clears=True),
    Column(
        "started_work_on",
        "参加工作时间",
        ("参加工作日期", "工作时间", "参工时间"),
        converter=_date_or_month(),
        clears=True,
    ),
    Column(
        "joined_on",
        "入党时间",
        (
            "入党日期",
            "加入党组织日期",
            "加入党组织时间",
            "加入中共组织时间",
            "加入中国共产党时间",
            "入党年月日",
            "入党年月",
        ),
        converter=date(),
        clears=True,
    ),
    Column(
        "full_member_on",
        "转正时间",
        ("转正日期", "转为正式党员日期", "转为正式党员时间"),
        converter=date(),
        clears=True,
    ),
    Column("kind", "人员类别", ("党员类别", "党员类型", "人员类型"), converter=choice(KINDS)),
    Column(
        "organization",
        "所在党组织",
        (
            "所在党支部",
            "党支部",
            "所属党支部",
            "所属党组织",
            "所在支部",
            "所属支部",
            "支部",
            "党组织",
            "党支部名称",
            "支部名称",
            "党组织名称",
            "所在党支部名称",
            "所在支部名称",
            "所属支部名称",
            "所在党组织名称",
            "所属党组织名称",
            "组织关系所在党支部",
        ),
        required=True,
        converter=label(),
        in_title=True,
    ),
    Column("cell", "所在党小组", ("党小组",), converter=label(60), clears=True),
    Column("party_post", "党内职务", ("党内任职", "支部职务"), converter=party_posts(), clears=True),
    Column("admin_post", "行政职务", ("职务",), converter=label(60), clears=True),
    Column("job", "岗位", ("岗位/工种", "工种", "工作岗位", "岗位工种"), converter=label(60), clears=True),
    Column("technical_title", "专业技术职称", ("职称", "技术职称", "专业技术职务"), converter=label(60), clears=True),
    Column("is_frontline", "是否一线", ("是否一线党员", "一线", "是否在一线"), converter=yes_no()),
    Column("is_party_worker", "是否党务工作者", ("党务工作者",), converter=yes_no()),
    Column(
        "phone",
        "联系电话",
        ("手机", "手机号", "手机号码", "移动电话", "本人电话", "电话", "电话号码", "联系方式"),
        personal=True,
        converter=or_masked(phone()),
        clears=True,
    ),
    Column("status", "党籍状态", ("状态",), converter=choice(STATUSES)),
    Column("personnel_no", "人员编号", ("工号", "员工编号", "职工编号", "党员编号"), converter=_digits(30)),
    Column("remarks", "备注", converter=text(200), clears=True),
)
SHOWN = ("name", "sex", "organization", "id_number", "kind", "party_post")
PLAIN_FIELDS = (
    "name", "sex", "ethnicity", "birth_date", "native_place", "education", "degree", "started_work_on", "joined_on",
    "full_member_on", "kind", "cell", "party_post", "admin_post", "job", "technical_title", "is_frontline",
    "is_party_worker", "phone", "status", "personnel_no", "remarks",
)  # fmt: skip

_PLAIN = frozenset(PLAIN_FIELDS) - {"party_post"}
_DAYS = frozenset({"birth_date", "started_work_on", "joined_on", "full_member_on"})


def members_plan(sent: Sent) -> Plan[Member]:
    """Compare a workbook of members with the database.

    Found again are members by id number, else personnel number, else name and date of birth in the same organization.
    Of a complete roster, members of the organizations it names who are not in it are missing. Raises WorkbookError when
    a sheet cannot be read.
    """
    places = Organization.objects.active()
    if sent.actor is not None:
        places = places.allowed(sent.actor, Cap.MEMBER_IMPORT)
    names = Names(places.only("code", "name", "short_name", "path", "type", "version").iterator(chunk_size=2000))
    table = parse(sent.workbook, COLUMNS, names.in_titles)
    rows = sent.rows(table)
    plan: Plan[Member] = Plan.of(table, len(rows))
    _Reading(table, rows, sent, names).into(plan)
    return plan


class _Reading:
    """The checks of one workbook that need other rows or the database."""

    def __init__(self, table: ParsedTable, rows: Sequence[ParsedRow], sent: Sent, names: Names) -> None:
        self._table, self._rows, self._actor, self._is_full = table, rows, sent.actor, sent.is_full
        self._names = names
        self._first: dict[tuple[str, Any], ParsedRow] = {}
        self._found: set[int] = set()

    def into(self, plan: Plan[Member]) -> None:
        """Report what is wrong, and sort the rows into new, changed and unchanged ones."""
        entries = [self._entry(row) for row in self._rows]
        self._rows = ()
        known = Known(entries)
        plan.namesakes = known.namesakes
        for entry in entries:
            self._sort(plan, entry, known)
        if self._is_full:
            plan.missing = self._missing(entries)

    def _missing(self, entries: "Sequence[Entry]") -> list[Member]:
        """Return the members of the organizations in the file whom it does not name."""
        places = {entry.values["organization"].pk for entry in entries if "organization" in entry.values}
        members = Member.objects.present().select_related("organization")
        members = members.order_by("organization__path", "pinyin", "pk").only("name", "organization__name")
        enrolled = [one for keys in portions(sorted(places)) for one in members.filter(organization__in=keys)]
        return [member for member in enrolled if member.pk not in self._found]

    def _entry(self, row: ParsedRow) -> "Entry":
        """Return what the row says: only cells that are filled and right; what follows from the id number as well."""
        filled = row.filled()
        values = {field: filled[field] for field in _PLAIN.intersection(filled)}
        values |= {field: None if field in _DAYS else "" for field in row.cleared}
        if "party_post" in row and "party_post" in row.heading.found:
            values["party_post"] = self._post(row)
        number = filled.get("id_number", "")
        masked: dict[str, str] = {}
        if isinstance(number, Masked):
            masked["id_number"], number = number, ""
        if isinstance(values.get("phone"), Masked):
            masked["phone"] = values.pop("phone")
        digest = id_digest(number)
        # A number that is another row's says nothing about this person.
        if number and not self._is_double(row, "id_number", digest, ID_TWICE):
            values["id_number"] = number
        self._is_double(row, "personnel_no", values.get("personnel_no"), NUMBER_TWICE)
        month = self._identity(row, values)
        if "organization" in row and (organization := self._organization(row)):
            values["organization"] = organization
        entry = Entry(row, values, digest, month, masked)
        if not digest and "personnel_no" not in values:
            self._is_double(row, "name", entry.person, PERSON_TWICE)
        self._report_breaches(row, values)
        return entry

    def _drop_post(self, entry: "Entry", status: str) -> None:
        """Let nobody hold a position who has left."""
        if entry.values.get("party_post") and entry.values.get("status", status) not in PRESENT:
            self._table.report(entry.row, "party_post", HAS_LEFT)
            entry.values["party_post"] = ""

    def _is_double(self, row: ParsedRow, column: str, key: Any, kind: Mistake) -> bool:
        """Report `key` when an earlier row had it already."""
        if not key or (first := self._first.setdefault((column, key), row)) is row:
            return False
        self._table.report(row, column, kind, first=first.seen_from(row))
        return True

    def _post(self, row: ParsedRow) -> str:
        posts = row["party_post"]
        if len(posts) > 1:
            self._table.report(row, "party_post", ONE_POST)
        return posts[0] if posts else ""

    def _identity(self, row: ParsedRow, values: dict[str, Any]) -> dt.date | None:
        """Take date of birth and sex from the id number where they are not written; sex must be known.

        Returns the month of birth where nothing says the day.
        """
        number, month = values.get("id_number", ""), row["birth_month"]
        if number:
            born = birth_in(number)
            if month and month != born.replace(day=1):
                self._table.report(row, "birth_month", ID_OTHER_BIRTH)
            if "birth_date" in row:
                values.setdefault("birth_date", born)
            if "sex" in row:
                values.setdefault("sex", Sex.MALE if is_male(number) else Sex.FEMALE)
        if "sex" not in values and "sex" in row and "id_number" in row and not row["id_number"]:
            self._table.report(row, "sex", CELL_MISSING)
        return None if "birth_date" in values else month

    def _organization(self, row: ParsedRow) -> Organization | None:
        found = self._names.the_one(self._table, row, "organization")
        if found is not None and not found.is_branch:
            self._table.report(row, "organization", NO_BRANCH)
        return found

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
            self._add(plan, entry)
            return
        self._found.add(member.pk)
        other_number = entry.digest and member.id_number_digest and entry.digest != member.id_number_digest
        if self._actor is not None and not reaches(self._actor, Cap.MEMBER_IMPORT, member.organization.path):
            self._table.report(row, "id_number" if entry.digest else "name", MEMBER_ELSEWHERE)
        elif known.number_is_taken(entry, member) or (other_number and values.get("name") != member.name):
            self._table.report(row, "personnel_no", NUMBER_OF_ANOTHER)
        elif not self._is_double(row, "name", member.pk, PERSON_TWICE):
            if other_number:
                self._table.report(row, "id_number", ID_CORRECTED)
            self._check_masks(entry, member)
            self._drop_post(entry, member.status)
            changes = _changes(member, entry)
            plan.unchanged += not changes
            plan.changed += [Changed(row, member, changes)] if changes else []

    def _add(self, plan: Plan[Member], entry: "Entry") -> None:
        for column in entry.masked:
            self._table.report(entry.row, column, MASK_OF_NOBODY)
        self._drop_post(entry, MembershipStatus.NORMAL)
        values = {field: value for field, value in entry.values.items() if value not in (None, "")}
        if entry.month is not None:
            values["birth_date"] = entry.month
        plan.new.append(New(entry.row, values, entry.digest))

    def _check_masks(self, entry: "Entry", member: Member) -> None:
        for column, written in entry.masked.items():
            if written != mask(member.id_number if column == "id_number" else member.phone):
                self._table.report(entry.row, column, MASK_CHANGED)


def _changes(member: Member, entry: "Entry") -> dict[str, tuple[Any, Any]]:
    values = dict(entry.values)
    born = member.birth_date
    if entry.month is not None and (born is None or born.replace(day=1) != entry.month):
        values["birth_date"] = entry.month
    changes = differences(member, {field: values[field] for field in PLAIN_FIELDS if field in values})
    organization = values.get("organization")
    if organization is not None and organization.pk != member.organization_id:
        changes["organization"] = (member.organization, organization)
        if "party_post" not in values and member.party_post:
            # A position ends with the branch it was held in; of another one there the file says nothing.
            changes["party_post"] = (member.party_post, "")
    if values.get("id_number") and entry.digest != member.id_number_digest:
        changes["id_number"] = (member.id_number, values["id_number"])
    return changes


Person = tuple[int, str, dt.date | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row with what it says: `digest` is the keyed hash of its id number, `month` that of birth where the day is not
    known, `masked` are personal values as an export showed them."""

    row: ParsedRow
    values: dict[str, Any]
    digest: str | None
    month: dt.date | None
    masked: dict[str, str]

    @property
    def person(self) -> Person | None:
        """What a person without numbers is known by: organization, name, date (or month) of birth."""
        organization = self.values.get("organization")
        if organization is None or "name" not in self.values:
            return None
        return organization.pk, self.values["name"], self.values.get("birth_date") or self.month


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

    @property
    def namesakes(self) -> dict[int, int]:
        """Version by key of those who were looked at by name."""
        return {member.pk: member.version for some in self._by_name.values() for member in some}

    def _numbered(self, entry: Entry) -> Member | None:
        return self._by_digest.get(entry.digest) or self._by_number.get(entry.values.get("personnel_no", ""))

    def number_is_taken(self, entry: Entry, member: Member) -> bool:
        """Tell whether the personnel number of a row belongs to somebody else than whom its id number means."""
        holder = self._by_number.get(entry.values.get("personnel_no", ""))
        return holder is not None and holder.pk != member.pk

    def member(self, entry: Entry) -> Member | None:
        """Return whom the row means: by id number, else personnel number, else by name and birth in the organization."""
        if found := self._numbered(entry):
            return found
        if entry.person is None:
            return None
        organization, name, born = entry.person
        namesakes = [
            member
            for member in self._by_name.get((organization, name), [])
            if not (entry.digest and member.id_number_digest) and _may_be_born(member, born, month=entry.month)
        ]
        return namesakes[0] if len(namesakes) == 1 else None


def _may_be_born(member: Member, born: dt.date | None, *, month: dt.date | None) -> bool:
    known = member.birth_date
    if known is None or born is None:
        return True
    return known.replace(day=1) == month if month is not None else known == born


def _members(field: str, keys: Sequence[str | None], **conditions: Any) -> Iterator[Member]:
    unique = list(dict.fromkeys(keys))
    members = Member.objects.select_related("organization").defer("pinyin", "initials")
    for some in portions(unique):
        yield from members.filter(**{f"{field}__in": some}, **conditions)
