"""The metrics: named, documented, set-based queries that give one raw figure per subject for a period.

Every app registers its own; the engine knows none by name. Source: `docs/scoring.md`.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise

from campaign.common.capabilities import Cap
from campaign.common.registry import Registry
from campaign.models import Audience, Campaign, Period


@dataclass(frozen=True)
class MetricScope:
    """What a metric is asked for: figures of organizations or of members, from records dated within `period` and entered by
    `as_of` (aware). Of which subjects, the engine says itself: it adds a condition on `whose`."""

    period: Period
    audience: Audience
    as_of: dt.datetime


Figures = QuerySet[Any, Any]
"""A query with the values `whose` (id of the subject), `numerator`, `denominator`: one row per subject, integers ≥ 0. A
denominator of 0, or no row, means nothing to measure."""


class Rollup(StrEnum):
    """A figure made from the scores of the very run that asks for it: Σ totals (hundredths) / (count × 100 × 100)."""

    CHILDREN = "children"  # of the organizations directly below
    WEIGHTED = "weighted"  # the same, each as often as its subtree has members
    MEMBERS = "members"  # of the members of the subtree
    COUNT = "count"  # how many members the subtree has: what the weights are (`HEADS`)


@dataclass(frozen=True)
class Metric:
    """`figures` is one query, whatever the number of subjects; `records_url` is the list of the very records that were
    counted for one subject.

    A metric that `adds_up` asks `figures` for those audiences instead, and gives each organization their sums: over the
    members of its subtree, and over the organizations below it (itself not among them). Who belongs where is the roll's to say.
    """

    key: str
    label: str | Promise
    definition: str | Promise
    audiences: frozenset[Audience]
    figures: Callable[[MetricScope], Figures] | None
    records_url: Callable[[Any, Period], str]
    unit: str | Promise = "%"
    adds_up: frozenset[Audience] = frozenset()
    rollup: Rollup | None = None
    """Set for a figure that the engine makes itself, bottom up; it has no `figures`."""
    records_for: Cap | None = None
    """Who may open that list; None where everybody may who sees the score."""

    @property
    def of_subtree(self) -> bool:
        """Whether the figure of an organization comes from those below it."""
        return bool(self.adds_up or self.rollup)

    @property
    def of_children(self) -> bool:
        """Whether it is made from the scores of those directly below alone: what is further down is passed on no more."""
        return self.rollup in (Rollup.CHILDREN, Rollup.WEIGHTED)


metrics: Registry[Metric] = Registry("metrics")
HEADS = Metric(
    key="members.count", label="", definition="", audiences=frozenset(), figures=None, records_url=lambda _subject, _period: "",
    rollup=Rollup.COUNT,
)  # fmt: skip
"""The members of a subtree (the numerator), as the roll of the period has them: what averages are weighted by. No sheet asks for
it, so it is not registered."""


@dataclass(frozen=True)
class Merit:
    """Something another part decided upon that is worth a bonus: for a member of an organization, or for the organization itself.

    `key` is the number of its record; the same `work` honoured several times counts once. `by` is the account of who decided:
    somebody else confirms the bonus.
    """

    key: int
    organization: int
    member: int | None
    work: str
    happened_on: dt.date
    reason: str
    basis: str
    by: int


@dataclass(frozen=True)
class MeritSource:
    """`of(campaign)` gives the merits of a campaign, in a number of queries that does not grow."""

    key: str
    of: Callable[[Campaign], Iterable[Merit]]


merits: Registry[MeritSource] = Registry("merits")


@dataclass(frozen=True)
class Concerned:
    """Whom a change concerns: members and organizations (ids) whose figures may be others now; or everybody."""

    members: frozenset[int] = frozenset()
    organizations: frozenset[int] = frozenset()
    everybody: bool = False

    def __or__(self, other: "Concerned") -> "Concerned":
        return Concerned(
            self.members | other.members, self.organizations | other.organizations, self.everybody or other.everybody
        )


@dataclass(frozen=True)
class Evidence:
    """Records from which metrics take their figures, so that a change of them is seen (`campaign.scoring.marking`).

    Its tables mark numbers of the kind `key`, or of MEMBER or ORGANIZATION where a column names those. `concerned` says whom
    marked numbers of `key` concern; `falling_due` gives the numbers of those whose figures another day alone changes, for the
    days after the first up to the second.
    """

    key: str
    watched: tuple["Watch", ...]
    concerned: Callable[[Collection[int]], Concerned] | None = None
    falling_due: Callable[[dt.date, dt.date], Iterable[int]] | None = None
    label: str | Promise = ""


MEMBER, ORGANIZATION = "member", "organization"


@dataclass(frozen=True)
class Watch:
    """A table, what its rows mark as (kind, column), and the columns whose change counts; `key` is the primary key."""

    table: str
    marks: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    key: str = "id"


evidence: Registry[Evidence] = Registry("evidence")
