"""What imports register: their kinds of job, and the lists that leave in the same columns."""

from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.jobs.registry import JobKind, kinds
from orgs import exporters, exports
from orgs.models import ImportKind
from orgs.services import imports, templates, undoing

LABELS = {
    ImportKind.ORGANIZATIONS: _("Import organizations"),
    ImportKind.MEMBERS: _("Import members"),
    ImportKind.POSITIONS: _("Import positions"),
    ImportKind.ACCOUNTS: _("Make accounts from a list"),
}
LISTS = (
    (ImportKind.MEMBERS, _("Export the list of members"), Cap.MEMBER_VIEW),
    (ImportKind.ORGANIZATIONS, _("Export the list of organizations"), Cap.ORG_VIEW),
    (ImportKind.POSITIONS, _("Export the list of positions"), Cap.MEMBER_VIEW),
)


def register() -> None:
    """Called when the app is ready."""
    for kind, label in LABELS.items():
        kinds.register(JobKind(imports.job_kind(kind), label, imports.import_run, imports.job_check))
    kinds.register(JobKind(imports.CHECK_JOB, _("Check a workbook"), imports.check_run, imports.job_check))
    kinds.register(JobKind(undoing.UNDO_JOB, _("Undo an import"), undoing.undo_run, undoing.undo_check))
    kinds.register(
        JobKind(templates.TEMPLATE_JOB, _("Write a form to fill in"), templates.template_run, templates.template_check)
    )
    for kind, label, capability in LISTS:
        sheet, rows = exporters.list_sheet(kind), exporters.EXPORTERS[kind].rows
        exports.exports.register(exports.ListExport(str(kind), label, capability, sheet, rows))
