"""The checks of a roster that need other columns, other rows or the database."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.access import reaches
from campaign.common.bulk import portions
from campaign.common.capabilities import Cap
from campaign.common.excel.problems import Category, Mistake, Param, Severity, mistake
from campaign.common.excel.schema import CELL_MISSING, ParsedTable, parse
from campaign.common.excel.values import ID_OTHER_BIRTH, birth_in, is_male
from campaign.common.masking import mask
from orgs.importers.members.columns import COLUMNS, PLAIN_FIELDS
from orgs.importers.members.entries import Entries, Known
from orgs.importers.names import Names
from orgs.importers.plan import Changed, NewByColumn, Plan, Sent
from orgs.models import Member, MembershipKind, Organization, Sex
from orgs.models.members import PRESENT
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


OF_AGE = 18
"""Years from birth to joining, from which on the two need no closer look."""


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
    entries = Entries(table.read_all(sent.told))
    plan: Plan[Member] = Plan.of(table, len(entries))
    _Reading(table, entries, sent, names).into(plan)
    return plan


class _Reading:
    """The checks of one workbook: a pass over all rows for each, in which those that are right cost next to nothing."""

    def __init__(self, table: ParsedTable, entries: Entries, sent: Sent, names: Names) -> None:
        self._table, self._entries, self._names = table, entries, names
        self._actor, self._is_full = sent.actor, sent.is_full
        self._rows, self._fields = entries.rows, entries.fields
        self._contradicted: set[int] = set()
        self._found: set[int] = set()
        self._first: dict[int, int] = {}

    def into(self, plan: Plan[Member]) -> None:
        """Report what is wrong, and sort the rows into new, changed and unchanged ones."""
        self._find_organizations()
        self._report_doubles()
        self._use_id_numbers()
        self._report_breaches()
        known, rows = Known(self._entries), range(len(self._entries))
        plan.namesakes = known.namesakes
        meant = [known.member(at) for at in rows] if known else [None] * len(rows)
        for at, member in enumerate(meant):
            if member is not None:
                self._compare(plan, at, member, known)
        if new := [at for at in rows if meant[at] is None]:
            plan.new = self._enrol(new)
        if self._is_full:
            plan.missing = self._missing()

    def _report(self, at: int, column: str, kind: Mistake, **params: Param) -> None:
        self._table.report(self._rows[at], column, kind, **params)

    # -- the rows among themselves

    def _find_organizations(self) -> None:
        cells, wrong = self._rows.cells["organization"], set(self._rows.wrong("organization"))
        found = self._entries.organizations = cells.each(self._the_one)
        for at, organization in enumerate(found):
            if organization is None and at not in wrong:
                self._names.the_one(self._table, self._rows[at], "organization")
        for at in cells.rows(
            {code for code, one in enumerate(map(self._the_one, cells.values)) if one and not one.is_branch}
        ):
            self._report(at, "organization", NO_BRANCH)

    def _the_one(self, written: str) -> Organization | None:
        found = self._names.find(written) if written else []
        return found[0] if len(found) == 1 else None

    def _report_doubles(self) -> None:
        entries, personnel = self._entries, self._fields["personnel_no"]
        for at in self._doubles("id_number", entries.digests, ID_TWICE):
            entries.numbers[at] = ""  # a number that is another row's says nothing about this person
        self._doubles("personnel_no", personnel, NUMBER_TWICE)
        posts = self._rows.cells["party_post"]
        for at in posts.rows({code for code, held in enumerate(posts.values) if len(held) > 1}):
            self._report(at, "party_post", ONE_POST)

    def _doubles(self, column: str, keys: Sequence[Any], kind: Mistake) -> list[int]:
        """Report the rows whose key, if they have one, an earlier row has too; returns their places."""
        given = [key for key in keys if key]
        if len(set(given)) == len(given):
            return []
        first: dict[Any, int] = {}
        doubles = [at for at, key in enumerate(keys) if key and first.setdefault(key, at) != at]
        for at in doubles:
            self._report(at, column, kind, first=self._rows[first[keys[at]]].seen_from(self._rows[at]))
        return doubles

    def _use_id_numbers(self) -> None:
        """Take date of birth and sex from the id number where they are not written; sex must be known.

        The month of birth is kept where nothing says the day. Who has no number at all is known by name and birth.
        """
        entries, written = self._entries, self._rows.values("id_number")
        sexes, births, months = self._fields["sex"], self._fields["birth_date"], entries.months
        sex_stays = set(self._rows.wrong("sex"))
        no_birth, no_number = set(self._rows.wrong("birth_date")), set(self._rows.wrong("id_number"))
        cleared = set(self._rows.cleared("birth_date"))
        for at, number in enumerate(entries.numbers):
            if number:
                born, sex = birth_in(number), Sex.MALE if is_male(number) else Sex.FEMALE
                if (month := months[at]) and month != born.replace(day=1):
                    self._report(at, "birth_month", ID_OTHER_BIRTH)
                if births[at] is None and at not in no_birth and at not in cleared:
                    births[at] = born
                if sexes[at] is None and at not in sex_stays:
                    sexes[at] = sex
                if sexes[at] != sex or births[at] != born:
                    self._contradicted.add(at)
            elif sexes[at] is None and not written[at] and at not in sex_stays and at not in no_number:
                self._report(at, "sex", CELL_MISSING)
        entries.months = [
            None if birth or at in cleared else month
            for at, (birth, month) in enumerate(zip(births, months, strict=True))
        ]
        people = [
            None if digest or personnel_no else entries.person(at)
            for at, (digest, personnel_no) in enumerate(zip(entries.digests, self._fields["personnel_no"], strict=True))
        ]
        self._doubles("name", people, PERSON_TWICE)

    def _report_breaches(self) -> None:
        """Report what contradicts itself in a row."""
        names = ("sex", "birth_date", "joined_on", "full_member_on", "kind")
        columns = [self._fields[name] for name in names]
        for at, (sex, birth, joined, full, kind) in enumerate(zip(*columns, strict=True)):
            if at not in self._contradicted and not _needs_a_look(birth, joined, full, kind):
                continue
            for breach in member_breaches(
                sex=sex,
                id_number=self._entries.numbers[at],
                birth_date=birth,
                joined_on=joined,
                full_member_on=full,
                kind=kind,
            ):
                self._report(at, breach.field, breach.mistake)

    # -- the rows and the database

    def _compare(self, plan: Plan[Member], at: int, member: Member, known: Known) -> None:
        entries, values = self._entries, self._entries.values(at)
        digest = entries.digests[at]
        self._found.add(member.pk)
        other_number = digest and member.id_number_digest and digest != member.id_number_digest
        if self._actor is not None and not reaches(self._actor, Cap.MEMBER_IMPORT, member.organization.path):
            self._report(at, "id_number" if digest else "name", MEMBER_ELSEWHERE)
        elif known.number_is_taken(at, member) or (other_number and values.get("name") != member.name):
            self._report(at, "personnel_no", NUMBER_OF_ANOTHER)
        elif (first := self._first.setdefault(member.pk, at)) != at:
            self._report(at, "name", PERSON_TWICE, first=self._rows[first].seen_from(self._rows[at]))
        else:
            if other_number:
                self._report(at, "id_number", ID_CORRECTED)
            for column, written in entries.masked.get(at, {}).items():
                if written != mask(member.id_number if column == "id_number" else member.phone):
                    self._report(at, column, MASK_CHANGED)
            if values.get("party_post") and values.get("status", member.status) not in PRESENT:
                self._report(at, "party_post", HAS_LEFT)
                values["party_post"] = ""
            changes = _changes(member, values, digest, entries.months[at])
            plan.unchanged += not changes
            plan.changed += [Changed(self._rows[at], member, changes)] if changes else []

    def _enrol(self, new: list[int]) -> NewByColumn[Member]:
        entries, posts, statuses = self._entries, self._fields["party_post"], self._fields["status"]
        for at in sorted(entries.masked.keys() & set(new)):
            for column in entries.masked[at]:
                self._report(at, column, MASK_OF_NOBODY)
        for at in new:
            if posts[at] and statuses[at] and statuses[at] not in PRESENT:
                self._report(at, "party_post", HAS_LEFT)
                posts[at] = ""
        births = self._fields["birth_date"]
        born = [birth or month for birth, month in zip(births, entries.months, strict=True)]
        columns = {name: self._fields[name] for name in PLAIN_FIELDS}
        columns |= {"birth_date": born, "organization": entries.organizations, "id_number": entries.numbers}
        return NewByColumn.of(self._rows, new, columns)

    def _missing(self) -> list[Member]:
        """Return the members of the organizations in the file whom it does not name."""
        places = {organization.pk for organization in self._entries.organizations if organization is not None}
        members = Member.objects.present().select_related("organization")
        members = members.order_by("organization__path", "pinyin", "pk").only("name", "organization__name")
        enrolled = [one for keys in portions(sorted(places)) for one in members.filter(organization__in=keys)]
        return [member for member in enrolled if member.pk not in self._found]


def _needs_a_look(birth: dt.date | None, joined: dt.date | None, full: dt.date | None, kind: str | None) -> bool:
    """Tell whether the dates of a row may break a rule; those of most are far from it."""
    if full and (kind == MembershipKind.PROBATIONARY or (joined and full < joined)):
        return True
    return bool(birth and joined and joined.year - birth.year <= OF_AGE)


def _changes(
    member: Member, values: dict[str, Any], digest: str | None, month: dt.date | None
) -> dict[str, tuple[Any, Any]]:
    born = member.birth_date
    if month is not None and (born is None or born.replace(day=1) != month):
        values = values | {"birth_date": month}
    changes = differences(member, {field: values[field] for field in PLAIN_FIELDS if field in values})
    organization = values.get("organization")
    if organization is not None and organization.pk != member.organization_id:
        changes["organization"] = (member.organization, organization)
        if "party_post" not in values and member.party_post:
            # A position ends with the branch it was held in; of another one there the file says nothing.
            changes["party_post"] = (member.party_post, "")
    if values.get("id_number") and digest != member.id_number_digest:
        changes["id_number"] = (member.id_number, values["id_number"])
    return changes
