"""What happens at the edges: rules that change under way, members who move or are exempted, texts of the full length."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError, EditConflict, NotAllowed
from campaign.models import Campaign, CampaignState
from orgs.models import Member
from orgs.services.transfers import transfer_accept, transfer_request
from pledges import services
from pledges.models import Pledge, PledgeItem, PledgeRules, PledgeState
from pledges.queue import put_earlier
from pledges.selectors import rules_of
from pledges.services.summarizing import summaries_refresh
from pledges.statistics import total_of
from tests.pledges.conftest import NOW, item, published, submitted, write
from tests.pledges.test_pages import text_of
from tests.world import World

Browser = Callable[[str], Client]
COUNTS = {
    "organization_items_min": 1, "organization_items_max": 4, "member_items_min": 1, "member_items_max": 1,
}  # fmt: skip
MARKS = {"mark_fulfilled": 10_000, "mark_basic": 7_500, "mark_unfulfilled": 0}
TYPED = {"version": 1, **COUNTS, "mark_fulfilled": "100", "mark_basic": "75", "mark_unfulfilled": "0"}


def set_rules(world: World, campaign: Campaign, version: int = 1, **changes: int) -> PledgeRules:
    given = {**COUNTS, **MARKS, **changes}
    return services.pledge_rules_update(campaign=campaign, actor=world.user("office", "root"), version=version, **given)


# -- the rules of a campaign -------------------------------------------------------------------------------------------


def test_the_office_sets_the_rules_on_a_page(world: World, campaign: Campaign, browser: Browser) -> None:
    office, url = browser("office@root"), reverse("pledge_rules", args=[campaign.pk])
    assert url in text_of(office.get(reverse("campaign_detail", args=[campaign.pk])))
    assert 'value="80"' in text_of(office.get(url))
    assert office.post(url, TYPED).status_code == 302
    rules = rules_of(campaign)
    assert (rules.bounds("member"), rules.bounds("organization"), rules.mark_basic) == ((1, 1), (1, 4), 7_500)
    entry = AuditEntry.objects.of(rules).get()
    assert (entry.action, entry.changes["mark_basic"]) == ("pledge_rules_update", [8_000, 7_500])
    for who in ("staff@east", "secretary@east_one"):
        assert browser(who).get(url).status_code == 404
        assert url not in text_of(browser(who).get(reverse("campaign_detail", args=[campaign.pk])))
    with pytest.raises(NotAllowed):
        services.pledge_rules_update(campaign=campaign, actor=world.user("staff", "east"), version=2, **COUNTS, **MARKS)


def test_two_who_set_them_at_once(world: World, campaign: Campaign, browser: Browser) -> None:
    """The second is told, keeps what was typed, and may then save on purpose."""
    set_rules(world, campaign)
    office, url = browser("office@root"), reverse("pledge_rules", args=[campaign.pk])
    answer = office.post(url, {**TYPED, "member_items_max": "2"})
    assert answer.status_code == 200
    assert rules_of(campaign).member_items_max == 1
    assert 'name="version" value="2"' in text_of(answer)
    assert office.post(url, {**TYPED, "version": 2, "member_items_max": "2"}).status_code == 302
    assert rules_of(campaign).member_items_max == 2
    with pytest.raises(EditConflict):
        set_rules(world, campaign, version=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"member_items_min": 2},
        {"organization_items_max": 21},
        {"member_items_min": 0},
        {"mark_basic": 10_001},
        {"mark_unfulfilled": 8_000},
    ],
)
def test_rules_that_make_no_sense_are_refused(world: World, campaign: Campaign, changes: dict[str, int]) -> None:
    with pytest.raises(DomainError):
        set_rules(world, campaign, **changes)
    assert not PledgeRules.objects.exists()


def test_a_closed_campaign_keeps_its_rules(world: World, campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.CLOSED)
    campaign.refresh_from_db()
    with pytest.raises(DomainError, match="活动已结束"):
        set_rules(world, campaign)


def test_limits_that_change_under_way(world: World, campaign: Campaign) -> None:
    """A draft is measured by the new limit when it is handed in; what was handed in before is approved all the same."""
    draft = write(world, campaign, "member@east_one", item("一"), item("二"))
    waiting = submitted(world, campaign, "member2@east_one", item("一"), item("二"))
    set_rules(world, campaign)
    member = world.user("member", "east_one")
    with pytest.raises(DomainError, match="1"):
        services.pledge_submit(pledge=draft, actor=member)
    with pytest.raises(DomainError):
        services.pledge_save(pledge=draft, actor=member, version=draft.version, items=[item("一"), item("二")])
    assert draft.items.count() == 2
    kept = services.pledge_save(pledge=draft, actor=member, version=draft.version, items=[item("一")])
    assert services.pledge_submit(pledge=kept, actor=member).state == PledgeState.SUBMITTED
    approved = services.pledge_approve(pledge=waiting, actor=world.user("secretary", "east_one"))
    assert (approved.state, approved.items.count()) == (PledgeState.APPROVED, 2)


# -- members who move or are exempted ----------------------------------------------------------------------------------


def test_who_moves_keeps_the_pledge_in_the_old_branch(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    member = Member.objects.get(pk=world.members["east_one"][1].pk)
    transfer = transfer_request(actor=None, member=member, target=world.orgs["west_one"], reason="工作调动")
    transfer_accept(transfer=transfer, actor=world.user("office", "root"))
    member.refresh_from_db()
    pledge.refresh_from_db()
    assert (pledge.organization, pledge.reviewing_organization) == (world.orgs["east_one"],) * 2
    old_board = reverse("board_of", args=[world.orgs["east_one"].pk])
    assert pledge.subject_name in text_of(browser("secretary@east_one").get(old_board))
    assert browser("secretary@west_one").get(reverse("pledge_detail", args=[pledge.pk])).status_code == 404
    mover = type(world.user("member", "east_one")).objects.get(pk=world.user("member", "east_one").pk)
    services.progress_add(item=pledge.items.get(), actor=mover, text="已完成两台")
    with pytest.raises(DomainError):
        services.pledge_start(campaign=campaign, actor=mover, member=member)
    judged = services.item_appraise(
        item=pledge.items.get(), actor=world.user("secretary", "east_one"), result="fulfilled"
    )
    assert judged.state == PledgeState.APPRAISED
    summaries_refresh()
    east, west = (total_of(campaign, NOW.year, world.orgs[key]) for key in ("east_one", "west_one"))
    assert (east["items"], west["items"]) == (1, 0)
    assert (east["members_pledged"], west["members_pledged"]) == (0, 1)


def test_who_is_exempted_after_handing_in_leaves_the_denominator(world: World, campaign: Campaign) -> None:
    submitted(world, campaign, "member@east_one")
    summaries_refresh()
    before = total_of(campaign, NOW.year, world.orgs["east_one"])
    Member.objects.filter(pk=world.members["east_one"][1].pk).update(is_exempt=True)
    summaries_refresh()
    after = total_of(campaign, NOW.year, world.orgs["east_one"])
    assert after["members_obliged"] == before["members_obliged"] - 1
    assert (before["members_pledged"], after["members_pledged"]) == (1, 0)
    assert after["items"] == before["items"] == 1  # what was promised stays promised


# -- texts -------------------------------------------------------------------------------------------------------------


def posted(pledge: Pledge, **fields: Any) -> dict[str, Any]:
    row = {"kind": "post", "target": "三次", "due_on": "2026-06-20", **fields}
    form = {f"form-0-{name}": value for name, value in row.items()}
    return {"op": "save", "version": pledge.version, "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 0, **form}


def test_two_hundred_letters_with_pictures_and_line_breaks(world: World, campaign: Campaign, browser: Browser) -> None:
    """A browser counts a line break as one letter and sends two."""
    pledge, member = write(world, campaign, "member@east_one"), browser("member@east_one")
    stored = "\n".join(["检修水泵💪"] * 33) + "共三次"
    text = stored.replace("\n", "\r\n")
    assert len(stored) == 200 < len(text)
    url = reverse("pledge_edit", args=[pledge.pk])
    assert member.post(url, posted(pledge, text=text)).status_code == 302
    assert PledgeItem.objects.get().text == stored
    pledge.refresh_from_db()
    longest = "完" * 199 + "💪"
    assert member.post(url, posted(pledge, text=longest)).status_code == 302
    pledge.refresh_from_db()
    refused = member.post(url, posted(pledge, text=longest + "完"))
    assert refused.status_code == 200
    assert longest in text_of(refused)
    assert PledgeItem.objects.get().text == longest


def test_what_is_said_is_shown_as_text(world: World, campaign: Campaign, browser: Browser) -> None:
    script = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    pledge = published(world, campaign, "member@east_one", item(script), by="secretary@east_one")
    comment = services.comment_add(pledge=pledge, actor=world.user("member2", "east_one"), text=script)
    secretary = world.user("secretary", "east_one")
    services.comment_show(comment=comment, actor=secretary)
    services.comment_answer(comment=comment, actor=secretary, text=script)
    client, place = browser("secretary@east_one"), world.orgs["east_one"].pk
    for url in (
        reverse("board_pledge", args=[pledge.pk]),
        reverse("board_of", args=[place]),
        reverse("board_print", args=[place]),
        reverse("board_screen", args=[place]),
        reverse("pledge_letters", args=[place]),
        reverse("pledge_detail", args=[pledge.pk]),
        reverse("comment_list") + "?show=answered",
    ):
        page = text_of(client.get(url))
        assert "&lt;script&gt;alert(1)" in page, url
        assert "<script>alert(1)" not in page, url
        assert "onerror=alert(2)>" not in page, url


# -- back and forth ----------------------------------------------------------------------------------------------------


def test_returned_twice(world: World, campaign: Campaign) -> None:
    """Both decisions stay readable; the reviewer sees beside each item how it stood the last time."""
    pledge = submitted(world, campaign, "member@east_one", item("一"), item("二"))
    member, secretary = world.user("member", "east_one"), world.user("secretary", "east_one")
    for number in (1, 2):
        lacking = services.ItemDecision(approved=False, reason=f"第{number}次")
        pledge = services.pledge_return(pledge=pledge, actor=secretary, decisions={1: lacking})
        items = [item(f"一改{number}"), item("二")]
        pledge = services.pledge_save(pledge=pledge, actor=member, version=pledge.version, items=items)
        pledge = services.pledge_submit(pledge=pledge, actor=member)
    assert [review.items[0]["reason"] for review in pledge.reviews.all()] == ["第2次", "第1次"]
    items_now: list[Any] = list(pledge.items.order_by("order"))
    put_earlier(items_now, pledge.reviews.first())
    assert (items_now[0].earlier["text"], items_now[0].is_changed) == ("一改1", True)
    assert (items_now[1].earlier["decision"], items_now[1].is_changed) == ("approved", False)
    assert services.pledge_approve(pledge=pledge, actor=secretary).state == PledgeState.APPROVED
