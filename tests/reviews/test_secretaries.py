"""Appraisals of secretaries, from the set-up to the closed problem: what goes through and what is refused, side by side."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.ballots.models import Paper
from campaign.common.desk import tiles_for
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from campaign.drafts.models import Draft
from campaign.models import Campaign
from orgs.models import Member, RoleAssignment, User
from orgs.timeline import member_timeline
from reviews.models.secretaries import (
    ProblemState,
    ReportAttachment,
    ReportProblem,
    ReportQuestion,
    ReportState,
    SecretaryAppraisal,
    SecretaryReport,
)
from reviews.reminders.secretaries import problems_due, reports_due
from reviews.selectors.secretaries import GoodShare, good_share, votes_on
from reviews.services.rounds import round_close, round_open, round_publish
from reviews.services.secretaries import (
    secretary_answer,
    secretary_appraisal_create,
    secretary_ask,
    secretary_ballot,
    secretary_file_remove,
    secretary_grade,
    secretary_report_save,
    secretary_report_step,
    secretary_step,
)
from reviews.services.secretary_problems import report_problem_add, report_problem_plan, report_problem_step
from tests.attachments.files import pdf
from tests.reviews.pages import as_, text
from tests.reviews.rounds import STAGE, vote, voters
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]
TODAY = STAGE.date()


def held(world: World, **options: Any) -> SecretaryAppraisal:
    """Set up the appraisal of 2026 on the secretaries below the east; the meeting is today."""
    given: dict[str, Any] = {
        "actor": world.user("staff", "east"),
        "campaign": Campaign.objects.first() or world.campaign(),
        "organization": world.orgs["east"],
        "year": 2026,
        "name": "2026年度党组织书记述职评议",
        "report_until": TODAY,
        "meeting_on": TODAY,
        "votes_until": TODAY + dt.timedelta(days=2),
        **options,
    }
    return secretary_appraisal_create(**given)


def report_of(appraisal: SecretaryAppraisal, member: Member) -> SecretaryReport:
    found = SecretaryReport.objects.select_related("appraisal__round", "organization", "member")
    return found.get(appraisal=appraisal, member=member)


def handed_in(world: World, appraisal: SecretaryAppraisal, at: str = "east_one") -> SecretaryReport:
    report, secretary = report_of(appraisal, world.members[at][0]), world.user("secretary", at)
    secretary_report_save(
        actor=secretary, report=report, version=report.version, text="抓班子、带队伍，组织生活十二次。"
    )
    return secretary_report_step(actor=secretary, report=report, step="secretary_report_submit")


def voted(world: World, appraisal: SecretaryAppraisal, choice: int = 0) -> None:
    staff = world.user("staff", "east")
    ballot = round_open(evaluation_round=secretary_ballot(actor=staff, appraisal=appraisal), actor=staff)
    for voter in voters(ballot):
        vote(ballot, voter, choice)
    round_close(evaluation_round=ballot, actor=staff, reason="全部投完")
    round_publish(evaluation_round=ballot, actor=staff)


def graded(world: World, grade: str = "fair", at: str = "east_one") -> SecretaryReport:
    appraisal = SecretaryAppraisal.objects.first() or held(world)
    if appraisal.round is None:
        voted(world, appraisal)
    report = handed_in(world, appraisal, at)
    report = report_of(appraisal, report.member)
    return secretary_grade(
        actor=world.user("staff", "east"),
        report=report,
        version=report.version,
        grade=grade,
        comment="抓得实，有短板。",
    )


def test_one_set_up_enters_every_secretary_below(world: World) -> None:
    found = held(world)
    assert {each.member for each in found.reports.all()} == {world.members[key][0] for key in ("east_one", "east_two")}
    with pytest.raises(DomainError, match="没有"):
        held(world)
    top = held(world, actor=world.user("office", "root"), organization=world.orgs["root"])
    assert {each.organization for each in top.reports.all()} == {world.orgs["west_one"], world.orgs["west_two"]}
    for role, at in (("secretary", "east_one"), ("leader", "east"), ("staff", "west")):
        with pytest.raises(NotAllowed):
            held(world, actor=world.user(role, at), year=2027)
    with pytest.raises(DomainError, match="日期"):
        held(world, year=2027, meeting_on=TODAY - dt.timedelta(days=1))


def test_a_secretary_writes_attaches_and_hands_in(world: World) -> None:
    found, secretary = held(world), world.user("secretary", "east_one")
    report = report_of(found, world.members["east_one"][0])
    with pytest.raises(DomainError, match="写好"):
        secretary_report_step(actor=secretary, report=report, step="secretary_report_submit")
    secretary_report_save(actor=secretary, report=report, version=1, text="", documents=[pdf()])
    assert ReportAttachment.objects.filter(report=report).count() == 1
    with pytest.raises(EditConflict):
        secretary_report_save(actor=secretary, report=report, version=1, text="又写")
    for role, at in (("secretary", "east_two"), ("member", "east_one"), ("staff", "east")):
        with pytest.raises(NotAllowed):
            secretary_report_save(actor=world.user(role, at), report=report, version=2, text="代写")
    secretary_report_step(actor=secretary, report=report, step="secretary_report_submit")
    with pytest.raises(DomainError, match="已经提交"):
        secretary_report_save(actor=secretary, report=report, version=3, text="再改")
    secretary_report_step(actor=secretary, report=report, step="secretary_report_recall")
    assert report.state == ReportState.WRITING


def test_the_level_above_asks_and_the_secretary_answers(world: World) -> None:
    report, secretary = handed_in(world, held(world)), world.user("secretary", "east_one")
    for role, at in (("leader", "east"), ("staff", "east")):
        asked = secretary_ask(actor=world.user(role, at), report=report, text="党员学习怎么保证？")
    for role, at in (("secretary", "east_two"), ("member", "east_one"), ("leader", "west")):
        with pytest.raises(NotAllowed):
            secretary_ask(actor=world.user(role, at), report=report, text="问")
    with pytest.raises(DomainError, match="1至500"):
        secretary_answer(actor=secretary, question=asked, text=" ")
    with pytest.raises(NotAllowed):
        secretary_answer(actor=world.user("secretary", "east_two"), question=asked, text="代答")
    assert secretary_answer(actor=secretary, question=asked, text="每周一课").answer == "每周一课"
    secretary_report_step(
        actor=world.user("staff", "east"), report=report, step="secretary_report_return", reason="补数据"
    )
    with pytest.raises(StateConflict):
        secretary_ask(actor=world.user("staff", "east"), report=report, text="还问")
    assert (report.state, report.return_reason) == (ReportState.RETURNED, "补数据")


def test_leaders_and_secretaries_vote_on_all_members_on_their_own(world: World) -> None:
    leader = Member.objects.create(
        personnel_no="leader", name="党委书记", sex="male", organization=world.orgs["west_one"]
    )
    User.objects.filter(pk=world.users["leader@east"].pk).update(member=leader)
    ballot = secretary_ballot(actor=world.user("staff", "east"), appraisal=held(world))
    papers = {
        paper.voter.username: paper
        for paper in Paper.objects.filter(ballot=ballot.ballot).select_related("voter", "ballot")
    }
    names = {user: {name for _pk, name in paper.sheet.subjects} for user, paper in papers.items()}
    first, second = (world.members[key][0] for key in ("east_one", "east_two"))
    subjects = {pk for paper in papers.values() for pk, _name in paper.sheet.subjects}
    assert len(subjects) == 2
    assert len(papers["leader-east"].sheet.subjects) == 2
    assert len(papers["member-east-one"].sheet.subjects) == 1
    assert papers["secretary-east-one"].sheet.subjects == papers["member-east-two"].sheet.subjects
    assert papers["secretary-east-one"].sheet.subjects != papers["member-east-one"].sheet.subjects
    assert names["secretary-east-one"] == {second.name}
    assert names["member-east-one"] == {first.name}
    with pytest.raises(DomainError, match="已经设置"):
        secretary_ballot(actor=world.user("staff", "east"), appraisal=SecretaryAppraisal.objects.get())


def test_where_too_few_could_vote_there_is_no_ballot(world: World) -> None:
    found, staff = held(world), world.user("staff", "east")
    for place in (2, 3, 4, 5):
        world.users[f"member{place}@east_one"].delete()
    with pytest.raises(DomainError, match="不足5人"):
        secretary_ballot(actor=staff, appraisal=found)
    with pytest.raises(DomainError, match="理由"):
        secretary_step(actor=staff, appraisal=found, step="secretary_without_ballot")
    found = secretary_step(actor=staff, appraisal=found, step="secretary_without_ballot", reason="会上票决")
    report = handed_in(world, found)
    assert secretary_grade(actor=staff, report=report, version=report.version, grade="good", comment="好").is_graded


def test_the_grade_follows_the_ballot_and_needs_a_comment(world: World) -> None:
    found, staff = held(world), world.user("staff", "east")
    report = handed_in(world, found)
    with pytest.raises(DomainError, match="还没有公布"):
        secretary_grade(actor=staff, report=report, version=report.version, grade="good", comment="好")
    voted(world, found, choice=1)
    report = report_of(found, report.member)
    votes = votes_on([report], report.appraisal.round)[report.member_id]
    assert (votes.counts, votes.result) == ((0, 6, 0, 0), "较好")
    for grade, comment, said in (("wonderful", "好", "请选择"), ("good", " ", "点评")):
        with pytest.raises(DomainError, match=said):
            secretary_grade(actor=staff, report=report, version=report.version, grade=grade, comment=comment)
    with pytest.raises(NotAllowed):
        secretary_grade(
            actor=world.user("leader", "east"), report=report, version=report.version, grade="good", comment="好"
        )
    secretary_grade(actor=staff, report=report, version=report.version, grade="fair", comment="抓得实")
    assert report.is_graded
    told = member_timeline(report.member, world.user("secretary", "east_one"))
    assert [str(each.label) for each in told if "评议" in str(each.label)] == ["书记述职评议"]
    assert told[0].text.endswith("较好")
    secretary_report_step(actor=staff, report=report, step="secretary_ungrade", reason="录错")
    assert report.state == ReportState.SUBMITTED


def test_nobody_grades_themselves(world: World) -> None:
    found = held(world)
    voted(world, found)
    report = handed_in(world, found)
    RoleAssignment.objects.create(
        user=world.users["secretary@east_one"], role="staff", organization=world.orgs["east"], starts_on=TODAY
    )
    own = world.user("secretary", "east_one")
    report = report_of(found, report.member)
    with pytest.raises(DomainError, match="本人"):
        secretary_grade(actor=own, report=report, version=report.version, grade="good", comment="好")
    with pytest.raises(NotAllowed):
        report_problem_add(actor=own, report=report, text="问题", due_on=TODAY)


def test_a_problem_is_followed_until_it_is_closed(world: World) -> None:
    report, staff, secretary = graded(world), world.user("staff", "east"), world.user("secretary", "east_one")
    with pytest.raises(DomainError, match="过去"):
        report_problem_add(actor=staff, report=report, text="学习台账不全", due_on=TODAY - dt.timedelta(days=1))
    problem = report_problem_add(actor=staff, report=report, text="学习台账不全", due_on=TODAY + dt.timedelta(days=30))
    with pytest.raises(NotAllowed):
        report_problem_plan(actor=staff, problem=problem, version=1, measures="补")
    report_problem_plan(actor=secretary, problem=problem, version=1, measures="每月底补齐")
    with pytest.raises(DomainError, match="理由"):
        report_problem_step(actor=secretary, problem=problem, step="report_problem_done")
    with pytest.raises(NotAllowed):
        report_problem_step(actor=staff, problem=problem, step="report_problem_done", reason="已补")
    report_problem_step(actor=secretary, problem=problem, step="report_problem_done", reason="已补齐")
    with pytest.raises(NotAllowed):
        report_problem_step(actor=secretary, problem=problem, step="report_problem_close")
    report_problem_step(actor=staff, problem=problem, step="report_problem_reopen", reason="缺三月")
    assert problem.state == ProblemState.OPEN
    report_problem_step(actor=secretary, problem=problem, step="report_problem_done", reason="三月已补")
    report_problem_step(actor=staff, problem=problem, step="report_problem_close")
    assert (problem.state, problem.result, problem.closed_on) == (ProblemState.CLOSED, "三月已补", TODAY)


def test_the_desk_and_the_reminders_say_what_is_due(world: World) -> None:
    report = handed_in(world, held(world))

    def labels(role: str, at: str) -> set[str]:
        return {str(tile.label) for tile in tiles_for(world.user(role, at))}

    assert "待提交的述职报告" in labels("secretary", "east_two")
    assert "待提交的述职报告" not in labels("secretary", "east_one")
    assert "待评定的述职报告" in labels("staff", "east")
    assert [due.user_id for due in reports_due(TODAY)] == [world.users["secretary@east_two"].pk]
    report_problem_add(
        actor=world.user("staff", "east"), report=report, text="问题", due_on=TODAY + dt.timedelta(days=3)
    )
    assert "述职评议待整改问题" in labels("secretary", "east_one")
    assert [due.user_id for due in problems_due(TODAY)] == [world.users["secretary@east_one"].pk]
    assert not list(problems_due(TODAY - dt.timedelta(days=10)))


def test_a_share_of_good_is_warned_of_where_the_office_sets_one(world: World) -> None:
    found = held(world, good_share=30)
    graded(world, "good")
    share = good_share(found)
    assert (share.good, share.graded, share.most, share.is_exceeded) == (1, 1, 0, True)
    assert not GoodShare(share.grades, None).is_exceeded
    page = text(as_(world.user("staff", "east")).get(reverse("secretary_detail", args=[found.pk])))
    assert "“好”不超过30%" in page


def test_an_appraisal_ends_when_all_are_graded_or_is_cancelled_before(world: World) -> None:
    found, staff = held(world), world.user("staff", "east")
    with pytest.raises(DomainError, match="还有2名"):
        secretary_step(actor=staff, appraisal=found, step="secretary_appraisal_close")
    secretary_step(actor=staff, appraisal=found, step="secretary_appraisal_cancel", reason="重来")
    assert set(found.reports.values_list("state", flat=True)) == {ReportState.CANCELLED}
    assert held(world).reports.count() == 2
    with pytest.raises(NotAllowed):
        secretary_step(actor=staff, appraisal=found, step="nothing")


# -- pages -----------------------------------------------------------------------------------------------------------------


def test_the_whole_way_over_http(world: World) -> None:
    """Set up, write, ask, answer, vote, grade, list a problem, put it right, close it."""
    world.campaign()
    staff, secretary = as_(world.user("staff", "east")), as_(world.user("secretary", "east_one"))
    form = staff.get(reverse("secretary_create")).context["form"]
    given = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    given |= {"campaign": given["campaign"].pk, "organization": given["organization"].pk, "good_share": ""}
    staff.post(reverse("secretary_create"), given)
    report = report_of(SecretaryAppraisal.objects.get(), world.members["east_one"][0])
    secretary.post(reverse("secretary_write", args=[report.pk]), {"text": "履职情况", "version": 1, "op": "submit"})
    staff.post(reverse("secretary_ask", args=[report.pk]), {"text": "短板在哪里？"})
    asked = report.questions.get()
    assert "短板在哪里？" in text(secretary.get(reverse("secretary_answer", args=[report.pk, asked.pk])))
    secretary.post(reverse("secretary_answer", args=[report.pk, asked.pk]), {"text": "学习台账"})
    assert "学习台账" in text(staff.get(reverse("secretary_report", args=[report.pk])))
    SecretaryAppraisal.objects.update(report_until=TODAY, meeting_on=TODAY)
    voted(world, SecretaryAppraisal.objects.get())
    page = text(staff.get(reverse("secretary_grade", args=[report.pk])))
    assert "6 / 0 / 0 / 0" in page
    version = SecretaryReport.objects.get(pk=report.pk).version
    assert "抓得实" not in text(secretary.get(reverse("secretary_report", args=[report.pk])))
    staff.post(reverse("secretary_grade", args=[report.pk]), {"grade": "good", "comment": "抓得实", "version": version})
    told = text(secretary.get(reverse("secretary_report", args=[report.pk])))
    assert "抓得实" in told
    assert "6 / 0" not in told
    due = TODAY + dt.timedelta(days=9)
    staff.post(reverse("secretary_problem_add", args=[report.pk]), {"text": "台账不全", "due_on": due.isoformat()})
    problem = ReportProblem.objects.get()
    address = reverse("secretary_problem", args=[problem.pk])
    secretary.post(address, {"measures": "补齐", "version": 1})
    step = reverse("secretary_problem_step", args=[problem.pk])
    secretary.post(step, {"step": "report_problem_done", "reason": "已补齐"})
    staff.post(step, {"step": "report_problem_close"})
    assert ReportProblem.objects.get().state == ProblemState.CLOSED
    assert "已补齐" in text(secretary.get(address))


def test_what_is_typed_is_kept_and_a_file_is_read_through_the_gate(world: World) -> None:
    found = held(world)
    report, user = report_of(found, world.members["east_one"][0]), world.user("secretary", "east_one")
    Draft.objects.create(
        user=user, key=f"secretary_report:{report.pk}", fields=[["version", "1"], ["text", "写了一半"]]
    )
    assert "写了一半" in text(as_(user).get(reverse("secretary_write", args=[report.pk])))
    secretary_report_save(actor=user, report=report, version=1, text="写完", documents=[pdf()])
    address = reverse("secretary_file", args=[report.pk, report.attachments.get().attachment_id])
    page = reverse("secretary_report", args=[report.pk])
    assert as_(world.user("staff", "east")).get(address).status_code == 404  # a draft is its writer's alone
    assert "写完" not in text(as_(world.user("staff", "east")).get(page))
    secretary_report_step(actor=user, report=report, step="secretary_report_submit")
    assert "写完" in text(as_(world.user("staff", "east")).get(page))
    assert as_(world.user("staff", "east")).get(address).status_code == 200
    assert as_(world.user("secretary", "east_two")).get(address).status_code == 404
    assert AuditEntry.objects.filter(action="secretary_download").count() == 1
    secretary_report_step(actor=user, report=report, step="secretary_report_recall")
    as_(user).post(reverse("secretary_file_remove", args=[report.pk, report.attachments.get().attachment_id]))
    assert not ReportAttachment.objects.exists()


def test_answers_grades_and_problems_are_kept_while_they_are_typed(world: World) -> None:
    report = handed_in(world, held(world))
    staff, secretary = world.user("staff", "east"), world.user("secretary", "east_one")
    asked = secretary_ask(actor=staff, report=report, text="覆盖面？")
    for user, name, key, args in (
        (secretary, "secretary_answer", f"secretary_answer:{asked.pk}", [report.pk, asked.pk]),
        (staff, "secretary_problem_add", f"secretary_problem_add:{report.pk}", [report.pk]),
        (staff, "secretary_grade", f"secretary_grade:{report.pk}", [report.pk]),
    ):
        field = "comment" if name == "secretary_grade" else "text"
        Draft.objects.create(user=user, key=key, fields=[[field, "写到一半的话"]])
        client, address = as_(user), reverse(name, args=args)
        page = text(client.get(address))
        assert "写到一半的话" in page
        assert f'data-draft="{key}"' in page
        client.post(address, {"op": "discard"})
        assert not Draft.objects.filter(key=key).exists()
    Draft.objects.create(user=secretary, key=f"secretary_answer:{asked.pk}", fields=[["text", "写到"]])
    as_(secretary).post(reverse("secretary_answer", args=[report.pk, asked.pk]), {"text": "九成以上"})
    assert not Draft.objects.exists()


def test_lists_take_the_same_statements_for_one_and_three(world: World) -> None:
    office = as_(world.user("office", "root"))
    report = handed_in(world, held(world))
    numbers = []
    for extra in (1, 2):
        for _each in range(extra):
            report_problem_add(actor=world.user("staff", "east"), report=report, text="问题", due_on=TODAY)
        if extra == 2:
            held(world, actor=world.user("office", "root"), organization=world.orgs["root"])
            held(world, year=2027)
        pages = []
        for address in ("secretary_list", "secretary_problems"):
            with CaptureQueriesContext(connection) as caught:
                assert office.get(reverse(address)).status_code == 200
            pages.append(len(caught))
        numbers.append(pages)
    assert numbers[0] == numbers[1]


def test_what_was_looked_at_before_the_report_was_handed_in_or_graded_is_not_written_after(world: World) -> None:
    """A page read a moment ago says that it is open still; what counts is how it is now."""
    found, secretary, staff = held(world), world.user("secretary", "east_one"), world.user("staff", "east")
    voted(world, found)
    report = report_of(found, world.members["east_one"][0])
    secretary_report_save(actor=secretary, report=report, version=1, text="", documents=[pdf()])
    attached = ReportAttachment.objects.select_related("report__appraisal", "attachment").get()
    handed_in(world, found)
    with pytest.raises(DomainError, match="已经提交"):
        secretary_file_remove(actor=secretary, attached=attached)
    asked = secretary_ask(actor=staff, report=report_of(found, report.member), text="党员学习怎么保证？")
    before = ReportQuestion.objects.select_related("report__appraisal").get(pk=asked.pk)
    read, report = report_of(found, report.member), report_of(found, report.member)
    secretary_grade(actor=staff, report=report, version=report.version, grade="good", comment="抓得实，有短板。")
    with pytest.raises(StateConflict):
        secretary_answer(actor=secretary, question=before, text="每周一课")
    with pytest.raises(StateConflict):
        secretary_ask(actor=staff, report=read, text="还有？")
    assert (ReportAttachment.objects.count(), ReportQuestion.objects.get().answer) == (1, "")
