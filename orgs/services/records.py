"""Writing the whole record of a member or an organization: for those entitled, masked unless they may more, logged."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.excel.sheet import file_name
from campaign.common.excel.writer import write_xlsx
from campaign.jobs.registry import Outcome, Progress
from orgs.models import Member, Organization
from orgs.records import RecordRequest, record_sheets

JOB = "orgs.record"
AT_ONCE = 300
"""Up to so many members the record of an organization is written while the person waits."""


def record_check(*, subject: Member | Organization, request: RecordRequest) -> None:
    """Raise NotAllowed unless the viewer may take this record out (unmasked: another right), or DomainError for days that
    contradict each other, and where unmasked values are asked for without a reason."""
    path = subject.organization.path if isinstance(subject, Member) else subject.path
    if not reaches(request.viewer, Cap.REPORT_EXPORT, path):
        raise NotAllowed
    if request.unmasked:
        if not reaches(request.viewer, Cap.PERSONAL_UNMASK, path):
            raise NotAllowed
        if not request.reason.strip():
            raise DomainError(_("Please say what the unmasked values are needed for."))
    if request.starts_on and request.ends_on and request.ends_on < request.starts_on:
        raise DomainError(_("The last day lies before the first one."))


def record_write(
    *,
    subject: Member | Organization,
    request: RecordRequest,
    target: Path | IO[bytes],
    progress: Progress | None = None,
) -> str:
    """Write the record as a workbook to `target` and return the name of the file. Raises as `record_check`, and GivenUp
    when the job whose `progress` it is has been given up meanwhile."""
    record_check(subject=subject, request=request)
    told = progress.advance if progress is not None else None
    rows = write_xlsx(target, record_sheets(subject, request), made_at=request.asked_at, progress=told)
    changes: dict[str, list[Any]] = {
        "rows": [None, rows],
        "period": ["", f"{request.starts_on or ''} – {request.ends_on or ''}".strip(" –")],
        "unmasked": [None, request.unmasked],
    }
    with transaction.atomic():
        if progress is not None:
            progress.guard()
        audit_record(
            action="record_export", actor=request.viewer, target=subject, reason=request.reason, changes=changes
        )
    unit = subject.name if isinstance(subject, Member) else subject.display_name
    form = "党员档案" if isinstance(subject, Member) else "党组织档案"
    return file_name(unit, form, "", timezone.localtime(request.asked_at).date())


def is_large(organization: Organization) -> bool:
    """Tell whether the record of `organization` is written by a job."""
    return Member.objects.present().in_subtree(organization).order_by()[: AT_ONCE + 1].count() > AT_ONCE


# -- as a job ------------------------------------------------------------------------------------------------------


def job_parameters(organization: Organization, request: RecordRequest) -> dict[str, Any]:
    """Return what a job needs to write the record."""
    return {
        "organization": organization.pk,
        "starts_on": request.starts_on.isoformat() if request.starts_on else "",
        "ends_on": request.ends_on.isoformat() if request.ends_on else "",
        "unmasked": request.unmasked,
        "reason": request.reason,
    }


def _request_from(user: Any, parameters: Mapping[str, Any], **more: Any) -> tuple[Organization, RecordRequest]:
    organization = Organization.objects.filter(pk=parameters.get("organization") or 0).first()
    if organization is None:
        raise DomainError(_("This organization does not exist any more."))
    first, last = (
        dt.date.fromisoformat(day) if (day := parameters.get(name)) else None for name in ("starts_on", "ends_on")
    )
    given = RecordRequest(
        user, first, last, bool(parameters.get("unmasked")), str(parameters.get("reason", "")), **more
    )
    return organization, given


def job_check(user: Any, parameters: Mapping[str, Any]) -> None:
    """Raise NotAllowed or DomainError as `record_check`."""
    organization, request = _request_from(user, parameters)
    record_check(subject=organization, request=request)


def job_run(progress: Progress) -> Outcome:
    """Write the record of an organization; the moment on it is when it was asked for."""
    organization, request = _request_from(progress.user, progress.parameters, asked_at=progress.requested_at)
    progress.step(_("Writing the record"))
    path = progress.file(".xlsx")
    name = record_write(subject=organization, request=request, target=path, progress=progress)
    return Outcome(message=_("The record is ready."), file=path, file_name=name)
