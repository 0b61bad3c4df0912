"""Reads of jobs."""

from typing import Any

from campaign.common import clock
from campaign.jobs.models import Job, JobQuerySet, JobState


def jobs_for(user: Any) -> JobQuerySet:
    """Return the jobs that `user` asked for, the latest first."""
    return Job.objects.visible_to(user).order_by("-created_at", "-pk")


def has_file(job: Job) -> bool:
    """Tell whether the job's result can still be downloaded."""
    kept = job.file_expires_at is None or job.file_expires_at > clock.now()
    return job.state == JobState.SUCCEEDED and bool(job.file_path) and kept


def took(job: Job) -> str:
    """Return how long the job ran as minutes and seconds ("0:07"); empty before it is finished."""
    if job.started_at is None or job.finished_at is None:
        return ""
    seconds = max(0, int((job.finished_at - job.started_at).total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02d}"
