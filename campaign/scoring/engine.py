"""Computing the scores of a period for a subtree: reads, computes, writes nothing (`services.runs` does)."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from campaign.common.access import ancestors_and_self
from campaign.models import Audience
from campaign.scoring import roll
from campaign.scoring.arithmetic import FULL_SHEET, NOTHING, Figure, Score, score_of
from campaign.scoring.lines import canonical, pack
from campaign.scoring.plans import Plan, Plans
from campaign.scoring.registry import Metric, MetricScope, Rollup

AUDIENCES = (Audience.MEMBER, Audience.ORGANIZATION)
"""Members first: organizations may average them."""


@dataclass(frozen=True)
class Result:
    """The score of one subject, and the two digests of it: of what is printed, and of the place in the tree as well."""

    subject: roll.Subject
    plan: Plan
    score: Score

    @property
    def peers(self) -> str:
        return self.plan.peers_of(self.subject)

    @cached_property
    def line(self) -> bytes:
        """The canonical line: what the digest of a run is made from; the same on every database."""
        score = self.score
        return canonical(
            [
                self.subject.audience.value, self.subject.code, self.plan.key, self.plan.version,
                score.base, score.bonus, score.deductions, score.total, score.grade, score.vetoed,
                pack(self.plan.keys, score),
            ]
        )  # fmt: skip

    @property
    def fingerprint(self) -> str:
        """Tells whether a stored row still says the same."""
        return hashlib.blake2b(self.line + self.subject.place.encode(), digest_size=16).hexdigest()


class Averages:
    """Σ and count of the totals below each organization, grown bottom up: the children's, and the members' of the subtree."""

    def __init__(self) -> None:
        self._sums: dict[tuple[Rollup, str], list[int]] = defaultdict(lambda: [0, 0])

    def figure(self, rollup: Rollup, place: str) -> Figure:
        total, number = self._sums.get((rollup, place), (0, 0))
        return total, number * FULL_SHEET

    def add(self, subject: roll.Subject, total: int | None) -> None:
        """Note a subject whose score is known. "Not applicable" is not 0: it does not count."""
        if total is None:
            return
        if subject.audience == Audience.MEMBER:
            # To every organization above, since one between them may be closed and never come by itself.
            for place in ancestors_and_self(subject.place):
                self._count(Rollup.MEMBERS, place, total)
        else:
            self._count(Rollup.CHILDREN, subject.above, total)

    def _count(self, rollup: Rollup, place: str, total: int) -> None:
        held = self._sums[rollup, place]
        held[0] += total
        held[1] += 1


class Computation:
    """One run over a period and a subtree. `tell` is given the number of metrics read so far."""

    def __init__(self, scope: MetricScope, plans: Plans, tell: Callable[[int], None]) -> None:
        self.scope, self.plans, self.tell = scope, plans, tell
        self.averages = Averages()

    def results(self, audience: Audience) -> Iterator[Result]:
        """Return the scores of everybody of `audience` that a sheet is for, each organization after those below it."""
        if not self.plans.for_audience(audience):
            return
        used = self.plans.metrics_for(audience)
        figures = self._figures(audience, used)
        rollups = {metric.key: metric.rollup for metric in used if metric.rollup}
        for subject in roll.subjects(self.scope.period, self.scope.path, audience):
            plan = self.plans.of(subject)
            score = score_of(plan.rules, self._raw(plan, subject, figures, rollups)) if plan else None
            self.averages.add(subject, score.total if score else None)
            if plan and score:
                yield Result(subject, plan, score)

    def _figures(self, audience: Audience, used: list[Metric]) -> dict[str, dict[int, Figure]]:
        scope = replace(self.scope, audience=audience)
        found = {}
        for place, metric in enumerate(used, start=1):
            if not metric.rollup:
                found[metric.key] = {subject: (top, bottom) for subject, top, bottom in metric.figures(scope)}
            self.tell(place)
        return found

    def _raw(
        self, plan: Plan, subject: roll.Subject, figures: dict[str, dict[int, Figure]], rollups: dict[str, Rollup]
    ) -> list[Figure]:
        return [
            self.averages.figure(rollups[key], subject.place)
            if key in rollups
            else figures[key].get(subject.id, NOTHING)
            for key in plan.metrics
        ]
