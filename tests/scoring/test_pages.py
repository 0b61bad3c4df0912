"""The pages of scores over HTTP: who sees what, in how many statements, and how a run is asked for."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.jobs.models import Job
from campaign.models import Campaign, Period
from campaign.reports.registry import ReportRequest, reports
from campaign.reports.services import report_discrepancies
from campaign.scoring.models import PeriodScore, ScoreRun, ScoreSheet
from orgs.models import Organization
from orgs.services.tree import tree_insert
from tests.reports.figures import assert_linked
from tests.scoring.conftest import As, Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run
from tests.scoring.test_by_hand import BRANCHES as FIGURES
from tests.scoring.test_by_hand import COMMITTEES as COVERAGES
from tests.world import World

TODAY = True
pytestmark = pytest.mark.django_db


@pytest.fixture
def scored(world: World, measured: Measured) -> World:
    for key, (figures, *_rest) in FIGURES.items():
        for place, (numerator, denominator) in enumerate(figures):
            if denominator:
                measured.set(f"test.m{place}", world.orgs[key], numerator, denominator)
    for key, (coverage, *_rest) in COVERAGES.items():
        measured.set("test.m0", world.orgs[key], *coverage)
    for members in world.members.values():
        for place, member in enumerate(members):
            measured.set("test.m0", member, place, 5)
    run(ready(world, BRANCHES, COMMITTEES, MEMBERS), world.orgs["root"])
    return world


def text(response: Any) -> str:
    assert response.status_code == 200, response
    return str(response.content.decode())


def score_of(world: World, key: str) -> PeriodScore:
    return PeriodScore.objects.current().get(organization=world.orgs[key], member=None)


def rows_of(response: Any) -> dict[str, dict[str, str]]:
    table = response.context["table"]
    return {
        row.record.organization.code: {column.name: str(cell) for column, cell in row.items()}
        for row in table.paginated_rows
    }


def test_the_list_shows_points_total_grade_rank_of_the_subtree(scored: World, as_: As) -> None:
    rows = rows_of(as_("staff@east").get(reverse("score_list")))
    assert set(rows) == {"EAST", "EAST_ONE", "EAST_TWO"}
    one = rows["EAST_ONE"]
    assert (one["pledge"], one["review"], one["evaluation"], one["inspection"]) == ("25.00", "20.00", "40.00", "7.00")
    assert (one["total"], one["rank"], one["previous"]) == ("92.00", "1 / 2", "—")
    assert "优秀" in one["grade"]
    # East is ranked among the companies, one of which is not in view.
    assert (rows["EAST"]["rank"], rows["EAST_TWO"]["rank"]) == ("1 / 2", "2 / 2")
    assert "carriers" not in one


def test_the_period_before_and_the_difference(scored: World, measured: Measured, as_: As) -> None:
    later = Period.objects.get(code="2026H2")
    measured.set("test.m0", scored.orgs["east_one"], 6, 6)
    run(later, scored.orgs["root"])
    rows = rows_of(as_("staff@east").get(reverse("score_list"), {"period": later.pk}))
    assert (rows["EAST_ONE"]["previous"], rows["EAST_ONE"]["change"]) == ("92.00", "+5.00")
    earlier = Period.objects.get(code="2026H1")
    assert rows_of(as_("staff@east").get(reverse("score_list"), {"period": earlier.pk}))["EAST_ONE"]["total"] == "92.00"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "采掘一区"}, {"EAST_ONE"}),
        ({"grade": "不合格"}, {"ROOT", "EAST_TWO", "WEST_TWO"}),
        ({"name": "没有"}, set()),
    ],
)
def test_the_filters(scored: World, as_: As, query: dict[str, str], found: set[str]) -> None:
    assert set(rows_of(as_("office@root").get(reverse("score_list"), query))) == found


def test_the_organizations_directly_below(scored: World, as_: As) -> None:
    answer = as_("office@root").get(reverse("score_list"), {"above": scored.orgs["root"].pk})
    assert set(rows_of(answer)) == {"EAST", "WEST"}


def test_the_list_costs_the_same_for_one_row_and_for_many(scored: World, as_: As) -> None:
    def statements(query: dict[str, str]) -> int:
        client = as_("office@root")
        client.get(reverse("score_list"))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("score_list"), query)
        return len(captured)

    assert statements({"name": "采掘一区"}) == statements({"name": "东山公司"}) == statements({})


def test_the_explanation_shows_every_line(scored: World, as_: As) -> None:
    page = text(as_("secretary@west_one").get(score_of(scored, "west_one").get_absolute_url()))
    for expected in ("66.67% (2/3)", "0.6667 × 30.00 = 20.00", "50.00 × 100 ÷ 60.00 = 83.33", "83.33", "良好", "1 / 2"):
        assert expected in page


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("secretary@east_one", True),
        ("staff@east", True),
        ("leader@root", True),
        ("secretary@east_two", False),
        ("staff@west", False),
        ("member@east_one", False),
    ],
)
def test_who_sees_an_organization(scored: World, as_: As, who: str, seen: bool) -> None:
    answer = as_(who).get(score_of(scored, "east_one").get_absolute_url())
    assert answer.status_code == (200 if seen else 404)


def test_an_earlier_result_leads_to_the_present_one(scored: World, measured: Measured, as_: As) -> None:
    old = score_of(scored, "east_one")
    measured.set("test.m0", scored.orgs["east_one"], 6, 6)
    run(old.period, scored.orgs["root"])
    page = text(as_("staff@east").get(old.get_absolute_url()))
    assert score_of(scored, "east_one").get_absolute_url() in page
    assert "92.00" in page


def test_what_a_run_has_not_published_is_not_found(scored: World, as_: As) -> None:
    score = score_of(scored, "east_one")
    ScoreRun.objects.update(state="staging")
    assert as_("office@root").get(score.get_absolute_url()).status_code == 404
    assert rows_of(as_("office@root").get(reverse("score_list"))) == {}


def member_score(world: World, key: str, place: int) -> PeriodScore:
    return PeriodScore.objects.current().get(member=world.members[key][place])


def test_a_member_sees_every_point_of_the_own_score_and_nobody_elses(scored: World, as_: As) -> None:
    mine, other = member_score(scored, "east_one", 1), member_score(scored, "east_one", 2)
    client = as_("member@east_one")
    listed = client.get(reverse("grade_list"))
    assert [row.record for row in listed.context["table"].rows] == [mine]
    assert "0.2000 × 100.00 = 20.00" in text(client.get(mine.get_absolute_url()))
    assert client.get(other.get_absolute_url()).status_code == 404


def test_the_secretary_sees_grades_of_the_branch_without_points(scored: World, as_: As) -> None:
    client = as_("secretary@east_one")
    listed = client.get(reverse("grade_list"))
    assert {row.record.organization.code for row in listed.context["table"].rows} == {"EAST_ONE"}
    assert len(listed.context["table"].rows) == 6
    page = text(client.get(member_score(scored, "east_one", 4).get_absolute_url()))
    assert "良好" in page
    assert "80.00" not in page
    assert client.get(member_score(scored, "east_two", 1).get_absolute_url()).status_code == 404
    assert "0.0000 × 100.00 = 0.00" in text(client.get(member_score(scored, "east_one", 0).get_absolute_url()))


def test_staff_do_not_see_members(scored: World, as_: As) -> None:
    client = as_("staff@east")
    assert client.get(reverse("grade_list")).status_code == 404
    assert client.get(member_score(scored, "east_one", 1).get_absolute_url()).status_code == 404
    assert not PeriodScore.objects.visible_to(scored.user("staff", "east")).of_members().exists()


def test_a_run_is_asked_for_on_the_page(scored: World, as_: As, django_capture_on_commit_callbacks: Any) -> None:
    period = Period.objects.get(code="2026H2")
    client = as_("staff@east")
    Period.objects.filter(pk=period.pk).update(starts_on="2026-06-01")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("score_run"), {"period": period.pk, "organization": scored.orgs["east"].pk})
    job = Job.objects.latest("created_at")
    assert answer.status_code == 302
    assert answer["Location"] == reverse("jobs_detail", args=[job.pk])
    assert (job.state, job.requested_by) == ("succeeded", scored.users["staff@east"])
    assert set(rows_of(client.get(job.result_url))) == {"EAST", "EAST_ONE", "EAST_TWO"}


@pytest.mark.parametrize("at", ["root", "west", "east_one"])
def test_a_run_elsewhere_cannot_be_chosen(scored: World, as_: As, at: str) -> None:
    period, before = Period.objects.get(code="2026H1"), ScoreRun.objects.count()
    answer = as_("staff@east").post(reverse("score_run"), {"period": period.pk, "organization": scored.orgs[at].pk})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert ScoreRun.objects.count() == before


def test_a_frozen_period_cannot_be_chosen(scored: World, as_: As) -> None:
    period = Period.objects.get(code="2026H1")
    Period.objects.filter(pk=period.pk).update(state="frozen")
    answer = as_("office@root").post(
        reverse("score_run"), {"period": period.pk, "organization": scored.orgs["root"].pk}
    )
    assert answer.context["form"].errors


def test_the_history_shows_runs_with_their_digests(scored: World, as_: As) -> None:
    run(Period.objects.get(code="2026H1"), scored.orgs["root"])
    page = text(as_("office@root").get(reverse("score_runs")))
    for made in ScoreRun.objects.all():
        assert made.digest in page
        assert str(made.get_state_display()) in page
    assert "没有变化" in page


def test_the_sheets_are_open_to_everybody_in_words(scored: World, as_: As) -> None:
    sheet = ScoreSheet.objects.get(key="branches")
    for who in ("member@east_one", "secretary@west_one", "leader@root"):
        assert sheet.name in text(as_(who).get(reverse("sheet_list")))
        page = text(as_(who).get(reverse("sheet_detail", args=[sheet.pk])))
        assert "每出现一次扣1.50分" in page
        assert "children.average" in text(as_(who).get(reverse("metric_list")))


def test_nobody_outside_the_campaign_sees_its_sheets(scored: World, as_: As) -> None:
    foreign = Organization.objects.add_root(create_kwargs={"code": "X", "name": "别的集团", "type": "committee"})
    Campaign.objects.update(organization=foreign)
    sheet = ScoreSheet.objects.get(key="branches")
    client = as_("member@east_one")
    assert client.get(reverse("sheet_detail", args=[sheet.pk])).status_code == 404
    assert sheet.name not in text(client.get(reverse("sheet_list")))


def test_form_d18_leads_to_the_explanation_and_names_who_has_no_score(scored: World) -> None:
    score = score_of(scored, "east_one")
    report = reports.get("score_summary")
    request = ReportRequest(scored.user("office", "root"), scored.orgs["root"], score.period.campaign, score.period)
    assert assert_linked(report, request) > 3
    missing = {each.check.key: each.found for each in report_discrepancies(report, request)}["d.20.2"]
    assert missing == []
    new = Organization(code="NEW", name="新建党支部", type="branch")
    tree_insert([(new, scored.orgs["east"])])
    missing = {each.check.key: each.found for each in report_discrepancies(report, request)}["d.20.2"]
    assert [new.name in each.text for each in missing] == [True]
