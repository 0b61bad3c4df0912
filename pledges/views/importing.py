"""承诺 by workbook: the template of a branch, what was sent in, storing it, undoing it, handing in what is complete."""

import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.common import clock
from campaign.common.access import GatedRequest, access, gate
from campaign.common.capabilities import Cap
from campaign.common.downloads import download
from campaign.common.errors import DomainError
from campaign.common.excel.writer import write_xlsx
from campaign.models import Campaign
from campaign.selectors import current_campaign
from orgs.models import Organization
from pledges import services
from pledges.forms import PledgeImportForm
from pledges.importers import SHEET, Plan, template_rows
from pledges.models import PledgeImport, PledgeImportState
from pledges.selectors import drafts_of, members_without
from pledges.services.importing import plan_of


def _campaign(request: GatedRequest) -> Campaign:
    campaign = current_campaign(request.user)
    if campaign is None:
        raise DomainError(_("No campaign is running."))
    return campaign


@access(GET=Cap.PLEDGE_WRITE, POST=Cap.PLEDGE_WRITE)
def pledge_import(request: GatedRequest, pk: int) -> HttpResponse:
    """Send the workbook of a branch; what it would do is looked at on the next page."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    campaign = _campaign(request)
    form = PledgeImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        given = {"content": file.read(), "file_name": file.name or ""}
        common = {"organization": organization, "campaign": campaign, "actor": request.user}
        if form.attempt(services.pledge_import_upload, **common, **given):
            return redirect("pledge_import_detail", pk=form.result.pk)
    owing = members_without(request.user, campaign).filter(organization=organization, is_exempt=False)
    context = {
        "organization": organization,
        "form": form,
        "owing": owing.count(),
        "crumbs": [{"label": _("My pledges"), "url": reverse("pledge_mine")}],
    }
    return render(request, "pledges/import_upload.html", context)


@access(GET=Cap.PLEDGE_WRITE)
def pledge_import_template(request: GatedRequest, pk: int) -> HttpResponseBase:
    """The workbook to fill in: the drafts as they are, and the members who owe a pledge."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    campaign = _campaign(request)
    owing = members_without(request.user, campaign).filter(organization=organization, is_exempt=False)
    rows = template_rows(owing.order_by("pinyin", "pk"), drafts_of(request.user, organization, campaign))
    target = io.BytesIO()
    write_xlsx(target, [(SHEET, rows)], made_at=clock.now())
    name = f"{organization.name}_{SHEET.name}_{clock.today():%Y%m%d}.xlsx"
    return download(target, name)


def _own(request: GatedRequest, pk: UUID) -> PledgeImport:
    found: PledgeImport = gate(
        request, PledgeImport.objects.select_related("organization", "campaign", "requested_by"), pk=pk
    )
    return found


@access(GET=Cap.PLEDGE_WRITE)
def pledge_import_detail(request: GatedRequest, pk: UUID) -> HttpResponse:
    batch = _own(request, pk)
    waiting = batch.state in (PledgeImportState.CHECKED, PledgeImportState.REJECTED)
    plan: Plan | None = plan_of(batch) if waiting else None
    folds = batch.folds
    context: dict[str, Any] = {
        "batch": batch,
        "plan": plan,
        "errors": [fold for fold in folds if fold.problem.is_error],
        "notes": [fold for fold in folds if not fold.problem.is_error],
        "crumbs": [
            {"label": _("Import pledges"), "url": reverse("pledge_import", args=[batch.organization_id])},
        ],
    }
    return render(request, "pledges/import_detail.html", context)


@access(POST=Cap.PLEDGE_WRITE)
def pledge_import_store(request: GatedRequest, pk: UUID) -> HttpResponse:
    batch = services.pledge_import_store(batch=_own(request, pk), actor=request.user)
    count = len(batch.made)
    messages.success(request, ngettext("%(n)s draft stored.", "%(n)s drafts stored.", count) % {"n": count})
    return redirect("pledge_import_detail", pk=pk)


@access(POST=Cap.PLEDGE_WRITE)
def pledge_import_undo(request: GatedRequest, pk: UUID) -> HttpResponse:
    undone, left = services.pledge_import_undo(batch=_own(request, pk), actor=request.user)
    messages.success(request, ngettext("%(n)s draft taken back.", "%(n)s drafts taken back.", undone) % {"n": undone})
    if left:
        text = ngettext(
            "%(n)s was changed or handed in since and stays.", "%(n)s were changed or handed in since and stay.", left
        )
        messages.warning(request, text % {"n": left})
    return redirect("pledge_import_detail", pk=pk)


@access(GET=Cap.PLEDGE_WRITE)
def pledge_import_annotated(request: GatedRequest, pk: UUID) -> HttpResponseBase:
    batch, target = _own(request, pk), io.BytesIO()
    services.pledge_import_annotated(batch=batch, target=target)
    name = f"{batch.file_name.rsplit('.', 1)[0]}_{_('mistakes')}_{clock.today():%Y%m%d}.xlsx"
    return download(target, name)


@access(POST=Cap.PLEDGE_WRITE)
def drafts_submit(request: GatedRequest, pk: int) -> HttpResponse:
    """Hand in all complete drafts of an organization's members."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    done, left = services.drafts_submit_many(organization=organization, campaign=_campaign(request), actor=request.user)
    messages.success(request, ngettext("%(n)s pledge handed in.", "%(n)s pledges handed in.", done) % {"n": done})
    if left:
        text = ngettext("%(n)s draft is not complete yet.", "%(n)s drafts are not complete yet.", left) % {"n": left}
        messages.warning(request, text)
    return redirect("pledge_import", pk=pk)
