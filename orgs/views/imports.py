"""Pages of imports: send a workbook, look at what it would do, confirm."""

import io
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.access import SIGNED_IN, GatedRequest, access, gate
from campaign.common.capabilities import Cap
from campaign.common.excel.problems import Category
from orgs.forms.imports import ImportForm
from orgs.importers.preview import Preview
from orgs.models import ImportBatch
from orgs.services import import_annotated, import_apply, import_upload


@access(GET=Cap.MEMBER_IMPORT, POST=Cap.MEMBER_IMPORT)
def import_upload_page(request: GatedRequest) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None, actor=request.user)
    if request.method == "POST" and form.is_valid():
        data = {"kind": form.cleaned_data["kind"], "organization": form.place, "file": form.cleaned_data["file"]}
        if form.attempt(import_upload, actor=request.user, **data):
            return redirect("import_detail", pk=form.result.pk)
    return render(request, "orgs/import_upload.html", {"form": form})


def _own(request: GatedRequest, pk: UUID) -> ImportBatch:
    """Return an import of one's own: a workbook holds personal values in the clear, so nobody else reaches it."""
    return gate(request, ImportBatch.objects.select_related("job", "organization"), Cap.MEMBER_IMPORT, pk=pk)


@access(GET=SIGNED_IN)
def import_detail(request: GatedRequest, pk: UUID) -> HttpResponse:
    batch = _own(request, pk)
    folds = batch.folds
    errors = [fold for fold in folds if fold.problem.is_error]
    context: dict[str, Any] = {
        "batch": batch,
        "preview": Preview(batch),
        "errors": [(Category(key).label, found) for key, found in _by_category(errors)],
        "notes": [fold for fold in folds if not fold.problem.is_error],
        "job": batch.job,
    }
    return render(request, "orgs/import_detail.html", context)


def _by_category(folds: list[Any]) -> list[tuple[str, list[Any]]]:
    """Return (category, its messages), in the order in which the file has them."""
    found: dict[str, list[Any]] = {}
    for fold in folds:
        found.setdefault(fold.problem.mistake.category, []).append(fold)
    return list(found.items())


@access(POST=SIGNED_IN)
def import_apply_page(request: GatedRequest, pk: UUID) -> HttpResponse:
    import_apply(batch=_own(request, pk), actor=request.user)
    return redirect("import_detail", pk=pk)


@access(GET=SIGNED_IN)
def import_annotated_page(request: GatedRequest, pk: UUID) -> HttpResponseBase:
    batch, target = _own(request, pk), io.BytesIO()
    import_annotated(batch=batch, target=target)
    target.seek(0)
    ending = _("mistakes")
    name = f"{batch.file_name.rsplit('.', 1)[0]}_{ending}_{clock.today():%Y%m%d}.xlsx"
    return FileResponse(target, as_attachment=True, filename=name)
