"""审诺: item by item, what comes again beside what it was, many at once and back, by the stage's last day."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Campaign, CampaignStage
from orgs.models import Member
from pledges import services
from pledges.models import Pledge, PledgeReview, PledgeState
from pledges.queue import neighbours, put_due_days, put_earlier
from pledges.reminders import appraisals_end, pledges_end, reviews_end
from pledges.selectors import queue_for
from pledges.services import ItemDecision
from tests.pledges.conftest import NOW, item, published, submitted
from tests.world import World

Browser = Callable[[str], Client]


def test_an_item_is_returned_with_what_it_lacks_and_the_rest_stays_approved(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "member@east_one", item("带好徒弟"), item("多做贡献"))
    secretary = world.user("secretary", "east_one")
    with pytest.raises(DomainError):
        services.pledge_return(pledge=pledge, actor=secretary, decisions={2: ItemDecision(approved=False)})
    decisions = {2: ItemDecision(lacking=("checkable",), reason="写明数字")}
    pledge = services.pledge_return(pledge=pledge, actor=secretary, decisions=decisions)
    review = PledgeReview.objects.get()
    assert [(record["decision"], record["lacking"]) for record in review.items] == [
        ("approved", []),
        ("returned", ["checkable"]),
    ]
    assert "写明数字" in review.reason
    assert "无法检查" in review.reason

    member = world.user("member", "east_one")
    pledge = services.pledge_save(
        pledge=pledge,
        actor=member,
        version=pledge.version,
        items=[item("带好徒弟"), item("每月提一条建议", target="12 条")],
    )
    services.pledge_submit(pledge=pledge, actor=member)
    items = list(pledge.items.order_by("order"))
    put_earlier(items, review)
    first, second = items
    assert (first.earlier["decision"], first.is_changed) == ("approved", False)  # type: ignore[attr-defined]
    assert (second.earlier["text"], second.is_changed) == ("多做贡献", True)  # type: ignore[attr-defined]


def test_the_page_shows_both_versions_and_goes_on_to_the_next(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    first = submitted(world, campaign, "member@east_one", item("多做贡献"))
    with clock.at(NOW + dt.timedelta(minutes=1)):
        second = submitted(world, campaign, "member2@east_one")
    client = browser("secretary@east_one")
    address = reverse("pledge_review", args=[first.pk])
    page = client.get(address).content.decode()
    assert reverse("pledge_review", args=[second.pk]) in page

    refused = client.post(address, {"op": "approve", "version": first.version, "decision_1": "returned"})
    assert "没有通过" in refused.content.decode()
    first.refresh_from_db()
    assert first.state == PledgeState.SUBMITTED
    given = {"op": "return", "version": first.version, "decision_1": "returned", "lacking_1": ["advanced"]}
    assert client.post(address, given).url == reverse("pledge_review", args=[second.pk])  # type: ignore[attr-defined]
    first.refresh_from_db()
    assert first.state == PledgeState.RETURNED
    told = browser("member@east_one").get(reverse("pledge_edit", args=[first.pk])).content.decode()
    assert "先进性不足" in told

    member = world.user("member", "east_one")
    first = services.pledge_save(pledge=first, actor=member, version=first.version, items=[item("每季讲一次技术课")])
    services.pledge_submit(pledge=first, actor=member)
    page = client.get(address).content.decode()
    assert "多做贡献" in page
    assert "每季讲一次技术课" in page


def test_neighbours_follow_the_order_of_the_queue(world: World, campaign: Campaign) -> None:
    pledges = []
    for minute, who in enumerate(("member2", "member", "member3")):
        with clock.at(NOW + dt.timedelta(minutes=minute)):
            pledges.append(submitted(world, campaign, f"{who}@east_one"))
    queue = queue_for(world.user("secretary", "east_one"))
    first, second, third = pledges
    assert neighbours(queue, first) == (None, second.pk)
    assert neighbours(queue, second) == (first.pk, third.pk)
    assert neighbours(queue, third) == (second.pk, None)


@pytest.mark.parametrize("op", ["all", "all-publish"])
def test_all_that_the_filter_leaves_is_approved_when_the_number_still_holds(
    world: World, campaign: Campaign, browser: Browser, op: str
) -> None:
    for who in ("member", "member2", "member3"):
        submitted(world, campaign, f"{who}@east_one", item(kind="practical" if who == "member3" else "post"))
    client, queue = browser("secretary@east_one"), reverse("pledge_queue")
    client.post(queue, {"name": "", "subject_kind": "", "kind": "post", "which": ""})
    assert client.get(queue).content.decode().count('name="shown"') == 2
    client.post(queue, {"op": op, "count": 3})
    assert Pledge.objects.filter(state=PledgeState.SUBMITTED).count() == 3  # not the number that was confirmed
    client.post(queue, {"op": op, "count": 2})
    state = PledgeState.PUBLISHED if op == "all-publish" else PledgeState.APPROVED
    assert Pledge.objects.filter(state=state).count() == 2
    assert Pledge.objects.waiting().count() == 1


def test_an_approval_is_taken_back_while_it_is_not_public(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge = submitted(world, campaign, "member@east_one")
    shown = published(world, campaign, "member2@east_one", by="secretary@east_one")
    client = browser("secretary@east_one")
    client.post(reverse("pledge_queue"), {"pledge": [pledge.pk]})
    assert "撤回审定" in client.get(reverse("pledge_queue")).content.decode()
    client.post(reverse("pledge_queue_undo"), {"op": "last"})
    pledge.refresh_from_db()
    assert (pledge.state, pledge.reviewed_by_id) == (PledgeState.SUBMITTED, None)
    assert list(PledgeReview.objects.filter(pledge=pledge).values_list("decision", flat=True)) == [
        "recalled",
        "approved",
    ]
    assert AuditEntry.objects.filter(action="pledge_unapprove", target_id=str(pledge.pk)).count() == 1

    secretary = world.user("secretary", "east_one")
    assert services.pledges_unapprove_many(queryset=Pledge.objects.filter(pk=shown.pk), actor=secretary) == 0
    shown.refresh_from_db()
    assert shown.state == PledgeState.PUBLISHED


def test_taking_back_costs_the_same_for_one_and_for_three(world: World, campaign: Campaign) -> None:
    secretary = world.user("secretary", "east_one")
    assert secretary.grants

    def back(*who: str) -> int:
        pledges = Pledge.objects.filter(pk__in=[submitted(world, campaign, f"{name}@east_one").pk for name in who])
        services.pledges_approve_many(queryset=pledges, actor=secretary)
        with CaptureQueriesContext(connection) as queries:
            assert services.pledges_unapprove_many(queryset=pledges, actor=secretary) == len(who)
        return len(queries)

    assert back("member") == back("member2", "member3", "member4")


def test_nobody_takes_back_what_lies_elsewhere_or_is_their_own(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "member@east_one")
    services.pledge_approve(pledge=pledge, actor=world.user("secretary", "east_one"))
    every = Pledge.objects.all()
    for who in (("secretary", "east_two"), ("member", "east_one"), ("staff", "east")):
        assert services.pledges_unapprove_many(queryset=every, actor=world.user(*who)) == 0
    Pledge.objects.update(submitted_by=world.users["secretary@east_one"])
    assert services.pledges_unapprove_many(queryset=every, actor=world.user("secretary", "east_one")) == 0


def test_the_queue_says_until_when_and_finds_what_is_late(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge = submitted(world, campaign, "member@east_one")
    stage = CampaignStage.objects.filter(actions__action="pledge").order_by("order").first()
    assert stage is not None
    put_due_days([pledge])
    assert (pledge.due_on, pledge.is_late) == (stage.ends_on, False)  # type: ignore[attr-defined]
    client, queue = browser("secretary@east_one"), reverse("pledge_queue")
    late = {"name": "", "subject_kind": "", "kind": "", "which": "late"}
    client.post(queue, late)
    assert 'name="shown"' not in client.get(queue).content.decode()
    with clock.at(clock.start_of(stage.ends_on + dt.timedelta(days=1)) + dt.timedelta(hours=9)):
        client.force_login(world.users["secretary@east_one"], backend="orgs.authentication.AccountBackend")
        client.post(queue, late)
        page = client.get(queue).content.decode()
    assert 'name="shown"' in page
    assert "超期" in page


def test_a_week_before_the_stage_ends_the_officers_are_reminded(world: World, campaign: Campaign) -> None:
    submitted(world, campaign, "member@east_one")
    stage = CampaignStage.objects.filter(actions__action="pledge").order_by("order").first()
    assert stage is not None
    due = list(reviews_end(stage.ends_on - dt.timedelta(days=3)))
    assert [each.user_id for each in due] == [world.users["secretary@east_one"].pk]
    assert not list(reviews_end(stage.ends_on - dt.timedelta(days=30)))


def test_a_week_before_the_stage_ends_whoever_has_not_pledged_is_reminded(world: World, campaign: Campaign) -> None:
    """Members with an account who are asked for a pledge, and those who write for an organization; each once."""
    submitted(world, campaign, "member@east_one")
    Member.objects.filter(pk=world.user("member2", "east_one").member_id).update(is_exempt=True)
    stage = CampaignStage.objects.filter(actions__action="pledge").order_by("order").first()
    assert stage is not None
    assert not list(pledges_end(stage.ends_on - dt.timedelta(days=30)))
    due = list(pledges_end(stage.ends_on - dt.timedelta(days=3)))
    assert len({(each.user_id, each.subject) for each in due}) == len(due)
    told = {each.user_id for each in due}
    assert world.user("member3", "east_one").pk in told
    assert world.user("secretary", "east_one").pk in told
    assert not told & {world.user("member", "east_one").pk, world.user("member2", "east_one").pk}
    assert any(world.orgs["east_one"].name in each.text for each in due)
    assert all(each.due_on == stage.ends_on for each in due)


def test_a_week_before_the_stage_ends_those_who_judge_are_reminded(world: World, campaign: Campaign) -> None:
    published(world, campaign, "member@east_one", item(due_on=NOW.date()), item("还没到期"), by="secretary@east_one")
    stage = CampaignStage.objects.filter(actions__action="appraise").order_by("-order").first()
    assert stage is not None
    day = max(stage.ends_on - dt.timedelta(days=3), NOW.date())
    due = list(appraisals_end(day))
    assert [each.user_id for each in due] == [world.users["secretary@east_one"].pk]
    assert not list(appraisals_end(stage.ends_on - dt.timedelta(days=30)))


def test_the_queue_costs_the_same_for_one_and_for_three(world: World, campaign: Campaign, browser: Browser) -> None:
    client = browser("secretary@east_one")
    submitted(world, campaign, "member@east_one")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("pledge_queue")).status_code == 200
        return len(queries)

    cost()
    one = cost()
    submitted(world, campaign, "member2@east_one")
    submitted(world, campaign, "member3@east_one")
    assert cost() == one


def test_decisions_meet_their_refusals(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "member@east_one")
    with pytest.raises(NotAllowed):
        services.pledge_return(pledge=pledge, actor=world.user("secretary", "east_two"), reason="不归我管")
    secretary = world.user("secretary", "east_one")
    services.pledge_approve(pledge=pledge, actor=secretary)
    with pytest.raises(StateConflict):
        services.pledge_return(pledge=pledge, actor=secretary, reason="晚了")
