"""Campaigns: made from a template on the page and by command, seen from below, their stages moved."""

import datetime as dt
import itertools
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.blueprints import WUJIANG, add_months
from campaign.common.errors import DomainError, EditConflict, NotAllowed
from campaign.common.text import as_printed
from campaign.models import Action, Campaign, CampaignStage, CampaignState, Period
from campaign.selectors import (
    action_allowed,
    campaign_stages,
    campaigns_for,
    current_period,
    stage_progress,
    standard_trees,
)
from campaign.services import campaign_stage_update
from orgs.models import Organization
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def signed_in(world: World, role: str, at: str) -> Client:
    client = Client()
    client.force_login(world.user(role, at), backend="orgs.authentication.AccountBackend")
    return client


def filled(world: World, **fields: Any) -> dict[str, Any]:
    given = {"template": "wujiang", "organization": world.orgs["root"].pk, "starts_on": "2026-01-01", "code": "C1"}
    return given | fields


# ---- from a template ----


def test_the_office_makes_one_on_the_page(world: World) -> None:
    answer = signed_in(world, "office", "root").post(reverse("campaign_create"), filled(world))
    made = Campaign.objects.get()
    assert answer["Location"] == reverse("campaign_detail", args=[made.pk])
    assert (made.name, made.theme, made.state) == (WUJIANG.name, WUJIANG.theme, CampaignState.RUNNING)
    assert [(s.starts_on.isoformat(), s.ends_on.isoformat()) for s in made.stages.order_by("order")] == [
        ("2026-01-01", "2026-06-30"), ("2026-07-01", "2026-12-31"), ("2027-01-01", "2027-12-31"),
    ]  # fmt: skip
    assert list(made.periods.values_list("code", flat=True)) == ["2026H1", "2026H2", "2027H1", "2027H2"]
    assert [len(tree["children"]) for tree in standard_trees(made)] == [4, 4]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"code": "C 1"}, "code"), ({"code": ""}, "code"), ({"starts_on": "2026-02-30"}, "starts_on"),
        ({"template": "none"}, "template"), ({"organization": ""}, "organization"),
    ],
)  # fmt: skip
def test_a_wrong_form_makes_nothing(world: World, fields: dict[str, Any], field: str) -> None:
    response = signed_in(world, "office", "root").post(reverse("campaign_create"), filled(world, **fields))
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert not Campaign.objects.exists()


def test_a_code_that_is_taken_is_refused_above_the_form_with_everything_kept(world: World) -> None:
    world.campaign()
    response = signed_in(world, "office", "root").post(reverse("campaign_create"), filled(world, theme="主题丙"))
    page = response.content.decode()
    assert "该编码已被使用" in page
    assert "主题丙" in page
    assert Campaign.objects.count() == 1


def test_no_campaign_for_an_organization_out_of_reach(world: World) -> None:
    branch = filled(world, organization=world.orgs["east_one"].pk)
    response = signed_in(world, "office", "root").post(reverse("campaign_create"), branch)
    assert "organization" in response.context["form"].errors
    for role, at in (("staff", "root"), ("secretary", "east_one"), ("system_admin", "root")):
        assert signed_in(world, role, at).post(reverse("campaign_create"), filled(world)).status_code == 404
    assert not Campaign.objects.exists()


def test_the_preview_follows_template_and_day(world: World) -> None:
    client = signed_in(world, "office", "root")
    query = {"template": "wujiang", "starts_on": "2026-03-15"}
    shown = client.get(reverse("campaign_create"), query, headers={"hx-request": "true"}).content.decode()
    assert "2026-03-15" in shown
    assert "2026-08-31" in shown
    assert "<html" not in shown
    empty = client.get(reverse("campaign_create"), {"template": "x"}, headers={"hx-request": "true"}).content.decode()
    assert "请选择模板和开始日期" in empty


@pytest.mark.parametrize(
    ("first", "ends"),
    [
        (dt.date(2026, 1, 1), ["2026-06-30", "2026-12-31", "2027-12-31"]),
        (dt.date(2010, 6, 15), ["2010-11-30", "2011-05-31", "2012-05-31"]),
    ],
)
def test_stages_follow_without_gap_or_overlap(first: dt.date, ends: list[str]) -> None:
    plans = WUJIANG.stages_from(first)
    assert [plan.ends_on.isoformat() for plan in plans] == ends
    assert all(later.starts_on == earlier.ends_on + DAY for earlier, later in itertools.pairwise(plans))


def test_months_end_where_they_should() -> None:
    assert add_months(dt.date(2026, 12, 31), 1) == dt.date(2027, 1, 1)
    assert add_months(dt.date(2026, 1, 1), 24) == dt.date(2028, 1, 1)


def test_the_client_s_words_are_printed_as_in_the_seed() -> None:
    texts = [WUJIANG.name, WUJIANG.theme, WUJIANG.goals, *(s.name + s.focus for s in WUJIANG.outline)]
    texts += [leaf.text for tree in WUJIANG.standards for leaf in tree.leaves]
    assert [text for text in texts if as_printed(text) != text] == []


# ---- by command ----


def command(**options: Any) -> str:
    out = StringIO()
    given = {"template": "wujiang", "code": "C1", "org": "ROOT", "start": "2026-01-01", **options}
    call_command("create_campaign", *(f"--{key}={value}" for key, value in given.items()), stdout=out)
    return out.getvalue()


def test_the_command_takes_code_or_full_name(world: World) -> None:
    assert command().startswith("C1: ")
    assert "C2" in command(code="C2", org=world.orgs["east"].name, name="东山公司活动", actor="office-root")
    assert Campaign.objects.get(code="C2").organization_id == world.orgs["east"].pk
    assert (
        AuditEntry.objects.filter(action="campaign_create").values_list("actor__username", flat=True)[0]
        == "office-root"
    )


@pytest.mark.parametrize(
    "options",
    [
        {"org": "NOWHERE"}, {"template": "none"}, {"start": "1.1.2026"}, {"start": "2026-02-30"}, {"actor": "nobody"},
        {"actor": "staff-root"}, {"code": "TAKEN"},
    ],
)  # fmt: skip
def test_the_command_says_what_is_wrong(world: World, options: dict[str, str]) -> None:
    world.campaign(code="TAKEN")
    with pytest.raises(CommandError) as error:
        command(**options)
    assert str(error.value)
    assert Campaign.objects.count() == 1


def test_a_name_that_two_organizations_bear_is_no_answer(world: World) -> None:
    Organization.objects.add_child(
        world.orgs["east"], create_kwargs={"code": "X", "name": world.orgs["west"].name, "type": "committee"}
    )
    with pytest.raises(CommandError):
        command(org=world.orgs["west"].name)


# ---- seen from below ----


def test_who_is_below_sees_it_and_who_is_beside_does_not(world: World) -> None:
    command(org="EAST", name="东山公司创先争优")
    made = Campaign.objects.get()
    for role, at, status in (
        ("member", "east_one", 200), ("staff", "east", 200), ("member", "west_one", 404), ("staff", "root", 404),
    ):  # fmt: skip
        client = signed_in(world, role, at)
        assert client.get(reverse("campaign_detail", args=[made.pk])).status_code == status
        assert ("东山公司创先争优" in client.get(reverse("campaign_list")).content.decode()) is (status == 200)


def test_the_page_shows_stages_actions_standards_and_periods(world: World) -> None:
    made = world.campaign()
    with time_machine.travel(dt.datetime(2026, 8, 1, 4, tzinfo=dt.UTC), tick=False):
        page = signed_in(world, "member", "east_one").get(reverse("campaign_detail", args=[made.pk])).content.decode()
        office = signed_in(world, "office", "root").get(reverse("campaign_detail", args=[made.pk])).content.decode()
    for text in ("第二时段", "推荐表彰对象", "政治引领力强", "群众评价优", "2026年上半年", "course-current"):
        assert text in page
    edit = reverse("campaign_stage_update", args=[made.pk, made.stages.order_by("order")[0].pk])
    assert edit not in page
    assert edit in office


def test_the_list_takes_as_many_statements_for_three_as_for_one(world: World) -> None:
    client, counts = signed_in(world, "staff", "root"), []
    for number in range(3):
        world.campaign(code=f"C{number}")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("campaign_list")).status_code == 200
        counts.append(len(queries))
    assert counts == [8, 8, 8]


# ---- stages ----


def stage(world: World, number: int) -> CampaignStage:
    found = Campaign.objects.first() or world.campaign()
    return found.stages.select_related("campaign__organization").get(order=number)


def moved(world: World, number: int, **fields: Any) -> CampaignStage:
    found = stage(world, number)
    given = {name: getattr(found, name) for name in ("version", "name", "focus", "starts_on", "ends_on")}
    return campaign_stage_update(stage=found, actor=world.user("office", "root"), **(given | fields))


def test_a_stage_is_renamed_and_moved_and_the_log_says_what_changed(world: World) -> None:
    changed = moved(world, 2, name="第二阶段", ends_on=dt.date(2026, 12, 15))
    assert (changed.name, changed.ends_on, changed.version) == ("第二阶段", dt.date(2026, 12, 15), 2)
    entry = AuditEntry.objects.of(changed).get()
    assert set(entry.changes) == {"name", "ends_on"}
    assert entry.changes["ends_on"] == ["2026-12-31", "2026-12-15"]


def test_days_between_two_stages_allow_nothing(world: World) -> None:
    moved(world, 2, ends_on=dt.date(2026, 12, 15))
    campaign = Campaign.objects.get()
    assert action_allowed(campaign, Action.NOMINATE, dt.date(2026, 12, 15))
    assert not action_allowed(campaign, Action.NOMINATE, dt.date(2026, 12, 16))
    assert not action_allowed(campaign, Action.NOMINATE, dt.date(2026, 6, 30))


def test_the_campaign_lasts_as_long_as_its_stages_with_a_period_for_each_half_year(world: World) -> None:
    moved(world, 3, ends_on=dt.date(2028, 3, 31))
    moved(world, 1, starts_on=dt.date(2025, 11, 1))
    campaign = Campaign.objects.get()
    assert (campaign.starts_on, campaign.ends_on) == (dt.date(2025, 11, 1), dt.date(2028, 3, 31))
    codes = list(Period.objects.order_by("starts_on").values_list("code", flat=True))
    assert codes == ["2025H2", "2026H1", "2026H2", "2027H1", "2027H2", "2028H1"]


@pytest.mark.parametrize(
    ("number", "fields"),
    [
        (2, {"starts_on": dt.date(2026, 6, 30)}), (2, {"ends_on": dt.date(2027, 1, 1)}),
        (1, {"ends_on": dt.date(2026, 7, 1)}), (3, {"starts_on": dt.date(2026, 12, 31)}),
        (1, {"starts_on": dt.date(2026, 7, 1)}), (2, {"starts_on": dt.date(2026, 12, 31), "ends_on": dt.date(2026, 7, 1)}),
    ],
)  # fmt: skip
def test_stages_neither_overlap_nor_end_before_they_begin(world: World, number: int, fields: dict[str, Any]) -> None:
    before = list(stage(world, number).campaign.stages.order_by("order").values())
    with pytest.raises(DomainError):
        moved(world, number, **fields)
    assert list(CampaignStage.objects.order_by("order").values()) == before


def test_who_saves_second_is_told_and_nothing_is_overwritten(world: World) -> None:
    moved(world, 2, name="甲")
    with pytest.raises(EditConflict):
        moved(world, 2, version=1, name="乙")
    assert stage(world, 2).name == "甲"


def test_the_form_keeps_what_was_typed_after_a_conflict_and_saves_on_a_second_decision(world: World) -> None:
    found, client = stage(world, 2), signed_in(world, "office", "root")
    address = reverse("campaign_stage_update", args=[found.campaign_id, found.pk])
    assert 'name="version" value="1"' in client.get(address).content.decode()
    moved(world, 2, name="甲")
    typed = {"name": "乙", "focus": "", "starts_on": "2026-07-01", "ends_on": "2026-12-31", "version": "1"}
    conflict = client.post(address, typed).content.decode()
    assert "其他人刚刚保存了" in conflict
    assert 'value="乙"' in conflict
    assert 'name="version" value="2"' in conflict
    assert client.post(address, typed | {"version": "2"}).status_code == 302
    assert stage(world, 2).name == "乙"


def test_the_form_names_the_field_that_is_wrong(world: World) -> None:
    found, client = stage(world, 2), signed_in(world, "office", "root")
    address = reverse("campaign_stage_update", args=[found.campaign_id, found.pk])
    wrong = {"name": "乙", "focus": "", "starts_on": "2026-12-31", "ends_on": "2026-07-01", "version": "1"}
    form = client.post(address, wrong).context["form"]
    assert set(form.errors) == {"ends_on"}


def test_a_stage_of_another_campaign_is_not_found(world: World) -> None:
    found, other = stage(world, 1), world.campaign(code="C2")
    client = signed_in(world, "office", "root")
    assert client.get(reverse("campaign_stage_update", args=[other.pk, found.pk])).status_code == 404


def test_the_stages_of_a_closed_campaign_stay(world: World) -> None:
    stage(world, 2)
    Campaign.objects.update(state=CampaignState.CLOSED)
    with pytest.raises(DomainError):
        moved(world, 2, name="乙")


def test_only_the_office_moves_stages(world: World) -> None:
    found = stage(world, 2)
    fields = {"version": 1, "name": "乙", "focus": "", "starts_on": found.starts_on, "ends_on": found.ends_on}
    with pytest.raises(NotAllowed):
        campaign_stage_update(stage=found, actor=world.user("staff", "root"), **fields)


# ---- where it stands ----


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2025, 12, 31), None), (dt.date(2026, 1, 1), (1, 1, 180)), (dt.date(2026, 6, 30), (1, 181, 0)),
        (dt.date(2026, 7, 1), (2, 1, 183)), (dt.date(2027, 12, 31), (3, 365, 0)), (dt.date(2028, 1, 1), None),
    ],
)  # fmt: skip
def test_progress_counts_days_with_both_ends(world: World, day: dt.date, expected: tuple[int, int, int] | None) -> None:
    progress = stage_progress(campaign_stages(world.campaign()), day)
    assert (progress and (progress.number, progress.day, progress.left)) == expected


def test_the_present_period_is_the_one_of_today_else_the_last(world: World) -> None:
    campaign = world.campaign()
    days = {
        dt.date(2026, 6, 30): "2026年上半年",
        dt.date(2026, 7, 1): "2026年下半年",
        dt.date(2030, 1, 1): "2027年下半年",
    }
    assert {day: str(current_period(campaign, day)) for day in days} == days
    assert current_period(campaign, dt.date(2025, 1, 1)) is None


def test_stages_and_standards_take_one_statement_each_and_one_for_the_actions(world: World) -> None:
    campaign = world.campaign()
    with CaptureQueriesContext(connection) as queries:
        assert [len(found.actions.all()) for found in campaign_stages(campaign)] == [4, 6, 6]
        standard_trees(campaign)
    assert len(queries) == 3


def test_the_lists_start_from_what_one_may_see(world: World) -> None:
    world.campaign()
    assert campaigns_for(world.user("member", "east_one")).count() == 1
    assert campaigns_for(world.user("audit_admin", "root")).count() == 0


# ---- closing ----


def test_the_office_closes_a_campaign_and_nothing_new_is_taken_until_it_is_opened_again(world: World) -> None:
    made, office = world.campaign(), signed_in(world, "office", "root")
    assert action_allowed(made, Action.PLEDGE, made.starts_on)
    office.post(reverse("campaign_step", args=[made.pk]), {"step": "campaign_close"})
    made.refresh_from_db()
    assert made.state == CampaignState.CLOSED
    assert not action_allowed(made, Action.PLEDGE, made.starts_on)
    office.post(reverse("campaign_step", args=[made.pk]), {"step": "campaign_reopen"})
    assert Campaign.objects.get().state == CampaignState.CLOSED  # no reason was given
    office.post(reverse("campaign_step", args=[made.pk]), {"step": "campaign_reopen", "reason": "补充评诺"})
    assert Campaign.objects.get().state == CampaignState.RUNNING


def test_nobody_else_closes_it(world: World) -> None:
    made = world.campaign()
    for role, at in (("staff", "root"), ("staff", "east"), ("secretary", "east_one")):
        answer = signed_in(world, role, at).post(reverse("campaign_step", args=[made.pk]), {"step": "campaign_close"})
        assert answer.status_code == 404
    assert signed_in(world, "office", "root").post(
        reverse("campaign_step", args=[made.pk]), {"step": "campaign_explode"}
    ).status_code == 404  # fmt: skip
    assert Campaign.objects.get().state == CampaignState.RUNNING
