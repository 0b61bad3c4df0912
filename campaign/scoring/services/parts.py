"""Big runs, shared by several jobs: each takes a part of the tree, computes and stages it; the run's own job takes parts, too,
adds what stands above them, and publishes all of it at once.

Nobody waits for a worker that may not come: parts that no other job takes are computed by the run's own. A part belongs to one
attempt of one job; when its worker dies the run gives up sharing and does everything itself.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.errors import NotAllowed
from campaign.jobs.models import ACTIVE, Job, JobState
from campaign.jobs.registry import Outcome, Progress
from campaign.jobs.services import job_request
from campaign.scoring.choices import PartState, RunState
from campaign.scoring.engine import Computation, all_asked
from campaign.scoring.models import ScorePart, ScoreRun
from campaign.scoring.plans import Plans, plans_for
from campaign.scoring.roll import Extent, Span, split
from campaign.scoring.services.sharing import figures_forget, figures_share, figures_shared
from campaign.scoring.services.staging import digests_of, passed_up, stage, tally

KIND = "scoring.part"
DIGESTS = "digests"
WHOLE, COMPUTED = 100, 60
"""What a part counts in the progress bar, and how much of it is done when only the storing is left."""
PAUSE, TELL_EVERY = dt.timedelta(milliseconds=50), 1
"""Between two looks at what the others do; seconds between two notes of how far a part is."""


@dataclass(frozen=True)
class Computed:
    """What was computed and staged: how many, and the digests of its uppermost organizations, by place."""

    counts: dict[str, int]
    digests: dict[str, str]


class PartLost(Exception):
    """The part is no longer this job's: its run has ended or begun again."""


class PartSteps:
    """The steps of one part: what staging asks for, and the progress bar of the whole run."""

    def __init__(self, progress: Progress, part: ScorePart, steps: int) -> None:
        self.progress, self.part, self.steps = progress, part, steps
        self.rows, self.done, self.told = 0, 0, time.monotonic()

    def computed(self, done: int) -> None:
        """Raise PartLost when there is nothing to compute for any more."""
        self._tell(COMPUTED * done // self.steps)
        if not held(self.part).exists():
            raise PartLost

    def advance(self, done: int) -> None:
        self._tell(COMPUTED + (WHOLE - COMPUTED) * done // max(self.rows, done, 1))

    def guard(self) -> None:
        """Raise PartLost when the part is no longer this job's. Call it inside the transaction that writes."""
        self.progress.guard()
        mine = held(self.part).filter(run__state=RunState.STAGING, run__job__state__in=ACTIVE)
        if connection.features.has_select_for_update:
            mine = mine.select_for_update(of=("self",))
        if mine.first() is None:  # exists() would lock the run and its job, too, which the others read
            raise PartLost

    def _tell(self, done: int) -> None:
        self.done = done
        if time.monotonic() - self.told >= TELL_EVERY:
            self.told = time.monotonic()
            held(self.part).update(done=done)
        self.progress.advance(parts_done(self.part.run))


class Last:
    """The steps of what stands above the parts: it is over in a moment, and moves no bar."""

    def __init__(self, progress: Progress) -> None:
        self.guard = progress.guard

    def advance(self, done: int) -> None: ...


def held(part: ScorePart) -> Any:
    """Return the part's row as long as this attempt of this job holds it."""
    return ScorePart.objects.filter(pk=part.pk, holder=part.holder, attempt=part.attempt, state=PartState.RUNNING)


def parts_done(run: ScoreRun) -> int:
    return sum(ScorePart.objects.filter(run=run).values_list("done", flat=True))


def parts_compute(progress: Progress, run: ScoreRun, plans: Plans) -> Computed | None:
    """Compute and stage a big run together with other jobs. None where it is not worth it, or where a worker
    died over its part: then what is staged is to be cleared away, and the run done in one piece."""
    spans = split(Extent(run.period, run.place, run.as_of), settings.SCORE_JOBS)
    if not spans:
        return None
    *below_top, top = spans
    progress.step(_("Reading the records"), len(all_asked(plans)))
    try:
        figures = figures_share(run, progress.job.attempt, plans, progress.advance)
        progress.step(_("Computing scores"), WHOLE * len(below_top))
        return _shared(progress, run, plans, below_top, top, figures)
    finally:
        figures_forget([run])


def _shared(
    progress: Progress, run: ScoreRun, plans: Plans, spans: Sequence[Span], top: Span, figures: str
) -> Computed | None:
    with transaction.atomic():
        progress.guard()
        for span in spans:
            ScorePart.objects.create(run=run, figures=figures, **span._asdict())
        for _helper in spans[1:]:
            job_request(kind=KIND, actor=None, parameters={"run": run.pk})
    if not _all_done(progress, run, plans):
        return None
    counts: Counter[str] = Counter()
    below: dict[str, str] = {}
    for found in run.parts.values_list("counts", flat=True):
        below |= found.pop(DIGESTS)
        counts.update(found)
    last = compute(progress, run, plans, top, figures, below=below)
    run.parts.all().delete()
    counts.update(last.counts)
    return Computed(dict(counts), last.digests)


def _all_done(progress: Progress, run: ScoreRun, plans: Plans) -> bool:
    """Take parts until none is left, then wait for the others; False when one of them is lost."""
    while True:
        if part := part_take(progress, run):
            part_compute(progress, part, plans)
            continue
        open_parts = list(run.parts.exclude(state=PartState.DONE))
        if not open_parts:
            return True
        if not all(_is_alive(part) for part in open_parts):
            return False
        progress.advance(parts_done(run))
        time.sleep(PAUSE.total_seconds())


def _is_alive(part: ScorePart) -> bool:
    """Tell whether the attempt of the job that took the part still holds its lease."""
    running = Job.objects.filter(state=JobState.RUNNING, lease_until__gt=clock.now())
    return part.holder is not None and running.filter(pk=part.holder, attempt=part.attempt).exists()


def part_take(progress: Progress, run: ScoreRun) -> ScorePart | None:
    """Claim a part that nobody has taken yet."""
    holder = {"holder": progress.job.pk, "attempt": progress.job.attempt}
    for pk in run.parts.filter(state=PartState.WAITING).values_list("pk", flat=True):
        free = ScorePart.objects.filter(pk=pk, state=PartState.WAITING)
        if free.update(state=PartState.RUNNING, **holder):
            return ScorePart.objects.select_related("run__period__campaign__organization").get(pk=pk)
    return None


def part_compute(progress: Progress, part: ScorePart, plans: Plans) -> None:
    """Compute and stage one part. Raises PartLost."""
    span = Span(part.low, part.high, part.least, part.most)
    try:
        found = compute(progress, part.run, plans, span, part.figures, part)
    except ProgrammingError:
        if held(part).exists():
            raise
        raise PartLost from None  # the figures went with the run
    counts = found.counts | {DIGESTS: found.digests}
    with transaction.atomic():
        progress.guard()
        if not held(part).update(state=PartState.DONE, done=WHOLE, counts=counts):
            raise PartLost


def compute(
    progress: Progress,
    run: ScoreRun,
    plans: Plans,
    span: Span,
    figures: str,
    part: ScorePart | None = None,
    below: Mapping[str, str] | None = None,
) -> Computed:
    """Compute and stage what lies in `span`: a part, or what stands above all of them, whose digests are `below`; by
    the figures that the run has written down, if it has."""
    extent = Extent(run.period, run.place, run.as_of, span)
    from_below = None if part else passed_up(run, span)
    computation = Computation(extent, plans, from_below=from_below, shared=figures_shared(figures, plans))
    steps: Any = Last(progress)
    try:
        if part:
            steps = PartSteps(progress, part, computation.steps)
            computation.tell = steps.computed
        computation.run()
        counts = tally(computation)
        if part:
            steps.rows = counts["organizations"] + counts["members"]
        counts["removed"] = stage(steps, run, computation)
        return Computed(counts, digests_of(computation, span.least if part else len(run.place), below))
    finally:
        computation.work.drop()


def score_part_check(user: Any, _parameters: Mapping[str, Any]) -> None:
    """Parts are the system's own."""
    if user is not None:
        raise NotAllowed


def score_part_perform(progress: Progress) -> Outcome:
    """Take parts of a run until none is left; safe to do again, and when the run is over."""
    run = ScoreRun.objects.filter(pk=progress.parameters.get("run", 0), state=RunState.STAGING).first()
    while run and (part := part_take(progress, run)):
        try:
            part_compute(progress, part, plans_for(part.run.period))
        except PartLost:
            break
    return Outcome()
