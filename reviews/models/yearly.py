"""What the yearly appraisals of members (2-domain b.8) and of secretaries (b.9) have in common: who holds them, how they end."""

from typing import Self, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common.access import ScopedQuerySet
from campaign.common.models import Versioned
from campaign.models import Campaign
from orgs.models import Organization

A = TypeVar("A", bound="YearlyAppraisal")
P = TypeVar("P", bound=models.Model)


class AppraisalState(models.TextChoices):
    OPEN = "open", pgettext_lazy("appraisal", "Under way")
    CLOSED = "closed", pgettext_lazy("appraisal", "Closed")
    CANCELLED = "cancelled", pgettext_lazy("appraisal", "Cancelled")


class YearlyAppraisalQuerySet(ScopedQuerySet[A]):
    """An appraisal lies where it is held; what it says of a unit lies in the unit."""

    def under_way(self) -> Self:
        return self.filter(state=AppraisalState.OPEN)


class PartQuerySet(ScopedQuerySet[P]):
    """What one unit does in an appraisal."""

    def under_way(self) -> Self:
        """Keep those of appraisals that are not closed."""
        return self.filter(appraisal__state=AppraisalState.OPEN)


class YearlyAppraisal(Versioned):
    """The appraisal of one year that an organization holds in units below it: one set-up for all."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", verbose_name=_("campaign"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("held by"))
    year = models.PositiveSmallIntegerField(_("year"))
    name = models.CharField(pgettext_lazy("thing", "name"), max_length=100)
    has_ballot = models.BooleanField(_("votes by secret ballot"), default=True)
    """False once it was decided, for a recorded reason, to do without one; setting one up after all makes it true again."""
    state = models.CharField(_("state"), max_length=9, choices=AppraisalState.choices, default=AppraisalState.OPEN)

    class Meta:
        abstract = True
        ordering = ("-year", "-pk")

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state == AppraisalState.OPEN
