"""督诺: checks and answers, changes of items, explanations, and what is made public each quarter."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.drafts.models import Draft
from campaign.models import Campaign
from pledges import reminders, services
from pledges.desk import supervision_tiles
from pledges.models import FulfilmentBulletin, ItemResult, Pledge, PledgeAdjustment, PledgeCheck
from pledges.selectors import bulletin_quarters, open_adjustments
from pledges.services.summarizing import summaries_refresh
from tests.pledges.conftest import NOW, item, published, submitted
from tests.pledges.test_pages import count_queries, text_of
from tests.world import World

Browser = Callable[[str], Client]
DAY = NOW.date()
AGREED = {"reason": "设备更新推迟", "text": "降低故障率", "target": "低于百分之三", "due_on": dt.date(2026, 9, 30)}


@pytest.fixture
def pledge(world: World, campaign: Campaign) -> Pledge:
    return published(world, campaign, "member@east_one", by="secretary@east_one")


def shown(client: Client, pledge: Pledge) -> str:
    return text_of(client.get(reverse("pledge_detail", args=[pledge.pk])))


# -- checks ------------------------------------------------------------------------------------------------------------


def test_a_check_asks_and_is_answered(world: World, pledge: Pledge, browser: Browser) -> None:
    staff = browser("staff@east")
    form = {
        "on": str(DAY),
        "found": "台账未更新",
        "request": "补记三月台账",
        "answer_by": str(DAY + dt.timedelta(days=5)),
    }
    assert staff.post(reverse("pledge_check", args=[pledge.pk]), form).status_code == 302
    check = PledgeCheck.objects.get()
    assert (check.found, check.is_open, check.is_late) == ("台账未更新", True, False)
    assert {str(tile.label): tile.count for tile in supervision_tiles(world.user("member", "east_one"))}[
        "待答复的督查"
    ] == 1
    member = browser("member@east_one")
    assert "补记三月台账" in shown(member, pledge)
    assert member.post(reverse("pledge_check_answer", args=[check.pk]), {"text": "已补记"}).status_code == 302
    assert "已补记" in shown(staff, pledge)
    check.refresh_from_db()
    assert not check.is_open
    with pytest.raises(StateConflict):
        services.check_answer(check=check, actor=world.user("member", "east_one"), text="再答")
    actions = AuditEntry.objects.of(pledge).order_by("-pk").values_list("action", flat=True)[:2]
    assert list(actions) == ["pledge_check_answer", "pledge_check"]


def test_a_check_that_nobody_answers_in_time_is_late(world: World, pledge: Pledge) -> None:
    check = services.check_add(
        pledge=pledge, actor=world.user("secretary", "east_one"), found="未见进展", request="说明", answer_by=DAY
    )
    assert not check.is_late
    with clock.at(NOW + dt.timedelta(days=1)):
        assert check.is_late


def test_who_may_check_what(world: World, campaign: Campaign, pledge: Pledge) -> None:
    for who, refusal in (("staff@west", NotAllowed), ("member2@east_one", NotAllowed)):
        with pytest.raises(refusal):
            services.check_add(pledge=pledge, actor=world.user(*who.split("@")), found="看过")
    own = published(world, campaign, "secretary@east_one", by="staff@east")
    with pytest.raises(DomainError):
        services.check_add(pledge=own, actor=world.user("secretary", "east_one"), found="看过")
    waiting = submitted(world, campaign, "member2@east_one")
    with pytest.raises(StateConflict):
        services.check_add(pledge=waiting, actor=world.user("staff", "east"), found="看过")
    assert not PledgeCheck.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"found": " "},
        {"on": DAY + dt.timedelta(days=1)},
        {"answer_by": DAY},
        {"request": "说明", "answer_by": DAY - dt.timedelta(days=1)},
    ],
)
def test_a_check_that_makes_no_sense_is_refused(world: World, pledge: Pledge, wrong: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        services.check_add(pledge=pledge, actor=world.user("staff", "east"), **{"found": "看过", **wrong})


# -- changes -----------------------------------------------------------------------------------------------------------


def asked(world: World, pledge: Pledge, **changes: Any) -> PledgeAdjustment:
    given: dict[str, Any] = {**AGREED, **changes}
    return services.adjustment_request(item=pledge.items.get(), actor=world.user("member", "east_one"), **given)


def test_a_change_is_asked_for_and_agreed_with_both_versions_side_by_side(
    world: World, pledge: Pledge, browser: Browser
) -> None:
    member, secretary = browser("member@east_one"), browser("secretary@east_one")
    url = reverse("pledge_adjust", args=[pledge.pk, 1])
    assert member.post(url, {**AGREED, "due_on": "2026-09-30", "version": pledge.version}).status_code == 302
    wanted = PledgeAdjustment.objects.get()
    assert pledge.items.get().target == "低于百分之二"
    page = text_of(secretary.get(reverse("adjustment_decide", args=[wanted.pk])))
    assert "低于百分之二" in page
    assert "低于百分之三" in page
    assert "李秀英" in text_of(secretary.get(reverse("adjustment_list")))
    decided = secretary.post(reverse("adjustment_decide", args=[wanted.pk]), {"op": "approve", "reason": "同意"})
    assert decided.status_code == 302
    item = pledge.items.get()
    assert (item.target, item.due_on) == ("低于百分之三", dt.date(2026, 9, 30))
    later = shown(member, pledge)
    assert "低于百分之二" in later
    assert "设备更新推迟" in later


def test_a_refused_change_leaves_the_item_as_it_was(world: World, pledge: Pledge) -> None:
    wanted, secretary = asked(world, pledge), world.user("secretary", "east_one")
    with pytest.raises(DomainError):
        services.adjustment_refuse(adjustment=wanted, actor=secretary, reason=" ")
    services.adjustment_refuse(adjustment=wanted, actor=secretary, reason="理由不充分")
    assert pledge.items.get().target == "低于百分之二"
    assert asked(world, pledge).is_open


def test_nobody_decides_on_what_they_asked_for(world: World, campaign: Campaign) -> None:
    own = published(world, campaign, "staff@root", org="root", by="office@root")
    wanted = services.adjustment_request(item=own.items.get(), actor=world.user("staff", "root"), **AGREED)
    with pytest.raises(DomainError):
        services.adjustment_approve(adjustment=wanted, actor=world.user("staff", "root"))
    assert not open_adjustments(world.user("staff", "root")).exists()
    assert open_adjustments(world.user("office", "root")).get() == wanted
    services.adjustment_approve(adjustment=wanted, actor=world.user("office", "root"))


def test_a_request_is_taken_back_by_who_wrote_it(world: World, pledge: Pledge, browser: Browser) -> None:
    wanted = asked(world, pledge)
    assert browser("member2@east_one").post(reverse("adjustment_recall", args=[wanted.pk])).status_code == 404
    browser("member@east_one").post(reverse("adjustment_recall", args=[wanted.pk]))
    wanted.refresh_from_db()
    assert wanted.state == "recalled"
    with pytest.raises(StateConflict):
        services.adjustment_approve(adjustment=wanted, actor=world.user("secretary", "east_one"))


@pytest.mark.parametrize(
    "wrong",
    [{"reason": ""}, {"text": " "}, {"target": ""}, {"text": "长" * 201}, {"due_on": dt.date(2031, 1, 1)},
     {"target": "低于百分之二", "due_on": dt.date(2026, 6, 20)}],
)  # fmt: skip
def test_a_change_that_makes_no_sense_is_refused(world: World, pledge: Pledge, wrong: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        asked(world, pledge, **wrong)
    assert not PledgeAdjustment.objects.exists()


def test_one_change_at_a_time_and_none_after_the_appraisal(world: World, pledge: Pledge) -> None:
    wanted, secretary = asked(world, pledge), world.user("secretary", "east_one")
    with pytest.raises(DomainError):
        asked(world, pledge, target="别的")
    services.item_appraise(item=pledge.items.get(), actor=secretary, result=ItemResult.FULFILLED)
    with pytest.raises(StateConflict):
        services.adjustment_approve(adjustment=wanted, actor=secretary)
    wanted.refresh_from_db()
    assert wanted.is_open  # nothing half done


# -- explanations and the quarter ----------------------------------------------------------------------------------------


def test_what_is_late_is_explained_to_everybody(world: World, pledge: Pledge, browser: Browser) -> None:
    url, member = reverse("pledge_explain", args=[pledge.pk, 1]), browser("member@east_one")
    version = {"version": pledge.version}
    assert "既未逾期" in text_of(member.post(url, {"text": "还没到期", **version}))
    with clock.at(clock.start_of(dt.date(2026, 7, 1))):
        assert member.post(url, {"text": "因停产检修", **version}).status_code == 302
        assert "因停产检修" in shown(browser("secretary@east_one"), pledge)
        # Nobody has approved it: it becomes public with what an officer looks at and publishes, and in no other way.
        colleague, branch = browser("member2@east_one"), world.orgs["east_one"].pk
        board = reverse("board_pledge", args=[pledge.pk])
        assert "因停产检修" not in text_of(colleague.get(board))
        publication = reverse("bulletin_new", args=[branch, pledge.campaign_id, 2026, 2])
        assert browser("secretary@east_one").post(publication).status_code == 302
        bulletin = FulfilmentBulletin.objects.get()
        assert "因停产检修" in text_of(colleague.get(reverse("bulletin_detail", args=[bulletin.pk])))


def test_a_quarter_is_published_as_it_was(world: World, campaign: Campaign, pledge: Pledge, browser: Browser) -> None:
    secretary, one = browser("secretary@east_one"), world.orgs["east_one"]
    services.progress_add(item=pledge.items.get(), actor=world.user("member", "east_one"), text="已完成两台")
    url = reverse("bulletin_new", args=[one.pk, campaign.pk, 2026, 1])
    assert "已完成两台" in text_of(secretary.get(url))
    assert not FulfilmentBulletin.objects.exists()
    seen = secretary.get(url).context["seen"]
    services.progress_add(item=pledge.items.get(), actor=world.user("member", "east_one"), text="已完成三台")
    assert "请重新查看" in text_of(secretary.post(url, {"seen": seen}, follow=True))
    assert not FulfilmentBulletin.objects.exists()
    assert secretary.post(url, {"seen": secretary.get(url).context["seen"]}).status_code == 302
    bulletin = FulfilmentBulletin.objects.get()
    services.progress_add(item=pledge.items.get(), actor=world.user("member", "east_one"), text="已完成五台")
    page = text_of(browser("member2@east_one").get(reverse("bulletin_detail", args=[bulletin.pk])))
    assert "已完成三台" in page
    assert "已完成五台" not in page
    assert "待评" in page or "尚未评诺" in page or "未评" in page
    assert browser("member@west_one").get(reverse("bulletin_detail", args=[bulletin.pk])).status_code == 404
    with pytest.raises(DomainError):
        services.bulletin_publish(
            organization=one, campaign=campaign, year=2026, quarter=1, actor=world.user("secretary", "east_one")
        )
    secretary.post(reverse("bulletin_withdraw", args=[bulletin.pk]), {"reason": "有误"})
    assert browser("member2@east_one").get(reverse("bulletin_detail", args=[bulletin.pk])).status_code == 404
    assert secretary.post(url).status_code == 302
    assert FulfilmentBulletin.objects.shown().count() == 1


def test_who_publishes_and_what_is_refused(world: World, campaign: Campaign, pledge: Pledge) -> None:
    wanted: dict[str, Any] = {"organization": world.orgs["east_one"], "campaign": campaign, "year": 2026, "quarter": 1}
    with pytest.raises(NotAllowed):
        services.bulletin_publish(actor=world.user("staff", "east"), **wanted)
    secretary = world.user("secretary", "east_one")
    with pytest.raises(DomainError):
        services.bulletin_publish(actor=secretary, **{**wanted, "quarter": 2})  # has not begun
    with pytest.raises(DomainError):
        services.bulletin_publish(
            actor=world.user("secretary", "east_two"), **{**wanted, "organization": world.orgs["east_two"]}
        )


def test_the_quarters_that_have_begun(campaign: Campaign) -> None:
    assert bulletin_quarters(campaign) == [(2026, 1)]
    with clock.at(clock.start_of(dt.date(2026, 10, 1))):
        assert bulletin_quarters(campaign) == [(2026, 4), (2026, 3), (2026, 2), (2026, 1)]


def test_pages_cost_the_same_with_one_row_and_three(world: World, campaign: Campaign, browser: Browser) -> None:
    def more(who: str) -> None:
        made = published(world, campaign, who, item(), by="secretary@east_one")
        actor = world.user(*who.split("@"))
        services.adjustment_request(item=made.items.get(), actor=actor, **AGREED)
        services.check_add(pledge=made, actor=world.user("staff", "east"), found="看过")

    more("member@east_one")
    client = browser("secretary@east_one")
    preview = reverse("bulletin_new", args=[world.orgs["east_one"].pk, campaign.pk, 2026, 1])
    urls = [reverse("adjustment_list"), preview, reverse("pledge_peers")]
    before = [count_queries(client, url) for url in urls]
    more("member2@east_one")
    more("member3@east_one")
    assert [count_queries(client, url) for url in urls] == before


def test_reminders_of_what_is_late_asked_for_and_waiting(world: World, pledge: Pledge) -> None:
    member, secretary = world.user("member", "east_one"), world.user("secretary", "east_one")
    services.check_add(
        pledge=pledge, actor=secretary, found="看过", request="补台账", answer_by=DAY + dt.timedelta(days=5)
    )
    asked(world, pledge)
    assert not list(reminders.checks_due(DAY))
    assert [due.user_id for due in reminders.checks_due(DAY + dt.timedelta(days=2))] == [member.pk]
    assert not list(reminders.adjustments_due(DAY + dt.timedelta(days=2)))
    assert [due.user_id for due in reminders.adjustments_due(DAY + dt.timedelta(days=3))] == [secretary.pk]
    assert not list(reminders.items_overdue(dt.date(2026, 6, 20)))
    assert [due.user_id for due in reminders.items_overdue(dt.date(2026, 6, 21))] == [member.pk]


def test_what_keeps_a_stage_open_stands_on_the_page_of_the_campaign(
    world: World, campaign: Campaign, pledge: Pledge, browser: Browser
) -> None:
    submitted(world, campaign, "member2@east_one")
    summaries_refresh()
    page = browser("office@root").get(reverse("campaign_detail", args=[campaign.pk]))
    found = {blocker.url.split("/")[-2]: blocker.count for blocker in page.context["blockers"]}
    assert found == {"organizations_missing": 7, "members_missing": 22, "waiting": 1}
    for blocker in page.context["blockers"]:
        assert browser("office@root").get(blocker.url).context["table"].paginator.count == blocker.count
    assert not browser("member@east_one").get(reverse("campaign_detail", args=[campaign.pk])).context["blockers"]


# -- what was typed stays ----------------------------------------------------------------------------------------------


def test_what_was_typed_under_way_stands_there_again_until_it_is_stored(
    world: World, pledge: Pledge, browser: Browser
) -> None:
    """Each form of supervision keeps what is typed, for its writer alone, and forgets it when it is stored or thrown away."""
    secretary, member, only = browser("secretary@east_one"), browser("member@east_one"), pledge.items.get()
    services.check_add(pledge=pledge, actor=world.user("staff", "east"), found="台账不全", request="补齐台账")
    check, due = PledgeCheck.objects.get(), str(dt.date(2026, 9, 30))
    forms = (
        (secretary, reverse("pledge_check", args=[pledge.pk]), f"pledge_check:{pledge.pk}", "found", {}),
        (member, reverse("pledge_check_answer", args=[check.pk]), f"pledge_check_answer:{check.pk}", "text", {}),
        (
            member, reverse("pledge_adjust", args=[pledge.pk, 1]), f"pledge_adjust:{only.pk}", "reason",
            {"text": only.text, "target": "低于百分之三", "due_on": due, "version": pledge.version},
        ),
        (member, reverse("pledge_progress", args=[pledge.pk]), f"pledge_progress:{pledge.pk}", "text", {"item": only.pk}),
    )  # fmt: skip
    for client, url, key, field, more in forms:
        kept = json.dumps([[field, "写到一半的话"], ["csrfmiddlewaretoken", "x"]])
        assert f'data-draft="{key}"' in text_of(client.get(url)), url
        for _time in range(2):
            assert client.post(reverse("draft", args=[key]), {"fields": kept}).status_code == 200
            assert "写到一半的话" in text_of(client.get(url)), url
            assert client.post(url, {"op": "discard"}).status_code == 302
            assert "写到一半的话" not in text_of(client.get(url)), url
        client.post(reverse("draft", args=[key]), {"fields": kept})
        sent = client.post(url, {"on": str(DAY), field: "写完的话", **more})
        assert sent.status_code == 302, url
        assert not Draft.objects.filter(key=key).exists()
    assert "写到一半的话" not in text_of(browser("staff@east").get(reverse("pledge_check", args=[pledge.pk])))
