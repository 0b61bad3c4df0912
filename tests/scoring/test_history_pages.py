"""Pages of what became of periods and runs: the periods of a campaign, what a run left otherwise, what was entered."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed
from campaign.models import Period, PeriodKind
from campaign.scoring.explain import explain, explain_entries
from campaign.scoring.models import EntryKind, PeriodScore, ScoreRun
from campaign.scoring.selectors import periods_of, published_scores
from campaign.scoring.services import entry_add, entry_confirm, freeze_confirm, freeze_request
from campaign.services import period_add_range, period_remove
from tests.scoring.conftest import As, Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def period(world: World, measured: Measured) -> Period:
    measured.set("test.m0", world.orgs["east_one"], 1, 2)
    found = ready(world, BRANCHES, COMMITTEES, MEMBERS)
    run(found, world.orgs["root"])
    return found


def score_of(world: World, key: str) -> PeriodScore:
    return published_scores().current().get(organization=world.orgs[key], member=None)


# -- what a run left otherwise -----------------------------------------------------------------------------------------


def test_a_run_shows_what_became_other_and_why(world: World, measured: Measured, period: Period, as_: As) -> None:
    measured.set("test.m0", world.orgs["east_one"], 2, 2)
    run(period, world.orgs["root"])
    later = ScoreRun.objects.latest("pk")
    page = as_("office@root").get(reverse("run_detail", args=[later.pk]))
    shown = {each.after.organization.code: each for each in page.context["differences"]}
    assert set(shown) == {"ROOT", "EAST", "EAST_ONE"}
    (line,) = shown["EAST_ONE"].lines
    assert (line.item.label, line.raw_before, line.raw_after, line.gain) == (
        "承诺兑现",
        "50.00% (1/2)",
        "100.00% (2/2)",
        15_00,
    )
    text = page.content.decode()
    assert "+15.00" in text
    assert line.records_url.replace("&", "&amp;") in text


def test_any_two_runs_of_a_period_are_compared(world: World, measured: Measured, period: Period, as_: As) -> None:
    first = ScoreRun.objects.latest("pk")
    for numerator in (2, 1):
        measured.set("test.m0", world.orgs["east_one"], numerator, 2)
        run(period, world.orgs["root"])
    last = ScoreRun.objects.latest("pk")
    client, address = as_("office@root"), reverse("run_detail", args=[last.pk])
    beside_the_one_before = client.get(address).context["differences"]
    beside_the_first = client.get(address, {"since": first.pk}).context["differences"]
    assert {each.gain for each in beside_the_one_before if each.after.organization.code == "EAST_ONE"} == {-25_00}
    assert {each.gain for each in beside_the_first} == {0}
    assert client.get(address, {"since": "\x01", "page": "x"}).status_code == 200


def test_each_sees_those_in_reach_alone(world: World, measured: Measured, period: Period, as_: As) -> None:
    measured.set("test.m0", world.orgs["east_one"], 2, 2)
    run(period, world.orgs["east"])
    address = reverse("run_detail", args=[ScoreRun.objects.latest("pk").pk])
    codes = [each.after.organization.code for each in as_("staff@east").get(address).context["differences"]]
    assert codes == ["EAST", "EAST_ONE"]
    assert as_("staff@west").get(address).status_code == 404


def test_the_page_of_a_run_costs_the_same_for_one_and_for_three(
    world: World, measured: Measured, period: Period, as_: As
) -> None:
    client = as_("office@root")

    def statements(*keys: str) -> int:
        for key in keys:
            measured.set("test.m0", world.orgs[key], 2, 2)
        run(period, world.orgs["root"])
        address = reverse("run_detail", args=[ScoreRun.objects.latest("pk").pk])
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert len(client.get(address).context["differences"]) >= len(keys)
        return len(captured)

    assert statements("east_one") == statements("east_two", "west_one", "west_two")


def test_the_list_of_runs_leads_to_each(world: World, period: Period, as_: As) -> None:
    page = as_("office@root").get(reverse("score_runs")).content.decode()
    assert reverse("run_detail", args=[ScoreRun.objects.latest("pk").pk]) in page


# -- what was entered --------------------------------------------------------------------------------------------------


def entered(world: World, period: Period, **given: Any) -> Any:
    day = given.pop("on", dt.date(2026, 3, 1))
    entry = entry_add(
        actor=world.user("staff", "root"), campaign=period.campaign, subject=world.orgs["east_one"], happened_on=day,
        basis="文号", **given,
    )  # fmt: skip
    entry_confirm(entry=entry, actor=world.user("office", "root"))
    return entry


def test_every_entry_that_counted_is_listed(world: World, period: Period, as_: As) -> None:
    with clock.at(clock.now() + dt.timedelta(hours=1)):
        high = entered(world, period, kind=EntryKind.BONUS, points=2_00, work="安全", reason="省级表彰")
        entered(world, period, kind=EntryKind.BONUS, points=1_00, work="安全", reason="集团表彰")
        entered(world, period, kind=EntryKind.DEDUCTION, points=50, reason="通报批评")
        entered(world, period, kind=EntryKind.VETO, reason="事故", on=dt.date(2026, 3, 2))
        assert explain_entries(score_of(world, "east_one")) == []  # none was confirmed when it was computed
        run(period, world.orgs["root"])
    found = explain_entries(score_of(world, "east_one"), world.user("staff", "east"))
    assert [(each.worth, each.passed_over) for each in found] == [
        ("+2.00", False), ("+1.00", True), ("-0.50", False), ("—", False),
    ]  # fmt: skip
    assert found[0].url == high.get_absolute_url()
    page = as_("secretary@east_one").get(score_of(world, "east_one").get_absolute_url()).content.decode()
    assert "省级表彰" in page
    assert high.get_absolute_url() not in page


def test_a_bonus_above_the_cap_is_a_line_of_its_own(world: World, period: Period) -> None:
    entered(world, period, kind=EntryKind.BONUS, points=8_00, work="甲", reason="甲")
    entered(world, period, kind=EntryKind.BONUS, points=7_00, work="乙", reason="乙")
    run(period, world.orgs["root"])
    values = [each.text for each in explain(score_of(world, "east_one")).sums]
    assert ("+15.00" in values, "+10.00" in values) == (True, True)


def test_what_is_missing_to_the_next_grade(world: World, measured: Measured, period: Period) -> None:
    score = score_of(world, "east_one")
    assert (score.total, "18.33" in explain(score).next_grade) == (41_67, True)
    PeriodScore.objects.filter(pk=score.pk).update(total=95_00, grade="优秀")
    assert explain(score_of(world, "east_one")).next_grade == ""
    PeriodScore.objects.filter(pk=score.pk).update(total=95_00, grade="合格")  # a ceiling
    assert explain(score_of(world, "east_one")).next_grade == ""


# -- periods -----------------------------------------------------------------------------------------------------------


def test_the_page_says_what_became_of_each_period(world: World, period: Period, as_: As) -> None:
    with clock.at(clock.start_of(dt.date(2026, 7, 2))):
        run(period, world.orgs["root"])
        asked = freeze_request(actor=world.user("office", "root"), period=period, reason="期末")
        address = reverse("period_list", args=[period.campaign_id])
        assert {each.code: each.waits for each in as_("office@root").get(address).context["periods"]}["2026H1"]
    asked.requested_by = world.users["staff@root"]
    asked.save()
    freeze_confirm(freeze=asked, actor=world.user("office", "root"))
    page = as_("member@east_one").get(reverse("period_list", args=[period.campaign_id]))
    found = {each.code: each for each in page.context["periods"]}
    assert [freeze.decided_by.name for freeze in found["2026H1"].frozen] == ["root office"]
    assert found["2026H2"].computed_at is None
    assert "root office" in page.content.decode()


def test_periods_are_added_and_taken_out(world: World, period: Period, as_: As) -> None:
    client, address = as_("office@root"), reverse("period_list", args=[period.campaign_id])
    assert client.post(address, {"op": "calendar", "kind": "quarter"}).status_code == 302
    assert period.campaign.periods.filter(kind=PeriodKind.QUARTER).count() == 8
    days = {"op": "range", "code": "2026-QY", "starts_on": "2026-06-01", "ends_on": "2026-07-01"}
    assert client.post(address, days).status_code == 302
    made = Period.objects.get(code="2026-QY")
    run(made, world.orgs["root"])
    assert PeriodScore.objects.current().filter(period=made).exists()
    quarter = period.campaign.periods.filter(kind=PeriodKind.QUARTER).first()
    assert quarter
    assert client.post(reverse("period_remove", args=[quarter.pk])).status_code == 302
    assert not Period.objects.filter(pk=quarter.pk).exists()
    assert as_("member@east_one").post(address, days).status_code == 404


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("2026H1", (2026, 2, 1), (2026, 2, 2)),
        ("X", (2026, 2, 2), (2026, 2, 1)),
        ("X", (2025, 12, 1), (2026, 2, 1)),
        ("X", (2026, 2, 28), (2026, 3, 5)),
    ],
)
def test_days_that_cannot_be_a_period(
    world: World, period: Period, code: str, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    add = {"campaign": period.campaign, "actor": world.user("office", "root")}
    period_add_range(**add, code="MAR", starts_on=dt.date(2026, 3, 1), ends_on=dt.date(2026, 3, 31))
    with pytest.raises(DomainError):
        period_add_range(**add, code=code, starts_on=dt.date(*first), ends_on=dt.date(*last))
    with pytest.raises(NotAllowed):
        period_add_range(
            campaign=period.campaign, actor=world.user("staff", "root"), code="Y", starts_on=dt.date(2026, 1, 1),
            ends_on=dt.date(2026, 1, 2),
        )  # fmt: skip


def test_a_period_with_scores_stays(world: World, period: Period) -> None:
    with pytest.raises(DomainError):
        period_remove(period=period, actor=world.user("office", "root"))
    assert Period.objects.filter(code="2026H1").exists()


def test_the_periods_cost_the_same_for_two_and_for_many(world: World, period: Period) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            list(periods_of(period.campaign))
        return len(captured)

    few = statements()
    period_add_range(
        campaign=period.campaign, actor=world.user("office", "root"), code="X", starts_on=dt.date(2026, 1, 1),
        ends_on=dt.date(2026, 1, 2),
    )  # fmt: skip
    assert few == statements() == 2
