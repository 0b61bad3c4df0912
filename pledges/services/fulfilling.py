"""督诺: noting what was done, with the files that show it, and taking back what was noted by mistake."""

import datetime as dt
import tempfile
import zipfile
from collections.abc import Sequence
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from campaign.attachments.services import attachment_discard, attachment_store
from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.errors import DomainError, StateConflict
from pledges.models import ItemResult, Pledge, PledgeItem, PledgeProgress, PledgeState, ProgressEvidence
from pledges.services.locking import check_writer, locked
from pledges.workflow import workflow

Files = Sequence["UploadedFile[Any]"]
ARCHIVE_BYTES = 500 * 2**20
"""The most that is put into one archive."""
SPOOLED = 8 * 2**20


def progress_add(
    *, item: PledgeItem, actor: Any, text: str, on: dt.date | None = None, evidence: Files = ()
) -> PledgeProgress:
    """Note what was done for an item on a day (today) up to now, with files that show it; the first entry begins the
    fulfilment.

    Raises NotAllowed, StateConflict when the pledge is not on the board or is appraised, DomainError for an empty text,
    a day to come, or a file that is not permitted (then nothing is noted).
    """
    day = on or clock.today()
    if not text.strip():
        raise DomainError(_("Please write what was done."))
    if day > clock.today():
        raise DomainError(_("The day lies in the future. Please enter what has been done already."))
    with transaction.atomic():
        pledge = locked(item.pledge)
        check_writer(pledge, actor)
        if pledge.state == PledgeState.PUBLISHED:
            workflow.take(pledge, "pledge_begin", actor=actor)
        elif pledge.state != PledgeState.IN_PROGRESS:
            raise StateConflict
        entry = PledgeProgress.objects.create(
            item=item, on=day, text=text.strip(), by=actor, by_name=str(actor), created_at=clock.now()
        )
        names = _attach(entry, evidence, actor)
        changes: dict[str, list[Any]] = {"progress": ["", entry.text], "item": [None, item.order]}
        changes |= {"attachments": [[], names]} if names else {}
        audit_record(action="progress_add", actor=actor, target=pledge, changes=changes)
    return entry


def progress_remove(*, progress: PledgeProgress, actor: Any) -> None:
    """Take an entry back that was noted by mistake, with its files. Raises NotAllowed, StateConflict (the pledge is off the
    board or appraised), DomainError when its item was judged: what a judgement rests on stays."""
    with transaction.atomic():
        pledge = _open(progress, actor)
        files = [found.attachment for found in progress.evidence.select_related("attachment")]
        changes: dict[str, list[Any]] = {"progress": [progress.text, ""]}
        changes |= {"attachments": [[file.name for file in files], []]} if files else {}
        progress.delete()
        for file in files:
            attachment_discard(attachment=file)
        audit_record(action="progress_remove", actor=actor, target=pledge, changes=changes)


def evidence_add(*, progress: PledgeProgress, actor: Any, evidence: Files) -> list[str]:
    """Add files to an entry; returns their names. Raises as `progress_remove`, and DomainError without a file, for too many,
    or one that is not permitted."""
    if not evidence:
        raise DomainError(_("Choose at least one file."))
    with transaction.atomic():
        pledge = _open(progress, actor)
        names = _attach(progress, evidence, actor)
        audit_record(action="evidence_add", actor=actor, target=pledge, changes={"attachments": [[], names]})
    return names


def evidence_remove(*, evidence: ProgressEvidence, actor: Any) -> None:
    """Take a file out of an entry; its content is deleted. Raises as `progress_remove`."""
    with transaction.atomic():
        pledge = _open(evidence.progress, actor)
        attachment = evidence.attachment
        evidence.delete()
        attachment_discard(attachment=attachment)
        audit_record(
            action="evidence_remove", actor=actor, target=pledge, changes={"attachments": [[attachment.name], []]}
        )


def may_be_changed(item: PledgeItem, pledge: Pledge) -> bool:
    """Tell whether what was noted may still be corrected: the pledge runs, and the organization has not judged the item."""
    return pledge.state == PledgeState.IN_PROGRESS and item.result == ItemResult.PENDING


def _open(progress: PledgeProgress, actor: Any) -> Pledge:
    """Return the pledge of an entry that `actor` may still correct, kept from others."""
    pledge = locked(progress.item.pledge)
    check_writer(pledge, actor)
    progress.item.refresh_from_db(fields=("result",))
    if pledge.state != PledgeState.IN_PROGRESS or not PledgeProgress.objects.filter(pk=progress.pk).exists():
        raise StateConflict
    if not may_be_changed(progress.item, pledge):
        raise DomainError(_("This item has been appraised; what was noted for it stays as it is."))
    return pledge


def _attach(progress: PledgeProgress, evidence: Files, actor: Any) -> list[str]:
    if progress.evidence.count() + len(evidence) > settings.ATTACHMENT_MAX_COUNT:
        raise DomainError(_("At most %(most)s files.") % {"most": settings.ATTACHMENT_MAX_COUNT})
    stored = [attachment_store(file=file, actor=actor) for file in evidence]
    ProgressEvidence.objects.bulk_create(
        ProgressEvidence(progress=progress, attachment=attachment) for attachment in stored
    )
    return [attachment.name for attachment in stored]


def evidence_archive(*, pledge: Pledge, actor: Any) -> IO[bytes]:
    """Return an archive of all files of a pledge, each named by item, day and number; the caller has passed the pledge
    through its gate. Raises DomainError when there are none, when they are too many for one archive, or one is gone."""
    found = list(
        ProgressEvidence.objects.of_pledge(pledge)
        .select_related("attachment", "progress__item")
        .order_by("progress__item__order", "progress__on", "pk")
    )
    if not found:
        raise DomainError(_("There are no files yet."))
    if sum(each.attachment.size for each in found) > ARCHIVE_BYTES:
        most = filesizeformat(ARCHIVE_BYTES)
        raise DomainError(_("Together the files are larger than %(most)s. Download them one by one.") % {"most": most})
    target: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOLED)  # noqa: SIM115 — closed by the response
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, each in enumerate(found, start=1):
            place, day = each.progress.item.order, each.progress.on
            try:
                archive.write(each.attachment.file, f"{place:02}_{day:%Y%m%d}_{number:03}_{each.attachment.name}")
            except FileNotFoundError:
                raise DomainError(
                    _("The file “%(name)s” is no longer there. Ask for it to be uploaded again.")
                    % {"name": each.attachment.name}
                ) from None
    audit_record(action="evidence_export", actor=actor, target=pledge, changes={"attachments": [[], len(found)]})
    target.seek(0)
    return target
