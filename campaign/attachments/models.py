"""Uploaded files that belong to records: plans, later evidence. The record points here and its gate alone opens the file."""

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.models import choice_check


class AttachmentKind(models.TextChoices):
    """What a file holds, told from its content, never from its name."""

    PDF = "pdf", _("PDF document")
    DOCX = "docx", _("Word document")
    XLSX = "xlsx", _("Excel workbook")
    JPEG = "jpeg", _("Photo (JPEG)")
    PNG = "png", _("Picture (PNG)")


CONTENT_TYPES = {
    AttachmentKind.PDF: "application/pdf",
    AttachmentKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    AttachmentKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    AttachmentKind.JPEG: "image/jpeg",
    AttachmentKind.PNG: "image/png",
}
PICTURES = (AttachmentKind.JPEG, AttachmentKind.PNG)
EXTENSIONS = {kind: f".{kind.value}" for kind in AttachmentKind} | {AttachmentKind.JPEG: ".jpg"}


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def orphans(self) -> "AttachmentQuerySet":
        """Keep what no record points to, whatever kinds of record there are."""
        found = self
        for field in Attachment._meta.get_fields(include_hidden=True):
            relation: Any = field
            if relation.auto_created and relation.is_relation:
                owners = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
                found = found.filter(~Exists(owners))
        return found


class Attachment(models.Model):
    """One stored file. `path` lies under MEDIA_ROOT, has a random name, and is never served by the web server."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    path = models.CharField(max_length=80, unique=True, editable=False)
    name = models.CharField(_("file"), max_length=150)
    kind = models.CharField(_("kind"), max_length=4, choices=AttachmentKind.choices)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    digest = models.CharField(_("SHA-256"), max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), default=clock.now)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("uploaded_at", "pk")
        constraints = (choice_check("kind", AttachmentKind, "attachment_kind"),)

    def __str__(self) -> str:
        return self.name

    @property
    def file(self) -> Path:
        """Where the content lies."""
        return Path(settings.MEDIA_ROOT) / self.path

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[AttachmentKind(self.kind)]
