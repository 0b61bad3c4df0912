"""Problem lists of secretaries by workbook: they go out, are edited, get rows, and come back whole or not at all."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.lists.models import SentState
from campaign.lists.services import list_send, list_store
from reviews.importers.secretaries import PROBLEM_LIST
from reviews.models.secretaries import ProblemState, ReportProblem, SecretaryReport
from reviews.services.secretaries import secretary_step
from reviews.services.secretary_problems import (
    report_problem_add,
    report_problem_plan,
    report_problem_step,
    report_problems_write,
)
from tests.lists.case import Book, codes, signed_in
from tests.reviews.test_secretaries import TODAY, handed_in, held
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]
DUE = TODAY + dt.timedelta(days=30)


@pytest.fixture
def report(world: World) -> SecretaryReport:
    return handed_in(world, held(world))


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world.user("staff", "east"))


def listed(world: World, report: SecretaryReport, text: str) -> ReportProblem:
    return report_problem_add(actor=world.user("staff", "east"), report=report, text=text, due_on=DUE)


def test_the_list_goes_out_gets_rows_and_comes_back(world: World, report: SecretaryReport, staff: Client) -> None:
    first, second = listed(world, report, "=HYPERLINK(1)"), listed(world, report, "台账不全")
    secretary = world.user("secretary", "east_one")
    report_problem_plan(actor=secretary, problem=second, version=1, measures="每月补齐")
    other = handed_in(world, report.appraisal, "east_two")
    book = Book(staff, "problem_import", report.appraisal_id)
    assert [book.at(number, "存在问题") for number in book.rows] == ["=HYPERLINK(1)", "台账不全"]
    assert [book.at(number, "整改措施") for number in book.rows] == [None, "每月补齐"]
    book.write(book.row(存在问题="台账不全"), 存在问题="学习台账不全", 整改时限=DUE + dt.timedelta(days=1))
    book.add(党组织=other.organization.name, 书记=other.name, 存在问题="谈心谈话少", 整改时限=DUE)
    sent, page = book.send()
    plan = page.context["plan"]
    assert (codes(sent), len(plan.new), len(plan.changed), plan.unchanged) == ([], 1, 1, 1)
    assert ReportProblem.objects.count() == 2, "nothing is stored yet"
    book.store(sent)
    second.refresh_from_db()
    assert (second.text, second.due_on, second.measures) == ("学习台账不全", DUE + dt.timedelta(days=1), "每月补齐")
    made = ReportProblem.objects.get(report=other)
    assert (made.text, made.state, made.organization) == ("谈心谈话少", ProblemState.OPEN, other.organization)
    entries = AuditEntry.objects.filter(action__startswith="report_problem_").order_by("pk")
    assert list(entries.values_list("action", flat=True))[-2:] == ["report_problem_add", "report_problem_change"]
    assert entries.last().changes["text"] == ["台账不全", "学习台账不全"]
    assert (
        "谈心谈话少"
        in signed_in(world.user("secretary", "east_two"))
        .get(reverse("secretary_problem", args=[made.pk]))
        .content.decode()
    )
    report_problem_plan(actor=secretary, problem=second, version=second.version, measures="补齐并上墙")
    assert "1" in book.undo(sent).content.decode()
    second.refresh_from_db()
    first.refresh_from_db()
    assert not ReportProblem.objects.filter(pk=made.pk).exists()
    assert second.text == "学习台账不全", "somebody went on from it: it stays"
    assert first.version == 1


def test_what_is_wrong_is_told_by_cell_and_nothing_is_stored(
    world: World, report: SecretaryReport, staff: Client
) -> None:
    mine, done = listed(world, report, "台账不全"), listed(world, report, "会议少")
    secretary, branch = world.user("secretary", "east_one"), report.organization.name
    report_problem_step(actor=secretary, problem=done, step="report_problem_done", reason="已补")
    book = Book(staff, "problem_import", report.appraisal_id)
    book.write(book.row(存在问题="台账不全"), 整改措施="替书记写的")
    book.write(book.row(存在问题="会议少"), 存在问题="会议太少")
    yesterday = TODAY - dt.timedelta(days=1)
    for place, text, day in (
        (branch, "时限已过", yesterday), (branch, "", DUE), (branch, "台账 不全", DUE), (branch, "长" * 501, DUE),
        (world.orgs["east_two"].name, "还没提交", DUE), (world.orgs["west_one"].name, "别处的", DUE),
    ):  # fmt: skip
        book.add(党组织=place, 存在问题=text, 整改时限=day)
    sent, _page = book.send()
    assert sent.state == SentState.REJECTED
    assert set(codes(sent)) == {
        "list.read_only", "report_problem.settled", "report_problem.day_over", "list.needed", "report_problem.on_the_list",
        "text.too_long", "report_problem.not_handed_in", "list.nobody",
    }  # fmt: skip
    book.store(sent)
    mine.refresh_from_db()
    assert (ReportProblem.objects.count(), mine.measures) == (2, "")


def test_what_changed_since_is_not_written_over(world: World, report: SecretaryReport, staff: Client) -> None:
    mine = listed(world, report, "台账不全")
    book = Book(staff, "problem_import", report.appraisal_id)
    book.write(book.row(存在问题="台账不全"), 存在问题="表里的")
    good, _page = book.send()
    secretary = world.user("secretary", "east_one")
    report_problem_plan(actor=secretary, problem=mine, version=1, measures="每月补齐")
    with pytest.raises(DomainError):
        list_store(sent=good, actor=world.user("staff", "east"))
    good.refresh_from_db()
    assert codes(good) == ["list.changed_since"]
    mine.refresh_from_db()
    assert mine.text == "台账不全"


def test_only_who_grades_lists_problems(world: World, report: SecretaryReport) -> None:
    place = report.appraisal_id
    address = reverse("problem_import", args=[place])
    for role, at, status in (
        ("staff", "east", 200), ("office", "root", 200), ("leader", "east", 404), ("staff", "west", 404),
        ("secretary", "east_one", 404),
    ):  # fmt: skip
        assert signed_in(world.user(role, at)).get(address).status_code == status, (role, at)
    office = world.user("office", "root")
    with pytest.raises(NotAllowed):
        report_problems_write(actor=world.user("leader", "east"), new=[(report, "问题", DUE)])
    with pytest.raises(DomainError):
        report_problems_write(actor=office, new=[(report, " ", DUE)])
    done = listed(world, report, "台账不全")
    report_problem_step(
        actor=world.user("secretary", "east_one"), problem=done, step="report_problem_done", reason="已补"
    )
    for wrong in ({"changed": [(done, "改", DUE)]}, {"gone": [done]}):
        with pytest.raises(StateConflict):
            report_problems_write(actor=office, **wrong)  # type: ignore[arg-type]
    assert ReportProblem.objects.get().text == "台账不全"


def test_a_cancelled_appraisal_has_no_list(world: World, staff: Client) -> None:
    appraisal = held(world)
    actor = world.user("staff", "east")
    secretary_step(actor=actor, appraisal=appraisal, step="secretary_appraisal_cancel", reason="重来")
    assert staff.get(reverse("problem_import", args=[appraisal.pk])).status_code == 404
    assert "problems/lists" not in staff.get(reverse("secretary_detail", args=[appraisal.pk])).content.decode()


def test_storing_costs_the_same_for_one_and_for_three(world: World, report: SecretaryReport) -> None:
    actor = world.user("staff", "east")
    assert actor.grants

    def cost(*texts: str) -> tuple[int, int]:
        rows = [f"{report.organization.name},{text},{DUE}" for text in texts]
        content = "\n".join(["党组织,存在问题,整改时限", *rows]).encode()
        place = report.appraisal_id
        with CaptureQueriesContext(connection) as sending:
            sent = list_send(kind=PROBLEM_LIST, place=place, actor=actor, content=content, file_name="x.csv")
        with CaptureQueriesContext(connection) as storing:
            list_store(sent=sent, actor=actor)
        assert len(sent.problems) == 0
        return len(sending), len(storing)

    assert cost("一") == cost("二", "三", "四")
    assert ReportProblem.objects.count() == 4
