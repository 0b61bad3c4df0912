"""Rules that values of one record must keep together; asked by services, forms and importers alike."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.common.errors import DomainError
from campaign.common.excel.problems import Category, Mistake, Severity, mistake
from campaign.common.excel.values import identity_conflicts
from orgs.models import BRANCH_TYPES, MembershipKind, OrganizationType, Sex
from orgs.models.members import months_after

TERM_ORDER = mistake(
    "organization.term_order",
    _("The term ends before it begins."),
    _("Check both dates."),
    Category.CONFLICT,
)
FOUNDED_AFTER_TERM = mistake(
    "organization.founded_after_term",
    _("The present term was elected before the organization was established."),
    _("Check both dates."),
    Category.CONFLICT,
    Severity.WARNING,
)
FULL_BEFORE_JOINING = mistake(
    "member.full_before_joining",
    _("Full membership begins before joining the party."),
    _("Check both dates."),
    Category.CONFLICT,
)
BORN_AFTER_JOINING = mistake(
    "member.born_after_joining",
    _("The date of birth lies after the date of joining the party."),
    _("Check both dates."),
    Category.CONFLICT,
)
PROBATIONARY_BUT_FULL = mistake(
    "member.probationary_but_full",
    _("A probationary member has a date of full membership."),
    _("Check the membership and the date."),
    Category.CONFLICT,
)
JOINED_UNDER_AGE = mistake(
    "member.joined_under_age",
    _("The person joined before the age of 18."),
    _("Check both dates; the Party Constitution asks for 18 years."),
    Category.RULE,
    Severity.WARNING,
)


@dataclass(frozen=True)
class Breach:
    """A broken rule, told at `field`."""

    field: str
    mistake: Mistake

    @property
    def is_error(self) -> bool:
        """False for what is only worth a remark."""
        return self.mistake.severity is Severity.ERROR

    def __str__(self) -> str:
        return f"{self.mistake.text} {self.mistake.advice}"


def refuse_errors(breaches: Iterable[Breach]) -> None:
    """Raise DomainError with the first of `breaches` that is more than a warning."""
    for breach in breaches:
        if breach.is_error:
            raise DomainError(breach.mistake.text)


def organization_breaches(
    *, established_on: dt.date | None, term_started_on: dt.date | None, term_ends_on: dt.date | None
) -> Iterator[Breach]:
    """Yield what contradicts itself in the dates of an organization."""
    if term_started_on and term_ends_on and term_ends_on <= term_started_on:
        yield Breach("term_ends_on", TERM_ORDER)
    if established_on and term_started_on and term_started_on < established_on:
        yield Breach("term_started_on", FOUNDED_AFTER_TERM)


def member_breaches(
    *,
    sex: str | None,
    id_number: str,
    birth_date: dt.date | None,
    joined_on: dt.date | None,
    full_member_on: dt.date | None,
    kind: str | None,
) -> Iterator[Breach]:
    """Yield what contradicts itself in a member's values; None and "" are not compared (2-domain b.3)."""
    if id_number:
        male = None if sex is None else sex == Sex.MALE
        for found in identity_conflicts(id_number, male=male, born=birth_date):
            yield Breach("sex" if found.key == "id.other_sex" else "birth_date", found)
    if joined_on and full_member_on and full_member_on < joined_on:
        yield Breach("full_member_on", FULL_BEFORE_JOINING)
    if kind == MembershipKind.PROBATIONARY and full_member_on:
        yield Breach("full_member_on", PROBATIONARY_BUT_FULL)
    if birth_date and joined_on:
        if joined_on <= birth_date:
            yield Breach("joined_on", BORN_AFTER_JOINING)
        elif joined_on < years_after(birth_date, 18):
            yield Breach("joined_on", JOINED_UNDER_AGE)


def years_after(day: dt.date, years: int) -> dt.date:
    """Return the same day so many years later; of 29 February, 1 March in other years."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


# -- findings: what a rule sees otherwise; warnings that name their rule, never blocks (2-domain b.2) ------------------


@dataclass(frozen=True)
class Finding:
    """Something about an organization that a rule sees otherwise: what it is, and which rule says so."""

    key: str
    text: str
    rule: str | Promise

    def __str__(self) -> str:
        return gettext("%(text)s (%(rule)s)") % {"text": self.text, "rule": self.rule}


TERM_RULE = _("Opinion on terms of office, 2018")
BRANCH_RULES = _("Work regulations for party branches")
ENTERPRISE_RULES = _("Work regulations for primary organizations of state-owned enterprises, art. 4")
TERM_YEARS: dict[str, int] = {
    OrganizationType.COMMITTEE: 5,
    OrganizationType.WORKING_COMMITTEE: 5,
    OrganizationType.GENERAL_BRANCH: 3,
    OrganizationType.BRANCH: 3,
    OrganizationType.JOINT_BRANCH: 3,
}
EXTENSION_YEARS = 1
REMINDER_MONTHS = 6


def term_end(kind: str, elected_on: dt.date) -> dt.date | None:
    """Return when a term begun on `elected_on` regularly ends; None for a type without a term."""
    years = TERM_YEARS.get(kind)
    return years_after(elected_on, years) if years else None


def term_findings(kind: str, started_on: dt.date | None, ends_on: dt.date | None, today: dt.date) -> Iterator[Finding]:
    """Yield that a term has run out, ends soon, or is longer than its rule with an extension allows."""
    if ends_on is None:
        return
    day = {"day": f"{ends_on:%Y-%m-%d}"}
    regular = term_end(kind, started_on) if started_on else None
    if ends_on < today:
        yield Finding("term_over", gettext("The term ended on %(day)s. There must be an election.") % day, TERM_RULE)
    elif ends_on <= months_after(today, REMINDER_MONTHS):
        yield Finding("term_soon", gettext("The term ends on %(day)s. Prepare the election.") % day, TERM_RULE)
    if regular and ends_on > years_after(regular, EXTENSION_YEARS):
        text = gettext("By its election the term ends on %(day)s; it may be extended by at most a year.")
        yield Finding("term_long", text % {"day": f"{regular:%Y-%m-%d}"}, TERM_RULE)


BELOW: dict[str, frozenset[str]] = {
    OrganizationType.COMMITTEE: frozenset(OrganizationType.values) - {OrganizationType.CELL},
    OrganizationType.WORKING_COMMITTEE: frozenset(OrganizationType.values)
    - {OrganizationType.CELL, OrganizationType.LEADING_PARTY_GROUP},
    OrganizationType.LEADING_PARTY_GROUP: frozenset({OrganizationType.COMMITTEE}),
    OrganizationType.GENERAL_BRANCH: frozenset(BRANCH_TYPES),
    OrganizationType.BRANCH: frozenset({OrganizationType.CELL}),
    OrganizationType.JOINT_BRANCH: frozenset({OrganizationType.CELL}),
    OrganizationType.CELL: frozenset(),
}
"""Which types stand directly below which."""
COMMITTEE_LEAST, GENERAL_BRANCH_LEAST = 100, 50
BRANCH_LEAST_FULL, BRANCH_MOST = 3, 50
JOINT_UNITS_MOST = 5
BRANCH_COMMITTEE_FROM, BRANCH_COMMITTEE_LEAST, BRANCH_COMMITTEE_MOST = 7, 3, 7


def place_findings(kind: str, above: str | None) -> Iterator[Finding]:
    """Yield a finding where an organization of this type should not stand directly below one of the type `above`."""
    if above is None or kind in BELOW[above]:
        return
    names = {"type": OrganizationType(kind).label, "above": OrganizationType(above).label}
    if kind == OrganizationType.CELL:
        yield Finding("place", gettext("A party group belongs inside a branch."), BRANCH_RULES)
    else:
        text = gettext("“%(type)s” does not usually stand directly below “%(above)s”.") % names
        yield Finding("place", text, gettext("Order of party organizations"))


@dataclass(frozen=True)
class Sizes:
    """Numbers that the rules look at: `members` with everything below, `full` the full members enrolled in the organization
    itself, `committee` those who hold a position in the branch committee."""

    members: int
    full: int = 0
    committee: int = 0


def size_findings(kind: str, sizes: Sizes, *, covered_units: str = "") -> Iterator[Finding]:
    """Yield where an organization is larger or smaller than the rule for its type has it."""
    if kind == OrganizationType.COMMITTEE and sizes.members < COMMITTEE_LEAST:
        text = gettext(
            "A party committee has 100 members or more; this one has %(count)s. Fewer need approval from above."
        )
        yield Finding("small", text % {"count": sizes.members}, ENTERPRISE_RULES)
    elif kind == OrganizationType.GENERAL_BRANCH:
        yield from _general_branch(sizes.members)
    elif kind in BRANCH_TYPES:
        yield from _branch(sizes)
        units = len(units_named(covered_units))
        if kind == OrganizationType.JOINT_BRANCH and units > JOINT_UNITS_MOST:
            text = gettext("A joint branch usually covers at most 5 units; this one covers %(count)s.")
            yield Finding("units", text % {"count": units}, BRANCH_RULES)


def units_named(written: str) -> list[str]:
    """Return the units that were written one after the other."""
    return [unit for unit in re.split(r"[\s,\uff0c\u3001;\uff1b]+", written) if unit]


def _general_branch(members: int) -> Iterator[Finding]:
    if members < GENERAL_BRANCH_LEAST:
        text = gettext(
            "A general branch has 50 members or more; this one has %(count)s. Fewer need approval from above."
        )
        yield Finding("small", text % {"count": members}, ENTERPRISE_RULES)
    elif members >= COMMITTEE_LEAST:
        text = gettext("With 100 members or more a party committee may be founded instead of a general branch.")
        yield Finding("large", text, ENTERPRISE_RULES)


def _branch(sizes: Sizes) -> Iterator[Finding]:
    if sizes.full < BRANCH_LEAST_FULL:
        text = gettext("A branch needs at least 3 full members; this one has %(count)s. Consider a joint branch.")
        yield Finding("small", text % {"count": sizes.full}, BRANCH_RULES)
    if sizes.members > BRANCH_MOST:
        text = gettext("A branch usually has at most 50 members; this one has %(count)s. Consider a split.")
        yield Finding("large", text % {"count": sizes.members}, BRANCH_RULES)
    if sizes.full >= BRANCH_COMMITTEE_FROM and sizes.committee < BRANCH_COMMITTEE_LEAST:
        text = gettext(
            "From 7 full members on there is a committee of 3 to 5, at most 7; %(count)s of its members are entered."
        )
        yield Finding("committee", text % {"count": sizes.committee}, BRANCH_RULES)
    elif sizes.committee > BRANCH_COMMITTEE_MOST:
        text = gettext("The committee of a branch has at most 7 members; %(count)s are entered.")
        yield Finding("committee", text % {"count": sizes.committee}, BRANCH_RULES)
