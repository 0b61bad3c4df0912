"""The appraisal of secretaries in the first company: last year's with its problem list, and this year's reports."""

import datetime as dt
import random

from campaign.ballots.models import Paper
from campaign.demo import texts
from campaign.demo.group import Group
from campaign.demo.story import Story, on
from campaign.models import Campaign
from orgs.models import User
from reviews.models.secretaries import SecretaryAppraisal, SecretaryReport
from reviews.services import round_close, round_open, round_publish, vote_cast
from reviews.services.secretaries import (
    secretary_answer,
    secretary_appraisal_create,
    secretary_ask,
    secretary_ballot,
    secretary_grade,
    secretary_report_save,
    secretary_report_step,
)
from reviews.services.secretary_problems import report_problem_add, report_problem_plan, report_problem_step

SECRETARIES = 8
GRADES = ("good", "fair", "fair", "good", "fair", "average", "fair", "fair")
VOTES = (0,) * 8 + (1,) * 9 + (2,) * 3
STAYS_AWAY = 0.15


def tell_secretaries(group: Group, campaign: Campaign, story: Story, _chance: random.Random) -> None:
    """With a chance of its own: the rest of the story stays as it was."""
    chance = random.Random(story.begin.year)  # noqa: S311 — a story, not a secret
    _last_year(group, campaign, story, chance)
    _this_year(group, campaign, story, chance)


def _set_up(group: Group, campaign: Campaign, begins: dt.date, year: int) -> SecretaryAppraisal:
    company = group.companies[0]
    with on(begins):
        return secretary_appraisal_create(
            actor=group.staff[company.pk],
            campaign=campaign,
            organization=company,
            year=year,
            name=f"{year}年度党支部书记述职评议",
            report_until=begins + dt.timedelta(days=10),
            meeting_on=begins + dt.timedelta(days=14),
            votes_until=begins + dt.timedelta(days=15),
            organizations=group.branches_of(company)[:SECRETARIES],
        )


def _reports(appraisal: SecretaryAppraisal) -> list[SecretaryReport]:
    found = SecretaryReport.objects.filter(appraisal=appraisal).order_by("organization__path")
    return list(found.select_related("appraisal__round", "organization", "member__user"))


def _hand_in(report: SecretaryReport, day: dt.date, chance: random.Random) -> SecretaryReport:
    with on(day):
        actor = report.member.user
        secretary_report_save(
            actor=actor, report=report, version=report.version, text=chance.choice(texts.SECRETARY_REPORTS)
        )
        return secretary_report_step(actor=actor, report=report, step="secretary_report_submit")


def _vote(staff: User, appraisal: SecretaryAppraisal, day: dt.date, chance: random.Random) -> None:
    with on(day, hour=8):
        ballot = round_open(evaluation_round=secretary_ballot(actor=staff, appraisal=appraisal), actor=staff)
    papers = Paper.objects.filter(ballot=ballot.ballot_id).select_related("voter", "ballot").order_by("pk")
    with on(day, hour=15):
        for paper in list(papers):
            if chance.random() >= STAYS_AWAY:
                answers = {pk: [chance.choice(VOTES)] for pk, _name in paper.sheet.subjects}
                vote_cast(paper=paper, voter=paper.voter, answers=answers)
    with on(day, hour=18):
        ballot = round_close(evaluation_round=ballot, actor=staff, reason=texts.ALL_VOTED)
        round_publish(evaluation_round=ballot, actor=staff)


def _last_year(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """Everybody is graded; of the problems one is closed, one reported, the others are still to be put right."""
    begins, staff = story.day(1, 12), group.staff[group.companies[0].pk]
    appraisal = _set_up(group, campaign, begins, story.begin.year - 1)
    for report in _reports(appraisal):
        _hand_in(report, begins + dt.timedelta(days=6), chance)
    _vote(staff, appraisal, begins + dt.timedelta(days=14), chance)
    for number, report in enumerate(_reports(appraisal)):
        with on(begins + dt.timedelta(days=17)):
            secretary_grade(
                actor=staff,
                report=report,
                version=report.version,
                grade=GRADES[number],
                comment=chance.choice(texts.SECRETARY_COMMENTS),
            )
        _problem(staff, report, story, number)


def _problem(staff: User, report: SecretaryReport, story: Story, number: int) -> None:
    """One problem each; the first is closed, the second reported, the last is overdue."""
    due = story.today + dt.timedelta(days=20 if number % 4 != 3 else -5)
    with on(story.day(2, 3)):
        problem = report_problem_add(
            actor=staff,
            report=report,
            text=texts.SECRETARY_PROBLEMS[number % len(texts.SECRETARY_PROBLEMS)],
            due_on=due,
        )
    actor = report.member.user
    with on(story.day(2, 10)):
        report_problem_plan(actor=actor, problem=problem, version=problem.version, measures=texts.SECRETARY_MEASURES)
    if number % 4 in (0, 1):
        with on(story.day(5, 20)):
            report_problem_step(actor=actor, problem=problem, step="report_problem_done", reason=texts.SECRETARY_RESULT)
    if number % 4 == 0:
        with on(story.day(5, 25)):
            report_problem_step(actor=staff, problem=problem, step="report_problem_close")


def _this_year(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """The first secretary has still to write; of the others' reports one was asked about."""
    begins, staff = story.today - dt.timedelta(days=5), group.staff[group.companies[0].pk]
    appraisal = _set_up(group, campaign, begins, story.begin.year)
    reports = _reports(appraisal)[1:4]
    for report in reports:
        _hand_in(report, story.today - dt.timedelta(days=2), chance)
    with on(story.today - dt.timedelta(days=1)):
        for report in reports[:1]:
            asked = secretary_ask(actor=staff, report=report, text=texts.SECRETARY_QUESTION)
            secretary_answer(actor=report.member.user, question=asked, text=texts.SECRETARY_ANSWER)
