"""Ranking, distribution, course and comparison: by hand, and who sees whom."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from campaign.models import Period, Standard
from campaign.scoring import plots, sealing
from campaign.scoring.models import PeriodScore, ScoreSheet
from campaign.scoring.standing import Peers, axes_of, course, median, peer_groups, peers_of, spread_of
from orgs.forms import choosing
from tests.scoring.conftest import As, Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def scored(world: World, measured: Measured) -> Period:
    """All four branches are ranked among each other."""
    for key, part in (("east_one", 6), ("east_two", 3), ("west_one", 3), ("west_two", 1)):
        measured.set("test.m0", world.orgs[key], part, 6)
    period = ready(world, BRANCHES, COMMITTEES, MEMBERS)
    ScoreSheet.objects.filter(key="branches").update(tier="kind")  # not used yet
    run(period, world.orgs["root"])
    return period


def group(period: Period, key: str = "branches", peers: str = "") -> dict[str, Any]:
    return {"period": period.pk, "group": f"{ScoreSheet.objects.get(key=key).pk}-{peers}"}


def ranked(answer: Any) -> list[tuple[str, int | None]]:
    return [(row["score"].organization.code, row["rank"]) for row in answer.context["rows"]]


def test_equal_totals_share_a_rank(scored: Period, as_: As) -> None:
    answer = as_("office@root").get(reverse("score_ranking"), group(scored))
    assert ranked(answer) == [("EAST_ONE", 1), ("EAST_TWO", 2), ("WEST_ONE", 2), ("WEST_TWO", 4)]
    assert (answer.context["peers"].median, answer.context["hidden"]) == (41_67, 0)


def test_who_was_vetoed_or_not_scored_comes_last_without_a_rank(scored: Period, as_: As) -> None:
    best = PeriodScore.objects.get(organization__code="EAST_ONE", member=None)
    PeriodScore.objects.filter(pk=best.pk).update(vetoed=True)
    answer = as_("office@root").get(reverse("score_ranking"), group(scored))
    assert ranked(answer) == [("EAST_TWO", 1), ("WEST_ONE", 1), ("WEST_TWO", 3), ("EAST_ONE", None)]


@pytest.mark.parametrize(
    ("who", "seen", "hidden"),
    [
        ("staff@root", [("EAST_ONE", 1), ("EAST_TWO", 2), ("WEST_ONE", 2), ("WEST_TWO", 4)], 0),
        ("staff@east", [("EAST_ONE", 1), ("EAST_TWO", 2)], 2),
        ("secretary@west_two", [("WEST_TWO", 4)], 3),
    ],
)
def test_each_sees_those_in_reach_with_their_rank_among_all(
    scored: Period, as_: As, who: str, seen: list[Any], hidden: int
) -> None:
    answer = as_(who).get(reverse("score_ranking"), group(scored))
    assert (ranked(answer), answer.context["hidden"]) == (seen, hidden)


@pytest.mark.parametrize("address", ["score_ranking", "score_spread"])
def test_members_see_no_ranking(scored: Period, as_: As, address: str) -> None:
    assert as_("member@east_one").get(reverse(address)).status_code == 404


def test_a_group_out_of_sight_gives_way_to_one_in_sight(scored: Period, world: World, as_: As) -> None:
    committees = group(scored, "committees", world.orgs["root"].path)
    assert ranked(as_("secretary@west_two").get(reverse("score_ranking"), committees)) == [("WEST_TWO", 4)]
    assert {code for code, _rank in ranked(as_("office@root").get(reverse("score_ranking"), committees))} == {
        "EAST",
        "WEST",
    }
    odd = as_("office@root").get(reverse("score_ranking"), {"period": "x", "group": "9-\x01"})
    assert odd.status_code == 200


def test_groups_are_named_by_sheet_and_organization_above(scored: Period, world: World) -> None:
    found = peer_groups(world.user("office", "root"), scored)
    assert {(each.number, world.orgs["root"].name in each.label) for each in found} == {
        (1, False),
        (4, False),
        (2, True),
    }


def test_the_pages_cost_the_same_for_one_row_and_for_three(scored: Period, world: World, as_: As) -> None:
    def statements(address: str, who: str) -> int:
        client = as_(who)
        client.get(address, group(scored))
        with CaptureQueriesContext(connection) as captured:
            client.get(address, group(scored))
        return len(captured)

    for name in ("score_ranking", "score_spread"):
        address = reverse(name)
        assert statements(address, "secretary@east_one") == statements(address, "office@root")
    course_of = [reverse("score_course", args=[world.orgs[key].pk]) for key in ("east_one", "west_two")]
    assert statements(course_of[0], "office@root") == statements(course_of[1], "office@root")


def test_how_totals_are_spread(scored: Period, as_: As) -> None:
    answer = as_("office@root").get(reverse("score_spread"), group(scored))
    spread = answer.context["spread"]
    # 30 + 10, 15 + 10 (twice), 5 + 10 of 60 marks, folded.
    assert sorted(spread.counts.items()) == [(25_00, 1), (41_67, 2), (66_67, 1)]
    assert (spread.number, spread.highest, spread.lowest, spread.median, spread.mean) == (4, 66_67, 25_00, 41_67, 43_75)
    assert [(edge, number) for edge, number in spread.columns if number] == [(25_00, 1), (40_00, 2), (65_00, 1)]
    assert spread.grades == [("优秀", 0), ("良好", 0), ("合格", 1), ("不合格", 3)]
    assert as_("staff@east").get(reverse("score_spread"), group(scored)).context["spread"].number == 2


def test_the_spread_of_a_group_and_of_all_that_the_sheet_is_for(scored: Period, world: World, as_: As) -> None:
    client = as_("office@root")
    committees = group(scored, "committees", world.orgs["root"].path)
    assert client.get(reverse("score_spread"), committees).context["spread"].number == 2
    assert client.get(reverse("score_spread"), committees | {"all": "1"}).context["spread"].number == 3


def test_no_score_is_not_counted_among_the_totals(scored: Period) -> None:
    PeriodScore.objects.filter(organization__code="EAST_ONE", member=None).update(total=None, base=None, grade="")
    spread = spread_of(PeriodScore.objects.current().filter(sheet__key="branches"), ["优秀"])
    assert (spread.number, spread.without) == (3, 1)


def test_the_course_over_the_periods(scored: Period, world: World, measured: Measured, as_: As) -> None:
    measured.set("test.m0", world.orgs["east_two"], 6, 6)
    later = Period.objects.get(code="2026H2")
    run(later, world.orgs["root"])
    answer = as_("secretary@east_two").get(reverse("score_course", args=[world.orgs["east_two"].pk]))
    points = [point for point, _rank in answer.context["points"]]
    assert [(p.score.period.code, p.score.total, p.rank, p.median, p.difference) for p in points] == [
        ("2026H1", 41_67, (2, 4), 41_67, 0), ("2026H2", 66_67, (1, 4), 54_17, 12_50),
    ]  # fmt: skip
    page = answer.content.decode()
    assert "2026年上半年 41.67" in page
    assert "<polyline" in page


def test_each_standard_beside_the_median_of_the_peers(scored: Period, world: World, as_: As) -> None:
    leaves = list(Standard.objects.filter(campaign=scored.campaign, parent__isnull=False, code__startswith="SQ"))
    sealing.uninstall()
    for item, leaf in zip(ScoreSheet.objects.get(key="branches").items.all(), leaves, strict=True):
        item.standard = leaf
        item.save()
    sealing.install()
    mine = PeriodScore.objects.select_related("sheet", "period").get(organization=world.orgs["east_one"], member=None)
    found = axes_of(mine)
    assert [axis.label for axis in found] == [leaf.name for leaf in leaves]
    assert [(axis.own, axis.median) for axis in found] == [(100_00, 50_00), (0, 0), (None, None), (100_00, 100_00)]
    # The one that was left out is not drawn as if nothing of it had been reached, and keeps nobody from seeing the median.
    drawn = as_("office@root").get(reverse("score_course", args=[world.orgs["east_one"].pk])).context["radar"]
    assert [label.text for label in drawn.labels] == [leaf.name for leaf in (leaves[0], leaves[1], leaves[3])]
    assert drawn.median not in ("", drawn.own)


def test_without_standards_the_items_are_compared(scored: Period, world: World) -> None:
    mine = PeriodScore.objects.get(organization=world.orgs["west_two"], member=None)
    assert [axis.label for axis in axes_of(mine)] == [item.label for item in mine.sheet.items.all()]


@pytest.mark.parametrize(
    ("who", "seen"),
    [("secretary@east_one", 200), ("staff@east", 200), ("secretary@east_two", 404), ("member@east_one", 404)],
)
def test_who_sees_a_course(scored: Period, world: World, as_: As, who: str, seen: int) -> None:
    assert as_(who).get(reverse("score_course", args=[world.orgs["east_one"].pk])).status_code == seen


def test_the_median_of_too_few_is_not_told(scored: Period) -> None:
    scores = list(PeriodScore.objects.current().of_organizations().filter(sheet__key="committees"))
    assert {table.median for table in peers_of(scores).values()} == {None}
    assert {point.median for point in course(scores)} == {None}
    assert (Peers({50: 2}).median, Peers({50: 2, 90: 1}).median) == (None, 50)


def test_before_the_first_run_the_pages_say_so(world: World, as_: As) -> None:
    world.campaign()
    for address in (
        reverse("score_ranking"), reverse("score_spread"), reverse("score_course", args=[world.orgs["east"].pk]),
    ):  # fmt: skip
        answer = as_("staff@east").get(address)
        assert answer.status_code == 200
        assert "empty" in answer.content.decode()


# -- what is drawn -----------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 110_00), min_size=1))
def test_half_of_all_lie_on_each_side_of_the_median(values: list[int]) -> None:
    middle = median(values)
    assert sum(value < middle - 1 for value in values) * 2 <= len(values)
    assert sum(value > middle + 1 for value in values) * 2 <= len(values)


@given(st.lists(st.tuples(st.just("x"), st.integers(0, 50_000)), max_size=40))
def test_bars_lie_within_the_plot(columns: list[tuple[str, int]]) -> None:
    for bar in plots.bars(columns):
        assert 0 <= bar.x <= bar.x + bar.width <= plots.WIDTH
        assert plots.TOP <= bar.y <= bar.y + bar.height == plots.HEIGHT - plots.BOTTOM


@given(st.lists(st.one_of(st.none(), st.integers(0, 110_00)), min_size=1, max_size=24))
def test_lines_lie_within_the_plot(values: list[int | None]) -> None:
    drawn = plots.chart(["x"] * len(values), values, [None] * len(values))
    assert len(drawn.dots) == sum(value is not None for value in values)
    for dot in drawn.dots:
        assert plots.LEFT <= dot.x <= plots.WIDTH
        assert plots.TOP <= dot.y <= plots.HEIGHT - plots.BOTTOM


def test_a_radar_reaches_its_ring_at_all_of_the_marks() -> None:
    drawn = plots.radar([("甲", 100_00, 50_00), ("乙", 0, 50_00), ("丙", 0, 50_00)])
    assert drawn.own.split()[0] == f"{plots.RADAR},{plots.RADAR - plots.RING}"
    assert drawn.own.split()[1:] == [f"{plots.RADAR},{plots.RADAR}"] * 2
    assert plots.radar([("甲", 1, None), ("乙", 1, 1), ("丙", 1, 1)]).median == ""


def test_of_many_groups_only_the_chosen_one_is_drawn_and_others_are_searched_for(
    scored: Period, world: World, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "FEW", 1)
    office, below_root = as_("office@root"), group(scored, "committees", world.orgs["root"].path)
    answer = office.get(reverse("score_ranking"), below_root)
    assert {code for code, _rank in ranked(answer)} == {"EAST", "WEST"}
    widget = answer.context["form"]["group"]
    assert [option.data["value"] for option in widget if option.data["value"]] == [below_root["group"]]
    address = widget.field.widget.attrs["data-search-url"]
    found = office.post(address, {"q": world.orgs["root"].name}).json()["results"]
    assert [each["value"] for each in found] == [below_root["group"]]
    assert world.orgs["root"].name in found[0]["text"]
    assert len(office.post(address, {"q": "支部"}).json()["results"]) == 1  # by the sheet
    assert office.post(address, {"q": "没有这个"}).json()["results"] == []
    # Who sees less finds less.
    assert as_("secretary@west_two").post(address, {"q": world.orgs["root"].name}).json()["results"] == []
    assert as_("member@east_one").post(address, {"q": "支部"}).status_code == 404


def test_organizations_to_be_computed_are_searched_for_where_there_are_many(
    scored: Period, world: World, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, address = as_("office@root"), reverse("score_run")
    few = [str(option.data["value"]) for option in client.get(address).context["form"]["organization"]]
    assert few == ["", *(str(world.orgs[key].pk) for key in ("root", "east", "west"))]
    monkeypatch.setattr(choosing, "FEW", 2)
    field = client.get(address).context["form"]["organization"]
    assert [str(option.data["value"]) for option in field] == ["", str(world.orgs["root"].pk)]
    assert field.field.widget.attrs["data-search-url"] == reverse("organization_search")
    refused = client.post(address, {"period": scored.pk, "organization": world.orgs["east_one"].pk})
    assert refused.context["form"].errors["organization"] == ["所选党组织不适用于此处，请另选。"]
    assert client.post(address, {"period": scored.pk, "organization": world.orgs["east"].pk}).status_code == 302
