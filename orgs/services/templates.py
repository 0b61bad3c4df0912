"""Workbooks to be filled in and sent back: empty, or with what is known of one's organizations and members."""

from collections.abc import Mapping
from typing import Any, BinaryIO

from django.utils import timezone
from django.utils.translation import gettext as _

from campaign.audit.services import Changes, audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.excel.sheet import file_name
from campaign.common.excel.writer import write_xlsx
from campaign.jobs.registry import Outcome, Progress
from orgs.exporters import EXPORTERS, template
from orgs.models import ImportKind, Organization
from orgs.services.imports import capability_of

TEMPLATE_JOB = "orgs.import_template"


def template_check(user: Any, parameters: Mapping[str, Any]) -> None:
    """Raise NotAllowed unless `user` may import such workbooks for the organization, DomainError when it is gone."""
    organization = Organization.objects.filter(pk=parameters.get("organization")).first()
    if organization is None:
        raise DomainError(_("This organization does not exist any more."))
    kind = str(parameters.get("kind"))
    if kind not in ImportKind.values or not reaches(user, capability_of(kind), organization.path):
        raise NotAllowed


def template_empty(*, actor: Any, kind: str, organization: Organization, target: BinaryIO) -> str:
    """Write a form without records to `target`; returns its file name. Raises NotAllowed."""
    template_check(actor, {"kind": kind, "organization": organization.pk})
    moment = clock.now()
    write_xlsx(target, template(ImportKind(kind), actor, organization, prefilled=False), made_at=moment)
    return file_name("", f"{EXPORTERS[ImportKind(kind)].title}_空表", "", timezone.localdate(moment))


def template_run(progress: Progress) -> Outcome:
    """Write a form with what is known of an organization and those below (job)."""
    kind = ImportKind(progress.parameters["kind"])
    organization = Organization.objects.get(pk=progress.parameters["organization"])
    progress.step(_("Writing the rows"))
    path, moment = progress.file(".xlsx"), progress.requested_at
    sheets = template(kind, progress.user, organization, prefilled=True)
    rows = write_xlsx(path, sheets, made_at=moment, progress=progress.advance)
    changes: Changes = {"list": ["", f"template_{kind}"], "rows": [0, rows]}
    audit_record(action="list_export", actor=progress.user, target=organization, changes=changes)
    name = file_name(organization.display_name, EXPORTERS[kind].title, "", timezone.localdate(moment))
    return Outcome(
        message=_("The workbook is ready. Fill it in and send it back on the import page."), file=path, file_name=name
    )
