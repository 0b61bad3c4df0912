"""How an organization stands: its rank among its peers, their median, and its course over the periods.

Peers are the present scores of the same period, sheet version and group (`PeriodScore.peers`). Who has no total or was vetoed is
not ranked; members never are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from campaign.common.exact import half_up
from campaign.common.text import is_key
from campaign.models import Period
from campaign.scoring.arithmetic import Line, places
from campaign.scoring.choices import LineState
from campaign.scoring.lines import unpack
from campaign.scoring.models import PeriodScore, PeriodScoreQuerySet, ScoreSheetItem
from campaign.scoring.selectors import scores_for
from orgs.models import Organization
from orgs.selectors import OFFERED, organizations_matching

FEWEST = 3
"""Of fewer peers no median is told: from it and the own score one could work out the other's."""
Group = tuple[int, int, str]
"""Period, sheet, peers."""


def group_of(score: PeriodScore) -> Group:
    return score.period_id, score.sheet_id, score.peers


@dataclass(frozen=True)
class Peers:
    """How many of a group have each total (hundredths)."""

    counts: Mapping[int, int]

    @cached_property
    def places(self) -> dict[int, int]:
        return places(self.counts)

    @cached_property
    def number(self) -> int:
        return sum(self.counts.values())

    @property
    def median(self) -> int | None:
        """The middle total, half up between two; None where there are too few to be told of."""
        if self.number < FEWEST:
            return None
        return median([total for total, number in self.counts.items() for _each in range(number)])


def median(values: Iterable[int]) -> int:
    """Return the middle of some whole numbers, half up between two. Raises IndexError where there is none."""
    ordered = sorted(values)
    return half_up(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2], 2)


def peers_of(scores: Sequence[PeriodScore]) -> dict[Group, Peers]:
    """Return the peers of each of `scores`, in one query for all."""
    counts: dict[Group, dict[int, int]] = defaultdict(dict)
    wanted = {group_of(score) for score in scores if score.member_id is None}
    rows = (
        _ranked()
        .filter(
            period__in={group[0] for group in wanted}, sheet__in={group[1] for group in wanted},
            peers__in={group[2] for group in wanted},
        )
        .order_by().values_list("period_id", "sheet_id", "peers", "total").annotate(Count("pk"))
    )  # fmt: skip
    for period, sheet, group, total, number in rows:
        counts[period, sheet, group][total] = number
    return {group: Peers(counts.get(group, {})) for group in wanted}


def _ranked() -> PeriodScoreQuerySet:
    return PeriodScore.objects.current().of_organizations().filter(vetoed=False, total__isnull=False)


def ranks_of(scores: Sequence[PeriodScore]) -> dict[int, tuple[int, int]]:
    """Return (place, number of those ranked) by score: 1, 2, 2, 4 among the peers. One query for all of `scores`."""
    ranked = [score for score in scores if score.member_id is None and score.total is not None and not score.vetoed]
    tables = peers_of(ranked)
    found = {}
    for score in ranked:
        table = tables[group_of(score)]
        if score.total in table.places:  # else the score was replaced, maybe since the page began to be read
            found[score.pk] = (table.places[score.total], table.number)
    return found


# -- groups to be ranked -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PeerGroup:
    """A group of which somebody sees `number`: `label` names the sheet and the organization above."""

    sheet_id: int
    peers: str
    label: str
    number: int

    @property
    def key(self) -> str:
        return f"{self.sheet_id}-{self.peers}"


def peer_groups(user: Any, period: Period, words: str = "", most: int = OFFERED) -> list[PeerGroup]:
    """Return the first groups of `period` in which `user` sees anybody, from the top of the tree down; with `words` those whose
    sheet, or the organization they stand under, is called so. Two queries."""
    scores = scores_for(user).of_organizations().filter(period=period)
    if words.strip():
        above = organizations_matching(Organization.objects.order_by(), words).values("path")
        scores = scores.filter(Q(sheet__name__icontains=words.strip()) | Q(peers__in=above))
    return _groups(scores, most)


def peer_group(user: Any, period: Period, key: str) -> PeerGroup | None:
    """Return the group of `period` that `key` names, if `user` sees anybody in it."""
    sheet, _dash, peers = key.partition("-")
    if not is_key(sheet) or (not peers.isalnum() and peers):
        return None
    found = _groups(scores_for(user).of_organizations().filter(period=period, sheet=int(sheet), peers=peers), 1)
    return found[0] if found else None


def _groups(scores: PeriodScoreQuerySet, most: int) -> list[PeerGroup]:
    rows = list(
        scores.order_by("peers", "sheet").values_list("sheet_id", "sheet__name", "peers").annotate(Count("pk"))[:most]
    )
    above = dict(
        Organization.objects.filter(path__in={peers for _pk, _name, peers, _number in rows}).values_list("path", "name")
    )
    return [PeerGroup(pk, peers, _group_label(name, above.get(peers, "")), number) for pk, name, peers, number in rows]


def _group_label(sheet: str, above: str) -> str:
    return _("%(sheet)s: directly under %(above)s") % {"sheet": sheet, "above": above} if above else sheet


# -- over the periods --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """One period of an organization."""

    score: PeriodScore
    rank: tuple[int, int] | None
    median: int | None

    @property
    def difference(self) -> int | None:
        """Hundredths above the median of the peers (below: negative)."""
        return None if self.median is None or self.score.total is None else self.score.total - self.median


def course(scores: Sequence[PeriodScore]) -> list[Point]:
    """Return the course of an organization over the periods of `scores`. One query."""
    tables = peers_of(scores)
    found = []
    for score in scores:
        table = tables[group_of(score)]
        place = table.places.get(score.total) if score.total is not None and not score.vetoed else None
        found.append(Point(score, (place, table.number) if place else None, table.median))
    return found


# -- by standard -------------------------------------------------------------------------------------------------------

FEWEST_AXES = 3


@dataclass(frozen=True)
class Axis:
    """What is reached of the full marks of some items, in hundredths of a percent; None where all were left out."""

    label: str
    own: int | None
    median: int | None


def axes_of(score: PeriodScore) -> list[Axis]:
    """Compare what a score reaches of each standard with the median of its peers; by item where the sheet names fewer than
    three standards. Needs the sheet's items with their standards. One query."""
    parts = _parts(list(score.sheet.items.all()))
    keys = [item.key for item in score.sheet.items.all()]
    own = _reached(parts, unpack(score.lines, keys))
    others: QuerySet[PeriodScore, str] = (
        _ranked().filter(period=score.period_id, sheet=score.sheet_id, peers=score.peers)
        .order_by().values_list("lines", flat=True)
    )  # fmt: skip
    all_reached = [_reached(parts, unpack(lines, keys)) for lines in others]
    found = []
    for place, (label, _items) in enumerate(parts):
        values = [value for each in all_reached if (value := each[place]) is not None]
        found.append(Axis(label, own[place], median(values) if len(values) >= FEWEST else None))
    return found


Part = tuple[str, list[ScoreSheetItem]]


def _parts(items: list[ScoreSheetItem]) -> list[Part]:
    by_standard: dict[str, list[ScoreSheetItem]] = defaultdict(list)
    for item in items:
        if item.standard:
            by_standard[item.standard.name].append(item)
    if len(by_standard) < FEWEST_AXES:
        return [(item.label, [item]) for item in items]
    order = {item.standard.name: item.standard.order for item in items if item.standard}
    return sorted(by_standard.items(), key=lambda part: order[part[0]])


def _reached(parts: Sequence[Part], lines: Mapping[str, Line]) -> list[int | None]:
    found: list[int | None] = []
    for _label, items in parts:
        counted = [item for item in items if item.key in lines and lines[item.key].state is not LineState.SKIPPED]
        full = sum(item.full_marks for item in counted)
        points = sum(lines[item.key].points for item in counted)
        found.append(half_up(points * 100_00, full) if full else None)
    return found


# -- how scores are spread ---------------------------------------------------------------------------------------------

STEP = 5_00


@dataclass(frozen=True)
class Spread:
    """How the totals of some scores lie: `columns` are (from, number) in steps of five marks, `grades` (name, number)."""

    counts: Mapping[int, int]
    grades: list[tuple[str, int]]
    without: int

    @property
    def number(self) -> int:
        return sum(self.counts.values())

    @property
    def columns(self) -> list[tuple[int, int]]:
        if not self.counts:
            return []
        first, last = min(self.counts) // STEP, max(max(self.counts) // STEP, 19)
        numbers = dict.fromkeys(range(min(first, 12), last + 1), 0)
        for total, number in self.counts.items():
            numbers[total // STEP] += number
        return [(step * STEP, number) for step, number in numbers.items()]

    @property
    def median(self) -> int:
        return median([total for total, number in self.counts.items() for _each in range(number)])

    @property
    def mean(self) -> int:
        return half_up(sum(total * number for total, number in self.counts.items()), self.number)

    @property
    def highest(self) -> int:
        return max(self.counts)

    @property
    def lowest(self) -> int:
        return min(self.counts)


def spread_of(scores: PeriodScoreQuerySet, names: Sequence[str]) -> Spread:
    """Return how `scores` are spread; `names` are the grades, the best first. One query."""
    rows = scores.order_by().values_list("total", "grade").annotate(Count("pk"))
    counts: dict[int, int] = defaultdict(int)
    grades: dict[str, int] = dict.fromkeys(names, 0)
    without = 0
    for total, grade, number in rows:
        if total is None:
            without += number
            continue
        counts[total] += number
        grades[grade] = grades.get(grade, 0) + number
    return Spread(counts, list(grades.items()), without)
