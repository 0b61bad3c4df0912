"""Lists that people enter, sent in as a workbook: kept until it is stored or dropped, then what the undo needs."""

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


class SentState(models.TextChoices):
    REJECTED = "rejected", pgettext_lazy("import", "With mistakes")
    CHECKED = "checked", pgettext_lazy("import", "Checked, not stored")
    STORED = "stored", pgettext_lazy("import", "Stored")
    UNDONE = "undone", pgettext_lazy("import", "Undone")


WAITING = (SentState.REJECTED, SentState.CHECKED)


class SentListQuerySet(ScopedQuerySet["SentList"]):
    """Only who sent a workbook reaches it; what its kind asks for is asked again each time (`ListKind.open`)."""

    view_capability: ClassVar[Cap] = Cap.JOB_VIEW
    person_lookup: ClassVar[str | None] = "requested_by"

    def allowed(self, user: Person, capability: Cap) -> Self:
        return self.filter(requested_by=user.pk)


class SentList(models.Model):
    """One workbook of the list `place` (a key that its kind understands)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    place = models.BigIntegerField()
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=SentState.choices)
    file_name = models.CharField(_("file"), max_length=200)
    content = models.BinaryField(default=bytes)
    fingerprint = models.CharField(max_length=64, blank=True)
    problems = models.JSONField(default=list)
    made = models.JSONField(default=list)
    """What was written over, for the undo."""
    created_at = models.DateTimeField(_("uploaded at"), default=clock.now)

    objects = SentListQuerySet.as_manager()

    class Meta:
        verbose_name = _("list from a workbook")
        ordering = ("-created_at",)
        constraints = (choice_check("state", SentState, "sent_list_state"),)

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING

    @property
    def folds(self) -> list[Fold]:
        """What was found wrong, folded, in the order of the file."""
        return [Fold.from_json(data) for data in self.problems]
