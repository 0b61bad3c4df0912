"""Rules that values of one record must keep together; asked by services, forms and importers alike."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from campaign.common.errors import DomainError
from campaign.common.excel.problems import Category, Mistake, Severity, mistake
from campaign.common.excel.values import identity_conflicts
from orgs.models import MembershipKind, Sex

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
        elif joined_on < _birthday(birth_date, 18):
            yield Breach("joined_on", JOINED_UNDER_AGE)


def _birthday(born: dt.date, age: int) -> dt.date:
    """Return the day on which somebody turns `age`; who was born on 29 February, on 1 March of other years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return dt.date(born.year + age, 3, 1)
