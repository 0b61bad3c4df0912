"""Bonus, deductions, ceilings and vetoes: entered by one person, confirmed by another, and then in the score."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Campaign, Period
from campaign.scoring.models import EntryKind, EntryState, PeriodScore, ScoreEntry, ScoreMark
from campaign.scoring.services import entry_add, entry_confirm, entry_refuse, scores_refresh
from campaign.scoring.standing import ranks_of
from orgs.models import Member, User
from tests.attachments.files import pdf
from tests.scoring.conftest import Measured
from tests.scoring.sheets import BRANCHES, MEMBERS, ready, run, shown
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 6, 30)


@pytest.fixture
def period(world: World, measured: Measured) -> Period:
    for key in ("east_one", "east_two"):
        measured.set("test.m0", world.orgs[key], 1, 2)
        measured.set("test.m1", world.orgs[key], 1, 1)
        measured.set("test.m2", world.orgs[key], 9, 10)
    measured.set("test.m0", world.members["east_one"][1], 1, 2)
    found = ready(world, BRANCHES, MEMBERS)
    run(found, world.orgs["root"])
    ScoreMark.objects.all().delete()
    return found


def given(period: Period, **changes: Any) -> dict[str, Any]:
    return {
        "campaign": period.campaign, "happened_on": DAY, "reason": "抢险救灾", "basis": "华党发〔2026〕8号", **changes
    }  # fmt: skip


def entered(world: World, period: Period, subject: Any, kind: EntryKind, **changes: Any) -> ScoreEntry:
    entry = entry_add(actor=world.user("staff", "east"), subject=subject, kind=kind, **given(period, **changes))
    entry_confirm(entry=entry, actor=world.user("office", "root"))
    return entry


def test_it_counts_once_a_second_person_has_confirmed_it(world: World, period: Period) -> None:
    branch, staff = world.orgs["east_one"], world.user("staff", "east")
    assert shown(period)["EAST_ONE"] == (85_00, "良好")
    entry = entry_add(actor=staff, subject=branch, kind=EntryKind.BONUS, points=6_00, **given(period))
    run(period, world.orgs["root"])
    assert shown(period)["EAST_ONE"] == (85_00, "良好")
    with pytest.raises(DomainError, match="本人"):
        entry_confirm(entry=entry, actor=staff)
    with pytest.raises(NotAllowed):
        entry_confirm(entry=entry, actor=world.user("staff", "west"))
    entry_confirm(entry=entry, actor=world.user("office", "root"))
    # The database marked it: nobody has to ask for a run.
    assert scores_refresh() == 1
    assert shown(period)["EAST_ONE"] == (91_00, "优秀")
    assert AuditEntry.objects.of(entry).count() == 2
    with pytest.raises(StateConflict):
        entry_refuse(entry=entry, actor=staff)


def test_the_same_work_counts_once_at_the_highest_and_the_sum_is_capped(world: World, period: Period) -> None:
    branch = world.orgs["east_one"]
    for points in (2_00, 5_00, 3_00):
        entered(world, period, branch, EntryKind.BONUS, points=points, work="抢险")
    run(period, world.orgs["root"])
    assert shown(period)["EAST_ONE"][0] == 90_00
    entered(world, period, branch, EntryKind.BONUS, points=9_00, work="创新")
    run(period, world.orgs["root"])
    score = PeriodScore.objects.current().get(period=period, organization=branch, member=None)
    assert (score.bonus_entered, score.bonus, score.total) == (14_00, 10_00, 95_00)


def test_deductions_ceilings_and_vetoes(world: World, period: Period) -> None:
    one, two = world.orgs["east_one"], world.orgs["east_two"]
    entered(world, period, one, EntryKind.DEDUCTION, points=2_50)
    entered(world, period, one, EntryKind.CEILING, grade="合格")
    entered(world, period, two, EntryKind.VETO)
    run(period, world.orgs["root"])
    assert shown(period)["EAST_ONE"] == (82_50, "合格")
    assert shown(period)["EAST_TWO"] == (85_00, "不合格")
    scores = {score.organization.code: score for score in PeriodScore.objects.current().of_organizations()}
    ranks = ranks_of(list(scores.values()))
    assert scores["EAST_TWO"].pk not in ranks
    assert ranks[scores["EAST_ONE"].pk] == (1, 1)


def test_it_counts_in_the_periods_that_hold_its_date_and_for_its_subject_alone(world: World, period: Period) -> None:
    member = world.members["east_one"][1]
    entered(world, period, member, EntryKind.BONUS, points=5_00)
    with clock.at(clock.start_of(dt.date(2026, 7, 2))):
        entered(world, period, world.orgs["east_two"], EntryKind.BONUS, points=5_00, happened_on=dt.date(2026, 7, 1))
    run(period, world.orgs["root"])
    after = shown(period)
    assert (after["east_one-1"][0], after["EAST_ONE"][0], after["EAST_TWO"][0]) == (55_00, 85_00, 85_00)
    other = period.campaign.periods.get(code="2026H2")
    with clock.at(clock.start_of(dt.date(2026, 7, 2))):
        run(other, world.orgs["root"])
    assert shown(other)["EAST_TWO"][0] == 90_00


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": 0},
        {"points": 100_01},
        {"reason": " "},
        {"basis": ""},
        {"happened_on": dt.date(2999, 1, 1)},
        {"happened_on": dt.date(1999, 1, 1)},
        {"kind": EntryKind.CEILING, "grade": "没有的等次"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(world: World, period: Period, wrong: dict[str, Any]) -> None:
    values = {"kind": EntryKind.BONUS, "points": 1_00, **given(period), **wrong}
    with pytest.raises(DomainError):
        entry_add(actor=world.user("office", "root"), subject=world.orgs["east_one"], **values)
    assert not ScoreEntry.objects.exists()


def test_nobody_enters_or_confirms_for_oneself_or_out_of_reach(world: World, period: Period) -> None:
    with pytest.raises(NotAllowed):
        entry_add(
            actor=world.user("staff", "west"), subject=world.orgs["east_one"], kind=EntryKind.VETO, **given(period)
        )
    User.objects.filter(member=world.members["east_one"][1]).update(member=None)
    staff = world.user("staff", "east")
    staff.member = world.members["east_one"][1]
    staff.save()
    with pytest.raises(DomainError):
        entry_add(
            actor=world.user("staff", "east"), subject=Member.objects.get(pk=staff.member_id), kind=EntryKind.BONUS,
            points=1_00, **given(period),
        )  # fmt: skip


def test_in_the_browser(world: World, period: Period) -> None:
    clerk, office = Client(), Client()
    clerk.force_login(world.user("staff", "east"), backend="orgs.authentication.AccountBackend")
    office.force_login(world.user("office", "root"), backend="orgs.authentication.AccountBackend")
    values = {
        "campaign": Campaign.objects.get().pk, "subject": "EAST_ONE", "kind": "bonus", "points": "1.5",
        "happened_on": clock.today().isoformat(), "reason": "抢险", "basis": "8号文", "work": "抢险",
    }  # fmt: skip
    refused = clerk.post(reverse("entry_add"), values | {"subject": "WEST_ONE"})
    assert "没有该党组织或党员" in refused.content.decode()
    clerk.post(reverse("entry_add"), values | {"document": pdf()})
    entry = ScoreEntry.objects.get()
    assert (entry.points, entry.organization, entry.state) == (1_50, world.orgs["east_one"], EntryState.ENTERED)
    assert "另一人确认" in clerk.get(reverse("entry_detail", args=[entry.pk])).content.decode()
    assert b"".join(clerk.get(reverse("entry_document", args=[entry.pk])).streaming_content)  # type: ignore[attr-defined]
    office.post(reverse("entry_confirm", args=[entry.pk]))
    entry.refresh_from_db()
    assert entry.state == EntryState.CONFIRMED
    assert "抢险" in office.get(reverse("entry_list")).content.decode()
