"""示诺: for a period, on the screen and on paper, behind a link that can be closed, with opinions that are looked at first."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Campaign
from pledges import services
from pledges.board import BoardEntry, BoardItem, lines_of, slides_of
from pledges.models import BoardLink, CommentState, ItemKind, ItemResult, Pledge, PledgeComment
from pledges.reminders import comments_due
from pledges.selectors import comments_to_moderate
from pledges.services import Period
from pledges.views import board as pages
from tests.pledges.conftest import NOW, item, published, submitted, write
from tests.world import World

Browser = Callable[[str], Client]
DAY = dt.timedelta(days=1)


# -- the period --------------------------------------------------------------------------------------------------------


def test_a_pledge_hangs_for_its_period(world: World, campaign: Campaign) -> None:
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    assert (pledge.display_from, pledge.display_until) == (NOW.date(), campaign.ends_on)
    secretary, today = world.user("secretary", "east_one"), NOW.date()
    for begins_on, ends_on, hangs in (
        (today, today, True),
        (today - DAY, today - DAY, False),
        (today + DAY, None, False),
    ):
        pledge = services.pledge_display(pledge=pledge, actor=secretary, period=Period(begins_on, ends_on))
        assert Pledge.objects.on_display().exists() is hangs
        assert Pledge.objects.public().exists()
    assert AuditEntry.objects.filter(action="pledge_display").count() == 3
    with pytest.raises(DomainError):
        services.pledge_display(pledge=pledge, actor=secretary, period=Period(today, today - DAY))
    with pytest.raises(NotAllowed):
        services.pledge_display(pledge=pledge, actor=world.user("member", "east_one"), period=Period())


def test_what_is_taken_down_is_gone_at_once_and_leaves_a_trace(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    pledge = published(world, campaign, "member@east_one", item("带好徒弟"), by="secretary@east_one")
    secretary, board = world.user("secretary", "east_one"), reverse("board_of", args=[world.orgs["east_one"].pk])
    client = browser("member2@east_one")
    assert "带好徒弟" in client.get(board).content.decode()
    pledge = services.pledge_take_down(pledge=pledge, actor=secretary, reason="内容有误")
    assert "带好徒弟" not in client.get(board).content.decode()
    assert (pledge.display_from, pledge.display_until, pledge.published_at) == (None, None, None)
    assert AuditEntry.objects.get(action="pledge_take_down").reason == "内容有误"
    with pytest.raises(StateConflict):
        services.pledge_display(pledge=pledge, actor=secretary, period=Period())


def test_only_who_publishes_in_the_reviewing_organization_puts_on_the_board(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "member@east_one")
    services.pledge_approve(pledge=pledge, actor=world.user("secretary", "east_one"))
    every = Pledge.objects.all()
    for who in (("member", "east_one"), ("secretary", "east_two"), ("staff", "east"), ("leader", "east")):
        assert services.pledges_publish_many(queryset=every, actor=world.user(*who)) == 0
    secretary = world.user("secretary", "east_one")
    until = NOW.date() + 30 * DAY
    assert services.pledges_publish_many(queryset=every, actor=secretary, period=Period(None, until)) == 1
    pledge.refresh_from_db()
    assert pledge.display_until == until


# -- the screen, the sheet, the letter ---------------------------------------------------------------------------------


def entry(number: int, *, length: int = 10, items: int = 1, organization: bool = False) -> BoardEntry:
    promised = BoardItem(ItemKind.POST, "做" * length, "", None, ItemResult.PENDING)
    return BoardEntry(number, f"第{number}人", "支部", "", organization, [promised] * items)


def test_slides_hold_everybody_once_in_order_and_not_too_many() -> None:
    entries = [
        entry(0, items=5, organization=True),
        *(entry(n, length=n * 20 % 200, items=n % 3 + 1) for n in range(1, 20)),
    ]
    entries.append(entry(20, length=200, items=5))
    slides = slides_of(entries)
    assert list(dict.fromkeys(each.pk for slide in slides for each in slide)) == list(range(21))
    for wanted in entries:
        parts = [each for slide in slides for each in slide if each.pk == wanted.pk]
        assert [item for part in parts for item in part.items] == wanted.items
        assert [part.first for part in parts] == [1 + sum(len(p.items) for p in parts[:n]) for n in range(len(parts))]
    assert [each.pk for each in slides[0]] == [0]
    assert all(1 <= len(slide) <= 4 and sum(map(lines_of, slide)) <= 22 for slide in slides)


def test_the_screen_goes_round(world: World, campaign: Campaign, browser: Browser) -> None:
    published(world, campaign, "secretary@east_one", item("建强支部"), org="east_one", by="staff@east")
    published(world, campaign, "member@east_one", item("带好徒弟"), by="secretary@east_one")
    client, screen = browser("member2@east_one"), reverse("board_screen", args=[world.orgs["east_one"].pk])
    first, second, third = (client.get(f"{screen}?slide={number}").content.decode() for number in (1, 2, 3))
    assert "建强支部" in first
    assert "带好徒弟" not in first
    assert "带好徒弟" in second
    assert "建强支部" in third
    assert client.get(f"{screen}?slide=x").status_code == 200


def test_letters_of_a_branch_hold_what_is_approved_and_nothing_secret(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    published(world, campaign, "member@east_one", item("带好徒弟", baseline="内部基数"), by="secretary@east_one")
    write(world, campaign, "member2@east_one", item("还是草稿"))
    page = (
        browser("secretary@east_one").get(reverse("pledge_letters", args=[world.orgs["east_one"].pk])).content.decode()
    )
    assert page.count('class="letter"') == 1
    assert "带好徒弟" in page
    for hidden in ("还是草稿", "内部基数"):
        assert hidden not in page


def test_a_sheet_says_when_it_does_not_hold_everything(
    world: World, campaign: Campaign, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("member", "member2"):
        published(world, campaign, f"{who}@east_one", by="secretary@east_one")
    client, branch = browser("secretary@east_one"), world.orgs["east_one"].pk
    for limit, said in ((2, False), (1, True)):
        monkeypatch.setattr(pages, "PRINTED", limit)
        for name, marked in (("board_print", "<tbody>"), ("pledge_letters", 'class="letter"')):
            page = client.get(reverse(name, args=[branch])).content.decode()
            assert page.count(marked) == limit
            assert ("还有更多未列出" in page) is said


# -- the link ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def link(world: World, campaign: Campaign) -> tuple[BoardLink, str]:
    return services.boardlink_create(
        organization=world.orgs["east_one"],
        actor=world.user("secretary", "east_one"),
        name="一楼大厅",
        expires_on=NOW.date() + 100 * DAY,
    )


def entered(code: str, **more: Any) -> Client:
    client = Client()
    client.post(reverse("hall_enter"), {"code": code, **more})
    return client


def test_a_link_shows_the_whitelist_of_its_organization_alone(
    world: World, campaign: Campaign, link: tuple[BoardLink, str]
) -> None:
    secret = item("公开的内容", baseline="内部基数", production_task="内部任务")
    shown = published(world, campaign, "member@east_one", secret, by="secretary@east_one")
    services.progress_add(item=shown.items.get(), actor=world.user("member", "east_one"), text="内部进展")
    submitted(world, campaign, "member2@east_one", item("等着审诺"))
    other = published(world, campaign, "member@east_two", item("隔壁支部的"), by="secretary@east_two")
    phone = world.members["east_one"][1]
    phone.phone = "13912345678"
    phone.save()
    client = entered(link[1])
    pages = [client.get(reverse(name)).content.decode() for name in ("hall_board", "hall_screen")] + [
        client.get(reverse("hall_pledge", args=[shown.pk])).content.decode()
    ]
    for page in pages:
        assert "公开的内容" in page
        for hidden in (
            "内部基数",
            "内部任务",
            "内部进展",
            "等着审诺",
            "隔壁支部的",
            "13912345678",
            "/login/",
            "/members/",
        ):
            assert hidden not in page
    assert client.get(reverse("hall_pledge", args=[other.pk])).status_code == 404
    for hidden in (reverse("pledge_detail", args=[shown.pk]), reverse("board"), reverse("home")):
        assert client.get(hidden).status_code == 302  # to the login page


def test_a_link_may_reach_below(world: World, campaign: Campaign) -> None:
    published(world, campaign, "member@east_one", item("东山的"), by="secretary@east_one")
    published(world, campaign, "member@west_one", item("西河的"), by="secretary@west_one")
    staff = world.user("staff", "east")
    given = {"organization": world.orgs["east"], "actor": staff, "name": "大屏", "expires_on": NOW.date() + DAY}
    _link, code = services.boardlink_create(**given)
    assert "东山的" not in entered(code).get(reverse("hall_board")).content.decode()
    _link, code = services.boardlink_create(**given, with_below=True)
    page = entered(code).get(reverse("hall_board")).content.decode()
    assert "东山的" in page
    assert "西河的" not in page


def test_nothing_of_a_link_is_kept_but_a_hash_and_the_day(world: World, link: tuple[BoardLink, str]) -> None:
    made, code = link
    client = entered(code, screen="1")
    assert client.get(reverse("hall_screen")).status_code == 200
    made.refresh_from_db()
    assert made.last_used_on == NOW.date()
    assert code not in str({field.name: getattr(made, field.name) for field in BoardLink._meta.fields})
    assert code not in str(list(AuditEntry.objects.values_list("target_name", "changes")))
    response = client.get(reverse("hall_board"))
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Cache-Control"] == "no-store"
    assert code not in response.content.decode()


def test_a_revoked_or_expired_link_shows_nothing_from_that_moment(
    world: World, campaign: Campaign, link: tuple[BoardLink, str]
) -> None:
    client, board = entered(link[1]), reverse("hall_board")
    assert client.get(board).status_code == 200
    with clock.at(NOW + 101 * DAY):
        assert client.get(board).status_code == 404
    with pytest.raises(NotAllowed):
        services.boardlink_revoke(link=link[0], actor=world.user("secretary", "east_two"))
    services.boardlink_revoke(link=link[0], actor=world.user("secretary", "east_one"))
    assert client.get(board).status_code == 404
    assert services.boardlink_open(code=link[1]) is None
    with pytest.raises(StateConflict):
        services.boardlink_revoke(link=link[0], actor=world.user("secretary", "east_one"))
    assert AuditEntry.objects.filter(action="boardlink_revoke").count() == 1


def test_wrong_codes_are_counted_and_then_refused(world: World, link: tuple[BoardLink, str]) -> None:
    client, enter = Client(), reverse("hall_enter")
    for _time in range(10):
        assert "口令无效" in client.post(enter, {"code": "guess"}).content.decode()
    assert "次数过多" in client.post(enter, {"code": link[1]}).content.decode()
    assert client.get(reverse("hall_board")).status_code == 404
    fresh = Client(REMOTE_ADDR="10.0.0.9")
    assert fresh.post(enter, {"code": link[1]}).status_code == 302


def test_behind_a_proxy_one_visitor_closes_the_door_for_nobody_else(link: tuple[BoardLink, str], settings: Any) -> None:
    """All come from the address of the proxy, which says whom it asks for."""
    settings.BEHIND_PROXY = True
    guesser, visitor = Client(HTTP_X_FORWARDED_FOR="10.1.0.1"), Client(HTTP_X_FORWARDED_FOR="10.1.0.2")
    for _time in range(10):
        guesser.post(reverse("hall_enter"), {"code": "guess"})
    assert guesser.post(reverse("hall_enter"), {"code": link[1]}).status_code == 200
    assert visitor.post(reverse("hall_enter"), {"code": link[1]}).status_code == 302


def test_a_forged_cookie_opens_nothing(link: tuple[BoardLink, str]) -> None:
    client = Client()
    client.cookies["board"] = link[1]
    assert client.get(reverse("hall_board")).status_code == 404


def test_the_page_of_links_shows_the_code_once(world: World, campaign: Campaign, browser: Browser) -> None:
    client, links = browser("secretary@east_one"), reverse("boardlink_list", args=[world.orgs["east_one"].pk])
    page = client.post(links, {"name": "大厅", "expires_on": "2026-12-31"}).content.decode()
    found = re.search(r"hall/#([\w-]{32})", page)
    assert found
    assert "data:image/svg+xml" in page
    assert found[1] not in client.get(links).content.decode()
    assert services.boardlink_open(code=found[1]) is not None
    refused = client.post(links, {"name": "大厅", "expires_on": "2030-12-31"})
    assert "两年以内" in refused.content.decode()
    assert BoardLink.objects.count() == 1


# -- opinions ----------------------------------------------------------------------------------------------------------


def test_a_colleague_asks_the_secretary_looks_the_member_answers(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    asker, address = browser("member2@east_one"), reverse("board_pledge", args=[pledge.pk])
    asker.post(address, {"kind": "question", "text": "怎么检查？"})
    comment = PledgeComment.objects.get()
    assert "怎么检查？" not in asker.get(address).content.decode()
    secretary = browser("secretary@east_one")
    page = secretary.get(reverse("comment_list")).content.decode()
    assert "怎么检查？" in page
    secretary.post(reverse("comment_moderate", args=[comment.pk]), {"step": "comment_show"})
    page = asker.get(address).content.decode()
    assert "怎么检查？" in page
    assert str(world.users["member2@east_one"]) not in page.split("<main")[1]

    owner = browser("member@east_one")
    assert "怎么检查？" in owner.get(reverse("comment_list") + "?show=answer").content.decode()
    owner.post(reverse("comment_answer", args=[comment.pk]), {"text": "看台账。", "version": comment.version})
    assert "看台账。" in asker.get(address).content.decode()
    assert asker.get(reverse("comment_answer", args=[comment.pk])).status_code == 404
    assert AuditEntry.objects.filter(action="comment_answer").count() == 1


def test_hidden_ones_keep_a_trace_and_nobody_decides_on_the_own_pledge(world: World, campaign: Campaign) -> None:
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    comment = services.comment_add(pledge=pledge, text="不相干的话", actor=world.user("member2", "east_one"))
    secretary = world.user("secretary", "east_one")
    with pytest.raises(DomainError):
        services.comment_hide(comment=comment, actor=secretary, reason="")
    comment = services.comment_hide(comment=comment, actor=secretary, reason="与承诺无关")
    assert (comment.state, AuditEntry.objects.get(action="comment_hide").reason) == (CommentState.HIDDEN, "与承诺无关")
    assert comments_to_moderate(secretary).count() == 0
    with pytest.raises(NotAllowed):
        services.comment_answer(comment=comment, actor=secretary, text="不公开的不答复")
    with pytest.raises(NotAllowed):
        services.comment_show(comment=comment, actor=world.user("secretary", "east_two"))

    Pledge.objects.update(submitted_by=secretary)
    with pytest.raises(DomainError):
        services.comment_show(comment=comment, actor=world.user("secretary", "east_one"))


def test_nobody_speaks_of_what_they_cannot_read(world: World, campaign: Campaign) -> None:
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    for who in (("member", "east_two"), ("member", "west_one")):
        with pytest.raises(NotAllowed):
            services.comment_add(pledge=pledge, text="路过", actor=world.user(*who))
    with pytest.raises(DomainError):
        services.comment_add(pledge=pledge, text=" ", actor=world.user("member2", "east_one"))
    assert not PledgeComment.objects.exists()


def test_a_visitor_speaks_a_few_times_and_the_contact_goes_with_the_answer(
    world: World, campaign: Campaign, link: tuple[BoardLink, str]
) -> None:
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    client, address = entered(link[1]), reverse("hall_pledge", args=[pledge.pk])
    for number in range(6):
        given = {"kind": "opinion", "text": f"意见{number}", "name": "老张", "contact": "13912345678"}
        response = client.post(address, given)
        assert response.status_code == (302 if number < 5 else 200)
    assert PledgeComment.objects.count() == 5
    comment = PledgeComment.objects.first()
    assert comment is not None
    assert "13912345678" not in comment.contact
    secretary = world.user("secretary", "east_one")
    services.comment_show(comment=comment, actor=secretary)
    services.comment_answer(comment=comment, actor=secretary, text="已采纳。")
    comment.refresh_from_db()
    assert comment.contact == ""


def test_officers_are_reminded_of_opinions_after_three_days(world: World, campaign: Campaign) -> None:
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    services.comment_add(pledge=pledge, text="建议", actor=world.user("member2", "east_one"))
    assert not list(comments_due(NOW.date() + 2 * DAY))
    assert [each.user_id for each in comments_due(NOW.date() + 4 * DAY)] == [world.users["secretary@east_one"].pk]


@pytest.mark.parametrize("page", ["board", "links", "comments", "hall"])
def test_pages_cost_the_same_for_one_and_for_three(
    world: World, campaign: Campaign, browser: Browser, link: tuple[BoardLink, str], page: str
) -> None:
    secretary = world.user("secretary", "east_one")
    place = world.orgs["east_one"].pk
    client = entered(link[1]) if page == "hall" else browser("secretary@east_one")
    address = {
        "board": reverse("board_of", args=[place]),
        "links": reverse("boardlink_list", args=[place]),
        "comments": reverse("comment_list"),
        "hall": reverse("hall_board"),
    }[page]

    def add(who: str) -> None:
        pledge = published(world, campaign, f"{who}@east_one", by="secretary@east_one")
        services.comment_add(pledge=pledge, text="建议", actor=secretary)
        day = NOW.date() + DAY
        services.boardlink_create(organization=world.orgs["east_one"], actor=secretary, name=who, expires_on=day)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    add("member")
    cost()
    one = cost()
    add("member2")
    add("member3")
    assert cost() == one
