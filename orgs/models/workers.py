"""Workers who are no party members (职工群众): an electorate by head count or by list, without accounts (2-domain b.7)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import ScopedQuerySet, under
from campaign.common.capabilities import Cap
from campaign.common.models import Versioned
from orgs.models.organizations import Organization


class WorkerQuerySet(ScopedQuerySet["Worker"]):
    view_capability: ClassVar[Cap] = Cap.WORKER_VIEW

    def active(self) -> "WorkerQuerySet":
        return self.filter(is_active=True)

    def in_subtree(self, organization: Organization) -> "WorkerQuerySet":
        """Keep the workers of `organization` and everything below it."""
        return self.filter(under(organization.path, "organization__path"))


class Worker(Versioned):
    """One worker of the list. Representatives are who takes part where not everybody does."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="workers", verbose_name=_("party organization")
    )
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    pinyin = models.CharField(max_length=200, blank=True, editable=False)
    initials = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    personnel_no = models.CharField(_("personnel number"), max_length=30, blank=True)
    team = models.CharField(_("team"), max_length=60, blank=True)
    job = models.CharField(pgettext_lazy("of a member", "job"), max_length=60, blank=True)
    is_representative = models.BooleanField(_("representative"), default=False)
    is_active = models.BooleanField(_("active"), default=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ("organization__path", "pinyin", "pk")
        indexes = (models.Index(fields=("organization", "pinyin", "id"), name="worker_roll"),)
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "personnel_no"),
                condition=~models.Q(personnel_no=""),
                name="worker_number_once",
            ),
        )

    def __str__(self) -> str:
        return self.name


class HeadCountQuerySet(ScopedQuerySet["HeadCount"]):
    view_capability: ClassVar[Cap] = Cap.WORKER_VIEW


class HeadCount(Versioned):
    """How many workers who are no members an organization has, where no list is kept."""

    organization = models.OneToOneField(
        Organization, models.CASCADE, related_name="head_count", verbose_name=_("party organization")
    )
    workers = models.PositiveIntegerField(_("workers who are no party members"))
    counted_on = models.DateField(_("counted on"), default=clock.today)

    objects = HeadCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("head count")

    def __str__(self) -> str:
        return f"{self.organization} {self.workers}"
