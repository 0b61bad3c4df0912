"""What is typed while reviewing, judging, answering and deciding stands there again until it is stored; and two who have the
same form open never overwrite each other unseen."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaign.common import clock
from campaign.common.errors import EditConflict
from campaign.drafts.models import Draft
from campaign.models import Campaign
from pledges import services
from pledges.models import (
    AppraisalKind,
    CommentState,
    ItemResult,
    Pledge,
    PledgeAdjustment,
    PledgeAppraisal,
    PledgeComment,
    PledgeState,
)
from pledges.services import ItemDecision, Judgement, Period
from pledges.views import appraising
from tests.pledges.conftest import NOW, item, published, submitted
from tests.pledges.test_pages import text_of
from tests.world import World

Browser = Callable[[str], Client]
HALF = "写到一半的话"
LATER = clock.start_of(dt.date(2026, 7, 2))


def keep(client: Client, key: str, *fields: tuple[str, Any]) -> None:
    """Do what the page does while somebody types."""
    answer = client.post(
        reverse("draft", args=[key]), {"fields": json.dumps([[name, str(value)] for name, value in fields])}
    )
    assert answer.status_code == 200


def stands_until_stored(
    client: Client, url: str, key: str, fields: list[tuple[str, Any]], sent: dict[str, Any], *, page: str = ""
) -> None:
    """What is kept shows, is gone once thrown away, shows again, and is forgotten once stored. `page`: where the form is."""
    page = page or url
    assert f'data-draft="{key}"' in text_of(client.get(page))
    keep(client, key, *fields)
    assert HALF in text_of(client.get(page))
    assert client.post(url, {"op": "discard", "key": key}).status_code == 302
    assert HALF not in text_of(client.get(page))
    keep(client, key, *fields)
    answer = client.post(url, sent)
    assert answer.status_code == 302, text_of(answer)
    assert not Draft.objects.filter(key=key).exists()


def test_a_review_item_by_item(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge = submitted(world, campaign, "member@east_one", item(), item("学徒带教"))
    secretary, url, key = (
        browser("secretary@east_one"),
        reverse("pledge_review", args=[pledge.pk]),
        f"pledge_review:{pledge.pk}",
    )
    typed = [("version", pledge.version), ("decision_1", "approved"), ("decision_2", "returned"), ("lacking_2", "post"),
             ("lacking_2", "checkable"), ("remark_1", ""), ("remark_2", HALF), ("reason", "")]  # fmt: skip
    keep(secretary, key, *typed)
    form = secretary.get(url).context["form"]
    assert [form[name].value() for name in ("decision_1", "decision_2", "lacking_1", "lacking_2", "remark_2")] == [
        "approved", "returned", [], ["post", "checkable"], HALF,
    ]  # fmt: skip
    sent = {"op": "return", "version": pledge.version, "decision_2": "returned", "lacking_2": "post"}
    stands_until_stored(secretary, url, key, typed, sent)
    assert Pledge.objects.get().state == PledgeState.RETURNED


def test_a_review_of_what_was_handed_in_anew_is_told_and_kept(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    """The member takes the pledge back and changes it while the secretary writes: nothing is decided unread."""
    pledge = submitted(world, campaign, "member@east_one")
    secretary, url, key = (
        browser("secretary@east_one"),
        reverse("pledge_review", args=[pledge.pk]),
        f"pledge_review:{pledge.pk}",
    )
    keep(secretary, key, ("version", pledge.version), ("decision_1", "approved"), ("remark_1", HALF), ("reason", ""))
    member = world.user("member", "east_one")
    again = services.pledge_recall(pledge=pledge, actor=member)
    again = services.pledge_save(pledge=again, actor=member, version=again.version, items=[item("改写后的承诺")])
    services.pledge_submit(pledge=again, actor=member)
    sent = {"op": "publish", "version": pledge.version, "decision_1": "approved", "remark_1": HALF}
    answer = secretary.post(url, sent)
    page = text_of(answer)
    assert Pledge.objects.get().state == PledgeState.SUBMITTED
    assert "改写后的承诺" in page
    assert HALF in page
    assert answer.context["form"]["version"].value() == str(Pledge.objects.get().version)
    assert secretary.post(url, {**sent, "version": answer.context["form"]["version"].value()}).status_code == 302
    assert Pledge.objects.get().state == PledgeState.PUBLISHED


@pytest.mark.parametrize("op", ["", "all"])
def test_the_queue_approves_nothing_that_was_rewritten_since_it_was_read(
    world: World, campaign: Campaign, browser: Browser, op: str
) -> None:
    pledge = submitted(world, campaign, "member@east_one")
    secretary, url, member = browser("secretary@east_one"), reverse("pledge_queue"), world.user("member", "east_one")
    seen_at = secretary.get(url).context["seen_at"]
    with clock.at(NOW + dt.timedelta(minutes=5)):
        again = services.pledge_recall(pledge=pledge, actor=member)
        again = services.pledge_save(pledge=again, actor=member, version=again.version, items=[item("改写后的承诺")])
        services.pledge_submit(pledge=again, actor=member)
        sent = {"op": op, "pledge": [pledge.pk], "count": 1}
        refused = secretary.post(url, {**sent, "seen_at": seen_at}, follow=True)
        assert "打开本页之后提交" in text_of(refused)
        assert Pledge.objects.get().state == PledgeState.SUBMITTED
        secretary.post(url, {**sent, "seen_at": "昨天"})
        assert Pledge.objects.get().state == PledgeState.SUBMITTED
        secretary.post(url, {**sent, "seen_at": secretary.get(url).context["seen_at"]})
        assert Pledge.objects.get().state == PledgeState.APPROVED


def test_what_is_ticked_in_the_queue_stays_ticked(world: World, campaign: Campaign, browser: Browser) -> None:
    ticked, other = (submitted(world, campaign, f"{who}@east_one") for who in ("member", "member2"))
    secretary, url, key = browser("secretary@east_one"), reverse("pledge_queue"), "pledge_queue_review:1"
    tick = f'value="{ticked.pk}" id="tick-{ticked.pk}" checked'
    for _time in range(2):
        keep(secretary, key, ("seen_at", "x"), ("shown", ticked.pk), ("pledge", ticked.pk), ("shown", other.pk))
        page = text_of(secretary.get(url))
        assert tick in page
        assert page.count(" checked") == 1
        assert "尚未保存" in page
        secretary.post(url, {"op": "discard", "key": key})
        assert tick not in text_of(secretary.get(url))
    keep(secretary, key, ("pledge", ticked.pk))
    secretary.post(url, {"pledge": [ticked.pk]})
    assert not Draft.objects.exists()
    key = "pledge_queue_publish:1"
    shown = f"{url}?show=publish"
    keep(secretary, key, ("pledge", ticked.pk), ("begins_on", "2026-03-15"), ("ends_on", ""))
    page = text_of(secretary.get(shown))
    assert tick in page
    assert "2026-03-15" in page
    secretary.post(reverse("pledge_queue_publish") + "?show=publish&page=1", {"pledge": [ticked.pk]})
    assert not Draft.objects.exists()


def test_appraisals_of_colleagues_and_of_the_organization(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge = published(world, campaign, "member@east_one", item(), item("学徒带教"), by="secretary@east_one")
    first, second = pledge.items.order_by("order")
    version = ("version", pledge.version)
    typed = [
        version,
        (f"item{first.pk}-result", "basic"),
        (f"item{first.pk}-text", HALF),
        (f"item{second.pk}-text", ""),
    ]
    sent = {"version": pledge.version, f"item{first.pk}-result": "basic", f"item{first.pk}-text": "写完的话"}
    for who, name, kind in (
        ("member2@east_one", "pledge_appraise_peer", "peer"), ("secretary@east_one", "pledge_appraise", "organization"),
    ):  # fmt: skip
        client, url = browser(who), reverse(name, args=[pledge.pk])
        key = f"pledge_appraise_{kind}:{pledge.pk}"
        keep(client, key, *typed)
        shown = client.get(url).context["forms"]
        assert [(form["result"].value(), form["text"].value()) for form in shown] == [("basic", HALF), (None, "")]
        stands_until_stored(client, url, key, typed, sent)
    assert PledgeAppraisal.objects.filter(text="写完的话").count() == 2


def test_appraisal_of_oneself_beside_the_entry_of_progress(world: World, campaign: Campaign, browser: Browser) -> None:
    """Two forms on one page keep each their own."""
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    only, member = pledge.items.get(), browser("member@east_one")
    page, url = reverse("pledge_progress", args=[pledge.pk]), reverse("pledge_appraise_self", args=[pledge.pk])
    keep(member, f"pledge_progress:{pledge.pk}", ("text", "完成两台"), ("on", "2026-03-10"), ("item", only.pk))
    typed = [("version", pledge.version), (f"item{only.pk}-result", "basic"), (f"item{only.pk}-text", HALF)]
    sent = {"version": pledge.version, f"item{only.pk}-result": "basic", f"item{only.pk}-text": HALF}
    stands_until_stored(member, url, f"pledge_appraise_self:{pledge.pk}", typed, sent, page=page)
    assert PledgeAppraisal.objects.get().kind == AppraisalKind.SELF
    assert "完成两台" in text_of(member.get(page))
    # A refusal of the one leaves what was typed into the other.
    refused = member.post(url, {"version": pledge.version})
    assert "至少" in text_of(refused)
    assert "完成两台" in text_of(refused)


def test_many_appraisals_are_kept_wherever_their_line_moves(
    world: World, campaign: Campaign, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two pages; what was typed on the second shows on the first once the first is done."""
    monkeypatch.setattr(appraising, "PER_PAGE", 1)
    lines = [
        published(world, campaign, f"{who}@east_one", by="secretary@east_one").items.get()
        for who in ("member", "member2")
    ]
    with clock.at(LATER):
        secretary, url = browser("secretary@east_one"), reverse("pledge_appraise_many")
        moving = lines[1].pk
        keep(
            secretary,
            "pledge_appraise_many:2",
            ("item", moving),
            (f"item{moving}-result", "basic"),
            (f"item{moving}-text", HALF),
        )
        assert HALF in text_of(secretary.get(url + "?page=2"))
        assert HALF not in text_of(secretary.get(url))
        assert secretary.post(url, {"item": lines[0].pk, f"item{lines[0].pk}-result": "fulfilled"}).status_code == 302
        page = secretary.get(url)
        assert HALF in text_of(page)
        assert page.context["form"].draft.key == "pledge_appraise_many:2"
        secretary.post(url, {"op": "discard", "key": "pledge_appraise_many:2"})
        assert HALF not in text_of(secretary.get(url))
        stands_until_stored(
            secretary, url, "pledge_appraise_many:1", [(f"item{moving}-text", HALF)],
            {"item": moving, f"item{moving}-result": "basic"},
        )  # fmt: skip
    assert not PledgeAppraisal.objects.filter(item__result=ItemResult.PENDING).exists()


def test_decisions_answers_opinions_periods_links_and_rules(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    member, secretary, only = world.user("member", "east_one"), browser("secretary@east_one"), pledge.items.get()
    wanted = services.adjustment_request(
        item=only, actor=member, reason="设备推迟", text=only.text, target="低于百分之三", due_on=dt.date(2026, 9, 30)
    )
    stands_until_stored(
        secretary, reverse("adjustment_decide", args=[wanted.pk]), f"adjustment_decide:{wanted.pk}", [("reason", HALF)],
        {"op": "refuse", "reason": "理由不足"},
    )  # fmt: skip
    colleague, board = browser("member2@east_one"), reverse("board_pledge", args=[pledge.pk])
    stands_until_stored(
        colleague, board, f"comment_add:{pledge.pk}", [("kind", "question"), ("text", HALF)],
        {"kind": "question", "text": "怎么检查？"},
    )  # fmt: skip
    comment = PledgeComment.objects.get()
    services.comment_show(comment=comment, actor=world.user("secretary", "east_one"))
    stands_until_stored(
        secretary, reverse("comment_answer", args=[comment.pk]), f"comment_answer:{comment.pk}",
        [("version", 1), ("text", HALF)], {"version": 1, "text": "看台账"},
    )  # fmt: skip
    pledge.refresh_from_db()
    url, key = reverse("pledge_display", args=[pledge.pk]), f"pledge_display:{pledge.pk}"
    keep(secretary, key, ("version", pledge.version), ("begins_on", "2026-03-11"), ("ends_on", "2026-05-05"))
    assert "2026-05-05" in text_of(secretary.get(url))
    sent = {"version": pledge.version, "begins_on": "2026-03-11", "ends_on": "2026-05-06"}
    assert secretary.post(url, sent).status_code == 302
    assert not Draft.objects.filter(key=key).exists()
    links = reverse("boardlink_list", args=[world.orgs["east_one"].pk])
    key = f"board_link:{world.orgs['east_one'].pk}"
    keep(secretary, key, ("name", HALF), ("expires_on", "2026-12-31"), ("with_below", "on"))
    assert secretary.get(links).context["form"]["with_below"].value() is True
    assert HALF in text_of(secretary.get(links))
    assert "#" in secretary.post(links, {"name": "大厅", "expires_on": "2026-12-31"}).context["board_address"]
    assert not Draft.objects.filter(key=key).exists()
    office, rules = browser("office@root"), reverse("pledge_rules", args=[campaign.pk])
    keep(office, f"pledge_rules:{campaign.pk}", ("version", 1), ("member_items_max", "17"))
    assert office.get(rules).context["form"]["member_items_max"].value() == "17"
    office.post(rules, {"op": "discard", "key": f"pledge_rules:{campaign.pk}"})
    assert office.get(rules).context["form"]["member_items_max"].value() != "17"


# -- two at once -------------------------------------------------------------------------------------------------------


def test_two_who_write_for_one_pledge_do_not_overwrite_each_other_unseen(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    """An explanation, a request for a change, a period, an answer: whoever is second is told, keeps the text, and decides."""
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    member, secretary, only = browser("member@east_one"), browser("secretary@east_one"), pledge.items.get()
    with clock.at(LATER):
        url = reverse("pledge_explain", args=[pledge.pk, 1])
        version = pledge.version
        assert member.post(url, {"text": "因停产检修", "version": version}).status_code == 302
        answer = secretary.post(url, {"text": "后写的说明", "version": version})
        assert "后写的说明" in text_of(answer)
        only.refresh_from_db()
        assert only.explanation == "因停产检修"
        renewed = answer.context["form"]["version"].value()
        assert secretary.post(url, {"text": "后写的说明", "version": renewed}).status_code == 302
        only.refresh_from_db()
        assert only.explanation == "后写的说明"
    pledge.refresh_from_db()
    actor, version = world.user("secretary", "east_one"), pledge.version
    services.pledge_display(pledge=pledge, actor=actor, period=Period(), version=version)
    with pytest.raises(EditConflict):
        services.pledge_display(pledge=pledge, actor=actor, period=Period(), version=version)
    with pytest.raises(EditConflict):
        services.adjustment_request(
            item=only, actor=world.user("member", "east_one"), reason="推迟", text="另一条", target="两台",
            due_on=dt.date(2026, 9, 30), version=version,
        )  # fmt: skip
    assert not PledgeAdjustment.objects.exists()
    comment = services.comment_add(pledge=pledge, actor=world.user("member2", "east_one"), text="怎么检查？")
    services.comment_show(comment=comment, actor=actor)
    seen = PledgeComment.objects.get().version
    services.comment_answer(comment=comment, actor=actor, text="看台账", version=seen)
    with pytest.raises(EditConflict):
        services.comment_answer(comment=comment, actor=world.user("member", "east_one"), text="看现场", version=seen)
    comment.refresh_from_db()
    assert (comment.state, comment.answer) == (CommentState.SHOWN, "看台账")


def test_colleagues_who_judge_at_the_same_time_are_not_in_each_others_way(world: World, campaign: Campaign) -> None:
    """Twenty members judge each other in one week: what one says never makes another's form stale; a decision does."""
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    only, opened = pledge.items.get(), pledge.version
    for who in ("member2", "member3"):
        services.items_appraise(
            pledge=pledge, actor=world.user(who, "east_one"), kind=AppraisalKind.PEER,
            judgements={only.pk: Judgement("basic")}, version=opened,
        )  # fmt: skip
    secretary = world.user("secretary", "east_one")
    services.items_appraise(pledge=pledge, actor=secretary, judgements={only.pk: Judgement("basic")}, version=opened)
    with pytest.raises(EditConflict):
        services.items_appraise(
            pledge=pledge, actor=secretary, judgements={only.pk: Judgement("fulfilled")}, version=opened
        )
    assert PledgeAppraisal.objects.count() == 3


def test_a_return_of_what_was_decided_meanwhile_is_refused(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "member@east_one")
    secretary = world.user("secretary", "east_one")
    services.pledge_approve(pledge=pledge, actor=secretary, version=pledge.version)
    with pytest.raises(EditConflict):
        services.pledge_return(
            pledge=pledge, actor=secretary, version=pledge.version, decisions={1: ItemDecision(lacking=("post",))}
        )
