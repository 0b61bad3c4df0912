"""What readers of the board said, in figures, beside a slow count; and the sheets and pages that show them."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.common import clock
from campaign.models import Campaign
from campaign.reports.registry import ReportRequest
from pledges import services
from pledges.comment_figures import CommentFigures, comment_total, comment_units
from pledges.models import Pledge, PledgeComment
from pledges.reports import PLEDGE_STATISTICS
from tests.pledges.conftest import NOW, published
from tests.pledges.test_pages import text_of
from tests.world import World

Browser = Callable[[str], Client]
DAY = dt.timedelta(days=1)
YEAR = NOW.year


@pytest.fixture
def pledge(world: World, campaign: Campaign) -> Pledge:
    return published(world, campaign, "member@east_one", by="secretary@east_one")


@pytest.fixture
def said(world: World, pledge: Pledge) -> list[PledgeComment]:
    """A question answered after two days, an opinion that shows and needs no answer, one kept off, one that waits."""
    asker, secretary = world.user("member2", "east_one"), world.user("secretary", "east_one")

    def say(kind: str) -> PledgeComment:
        return services.comment_add(pledge=pledge, actor=asker, kind=kind, text="请说明")

    question, opinion, rude = say("question"), say("opinion"), say("opinion")
    with clock.at(NOW + 2 * DAY):
        services.comment_show(comment=question, actor=secretary)
        services.comment_answer(comment=question, actor=secretary, text="已说明")
        services.comment_show(comment=opinion, actor=secretary)
        services.comment_hide(comment=rude, actor=secretary, reason="与承诺无关")
        waiting = say("question")
    return [question, opinion, rude, waiting]


def test_each_figure(world: World, campaign: Campaign, said: list[PledgeComment]) -> None:
    with clock.at(NOW + 5 * DAY):
        total = comment_total(comment_units(campaign, YEAR, world.orgs["root"]))
        assert (total.received, total.questions, total.waiting) == (4, 2, 1)
        assert (total.shown, total.hidden, total.answered) == (2, 1, 1)
        assert (total.answer_rate, total.mean_days, total.oldest_days) == (5_000, 200, 3)
    assert comment_total([]) == CommentFigures()
    assert (CommentFigures().answer_rate, CommentFigures().mean_days, CommentFigures().oldest_days) == (
        None,
        None,
        None,
    )


def test_they_lie_where_the_pledge_was_made_and_in_its_year(
    world: World, campaign: Campaign, said: list[PledgeComment]
) -> None:
    units = {
        unit.organization.name: unit.figures.received for unit in comment_units(campaign, YEAR, world.orgs["east"])
    }
    assert units == {world.orgs["east"].name: 0, world.orgs["east_one"].name: 4, world.orgs["east_two"].name: 0}
    assert comment_total(comment_units(campaign, YEAR, world.orgs["west"])).received == 0
    assert comment_total(comment_units(campaign, YEAR - 1, world.orgs["root"])).received == 0


def test_an_answer_of_what_was_hidden_afterwards_does_not_count(
    world: World, campaign: Campaign, said: list[PledgeComment]
) -> None:
    services.comment_hide(comment=said[0], actor=world.user("secretary", "east_one"), reason="涉及个人信息")
    total = comment_total(comment_units(campaign, YEAR, world.orgs["root"]))
    assert (total.shown, total.hidden, total.answered, total.mean_days) == (1, 2, 0, None)


def test_the_page_and_the_sheet_show_the_same(
    world: World, campaign: Campaign, said: list[PledgeComment], browser: Browser
) -> None:
    page = text_of(browser("staff@east").get(reverse("comment_statistics", args=[world.orgs["east"].pk])))
    assert world.orgs["east_one"].name in page
    assert "50.00" in page
    assert "平均答复天数" in page
    for who in ("staff@west", "member@east_one"):
        assert browser(who).get(reverse("comment_statistics", args=[world.orgs["east"].pk])).status_code == 404
    request = ReportRequest(world.user("staff", "east"), world.orgs["east"], year=YEAR)
    sheet, rows = PLEDGE_STATISTICS.sheets(request)[1]
    assert sheet.totals is not None
    assert sheet.totals[1:7] == (4, 2, 1, 2, 1, 1)
    assert [row[1] for row in rows] == [0, 4, 0]


def test_it_costs_the_same_whatever_was_said(
    world: World, campaign: Campaign, pledge: Pledge, said: list[PledgeComment], browser: Browser
) -> None:
    client, url = browser("staff@east"), reverse("comment_statistics", args=[world.orgs["east"].pk])

    def count() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    before = count()
    other = published(world, campaign, "member@east_two", by="secretary@east_two")
    for each in (pledge, other, other):
        services.comment_add(pledge=each, actor=world.user("staff", "east"), text="再说一句")
    assert count() == before


def test_a_campaign_without_words(world: World, campaign: Campaign, browser: Browser) -> None:
    page = text_of(browser("office@root").get(reverse("comment_statistics", args=[world.orgs["root"].pk])))
    assert "—" in page
