"""What leaves the system: each report as a file made by its job, for each organization, asked for by each role."""

import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import job_run
from campaign.reports.registry import reports
from pledges.services.summarizing import summaries_refresh
from reviews.models import AppraisedMember, BranchAppraisal, LeaderReview, MemberAppraisal
from tests.permissions import appraisals, awards, orgs, pledges, rounds, scoring
from tests.permissions.cases import Make, Target, mark
from tests.permissions.ground import Ground, undone
from tests.permissions.oracle import ACTORS, PLACES, expected, lineage
from tests.world import World

pytestmark = pytest.mark.one_database


def scored_organization(world: World, at: str) -> Target:
    """A score of an organization that can be told from the others by its name."""
    scoring.of_organization(world, at)
    return orgs.organization(world, at)


def counted_organization(world: World, at: str) -> Target:
    """An organization in the summary that can be told from the others by its name."""
    target = orgs.organization(world, at)
    summaries_refresh()
    return target


def appraised_member(world: World, at: str) -> Target:
    """A member in the appraisal of the year, which is held above everybody."""
    member = orgs.member(world, at).record
    year = scoring.period_of_today().ends_on.year
    held = MemberAppraisal.objects.filter(year=year).first() or appraisals.made(world, "root", "年度评议", year=year)
    branch = BranchAppraisal.objects.create(appraisal=held, organization=world.orgs[at], year=year)
    AppraisedMember.objects.create(
        branch=branch, organization=world.orgs[at], member=member, name=mark(at, "被评议人"), kind=member.kind
    )
    return Target(marker=mark(at, "被评议人"))


def reviewed_organization(world: World, at: str) -> Target:
    """A review of an organization that can be told from the others by what it says."""
    reviewer = world.users["leader@root"]
    period = scoring.period_of_today()
    LeaderReview.objects.create(
        campaign=period.campaign, period=period, organization=world.orgs[at], audience="organization", reviewer=reviewer,
        reviewing_organization=world.orgs["root"], mode="onsite", held_on=period.starts_on, achievements=mark(at),
        problems="问题", direction="方向", state="submitted", submitted_at=clock.now(),
    )  # fmt: skip
    return Target(marker=mark(at))


EXPORTS: dict[str, tuple[Make, Cap]] = {
    "activity_statistics": (orgs.organization, Cap.ORG_VIEW),
    "evaluation_summary": (rounds.published_above, Cap.ROUND_RESULTS),
    "member_appraisals": (appraised_member, Cap.APPRAISAL_VIEW),
    "nomination_summary": (awards.in_one_batch, Cap.NOMINATION_VIEW),
    "organizations": (orgs.organization, Cap.ORG_VIEW),
    "pledge_ledger": (pledges.ledger_row, Cap.PLEDGE_VIEW),
    "pledge_overdue": (pledges.ledger_row, Cap.PLEDGE_VIEW),
    "pledge_statistics": (counted_organization, Cap.PLEDGE_STATISTICS),
    "review_ledger": (reviewed_organization, Cap.REVIEW_VIEW),
    "review_statistics": (orgs.organization, Cap.ORG_VIEW),
    "roster": (orgs.member, Cap.MEMBER_VIEW),
    "roster_public": (orgs.member, Cap.MEMBER_VIEW),
    "score_summary": (scored_organization, Cap.SCORE_VIEW),
}
"""For each report: what makes a row of it at a place, and who may see such a row."""
LEVELS = {"activity_statistics", "pledge_statistics", "review_statistics"}
"""Reports that name an organization and those directly below it, and no further ones."""
ABOVE = {"organizations"}
"""Reports that name beside each organization the one above it."""
TRIES = [(key, format_) for key in sorted(EXPORTS) for format_ in ("xlsx", "csv")]


def test_every_report_is_tried() -> None:
    assert sorted(EXPORTS) == sorted(report.key for report in reports)


@pytest.mark.parametrize(("key", "format_"), TRIES)
def test_a_file_holds_what_one_reaches_of_the_organization_and_nothing_else(
    ground: Ground, key: str, format_: str
) -> None:
    make, capability = EXPORTS[key]
    markers = {at: make(ground.world, at).marker for at in PLACES}
    wrong = []
    for actor in ACTORS:
        for asked in PLACES:
            found = _exported(ground, actor, key, asked, format_)
            wanted = None
            if expected(actor, Cap.REPORT_EXPORT, asked):
                wanted = {at for at in PLACES if asked in lineage(at) and expected(actor, capability, at)}
                if key in LEVELS:
                    wanted = {at for at in wanted if asked in lineage(at)[:2]}
                if key in ABOVE:
                    wanted |= {lineage(at)[1] for at in wanted if at != "root"} & set(PLACES)
            shown = None if found is None else {at for at, marker in markers.items() if marker in found}
            if shown != wanted:
                wrong.append(f"{actor} for {asked}: {shown} instead of {wanted}")
    assert not wrong, "\n".join(wrong)


def _exported(ground: Ground, actor: str, key: str, at: str, format_: str) -> str | None:
    """Ask for a report on its page and let the job run; return the text of the file, None when there is no job."""
    period = scoring.period_of_today()
    asked = {
        "organization": ground.world.orgs[at].pk, "campaign": period.campaign_id, "period": period.pk, "format": format_,
    }  # fmt: skip
    text = None
    with undone():
        ground.send(actor, "POST", reverse("report_export", args=[key]), asked)
        if job := Job.objects.filter(requested_by=ground.world.users[actor]).first():
            job_run(job_id=str(job.pk))
            job.refresh_from_db()
            assert job.state == JobState.SUCCEEDED, job.message
            text = _text_of(Path(settings.MEDIA_ROOT) / job.file_path)
    return text


def _text_of(path: Path) -> str:
    if path.suffix == ".csv":
        return path.read_text(encoding="utf-8-sig")
    with zipfile.ZipFile(path) as parts:
        return "\n".join(parts.read(name).decode() for name in parts.namelist())
