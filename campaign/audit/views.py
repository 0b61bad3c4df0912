"""The audit log, for those who may read it."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.audit.export import EXPORT, export_parameters
from campaign.audit.filters import AuditFilter
from campaign.audit.labels import target_label
from campaign.audit.search import entries_of
from campaign.audit.selectors import audit_visible_to
from campaign.audit.tables import AuditTable
from campaign.common.access import access
from campaign.common.capabilities import Cap
from campaign.common.listing import list_response, search_key
from campaign.common.oversight import kind_of
from campaign.common.text import is_key
from campaign.jobs.services import job_request


@access(GET=Cap.AUDIT_VIEW, POST=Cap.AUDIT_VIEW)
def audit_list(request: HttpRequest) -> HttpResponse:
    export = {
        "label": _("Export to Excel"),
        "url": reverse("audit_export"),
        "icon": "file-spreadsheet",
        "post": True,
        "confirm": _("Export what is searched for now? The export itself is written into the log."),
    }
    context = {
        "title": _("Audit log"),
        "lead": _("Who did what, when and from where. Nobody can change or delete an entry."),
        "actions": [export],
        "empty_icon": "history",
        "empty_text": _("As soon as somebody changes something, it is written down here."),
    }
    return list_response(
        request, context, queryset=audit_visible_to(request.user), table_class=AuditTable, filter_class=AuditFilter
    )


@access(POST=Cap.AUDIT_VIEW)
def audit_export(request: HttpRequest) -> HttpResponse:
    """Ask for what the list shows, as a workbook."""
    typed = QueryDict(request.session.get(search_key(reverse("audit_list")), ""))
    chosen = AuditFilter(typed, queryset=audit_visible_to(request.user), request=request)
    chosen.form.is_valid()
    job = job_request(kind=EXPORT, actor=request.user, parameters=export_parameters(chosen.criteria()))
    return redirect("jobs_detail", job.pk)


@access(GET=Cap.AUDIT_VIEW)
def audit_object(request: HttpRequest, kind: str, pk: str) -> HttpResponse:
    """What was done to one object, whether it still exists or not."""
    label = kind.replace("-", ".")
    entries = entries_of(label, pk, audit_visible_to(request.user))
    latest = entries.first()
    context = {
        "title": target_label(latest) if latest else _("Audit log"),
        "crumbs": [{"label": _("Audit log"), "url": reverse("audit_list")}],
        "actions": _readers_button(request.user, label, pk),
        "empty_icon": "history",
        "empty_text": _("As soon as somebody changes something, it is written down here."),
    }
    return list_response(request, context, queryset=entries, table_class=AuditTable)


def _readers_button(user: Any, label: str, pk: str) -> list[dict[str, Any]]:
    """The way to "who can see this", where the object still exists within the auditor's reach."""
    kind = kind_of(label)
    if kind is None or not is_key(pk) or not kind.objects().allowed(user, Cap.AUDIT_VIEW).filter(pk=pk).exists():
        return []
    url = reverse("oversight_readers", args=[kind.key, pk])
    return [{"label": _("Who can see this"), "url": url, "icon": "eye"}]
