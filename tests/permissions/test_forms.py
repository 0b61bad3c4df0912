"""What a form names besides its object: an object within reach takes nothing from out of reach along with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import reverse

from campaign.models import Campaign, CampaignStage, Period, Standard
from orgs.models import ImportBatch, ImportState, Member
from tests.permissions import awards, campaign, orgs, pledges, rounds
from tests.permissions.ground import Ground, undone
from tests.world import World

pytestmark = pytest.mark.one_database


@dataclass(frozen=True)
class Post:
    actor: str
    address: str
    kwargs: Mapping[str, Any]
    payload: Mapping[str, Any]
    query: str = ""


Make = Callable[[World, bool], Post]
"""Makes a post whose second object lies within reach, or out of it."""


def moved_member(world: World, near: bool) -> Post:
    target = orgs.member(world, "east_one")
    place = world.orgs["east_two" if near else "west_one"]
    return Post("staff@east", "member_edit", target.kwargs, {**target.data, "organization": place.pk})


def moved_account(world: World, near: bool) -> Post:
    target = orgs.account(world, "east_one")
    place = world.orgs["east_two" if near else "west_one"]
    return Post("system_admin@east", "user_edit", target.kwargs, {**target.data, "organization": place.pk})


def account_of_a_member(world: World, near: bool) -> Post:
    place = world.orgs["east_one" if near else "west_one"]
    Member.objects.create(personnel_no="P-NEW", name="新党员", sex="male", organization=place)
    payload = {"name": "新党员", "personnel_no": "P-NEW", "organization": world.orgs["east"].pk}
    return Post("system_admin@east", "user_create", {}, payload)


def role_of_somebody(world: World, near: bool) -> Post:
    user = orgs.account(world, "east_one" if near else "west_one").kwargs["pk"]
    payload = {"user": user, "role": "staff", "organization": world.orgs["east"].pk}
    return Post("security_admin@east", "role_grant", {}, payload)


def role_in_a_place(world: World, near: bool) -> Post:
    user = orgs.account(world, "east_one").kwargs["pk"]
    payload = {"user": user, "role": "staff", "organization": world.orgs["east" if near else "west"].pk}
    return Post("security_admin@east", "role_grant", {}, payload)


def stage_of_a_campaign(world: World, near: bool) -> Post:
    target, other = campaign.stage(world, "east"), campaign.stage(world, "west")
    stage = CampaignStage.objects.get(pk=(target if near else other).kwargs["stage_pk"])
    return Post("office@east", "campaign_stage_update", {**target.kwargs, "stage_pk": stage.pk}, target.data)


def item_with_a_standard(world: World, near: bool) -> Post:
    target = pledges.of_organization("draft", pledges.edited)(world, "east")
    held = target.record.campaign if near else campaign.held(world, "west")
    standard = Standard.objects.filter(campaign=held, audience="organization", parent__isnull=False)[0]
    return Post("staff@east", "pledge_edit", target.kwargs, {**target.data, "form-0-standard": standard.pk})


def progress_of_an_item(world: World, near: bool) -> Post:
    target = pledges.of_organization("published", pledges.noted)(world, "east")
    other = pledges.of_organization("published", pledges.noted)(world, "west")
    return Post("staff@east", "pledge_progress", target.kwargs, target.data if near else other.data)


def appraisal_of_an_item(world: World, near: bool) -> Post:
    target = pledges.of_organization("published", pledges.judged)(world, "east_one")
    other = pledges.of_organization("published", pledges.judged)(world, "west_one")
    data = target.data if near else {**other.data, "version": target.data["version"]}
    return Post("staff@east", "pledge_appraise", target.kwargs, data)


def run_for_a_period(world: World, near: bool) -> Post:
    payload = {"period": _period(world, near).pk, "organization": world.orgs["east"].pk}
    return Post("staff@east", "score_run", {}, payload)


def report_on_a_period(world: World, near: bool) -> Post:
    period = _period(world, near)
    asked = {
        "organization": world.orgs["east"].pk,
        "campaign": period.campaign_id,
        "period": period.pk,
        "format": "csv",
    }
    return Post("staff@east", "report_export", {"key": "score_summary"}, asked)


def _period(world: World, near: bool) -> Period:
    """A period of a campaign held by the company, or by the other one."""
    return campaign.held(world, "east" if near else "west").periods.order_by("starts_on")[0]


def round_of_a_campaign(world: World, near: bool) -> Post:
    target = rounds.new_round(world, "east")
    held = campaign.held(world, "east" if near else "west")
    return Post("staff@east", "round_create", {}, {**target.data, "campaign": held.pk})


def round_on_a_branch(world: World, near: bool) -> Post:
    target = rounds.draft(world, "east")
    chosen = world.orgs["east_one" if near else "west_one"].pk
    return Post("staff@east", "round_subjects", target.kwargs, {"version": 1, "which": "chosen", "chosen": [chosen]})


def round_with_a_standard(world: World, near: bool) -> Post:
    """Of the round's campaign, or of another one."""
    target = rounds.set_up("questions", **rounds.QUESTIONS)(world, "east")
    campaigns = [Campaign.objects.get(code="C1"), campaign.held(world, "west")]
    standard = campaigns[not near].standards.filter(audience="organization", parent__isnull=False)[0]
    return Post("staff@east", "round_questions", target.kwargs, {**target.data, "items-0-standard": standard.pk})


def round_compared_with(world: World, near: bool) -> Post:
    """With a published round of one's own, or one that another company held."""
    target = rounds.set_up("basics", **rounds.TIMES)(world, "east")
    other = rounds.published(world, "east" if near else "west")
    return Post("staff@east", "round_basics", target.kwargs, {**target.data, "previous": other.kwargs["pk"]})


def nomination_in_a_batch(world: World, near: bool) -> Post:
    held = awards.opened(world, "east" if near else "west", "批次")
    category = held.categories.get(kind="advanced_organization")
    query = f"?category={category.pk}&organization={world.orgs['east_one'].pk}"
    return Post("secretary@east_one", "nomination_create", {}, {"deeds": "事迹材料"}, query)


MAKES: list[Make] = [
    moved_member, moved_account, account_of_a_member, role_of_somebody, role_in_a_place, stage_of_a_campaign,
    item_with_a_standard, progress_of_an_item, appraisal_of_an_item, run_for_a_period, report_on_a_period,
    round_of_a_campaign, round_on_a_branch,
    round_with_a_standard, round_compared_with, nomination_in_a_batch,
]  # fmt: skip


@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.__name__)
def test_what_is_out_of_reach_cannot_be_named(ground: Ground, make: Make) -> None:
    for near in (True, False):
        with undone():
            post = make(ground.world, near)
            url = reverse(post.address, kwargs=dict(post.kwargs)) + post.query
            answer = ground.ask(post.actor, "POST", url, post.payload)
            assert answer.status in (200, 302, 404)
            assert bool(answer.written) is near, answer


@pytest.mark.parametrize(
    ("organization", "stored"), [("东山公司采掘一区党支部", True), ("西河公司选矿车间党支部", False)]
)
def test_a_workbook_brings_nothing_into_another_company(ground: Ground, organization: str, stored: bool) -> None:
    rows = f"姓名,性别,所在党组织\n新来的,男,{organization}\n"
    file = orgs.SimpleUploadedFile("roster.csv", rows.encode())
    ground.send("staff@east", "POST", reverse("import_upload"), {"kind": "members", "file": file})
    batch = ImportBatch.objects.get()
    assert batch.state == (ImportState.CHECKED if stored else ImportState.REJECTED)
    answer = ground.ask("staff@east", "POST", reverse("import_apply", args=[batch.pk]))
    assert bool(answer.written) is stored
