"""Implementation plans (实施方案) of organizations, filed with the office above (seeds 002, 004)."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.attachments.models import Attachment
from campaign.common.access import Person, ScopedQuerySet, paths_of
from campaign.common.capabilities import Cap
from campaign.common.models import Versioned, choice_check
from campaign.models import Campaign
from orgs.models import Organization, OrganizationType

EXPECTED_TYPES = (
    OrganizationType.COMMITTEE,
    OrganizationType.WORKING_COMMITTEE,
    OrganizationType.LEADING_PARTY_GROUP,
    OrganizationType.GENERAL_BRANCH,
)
"""Who is expected to file (seeds 002, 004: enterprises and their committees). A branch may, and is not reminded."""


class PlanState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    FILED = "filed", _("Filed")
    ACCEPTED = "accepted", pgettext_lazy("plan", "Accepted")
    RETURNED = "returned", _("Returned")
    WITHDRAWN = "withdrawn", _("Withdrawn")


EDITABLE = (PlanState.DRAFT, PlanState.RETURNED)
HANDED_IN = (PlanState.FILED, PlanState.ACCEPTED)


class PlanQuerySet(ScopedQuerySet["ImplementationPlan"]):
    """A plan belongs to its organization and is seen and decided where it was filed, even when the organization hangs
    elsewhere by then; a draft is its organization's alone."""

    view_capability: ClassVar[Cap] = Cap.PLAN_VIEW
    org_lookups: ClassVar[dict[Cap, str]] = {Cap.PLAN_ACCEPT: "receiver"}

    def allowed(self, user: Person, capability: Cap) -> Self:
        found = super().allowed(user, capability)
        if capability == Cap.PLAN_WRITE:
            return found
        if capability == Cap.PLAN_VIEW:
            received = super().allowed(user, Cap.PLAN_ACCEPT)
            found = self.filter(Q(pk__in=found.order_by().values("pk")) | Q(pk__in=received.order_by().values("pk")))
        own = list(paths_of(user, Cap.PLAN_WRITE))
        return found.filter(~Q(state=PlanState.DRAFT) | Q(organization__path__in=own))


class ImplementationPlan(Versioned):
    """What an organization means to do in a campaign. One at a time; withdrawn ones stay."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="plans", verbose_name=_("campaign"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="plans", verbose_name=_("party organization")
    )
    # The organization above at the time of filing; where it was filed stays so when the tree changes.
    receiver = models.ForeignKey(
        Organization, models.PROTECT, related_name="plans_received", verbose_name=_("filed with")
    )
    title = models.CharField(pgettext_lazy("of a document", "title"), max_length=200)
    summary = models.TextField(_("summary"), max_length=5000, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=PlanState.choices, default=PlanState.DRAFT)
    filed_at = models.DateTimeField(_("filed at"), null=True, blank=True)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("filed by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    return_reason = models.CharField(_("reason of the return"), max_length=500, blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("implementation plan")
        verbose_name_plural = _("implementation plans")
        ordering = ("organization__path", "pk")
        constraints = (
            choice_check("state", PlanState, "plan_state"),
            models.UniqueConstraint(
                fields=("campaign", "organization"), condition=~Q(state=PlanState.WITHDRAWN), name="plan_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("filed", "accepted", "returned")) | Q(filed_at__isnull=False),
                name="plan_filed_at",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("accepted", "returned")) | Q(decided_at__isnull=False), name="plan_decided_at"
            ),
        )
        indexes = (models.Index(fields=("receiver", "state"), name="plan_receiver_state"),)

    def __str__(self) -> str:
        return self.title

    @property
    def is_editable(self) -> bool:
        return self.state in EDITABLE


class PlanAttachment(models.Model):
    """A file of a plan."""

    plan = models.ForeignKey(ImplementationPlan, models.CASCADE, related_name="attachments")
    attachment = models.OneToOneField(Attachment, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("file of an implementation plan")
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(self.attachment)
