"""Pages of imports: send a workbook, look at what it would do, confirm; the history, and undoing."""

import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from campaign.common import clock
from campaign.common.access import SIGNED_IN, GatedRequest, access, gate, holds
from campaign.common.capabilities import Cap
from campaign.common.downloads import download
from campaign.common.excel.problems import Category
from campaign.common.listing import list_response
from campaign.jobs.services import job_request
from orgs.filters import ImportRowFilter
from orgs.forms.imports import AccountImportForm, ImportForm, TemplateForm
from orgs.importers.preview import Preview
from orgs.models import DONE, ImportBatch, ImportKind, ImportRow, ImportState
from orgs.services import import_annotated, import_apply, import_upload
from orgs.services.templates import TEMPLATE_JOB, template_empty
from orgs.services.undoing import import_dependants, import_undo_request
from orgs.tables import ImportBatchTable, ImportRowTable

_IMPORT, _MAKE_ACCOUNTS = gettext_lazy("Import from Excel"), gettext_lazy("Make accounts from a list")
_EARLIER = gettext_lazy("Earlier imports")


@access(GET=Cap.MEMBER_IMPORT, POST=Cap.MEMBER_IMPORT)
def import_upload_page(request: GatedRequest) -> HttpResponse:
    return _upload(request, ImportForm, "import_template")


@access(GET=Cap.ACCOUNT_MANAGE, POST=Cap.ACCOUNT_MANAGE)
def account_import_page(request: GatedRequest) -> HttpResponse:
    return _upload(request, AccountImportForm, "account_template")


def _upload(request: GatedRequest, form_class: type[ImportForm], template_url: str) -> HttpResponse:
    form = form_class(request.POST or None, request.FILES or None, actor=request.user)
    if request.method == "POST" and form.is_valid():
        data = {"kind": form.cleaned_data["kind"], "organization": form.place, "file": form.cleaned_data["file"]}
        data["is_full"] = form.cleaned_data.get("is_full", False)
        if form.attempt(import_upload, actor=request.user, **data):
            return redirect("import_detail", pk=form.result.pk)
    accounts = form_class is AccountImportForm
    crumbs = [{"label": _("Accounts"), "url": reverse("user_list")}] if accounts else []
    context = {"form": form, "template_url": template_url, "accounts": accounts, "crumbs": crumbs}
    return render(request, "orgs/import_upload.html", context)


@access(GET=Cap.MEMBER_IMPORT, POST=Cap.MEMBER_IMPORT)
def import_template_page(request: GatedRequest) -> HttpResponseBase:
    return _template(request, (ImportKind.MEMBERS, ImportKind.ORGANIZATIONS, ImportKind.POSITIONS), "import_upload")


@access(GET=Cap.ACCOUNT_MANAGE, POST=Cap.ACCOUNT_MANAGE)
def account_template_page(request: GatedRequest) -> HttpResponseBase:
    return _template(request, (ImportKind.ACCOUNTS,), "account_import")


def _template(request: GatedRequest, kinds: tuple[ImportKind, ...], back: str) -> HttpResponseBase:
    """A form to be filled in: empty at once, with what is known by a job."""
    form = TemplateForm(request.POST or None, actor=request.user, kinds=kinds)
    if request.method == "POST" and form.is_valid():
        kind, place = form.cleaned_data["kind"], form.cleaned_data["organization"]
        if form.cleaned_data["holds"] == "known":
            parameters = {"kind": kind, "organization": place.pk}
            if form.attempt(job_request, kind=TEMPLATE_JOB, actor=request.user, parameters=parameters):
                return redirect("jobs_detail", pk=form.result.pk)
        else:
            target = io.BytesIO()
            if form.attempt(template_empty, actor=request.user, kind=kind, organization=place, target=target):
                return download(target, form.result)
    accounts = back == "account_import"
    crumbs = [_crumb(_MAKE_ACCOUNTS if accounts else _IMPORT, back)]
    context = {"form": form, "accounts": accounts, "back": reverse(back), "crumbs": crumbs}
    return render(request, "orgs/import_template.html", context)


@access(GET=Cap.MEMBER_IMPORT)
def import_history(request: GatedRequest) -> HttpResponse:
    batches = ImportBatch.objects.visible_to(request.user).exclude(kind=ImportKind.ACCOUNTS)
    return _history(request, batches, _IMPORT, "import_upload", [_crumb(_IMPORT, "import_upload")])


@access(GET=Cap.ACCOUNT_MANAGE)
def account_import_history(request: GatedRequest) -> HttpResponse:
    batches = ImportBatch.objects.allowed(request.user, Cap.ACCOUNT_MANAGE).filter(kind=ImportKind.ACCOUNTS)
    return _history(request, batches, _MAKE_ACCOUNTS, "account_import", _account_crumbs())


def _history(request: GatedRequest, batches: Any, label: Any, page: str, crumbs: list[dict[str, str]]) -> HttpResponse:
    context = {
        "title": _EARLIER,
        "lead": _("What was imported for your organizations. The last one can be undone while nothing depends on it."),
        "crumbs": crumbs,
        "empty_icon": "table-import",
        "empty_title": _("Nothing has been imported yet"),
        "empty_text": _("Send a workbook on the page “%(page)s”.") % {"page": label},
        "empty_url": reverse(page),
        "empty_label": label,
    }
    done = batches.done().select_related("organization", "requested_by")
    return list_response(request, context, queryset=done, table_class=ImportBatchTable)


def _reached(request: GatedRequest, pk: UUID) -> ImportBatch:
    """Return an import of one's own, or one that was stored for an organization one imports for.

    A workbook on its way holds personal values in the clear: only who sent it reaches it.
    """
    batches = ImportBatch.objects.select_related("job", "organization", "requested_by", "undone_by")
    for capability, kinds in ((Cap.MEMBER_IMPORT, False), (Cap.ACCOUNT_MANAGE, True)):
        if holds(request.user, capability):
            own = batches.filter(kind=ImportKind.ACCOUNTS) if kinds else batches.exclude(kind=ImportKind.ACCOUNTS)
            try:
                batch = gate(request, own, capability, pk=pk)
            except Http404:
                continue
            if batch.requested_by_id == request.user.pk:
                batch.requested_by = request.user  # a deputy, with the rights of the role acted in
            return batch
    raise Http404


@access(GET=SIGNED_IN)
def import_detail(request: GatedRequest, pk: UUID) -> HttpResponse:
    batch = _reached(request, pk)
    folds = batch.folds
    errors = [fold for fold in folds if fold.problem.is_error]
    can_undo = batch.state == ImportState.APPLIED and not (batch.job and batch.job.is_active) and batch.traces.exists()
    context: dict[str, Any] = {
        "batch": batch,
        "preview": Preview(batch),
        "errors": [(Category(key).label, found) for key, found in _by_category(errors)],
        "notes": [fold for fold in folds if not fold.problem.is_error],
        "job": batch.job,
        "can_undo": can_undo,
        "dependants": import_dependants(batch) if can_undo else [],
        "crumbs": _crumbs(batch),
    }
    return render(request, "orgs/import_detail.html", context)


def _crumbs(batch: ImportBatch) -> list[dict[str, str]]:
    if batch.kind == ImportKind.ACCOUNTS:
        found = _account_crumbs()
        return [*found, _crumb(_EARLIER, "account_import_history")] if batch.state in DONE else found
    found = [_crumb(_IMPORT, "import_upload")]
    return [*found, _crumb(_EARLIER, "import_history")] if batch.state in DONE else found


def _account_crumbs() -> list[dict[str, str]]:
    return [_crumb(_("Accounts"), "user_list"), _crumb(_MAKE_ACCOUNTS, "account_import")]


def _crumb(label: Any, page: str) -> dict[str, str]:
    return {"label": str(label), "url": reverse(page)}


def _by_category(folds: list[Any]) -> list[tuple[str, list[Any]]]:
    """Return (category, its messages), in the order in which the file has them."""
    found: dict[str, list[Any]] = {}
    for fold in folds:
        found.setdefault(fold.problem.mistake.category, []).append(fold)
    return list(found.items())


@access(GET=SIGNED_IN, POST=SIGNED_IN)
def import_rows(request: GatedRequest, pk: UUID) -> HttpResponse:
    """Every record that something happens to, to be searched and filtered."""
    batch = _reached(request, pk)
    context = {
        "title": _("What the file means"),
        "lead": batch.file_name,
        "crumbs": [*_crumbs(batch), {"label": batch.get_kind_display(), "url": reverse("import_detail", args=[pk])}],
        "empty_title": _("Nothing is listed here"),
        "empty_text": _("Nothing in the file is new, changed or missing, or the list is no longer kept."),
        "empty_url": reverse("import_detail", args=[pk]),
        "empty_label": _("Back to the import"),
    }
    rows = ImportRow.objects.filter(batch=batch)
    return list_response(
        request,
        context,
        queryset=rows,
        table_class=ImportRowTable,
        filter_class=ImportRowFilter,
        preview=Preview(batch),
    )


@access(POST=SIGNED_IN)
def import_apply_page(request: GatedRequest, pk: UUID) -> HttpResponse:
    import_apply(batch=_reached(request, pk), actor=request.user)
    return redirect("import_detail", pk=pk)


@access(POST=SIGNED_IN)
def import_undo_page(request: GatedRequest, pk: UUID) -> HttpResponse:
    job = import_undo_request(batch=_reached(request, pk), actor=request.user)
    if job is None:
        messages.success(request, _("The import has been undone."))
    return redirect("import_detail", pk=pk)


@access(GET=SIGNED_IN)
def import_annotated_page(request: GatedRequest, pk: UUID) -> HttpResponseBase:
    batch, target = _reached(request, pk), io.BytesIO()
    import_annotated(batch=batch, target=target)
    ending = pgettext("ending of a file name", "mistakes")
    name = f"{batch.file_name.rsplit('.', 1)[0]}_{ending}_{clock.today():%Y%m%d}.xlsx"
    return download(target, name)
