"""Storing, discarding and clearing files. The record that owns a file decides who may do so; it calls these."""

import datetime as dt
import hashlib
import os
import re
import secrets
from pathlib import Path, PurePath
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from campaign.attachments.content import clean_picture, kind_of
from campaign.attachments.models import EXTENSIONS, PICTURES, Attachment, AttachmentKind
from campaign.common import clock
from campaign.common.errors import DomainError

FOLDER = "attachments"
KEPT = dt.timedelta(days=1)
"""What nothing points to is removed after a day: an upload may be under way."""
CHUNK = 2**20
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e]+')


def attachment_store(*, file: "UploadedFile[Any]", actor: Any) -> Attachment:
    """Check and keep an uploaded file; the caller ties it to its record in the same transaction.

    Raises DomainError for an empty or too large file, and for a content that is not permitted (ATTACHMENT_KINDS).
    """
    _check_size(file)
    source: Any = file.file
    kind = kind_of(source)
    if kind.value not in settings.ATTACHMENT_KINDS:
        raise DomainError(_("Files of this kind are not permitted here: %(kind)s.") % {"kind": kind.label})
    content = clean_picture(source, kind) if kind in PICTURES else source
    path, size, digest = _write(content)
    return Attachment.objects.create(
        path=path,
        name=_safe_name(file.name or "", kind),
        kind=kind,
        size=size,
        digest=digest,
        uploaded_by=actor if actor is not None and actor.pk else None,
    )


def _check_size(file: "UploadedFile[Any]") -> None:
    if not file.size:
        raise DomainError(_("“%(name)s” is empty.") % {"name": file.name})
    if file.size > settings.ATTACHMENT_MAX_BYTES:
        most = filesizeformat(settings.ATTACHMENT_MAX_BYTES)
        raise DomainError(_("“%(name)s” is too large; at most %(most)s.") % {"name": file.name, "most": most})


def _write(content: IO[bytes]) -> tuple[str, int, str]:
    """Write under a random name; return the place below MEDIA_ROOT, the number of bytes and their SHA-256."""
    name = secrets.token_hex(16)
    relative = Path(FOLDER) / name[:2] / name
    target = Path(settings.MEDIA_ROOT) / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    content.seek(0)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            size += written.write(chunk)
    return relative.as_posix(), size, digest.hexdigest()


def _safe_name(name: str, kind: AttachmentKind) -> str:
    """Return the name as it is offered for download: the own stem, the extension of what the file really is."""
    stem = _UNSAFE.sub("_", PurePath(name.replace("\\", "/")).name)
    stem = re.sub(r"\.(pdf|docx|xlsx|jpe?g|png)$", "", stem, flags=re.IGNORECASE).strip(" .") or "附件"
    return stem[:140] + EXTENSIONS[kind]


def attachment_discard(*, attachment: Attachment) -> None:
    """Delete a file that its record has let go: the row now, the content once that is certain."""
    path = attachment.file
    attachment.delete()
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def attachments_expire() -> int:
    """Remove rows that no record points to, and files without a row, both older than a day; returns how many."""
    before = clock.now() - KEPT
    orphans = list(Attachment.objects.orphans().filter(uploaded_at__lt=before))
    for attachment in orphans:
        with transaction.atomic():
            attachment_discard(attachment=attachment)
    return len(orphans) + _files_expire(before)


def _files_expire(before: dt.datetime) -> int:
    root = Path(settings.MEDIA_ROOT)
    removed = 0
    for folder in sorted((root / FOLDER).glob("*")):
        old = {
            path.relative_to(root).as_posix(): path
            for path in folder.iterdir()
            if path.is_file() and path.stat().st_mtime < before.timestamp()
        }
        known = set(
            Attachment.objects.filter(path__startswith=f"{FOLDER}/{folder.name}/").values_list("path", flat=True)
        )
        for relative in old.keys() - known:
            old[relative].unlink(missing_ok=True)
            removed += 1
    return removed
