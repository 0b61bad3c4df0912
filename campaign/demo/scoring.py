"""The scores of the story: the half-years that have begun are computed as the nightly run would."""

from campaign.common.errors import DomainError
from campaign.demo.group import Group
from campaign.demo.story import Story, on
from campaign.jobs.models import JobState
from campaign.jobs.services import job_run
from campaign.models import Campaign
from campaign.scoring.services import score_run_request


def tell_scores(group: Group, campaign: Campaign, story: Story) -> None:
    """Compute every half-year that has begun. Runs after the rest is stored: a job keeps connections of its own.

    Raises DomainError when a run fails.
    """
    for period in campaign.periods.filter(starts_on__lte=story.today).order_by("starts_on"):
        with on(story.today, hour=6):
            job = score_run_request(actor=group.office, period=period, organization=group.root)
        job_run(job_id=str(job.pk))
        job.refresh_from_db()
        if job.state != JobState.SUCCEEDED:
            raise DomainError(job.message)
