"""One row per background run: the truth about it, whatever becomes of workers and messages."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import choice_check


class JobState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE = (JobState.QUEUED, JobState.RUNNING)


class JobQuerySet(ScopedQuerySet["Job"]):
    view_capability = Cap.JOB_VIEW
    person_lookup: ClassVar[str | None] = "requested_by"

    def active(self) -> "JobQuerySet":
        return self.filter(state__in=ACTIVE)


class Job(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=60)
    parameters = models.JSONField(default=dict)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="jobs", verbose_name=_("requested by")
    )
    acting_through = models.PositiveBigIntegerField(null=True, editable=False)
    """The delegation through which it was asked for, when somebody acted for another: it runs with those rights."""
    state = models.CharField(_("state"), max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    created_at = models.DateTimeField(_("requested at"), default=clock.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    step = models.CharField(_("step"), max_length=200, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    message = models.TextField(_("message"), blank=True)
    figures = models.JSONField(default=dict)
    result_url = models.CharField(max_length=300, blank=True)
    file_path = models.CharField(max_length=300, blank=True)
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    file_expires_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("background job")
        ordering = ("-created_at",)
        constraints = (choice_check("state", JobState, "job_state"),)
        indexes = (
            models.Index(fields=("requested_by", "-created_at"), name="job_by_requester"),
            models.Index(fields=("lease_until",), condition=models.Q(state__in=ACTIVE), name="job_active"),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        from campaign.jobs.registry import kinds

        if self.kind not in kinds:
            return self.kind
        kind = kinds.get(self.kind)
        name = kind.named(self.parameters)
        return f"{kind.label}：{name}" if name else str(kind.label)

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def percent(self) -> int:
        """How far the present step is, 0–100."""
        if self.state == JobState.SUCCEEDED:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0
