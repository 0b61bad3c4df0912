"""Who is scored in a period: the one place that says so.

A period keeps the tree and the membership of its last day. Until those are kept with their dates, the tree and the roll of
the moment of the run stand in for them; everything else of scoring asks only here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models

from campaign.common.access import under
from campaign.models import Audience, Period
from orgs.models import Member, Organization


@dataclass(frozen=True)
class Subject:
    """Somebody to be scored: `organization_id` and `place` (its path) are where they belong; `type` is the organization's."""

    audience: Audience
    id: int
    code: str
    organization_id: int
    place: str
    type: str

    @property
    def above(self) -> str:
        """The path of the organization above; empty at the top."""
        return self.place[: -Organization.steplen]


PAGE = 500
"""Organizations read at a time. Pages, not one open cursor: SQLite lets nobody write past a reader that is half done."""


def subjects(period: Period, place: str, audience: Audience) -> Iterator[Subject]:
    """Return the subjects at or below `place`, each organization after all that are below it."""
    for page in _pages(organizations(period, place)):
        if audience == Audience.MEMBER:
            yield from _members_of(page)
        else:
            yield from (Subject(audience, pk, code, pk, path, kind) for pk, code, path, kind in page)


OrganizationRow = tuple[int, str, str, str]


def _pages(rows: models.QuerySet[Organization]) -> Iterator[list[OrganizationRow]]:
    """Return (id, code, path, type) from the last path to the first, so that children come before their parents."""
    ordered = rows.order_by("-path").values_list("pk", "code", "path", "type")
    page = list(ordered[:PAGE])
    while page:
        yield page
        page = list(ordered.filter(path__lt=page[-1][2])[:PAGE])


def _members_of(page: list[OrganizationRow]) -> list[Subject]:
    homes = {pk: (path, kind) for pk, _code, path, kind in page}
    rows = Member.objects.present().filter(organization__in=homes).order_by("organization__path", "pk")
    return [
        Subject(Audience.MEMBER, pk, number, home, *homes[home])
        for pk, number, home in rows.values_list("pk", "personnel_no", "organization_id")
    ]


def count(period: Period, place: str, audience: Audience) -> int:
    """Return how many subjects there are."""
    if audience == Audience.MEMBER:
        return members(period, place).count()
    return organizations(period, place).count()


def organizations(period: Period, place: str) -> models.QuerySet[Organization]:
    """Return the organizations that take part, at or below `place`."""
    return period.campaign.organizations().filter(under(place))


def members(period: Period, place: str) -> models.QuerySet[Member]:
    """Return the members enrolled at or below `place`."""
    return Member.objects.present().filter(organization__in=organizations(period, place))
