"""承诺 by workbook: what a branch sent in, until it is stored or dropped."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.excel.problems import Fold
from campaign.common.models import choice_check
from campaign.models import Campaign
from orgs.models import Organization


class PledgeImportState(models.TextChoices):
    REJECTED = "rejected", pgettext_lazy("import", "With mistakes")
    CHECKED = "checked", pgettext_lazy("import", "Checked, not stored")
    STORED = "stored", pgettext_lazy("import", "Stored")
    UNDONE = "undone", pgettext_lazy("import", "Undone")


class PledgeImportQuerySet(ScopedQuerySet["PledgeImport"]):
    """Only who sent a workbook reaches it, and only while writing for the branch."""

    view_capability: ClassVar[Cap] = Cap.PLEDGE_WRITE

    def allowed(self, user: Person, capability: Cap) -> Self:
        return super().allowed(user, capability).filter(requested_by=user.pk)


class PledgeImport(models.Model):
    """One workbook of members' pledges. The file is kept until it is stored, or another one is sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+")
    year = models.PositiveSmallIntegerField(_("year"))
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=PledgeImportState.choices)
    file_name = models.CharField(_("file"), max_length=200)
    content = models.BinaryField(default=bytes)
    fingerprint = models.CharField(max_length=64, blank=True)
    problems = models.JSONField(default=list)
    made = models.JSONField(default=list)
    """The drafts that were made, by number, for the undo."""
    created_at = models.DateTimeField(_("uploaded at"), default=clock.now)

    objects = PledgeImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of pledges")
        ordering = ("-created_at",)
        constraints = (choice_check("state", PledgeImportState, "pledge_import_state"),)

    def __str__(self) -> str:
        return self.file_name

    @property
    def folds(self) -> list[Fold]:
        """What was found wrong, folded, in the order of the file."""
        return [Fold.from_json(data) for data in self.problems]
