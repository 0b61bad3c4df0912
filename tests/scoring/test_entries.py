"""Bonus, deductions, ceilings and vetoes: entered by one person, confirmed by another, and then in the score."""

import datetime as dt
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.attachments.models import Attachment
from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.jobs.services import job_run
from campaign.models import Campaign, Period
from campaign.scoring.choices import RunState
from campaign.scoring.desk import tiles
from campaign.scoring.explain import explain_entries
from campaign.scoring.models import EntryKind, EntryState, PeriodScore, ScoreEntry, ScoreMark, ScoreRun
from campaign.scoring.services import (
    entries_confirm_many,
    entry_add,
    entry_change,
    entry_confirm,
    entry_recall,
    entry_refuse,
    entry_revoke,
    score_run_request,
    scores_refresh,
)
from campaign.scoring.standing import ranks_of
from orgs.models import Member, Organization, User
from tests.attachments.files import pdf
from tests.orgs.deputies import acting, handed
from tests.scoring.conftest import As, Measured
from tests.scoring.sheets import BRANCHES, MEMBERS, ready, run, shown
from tests.scoring.test_runs import PowerCut, perform
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


def test_what_is_confirmed_after_a_run_has_begun_counts_in_the_next_one(world: World, period: Period) -> None:
    """The next attempt of a run that died goes by the moment of the first one."""
    job = score_run_request(actor=None, period=period, organization=world.orgs["root"])

    def die(number: int) -> None:
        if number == 5:
            raise PowerCut

    with pytest.raises(PowerCut):
        perform(job, at_guard=die)
    with clock.at(clock.now() + dt.timedelta(hours=1)):
        entered(world, period, world.orgs["east_one"], EntryKind.BONUS, points=6_00)
        job_run(job_id=str(job.pk))
        assert ScoreRun.objects.get(job=job).state == RunState.UNCHANGED
        assert shown(period)["EAST_ONE"] == (85_00, "良好")
        run(period, world.orgs["root"])
        assert shown(period)["EAST_ONE"] == (91_00, "优秀")


def test_who_is_hung_elsewhere_is_found_there_with_the_same_score(world: World, period: Period) -> None:
    old = shown(period)
    Organization.objects.move(
        Organization.objects.get(code="EAST_ONE"), Organization.objects.get(code="WEST"), "last-child"
    )
    run(period, world.orgs["root"])
    assert shown(period) == old
    for score in PeriodScore.objects.current().filter(period=period).select_related("organization"):
        assert score.place == score.organization.path


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


def test_in_the_browser(world: World, period: Period, as_: As) -> None:
    clerk, office = as_("staff@east"), as_("office@root")
    values = {
        "campaign": Campaign.objects.get().pk, "subject": f"o{world.orgs['east_one'].pk}", "kind": "bonus", "points": "1.5",
        "happened_on": clock.today().isoformat(), "reason": "抢险", "basis": "8号文", "work": "抢险",
    }  # fmt: skip
    refused = clerk.post(reverse("entry_add"), values | {"subject": f"o{world.orgs['west_one'].pk}"})
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


# -- whom it is about ------------------------------------------------------------------------------------------------


def searched(client: Client, words: str) -> list[str]:
    return [each["text"] for each in client.post(reverse("subject_search"), {"q": words}).json()["results"]]


def test_a_subject_is_found_by_name_initials_and_number_within_reach(world: World, period: Period, as_: As) -> None:
    clerk, member = as_("staff@east"), world.members["east_one"][1]
    who = f"{member.name}（{world.orgs['east_one'].display_name}）"
    assert who in searched(clerk, member.name)
    assert who in searched(clerk, member.initials)
    assert searched(clerk, member.personnel_no) == [who]
    assert searched(clerk, "采掘一区") == [world.orgs["east_one"].name]
    assert searched(clerk, world.orgs["east_one"].initials.upper()) == [world.orgs["east_one"].name]
    west = world.members["west_one"][1]
    assert searched(clerk, west.personnel_no) == searched(clerk, "西河") == []
    assert clerk.get(reverse("subject_search")).status_code == 405


def test_a_form_that_was_refused_keeps_who_was_chosen(world: World, period: Period, as_: As) -> None:
    clerk, member = as_("staff@east"), world.members["east_one"][1]
    values = {
        "campaign": period.campaign_id, "subject": f"m{member.pk}", "kind": "ceiling", "happened_on": DAY, "reason": "x",
        "basis": "x",
    }  # fmt: skip
    page = clerk.post(reverse("entry_add"), values).content.decode()
    assert f'<option value="m{member.pk}" selected' in page
    assert "请选择" in page
    assert not ScoreEntry.objects.exists()
    clerk.post(reverse("entry_add"), values | {"grade": "合格"})
    assert (ScoreEntry.objects.get().member, ScoreEntry.objects.get().grade) == (member, "合格")
    for wrong in ("m0", "o999999999999", "x1", "o", "东山"):
        assert "没有该党组织或党员" in clerk.post(reverse("entry_add"), values | {"subject": wrong}).content.decode()


# -- several at once ---------------------------------------------------------------------------------------------------


def several(world: World, period: Period, number: int) -> list[ScoreEntry]:
    """Bonuses that the company's staff entered for its first branch, and one that the office did."""
    branch, given_points = world.orgs["east_one"], {"kind": EntryKind.BONUS, "points": 1_00}
    theirs = [
        entry_add(
            actor=world.user("staff", "east"), subject=branch, **given_points, **given(period, reason=f"事由{at}")
        )
        for at in range(number)
    ]
    entry_add(actor=world.user("office", "root"), subject=branch, **given_points, **given(period, reason="自己的"))
    return theirs


def states() -> dict[str, str]:
    return dict(ScoreEntry.objects.values_list("reason", "state"))


def test_several_are_confirmed_at_once_without_ones_own(world: World, period: Period, as_: As) -> None:
    theirs = several(world, period, 3)
    office, page = as_("office@root"), reverse("entry_confirm_many")
    text = office.get(reverse("entry_list")).content.decode()
    assert text.count('name="entry"') == 3
    assert "有3条待您作为第二人确认" in text
    assert "另有1条由您填写" in text
    every = list(ScoreEntry.objects.values_list("pk", flat=True))
    assert "已确认1条" in office.post(page, {"entry": [theirs[0].pk]}, follow=True).content.decode()
    assert states() == {"事由0": "confirmed", "事由1": "entered", "事由2": "entered", "自己的": "entered"}
    office.post(page, {"entry": every})
    assert states() == {"事由0": "confirmed", "事由1": "confirmed", "事由2": "confirmed", "自己的": "entered"}
    assert ScoreEntry.objects.exclude(decided_by=world.user("office", "root")).count() == 1
    assert AuditEntry.objects.filter(action="entry_confirm").count() == 3
    assert "没有确认任何" in office.post(page, {"entry": every}, follow=True).content.decode()
    # The database marked them: they are in the score after the next minute.
    assert scores_refresh() == 1
    assert shown(period)["EAST_ONE"][0] == 85_00 + 3_00


def test_all_that_the_filter_leaves_and_not_more(world: World, period: Period, as_: As) -> None:
    several(world, period, 3)
    office, page, entries = (
        as_("office@root"),
        reverse("entry_confirm_many"),
        reverse("entry_list"),
    )
    office.post(entries, {"name": "事由2"})
    assert office.get(entries).content.decode().count('name="entry"') == 1
    # Another one came while they were looked at: what was not seen is not confirmed.
    assert "已有变化" in office.post(page, {"op": "all", "count": 3}, follow=True).content.decode()
    office.post(page, {"op": "all", "count": 1})
    assert [reason for reason, state in states().items() if state == "confirmed"] == ["事由2"]
    office.post(entries, {"clear": "1"})
    office.post(page, {"op": "all", "count": 2})
    assert sorted(reason for reason, state in states().items() if state == "entered") == ["自己的"]


def test_nobody_confirms_several_out_of_reach(world: World, period: Period, as_: As) -> None:
    theirs = several(world, period, 1)
    for who in ("staff@west", "staff@east"):
        as_(who).post(reverse("entry_confirm_many"), {"entry": [each.pk for each in theirs]})
    assert set(states().values()) == {"entered"}
    assert as_("member@east_one").post(reverse("entry_confirm_many")).status_code == 404


def test_as_many_statements_for_one_as_for_many(world: World, period: Period) -> None:
    several(world, period, 7)
    counts = []
    for wanted in (["事由0"], [f"事由{at}" for at in range(1, 7)]):
        entries = ScoreEntry.objects.filter(reason__in=wanted)
        with CaptureQueriesContext(connection) as queries:
            assert entries_confirm_many(entries=entries, actor=world.user("office", "root")) == len(wanted)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_what_a_deputy_entered_is_not_confirmed_by_whom_it_was_for(world: World, period: Period, as_: As) -> None:
    deputy = acting(world, handed(world, "staff@east", "secretary@east_one"))
    entry = entry_add(actor=deputy, subject=world.orgs["east_two"], kind=EntryKind.BONUS, points=1_00, **given(period))
    staff = world.user("staff", "east")
    for refused in (deputy, staff):
        with pytest.raises(DomainError, match="本人"):
            entry_confirm(entry=entry, actor=refused)
        assert entries_confirm_many(entries=ScoreEntry.objects.all(), actor=refused) == 0
    page = as_("staff@east").get(reverse("entry_detail", args=[entry.pk])).content.decode()
    assert "另一人确认" in page
    entry_confirm(entry=entry, actor=world.user("office", "root"))


def test_the_desk_shows_what_waits_for_a_second_person(world: World, period: Period) -> None:
    several(world, period, 2)
    waiting = {tile.url: tile.count for tile in tiles(world.user("office", "root"))}
    assert waiting == {reverse("entry_list"): 2, reverse("freeze_list"): 0}
    assert [tile.count for tile in tiles(world.user("staff", "east"))] == [1]
    assert tiles(world.user("member", "east_one")) == []


def test_why_it_was_refused_stays_with_it(world: World, period: Period, as_: As) -> None:
    (entry,) = several(world, period, 1)
    office = as_("office@root")
    office.post(reverse("entry_refuse", args=[entry.pk]), {"reason": "依据不足"})
    assert "依据不足" in as_("staff@east").get(entry.get_absolute_url()).content.decode()


# -- changing what waits, taking back what counts ---------------------------------------------------------------------------


def test_who_entered_it_changes_it_until_it_is_decided(world: World, period: Period, as_: As) -> None:
    (entry,) = several(world, period, 1)
    clerk, page = as_("staff@east"), reverse("entry_edit", args=[entry.pk])
    assert 'value="1.00"' in clerk.get(page).content.decode()
    values = {
        "version": 1, "kind": "deduction", "points": "2.5", "happened_on": DAY.isoformat(), "reason": "迟报", "basis": "9号文",
    }  # fmt: skip
    clerk.post(page, values | {"document": pdf()})
    entry.refresh_from_db()
    assert (entry.kind, entry.points, entry.work, entry.reason, entry.version) == ("deduction", 2_50, "", "迟报", 2)
    assert entry.attachment
    first = entry.attachment.pk
    clerk.post(page, values | {"version": 2, "document": pdf()})
    entry.refresh_from_db()
    assert entry.attachment.pk != first
    assert not Attachment.objects.filter(pk=first).exists()
    stale = clerk.post(page, values | {"reason": "另一事由"}).content.decode()  # of version 1
    assert "您填写的内容仍在表单中" in stale
    assert "另一事由" in stale
    assert "日期晚于今天" in clerk.post(page, values | {"version": 3, "happened_on": "2099-01-01"}).content.decode()
    assert as_("office@root").post(page, values).status_code == 302
    with pytest.raises(NotAllowed):
        entry_change(entry=entry, version=3, actor=world.user("office", "root"), **changed())
    entry_confirm(entry=entry, actor=world.user("office", "root"))
    clerk.post(page, values | {"version": 3, "reason": "另一事由"})
    with pytest.raises(StateConflict):
        entry_change(entry=entry, version=3, actor=world.user("staff", "east"), **changed())
    entry.refresh_from_db()
    assert entry.reason == "迟报"
    assert AuditEntry.objects.filter(action="entry_change").exists()


def later() -> AbstractContextManager[None]:
    """A minute from now: in tests the clock stands still."""
    return clock.at(clock.now() + dt.timedelta(minutes=1))


def changed() -> dict[str, Any]:
    return {"kind": EntryKind.VETO, "happened_on": DAY, "reason": "事故", "basis": "1号"}


def test_nobody_confirms_what_was_changed_since_they_looked(world: World, period: Period, as_: As) -> None:
    first, second = several(world, period, 2)
    office, seen = as_("office@root"), {"seen": clock.now().isoformat()}
    with later():
        entry_change(entry=second, version=1, actor=world.user("staff", "east"), **changed())
    for page, data in (
        (reverse("entry_confirm", args=[second.pk]), {}),
        (reverse("entry_confirm_many"), {"entry": [first.pk, second.pk]}),
        (reverse("entry_confirm_many"), {"op": "all", "count": 2}),
    ):
        office.post(page, seen | data)
    assert set(states().values()) == {"entered"}
    with later():
        office.post(reverse("entry_confirm_many"), {"op": "all", "count": 2, "seen": clock.now().isoformat()})
    assert list(states().values()).count("confirmed") == 2


def test_two_people_take_back_what_counts(world: World, period: Period, as_: As) -> None:
    entry = entered(world, period, world.orgs["east_one"], EntryKind.BONUS, points=5_00)
    run(period, world.orgs["root"])
    before = PeriodScore.objects.current().get(period=period, organization=world.orgs["east_one"], member=None)
    assert before.total == 90_00
    clerk, office = as_("staff@east"), as_("office@root")
    steps = {name: reverse(f"entry_{name}", args=[entry.pk]) for name in ("recall", "revoke", "keep")}
    office.post(steps["revoke"])  # nobody asked for it
    office.post(steps["recall"], {"reason": " "})
    assert set(states().values()) == {"confirmed"}
    office.post(steps["recall"], {"reason": "误登"})
    assert "待撤销" in clerk.get(entry.get_absolute_url()).content.decode()
    run(period, world.orgs["root"])
    assert shown(period)["EAST_ONE"][0] == 90_00  # it counts until somebody agrees
    office.post(steps["revoke"])
    assert set(states().values()) == {"recalled"}
    clerk.post(steps["keep"])
    assert set(states().values()) == {"confirmed"}
    clerk.post(steps["recall"], {"reason": "误登"})
    ScoreMark.objects.all().delete()
    with later():
        office.post(steps["revoke"])
        assert set(states().values()) == {"revoked"}
        assert scores_refresh() == 1
    assert shown(period)["EAST_ONE"][0] == 85_00
    # What it gave before is still explained on the earlier result.
    assert [row.entry for row in explain_entries(before)] == [entry]
    now = PeriodScore.objects.current().get(period=period, organization=world.orgs["east_one"], member=None)
    assert explain_entries(now) == []


def test_what_a_deputy_asked_to_take_back_is_not_agreed_to_by_whom_it_was_for(world: World, period: Period) -> None:
    entry = entered(world, period, world.orgs["east_two"], EntryKind.BONUS, points=1_00)
    entry_recall(entry=entry, actor=acting(world, handed(world, "staff@east", "secretary@east_one")), reason="误登")
    with pytest.raises(DomainError, match="本人"):
        entry_revoke(entry=entry, actor=world.user("staff", "east"))
    with pytest.raises(NotAllowed):
        entry_revoke(entry=entry, actor=world.user("staff", "west"))
    entry_revoke(entry=entry, actor=world.user("office", "root"))
