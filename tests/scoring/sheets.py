"""Sheets for tests, and short ways to run them."""

import datetime as dt
from typing import Any

from campaign.jobs.models import Job
from campaign.jobs.services import job_run
from campaign.models import Audience, Campaign, Period
from campaign.scoring.arithmetic import AllOrNothing, Banded, PerCase, Proportional
from campaign.scoring.builtin import ItemDefinition, SheetDefinition
from campaign.scoring.choices import Column, WhenNothing
from campaign.scoring.models import PeriodScore
from campaign.scoring.services import score_run_request, sheet_save
from orgs.models import OrganizationType

COMMITTEE_TYPES = (OrganizationType.COMMITTEE, OrganizationType.GENERAL_BRANCH)

BRANCHES = SheetDefinition(
    key="branches",
    name="支部",
    audience=Audience.ORGANIZATION,
    types=(OrganizationType.BRANCH,),
    items=(
        ItemDefinition("fulfilment", "承诺兑现", Column.PLEDGE, "test.m0", Proportional(10_000), 30),
        ItemDefinition("review", "领导点评", Column.REVIEW, "test.m1", AllOrNothing(10_000), 20),
        ItemDefinition(
            "evaluation",
            "群众评议",
            Column.EVALUATION,
            "test.m2",
            Banded(((6000, 6000), (9000, 10_000))),
            40,
            WhenNothing.SKIP,
        ),
        ItemDefinition("problems", "存在问题", Column.INSPECTION, "test.m3", PerCase(150), 10, WhenNothing.FULL),
    ),
)
COMMITTEES = SheetDefinition(
    key="committees",
    name="党委",
    audience=Audience.ORGANIZATION,
    types=COMMITTEE_TYPES,
    items=(
        ItemDefinition("coverage", "承诺覆盖", Column.PLEDGE, "test.m0", Proportional(9_000), 40),
        ItemDefinition(
            "children", "下级平均", Column.INSPECTION, "children.average", Proportional(10_000), 60, WhenNothing.SKIP
        ),
    ),
)
MEMBERS = SheetDefinition(
    key="members",
    name="党员",
    audience=Audience.MEMBER,
    items=(
        ItemDefinition("fulfilment", "承诺兑现", Column.PLEDGE, "test.m0", Proportional(10_000), 100, WhenNothing.SKIP),
    ),
)


def ready(world: Any, *definitions: SheetDefinition) -> Period:
    """Make a campaign with these sheets; returns its first half-year."""
    campaign: Campaign = world.campaign(starts_on=dt.date(2026, 1, 1))
    for definition in definitions or (BRANCHES, COMMITTEES):
        sheet_save(campaign=campaign, definition=definition, actor=None)
    return campaign.periods.get(code="2026H1")


def run(period: Period, organization: Any, actor: Any = None) -> Job:
    """Ask for a run and do it, as the worker would."""
    job = score_run_request(actor=actor, period=period, organization=organization)
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    return job


def shown(period: Period) -> dict[str, tuple[int | None, str]]:
    """Return total and grade that readers see, by organization code or personnel number."""
    scores = PeriodScore.objects.current().filter(period=period).select_related("organization", "member")
    return {
        score.member.personnel_no if score.member else score.organization.code: (score.total, score.grade)
        for score in scores
    }
