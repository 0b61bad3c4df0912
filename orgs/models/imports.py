"""Uploaded workbooks on their way into the database, and the counter that codes are made from."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.excel.problems import Fold
from campaign.common.models import choice_check
from campaign.jobs.models import Job
from orgs.models.organizations import Organization


class ImportKind(models.TextChoices):
    ORGANIZATIONS = "organizations", _("Party organizations")
    MEMBERS = "members", _("Party members")
    POSITIONS = "positions", _("Party positions")
    ACCOUNTS = "accounts", _("Accounts")


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Being checked")
    CHECKED = "checked", _("Checked, not stored yet")
    APPLIED = "applied", _("Stored")
    REJECTED = "rejected", _("Has mistakes, nothing stored")
    UNDONE = "undone", _("Undone")


DONE = (ImportState.APPLIED, ImportState.UNDONE)
"""The workbook is deleted by then."""


class RowAction(models.TextChoices):
    """What a workbook means for one record."""

    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    MISSING = "missing", _("Missing in the file")


class ImportBatchQuerySet(ScopedQuerySet["ImportBatch"]):
    """A workbook holds personal values in the clear: only who sent it reaches it, and only while entitled to import.

    Once it is stored (and deleted) the import is history, which everybody reads who may import for the organization.
    """

    view_capability: ClassVar[Cap] = Cap.MEMBER_IMPORT

    def allowed(self, user: Person, capability: Cap) -> Self:
        return super().allowed(user, capability).filter(Q(requested_by=user.pk) | Q(state__in=DONE))

    def done(self) -> Self:
        """Keep what was stored, undone meanwhile or not."""
        return self.filter(state__in=DONE)


class ImportBatch(models.Model):
    """One uploaded workbook. What was found in it is kept as codes and masked values, never the values themselves."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("holds"), max_length=16, choices=ImportKind.choices)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name=_("import for"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("uploaded by")
    )
    state = models.CharField(_("state"), max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    file_path = models.CharField(max_length=120, blank=True)
    file_name = models.CharField(_("file"), max_length=200)
    is_full = models.BooleanField(_("complete list"), default=False)
    fingerprint = models.CharField(max_length=64, blank=True)
    figures = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    preview = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("uploaded at"), default=clock.now)
    finished_at = models.DateTimeField(_("stored at"), null=True)
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("undone by")
    )

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        ordering = ("-created_at",)
        constraints = (
            choice_check("kind", ImportKind, "import_batch_kind"),
            choice_check("state", ImportState, "import_batch_state"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def folds(self) -> list[Fold]:
        """The problems found, folded, in the order of the file."""
        return [Fold.from_json(data) for data in self.problems]

    @property
    def totals(self) -> dict[str, Any]:
        return dict(self.figures)


class ImportRow(models.Model):
    """What one row of a workbook (or one record that it does not name) would mean, for the page: values are masked."""

    # `import_row_place` begins with it; the database does not look up the batch, which is the same for every row of many.
    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows", db_index=False, db_constraint=False)
    place = models.PositiveIntegerField()
    action = models.CharField(_("what happens"), max_length=8, choices=RowAction.choices)
    row = models.PositiveIntegerField(_("row"), null=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=150)
    record_id = models.PositiveBigIntegerField(null=True)
    values = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("row of an import")
        ordering = ("place",)
        constraints = (
            choice_check("action", RowAction, "import_row_action"),
            models.UniqueConstraint(fields=("batch", "place"), name="import_row_place"),
        )

    def __str__(self) -> str:
        return self.name


class ImportTrace(models.Model):
    """A part of what an import made and changed, encrypted: what its undo needs."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="traces")
    content = models.BinaryField()

    class Meta:
        verbose_name = _("trace of an import")


class Counter(models.Model):
    """The last number given out of one series; raising it is the lock that keeps codes unique."""

    key = models.CharField(max_length=20, primary_key=True)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("counter")
