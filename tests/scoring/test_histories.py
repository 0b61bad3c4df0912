"""Random histories: members move and leave, organizations are hung elsewhere, closed and opened again, figures change, bonuses,
deductions, ceilings and vetoes are entered, before and after the end of the period. After every step the incremental runs have
brought readers what the slow scorer says; at the end a full run finds nothing to change."""

import datetime as dt
from copy import deepcopy
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.common import clock
from campaign.jobs.models import Job
from campaign.jobs.services import job_run
from campaign.models import Period
from campaign.scoring.models import PeriodScore, ScoreMark
from campaign.scoring.services import periods_end, runs, scores_refresh
from orgs.models import EnrolmentOrigin, Member, Organization
from orgs.services.enrolments import enrolments_move, enrolments_settle
from tests.scoring import slow
from tests.scoring.conftest import Measured
from tests.scoring.sheets import run
from tests.scoring.test_random import assert_ranks, build, enter, groups, measure, random_entries, random_figures, seen
from tests.scoring.test_refresh import mark

pytestmark = pytest.mark.django_db
LAST = dt.date(2026, 6, 30)
AFTERWARDS = dt.date(2026, 8, 1)


class History:
    """The group as the slow scorer takes it, and the same in the database; each step changes both."""

    def __init__(self, data: Any, measured: Measured) -> None:
        self.data, self.measured = data, measured
        self.group = data.draw(groups())
        self.period, self.subjects = build(self.group, measured)
        self.first = dict(self.group["members"])
        self.moves: dict[str, list[tuple[str, str]]] = {code: [] for code in self.first}
        self.day = self.period.starts_on + dt.timedelta(days=10)
        self.kept: dict[str, Any] | None = None
        run(self.period, self.subjects["O0"])
        ScoreMark.objects.all().delete()

    def draw(self, *choices: Any) -> Any:
        return self.data.draw(st.sampled_from(choices))

    def expected(self) -> dict[str, Any]:
        """What the slow scorer says of the last day: of its tree and its members."""
        homes = {code: slow.home(first, self.moves[code], LAST.isoformat()) for code, first in self.first.items()}
        group = self.group | {"members": {code: home for code, home in homes.items() if home}}
        return slow.whole(group | {"organizations": self.kept or self.group["organizations"]})

    def later(self, until: dt.date) -> dt.date:
        """Let some days pass, or none, or all that are left before `until`: the last day is where it matters."""
        self.day = min(until, self.day + dt.timedelta(days=self.draw(0, 1, 30, 999)))
        return self.day

    # -- what may happen --------------------------------------------------------------------------------------------

    def figures_change(self, _until: dt.date) -> None:
        before, self.group["figures"] = self.group["figures"], self.data.draw(random_figures(self.group))
        measure(self.group, self.subjects, self.measured)
        for key, code in before.keys() | self.group["figures"].keys():
            if before.get((key, code)) != self.group["figures"].get((key, code)):
                mark(self.subjects[code])

    def something_is_entered(self, _until: dt.date) -> None:
        """After the end, too: what is dated within the period counts, however late it is entered."""
        self.group["entries"] = self.data.draw(random_entries(self.group))
        enter(self.group, self.subjects, self.period)

    def a_member_moves(self, until: dt.date) -> None:
        here = [code for code in self.first if self._present(code)]
        branches = [code for code, one in self.group["organizations"].items() if one["type"] == "branch"]
        if not here:
            return
        code, to, day = self.draw(*here), self.draw(*branches), self.later(until)
        self.moves[code].append((day.isoformat(), to))
        member = self.subjects[code]
        Member.objects.filter(pk=member.pk).update(organization=self.subjects[to])
        enrolments_move([Member.objects.get(pk=member.pk)], moved_on=day, origin=EnrolmentOrigin.TRANSFERRED)

    def a_member_leaves(self, until: dt.date) -> None:
        here = [code for code in self.first if self._present(code)]
        if not here:
            return
        code, before = self.draw(*here), self.day
        day = self.later(until)
        if day <= before:
            return  # whoever came and leaves on one day was there that day
        self.moves[code].append((day.isoformat(), ""))
        Member.objects.filter(pk=self.subjects[code].pk).update(status="left")
        enrolments_settle([Member.objects.get(pk=self.subjects[code].pk)], changed_on=day)

    def _present(self, code: str) -> bool:
        return not self.moves[code] or self.moves[code][-1][1] != ""

    def an_organization_is_hung_elsewhere(self, _until: dt.date) -> None:
        tree = self.group["organizations"]
        code = self.draw(*(code for code in tree if code != "O0"))
        above = [
            other
            for other, one in tree.items()
            if one["type"] != "branch" and not slow._inside(self.group, other, code)
        ]
        tree[code]["above"] = to = self.draw(*above)
        moved, target = (Organization.objects.get(code=each) for each in (code, to))
        Organization.objects.move(moved, target, "last-child")

    def an_organization_is_closed_or_opened(self, _until: dt.date) -> None:
        tree = self.group["organizations"]
        code = self.draw(*(code for code in tree if code != "O0"))
        tree[code]["active"] = not tree[code]["active"]
        Organization.objects.filter(code=code).update(is_active=tree[code]["active"])

    # -- and what follows -------------------------------------------------------------------------------------------

    def step(self, until: dt.date) -> None:
        what = self.draw(
            self.figures_change, self.something_is_entered, self.a_member_moves, self.a_member_moves, self.a_member_leaves,
            self.an_organization_is_hung_elsewhere, self.an_organization_is_closed_or_opened,
        )  # fmt: skip
        what(until)
        scores_refresh()
        for job in Job.objects.active().filter(kind=runs.KIND):  # the tree has changed
            job_run(job_id=str(job.pk))
            job.refresh_from_db()
            assert job.state == "succeeded", job.message
        assert seen(self.period) == self.expected(), what.__name__
        if self.kept is None:  # who is hung elsewhere is found there, though the score be the same
            places = PeriodScore.objects.current().filter(period=self.period)
            assert not places.exclude(place=F("organization__path")).exists(), what.__name__

    def end_period(self) -> None:
        self.kept = deepcopy(self.group["organizations"])
        assert periods_end() == 1


@pytest.mark.usefixtures("odd_chunks")
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_after_every_step_of_a_history_readers_see_what_the_slow_scorer_says(measured: Measured, data: Any) -> None:
    with transaction.atomic(), override_settings(SCORE_JOBS=data.draw(st.integers(1, 3))):
        history = History(data, measured)
        for _step in range(data.draw(st.integers(1, 4))):
            history.step(LAST)
        with clock.at(clock.start_of(LAST + dt.timedelta(days=1)) + dt.timedelta(minutes=1)):
            history.end_period()
        with clock.at(clock.start_of(AFTERWARDS)):
            for _step in range(data.draw(st.integers(1, 4))):
                history.step(AFTERWARDS)
            ranked(history)
            last = run(history.period, history.subjects["O0"])
            assert (last.state, last.figures["changed"], last.figures["removed"]) == ("succeeded", 0, 0)
            assert seen(history.period) == history.expected()
        transaction.set_rollback(True)


def ranked(history: History) -> None:
    group = history.group | {"organizations": history.kept or history.group["organizations"]}
    period: Period = history.period
    assert_ranks(period, group, history.expected())
