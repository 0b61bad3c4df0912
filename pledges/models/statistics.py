"""The summary from which statistics are read: one row for each campaign, year and organization, of what lies in that
organization itself. Totals of a subtree are sums over the places in the tree, so a move of organizations needs no new count.
"""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign.models import Campaign
from orgs.models import Organization


class PledgeSummary(models.Model):
    """The counts of form d.3 for one organization without those below it; what each means: `pledges.statistics`."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+")
    year = models.PositiveSmallIntegerField(_("year"))
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    organizations_obliged = models.PositiveIntegerField(default=0)
    organizations_pledged = models.PositiveIntegerField(default=0)
    members_obliged = models.PositiveIntegerField(default=0)
    members_pledged = models.PositiveIntegerField(default=0)
    items = models.PositiveIntegerField(default=0)
    approved = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    published = models.PositiveIntegerField(default=0)
    due = models.PositiveIntegerField(default=0)
    fulfilled = models.PositiveIntegerField(default=0)
    basic = models.PositiveIntegerField(default=0)
    unfulfilled = models.PositiveIntegerField(default=0)
    adjusted = models.PositiveIntegerField(default=0)
    pending = models.PositiveIntegerField(default=0)
    overdue = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("summary of pledges")
        constraints = (
            models.UniqueConstraint(fields=("campaign", "year", "organization"), name="pledge_summary_once"),
        )


class SummaryState(models.Model):
    """How fresh the summary of a campaign's year is. `counted_on` None: everything is to be counted anew."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+")
    year = models.PositiveSmallIntegerField(_("year"))
    counted_on = models.DateField(null=True)
    refreshed_at = models.DateTimeField(null=True)
    mark = models.UUIDField(default=uuid.uuid4)
    """Another one after every refresh: what was summed up before is known by it."""

    class Meta:
        verbose_name = _("state of the summary of pledges")
        constraints = (models.UniqueConstraint(fields=("campaign", "year"), name="pledge_summary_state_once"),)


class SummaryMark(models.Model):
    """That something changed that the summary counts. Written by the database's own triggers (`pledges.marking`), so that no
    way of writing can forget it; never waits for another writer, since nothing is unique. Numbers without foreign keys: what
    they name may be gone."""

    organization = models.BigIntegerField(null=True)
    member = models.BigIntegerField(null=True)
    pledge = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("mark for the summary of pledges")
