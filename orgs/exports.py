"""Lists of this part as workbooks, written by one kind of job: who asks names a list and an organization."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.audit.services import Changes, audit_record
from campaign.common.access import holds, paths_of, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.excel.sheet import FormSheet, Row, file_name
from campaign.common.excel.writer import write_xlsx
from campaign.common.registry import Registry
from campaign.jobs.registry import JobKind, Outcome, Progress
from orgs.models import Organization

JOB = "orgs.export"


@dataclass(frozen=True)
class ListExport:
    """`rows(user, organization)` starts from what `user` may see in the subtree; they are read once, streaming."""

    key: str
    label: str | Promise
    capability: Cap
    sheet: FormSheet
    rows: Callable[[Any, Organization], Iterable[Row]]


exports: Registry[ListExport] = Registry("exports")


def export_check(user: Any, parameters: Mapping[str, Any]) -> None:
    """Raise NotAllowed unless `user` may take the list of this organization out."""
    found = _chosen(parameters)
    organization = Organization.objects.filter(pk=parameters.get("organization")).first()
    if organization is None:
        raise DomainError(_("This organization does not exist any more."))
    for capability in (Cap.REPORT_EXPORT, found.capability):
        if user is not None and not reaches(user, capability, organization.path):
            raise NotAllowed


def _chosen(parameters: Mapping[str, Any]) -> ListExport:
    key = str(parameters.get("list", ""))
    if key not in exports:
        raise NotAllowed
    return exports.get(key)


def export_run(progress: Progress) -> Outcome:
    """Write the workbook; the moment on it is when it was asked for, so that doing it again gives the same file."""
    found = _chosen(progress.parameters)
    organization = Organization.objects.get(pk=progress.parameters["organization"])
    progress.step(found.label)
    path = progress.file(".xlsx")
    day = timezone.localdate(progress.requested_at)
    sheet = replace(found.sheet, left=f"填报单位（盖章）：{organization.name}", right=f"填报日期：{day.isoformat()}")
    filled = [(sheet, found.rows(progress.user, organization))]
    rows = write_xlsx(path, filled, made_at=progress.requested_at, progress=progress.advance)
    with transaction.atomic():
        progress.guard()
        changes: Changes = {"list": ["", found.key], "rows": [0, rows]}
        audit_record(action="list_export", actor=progress.user, target=organization, changes=changes)
    name = file_name(organization.display_name, sheet.title, day.isoformat(), day)
    return Outcome(message=_("The file is ready."), file=path, file_name=name)


KIND = JobKind(JOB, gettext_lazy("Export a list"), export_run, export_check)


def export_root(user: Any, capability: Cap) -> Organization | None:
    """Return the highest organization from which `user` may take lists out; None for who may not."""
    if not holds(user, Cap.REPORT_EXPORT):
        return None
    reached = Organization.objects.allowed(user, capability).filter(path__in=list(paths_of(user, Cap.REPORT_EXPORT)))
    found: Organization | None = reached.order_by("depth", "path").first()
    return found


def export_actions(user: Any, key: str, capability: Cap) -> list[dict[str, Any]]:
    """The button that takes a list out, from the highest organization that `user` answers for."""
    top = export_root(user, capability)
    if top is None:
        return []
    url = reverse("list_export", args=[top.pk, key])
    return [{"label": _("Export"), "url": url, "icon": "file-spreadsheet", "post": True}]
