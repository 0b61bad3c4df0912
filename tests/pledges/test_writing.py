"""Going on from last year's pledge, and remarks on what cannot be checked."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.rows import MOST
from campaign.drafts.models import Draft
from campaign.drafts.services import draft_save
from campaign.models import Campaign
from pledges import services
from pledges.hints import pledge_hints
from pledges.models import Pledge, PledgeItem
from pledges.services import pledge_copy_forward, pledge_start
from pledges.views.writing import draft_key
from tests.pledges.conftest import NOW, item, published, write
from tests.world import World

Browser = Callable[[str], Client]


@pytest.fixture
def last_year(world: World) -> Campaign:
    """A campaign of two years; in the first one the branch pledged."""
    campaign = world.campaign(starts_on=dt.date(2025, 1, 1))
    campaign.ends_on = dt.date(2026, 12, 31)
    campaign.save(update_fields=["ends_on"])
    with clock.at(clock.start_of(dt.date(2025, 2, 10))):
        published(
            world,
            campaign,
            "secretary@east_one",
            item("检修三十台水泵", due_on=dt.date(2025, 6, 20)),
            item("修好饮水机", due_on=dt.date(2025, 12, 31), kind="practical"),
            org="east_one",
            by="staff@east",
        )
    return campaign


def begun(world: World, campaign: Campaign) -> Pledge:
    with clock.at(NOW):
        return pledge_start(
            campaign=campaign, actor=world.user("secretary", "east_one"), organization=world.orgs["east_one"]
        )


def test_last_years_items_are_taken_over(world: World, last_year: Campaign, browser: Browser) -> None:
    pledge = begun(world, last_year)
    edit = reverse("pledge_edit", args=[pledge.pk])
    secretary = browser("secretary@east_one")
    assert "2025" in secretary.get(edit).content.decode()
    answer = secretary.post(edit, {"op": "copy", "version": pledge.version}, follow=True).content.decode()
    assert "检修三十台水泵" in answer
    rows = list(pledge.items.order_by("order").values_list("text", "kind", "due_on"))
    assert rows == [
        ("检修三十台水泵", "post", dt.date(2026, 6, 20)),
        ("修好饮水机", "practical", dt.date(2026, 12, 31)),
    ]
    assert "沿用 2025" not in secretary.get(edit).content.decode()


def test_nothing_is_taken_over_twice_by_others_or_from_nowhere(
    world: World, last_year: Campaign, browser: Browser
) -> None:
    pledge, secretary = begun(world, last_year), world.user("secretary", "east_one")
    with pytest.raises(NotAllowed):
        pledge_copy_forward(pledge=pledge, actor=world.user("secretary", "east_two"), version=pledge.version)
    pledge = pledge_copy_forward(pledge=pledge, actor=secretary, version=pledge.version)
    with pytest.raises(DomainError, match="已填写内容"):
        pledge_copy_forward(pledge=pledge, actor=secretary, version=pledge.version)
    assert pledge.items.count() == 2
    other = pledge_start(
        campaign=last_year, actor=world.user("secretary", "east_two"), organization=world.orgs["east_two"]
    )
    with pytest.raises(DomainError, match="没有可沿用"):
        pledge_copy_forward(pledge=other, actor=world.user("secretary", "east_two"), version=other.version)


def test_a_pledge_handed_in_takes_nothing_over(world: World, last_year: Campaign) -> None:
    pledge, secretary = begun(world, last_year), world.user("secretary", "east_one")
    services.pledge_withdraw(pledge=pledge, actor=secretary)
    pledge.refresh_from_db()
    with pytest.raises(StateConflict):
        pledge_copy_forward(pledge=pledge, actor=secretary, version=pledge.version)


def test_a_day_without_its_twin_moves_to_the_end_of_the_month(world: World) -> None:
    campaign = world.campaign(starts_on=dt.date(2024, 1, 1))
    campaign.ends_on = dt.date(2026, 12, 31)
    campaign.save(update_fields=["ends_on"])
    with clock.at(clock.start_of(dt.date(2024, 2, 10))):
        leap = item("二月的事", due_on=dt.date(2024, 2, 29))
        published(world, campaign, "secretary@east_one", leap, org="east_one", by="staff@east")
    pledge = begun(world, campaign)
    pledge_copy_forward(pledge=pledge, actor=world.user("secretary", "east_one"), version=pledge.version)
    assert pledge.items.get().due_on == dt.date(2026, 2, 28)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": "努力提高服务水平", "target": "职工满意"}, ["没有数字指标", "表述偏空"]),
        ({"text": "努力提高服务水平", "target": "满意率达到95%"}, []),
        ({"text": "修好饮水机", "target": "三台全部修好"}, []),
        ({"text": "修好饮水机", "target": "修好", "due_on": None}, ["没有数字指标", "没有写明完成时限"]),
    ],
)
def test_remarks(world: World, campaign: Campaign, fields: dict[str, object], said: list[str]) -> None:
    pledge = write(world, campaign, "secretary@east_one", item(**fields), org="east_one")  # type: ignore[arg-type]
    found = pledge_hints(pledge, pledge.items.all()).get(1, [])
    assert len(found) == len(said)
    assert all(start in remark for start, remark in zip(said, found, strict=True))


def test_the_same_words_of_a_colleague_are_remarked_by_one_query(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    write(world, campaign, "member@east_one", item("检修三十台水泵"))
    pledge = write(world, campaign, "secretary@east_one", item("检修三十台水泵"), item("修 5 台饮水机"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = pledge_hints(pledge, list(pledge.items.order_by("order")))
    assert len(queries) == 2
    assert list(found) == [1]
    assert "完全相同" in found[1][0]
    services.pledge_submit(pledge=pledge, actor=world.user("secretary", "east_one"))
    review = browser("staff@east").get(reverse("pledge_review", args=[pledge.pk])).content.decode()
    assert "完全相同" in review


def test_what_was_typed_stands_there_again_until_it_is_saved(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    pledge = write(world, campaign, "secretary@east_one", item("检修水泵"), org="east_one")
    edit, secretary = reverse("pledge_edit", args=[pledge.pk]), browser("secretary@east_one")
    typed = [
        ["version", str(pledge.version)],
        ["form-TOTAL_FORMS", "2"],
        ["form-INITIAL_FORMS", "0"],
        ["form-0-text", "检修三十台水泵"],
        ["form-0-kind", "post"],
        ["form-1-text", "修好饮水机"],
        ["form-1-kind", "post"],
    ]
    draft_save(user=world.users["secretary@east_one"], key=draft_key(pledge), fields=typed)
    shown = secretary.get(edit).content.decode()
    assert all(text in shown for text in ("检修三十台水泵", "修好饮水机", "尚未保存"))
    assert "尚未保存" not in browser("office@root").get(edit).content.decode()

    secretary.post(edit, {"op": "discard"})
    assert not Draft.objects.exists()
    assert "修好饮水机" not in secretary.get(edit).content.decode()

    draft_save(user=world.users["secretary@east_one"], key=draft_key(pledge), fields=typed)
    saved = secretary.post(edit, {"op": "save", **dict(typed)}, follow=True).content.decode()
    assert f'data-drafts-done="{draft_key(pledge)}"' in saved
    assert not Draft.objects.exists()
    assert set(PledgeItem.objects.values_list("text", flat=True)) == {"检修三十台水泵", "修好饮水机"}
    assert "data-drafts-done" not in secretary.get(edit).content.decode()


def test_a_request_for_a_thousand_rows_builds_no_more_than_a_list_may_have(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    pledge = write(world, campaign, "secretary@east_one", item("检修水泵"), org="east_one")
    claimed = {"form-TOTAL_FORMS": "1000", "form-INITIAL_FORMS": "0", "form-0-text": "检修三十台水泵"}
    answer = browser("secretary@east_one").post(
        reverse("pledge_edit", args=[pledge.pk]), {"op": "save", "version": pledge.version, **claimed}
    )
    shown = answer.content.decode()
    assert len(answer.context["items"]) == MOST
    assert "检修三十台水泵" in shown
    assert f"最多提交 {MOST} 个" in shown
    assert pledge.items.get().text == "检修水泵"
