"""What readers of the board said, in figures: how many, answered, kept off the board, and how long an answer took.

A comment counts in the organization in which its pledge was made, as the items of the pledge do.
"""

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.db.models.functions import Left

from campaign.common import clock
from campaign.common.access import under
from campaign.common.exact import half_up
from campaign.models import Campaign
from orgs.models import Organization
from pledges.models import CommentKind, CommentState, PledgeComment
from pledges.statistics import rate

DAY = dt.timedelta(days=1)
OPEN = Q(state=CommentState.WAITING) | Q(state=CommentState.SHOWN, kind=CommentKind.QUESTION, answered_at__isnull=True)
"""What somebody still has to do something about: not looked at, or a question without an answer."""


SHOWN = Q(state=CommentState.SHOWN)
ANSWERED = SHOWN & Q(answered_at__isnull=False)
COUNTED = {
    "received": Q(pk__isnull=False),
    "questions": Q(kind=CommentKind.QUESTION),
    "waiting": Q(state=CommentState.WAITING),
    "shown": SHOWN,
    "hidden": Q(state=CommentState.HIDDEN),
    "answered": ANSWERED,
}
"""The figures that are counts: which comments each of them counts."""


@dataclass(frozen=True)
class CommentFigures:
    """The figures of a unit. `taken`: all the time from what was said to its answer, summed; `oldest`: since when the
    longest waiting one waits, None where none waits."""

    received: int = 0
    questions: int = 0
    waiting: int = 0
    shown: int = 0
    hidden: int = 0
    answered: int = 0
    taken: dt.timedelta = dt.timedelta()
    oldest: dt.datetime | None = None

    @property
    def answer_rate(self) -> int | None:
        """Answered ÷ shown, in hundredths of a percent; None where nothing shows."""
        return rate(self.answered, self.shown)

    @property
    def mean_days(self) -> int | None:
        """Days from what was said to its answer on average, in hundredths; None without an answer."""
        return half_up(int(self.taken / DAY * 100), self.answered) if self.answered else None

    @property
    def oldest_days(self) -> int | None:
        """For how many whole days the longest waiting one has waited."""
        return None if self.oldest is None else (clock.now() - self.oldest).days

    def __add__(self, other: "CommentFigures") -> "CommentFigures":
        summed = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)[:-1]}
        return CommentFigures(**summed, oldest=min(filter(None, (self.oldest, other.oldest)), default=None))


@dataclass(frozen=True)
class CommentUnit:
    """A line: an organization with all below it, or (`own`) what was said to the pledges made in it itself."""

    organization: Organization
    figures: CommentFigures
    own: bool = False


def comments_of(campaign: Campaign, year: int, organization: Organization) -> QuerySet[PledgeComment]:
    """Return what was said to the pledges of a year that were made in `organization` and below it."""
    return PledgeComment.objects.filter(
        under(organization.path, "pledge__organization__path"), pledge__campaign=campaign, pledge__year=year
    )


def comment_units(campaign: Campaign, year: int, organization: Organization) -> list[CommentUnit]:
    """Return the figures of what lies in `organization` itself and of each unit directly below it: two queries."""
    step = len(organization.path) + Organization.steplen
    counted: dict[str, Any] = {
        **{figure: Count("pk", filter=condition) for figure, condition in COUNTED.items()},
        "taken": Sum(F("answered_at") - F("created_at"), filter=ANSWERED),
        "oldest": Min("created_at", filter=OPEN),
    }
    rows = (
        comments_of(campaign, year, organization)
        .order_by()
        .values(unit=Left("pledge__organization__path", step))
        .annotate(**{f"{name}_all": figure for name, figure in counted.items()})
        .values_list("unit", *(f"{name}_all" for name in counted))
    )
    found = {
        unit: CommentFigures(**(dict(zip(counted, figures, strict=True)) | {"taken": figures[-2] or dt.timedelta()}))
        for unit, *figures in rows
    }
    places = Organization.objects.filter(under(organization.path), depth__lte=organization.depth + 1)
    return [
        CommentUnit(each, found.get(each.path, CommentFigures()), own=each.pk == organization.pk)
        for each in places
        if each.path in found or each.is_active
    ]


def comment_total(units: list[CommentUnit]) -> CommentFigures:
    """Return the sum of the units."""
    return sum((unit.figures for unit in units), CommentFigures())
