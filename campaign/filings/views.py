"""Pages of implementation plans: one's own, those filed with one's office, and who has not filed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from campaign.attachments.downloads import attachment_response
from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import GatedRequest, access, gate, holds, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, EditConflict
from campaign.common.listing import list_response
from campaign.common.text import is_key
from campaign.filings import selectors, services
from campaign.filings.filters import MissingFilter, PlanFilter
from campaign.filings.forms import PlanCreateForm, PlanEditForm
from campaign.filings.models import ImplementationPlan, PlanAttachment
from campaign.filings.tables import MissingTable, PlanTable
from campaign.filings.workflow import PLANS
from campaign.models import Campaign
from campaign.selectors import current_campaign
from orgs.exports import export_root


@access(GET=Cap.PLAN_VIEW)
def plan_list(request: GatedRequest) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Implementation plans"),
        "lead": _("Each organization files with the office above how it carries out the campaign."),
        "actions": _list_actions(request),
        "empty_icon": "file-description",
        "empty_title": _("No plans yet"),
        "empty_text": _("Plans appear here when they have been filed; drafts are their organization's alone."),
    }
    return list_response(
        request,
        context,
        queryset=selectors.plans_for(request.user),
        table_class=PlanTable,
        filter_class=PlanFilter,
    )


def _list_actions(request: GatedRequest) -> list[dict[str, Any]]:
    actions: list[dict[str, Any]] = [
        {"label": _("Who has not filed"), "url": reverse("plan_missing"), "icon": "list-check"}
    ]
    if top := export_root(request.user, Cap.PLAN_VIEW):
        url = reverse("list_export", args=[top.pk, "plans"])
        actions.append({"label": _("Export"), "url": url, "icon": "file-spreadsheet", "post": True})
    if holds(request.user, Cap.PLAN_WRITE):
        url = reverse("plan_create")
        actions.append({"label": _("Write a plan"), "url": url, "icon": "plus", "primary": True})
    return actions


def _crumbs() -> list[dict[str, str]]:
    return [{"label": _("Implementation plans"), "url": reverse("plan_list")}]


def _campaign(request: GatedRequest) -> Campaign | None:
    """The one that the address names among those in sight, else the one under way."""
    wanted = request.GET.get("campaign", "")
    if is_key(wanted):
        return gate(request, Campaign.objects.select_related("organization"), Cap.CAMPAIGN_VIEW, pk=int(wanted))
    return current_campaign(request.user)


@access(GET=Cap.PLAN_VIEW)
def plan_missing(request: GatedRequest) -> HttpResponse:
    campaign = _campaign(request)
    if campaign is None:
        raise DomainError(_("No campaign is running."))
    deadline = selectors.plan_deadline(campaign)
    context: dict[str, Any] = {
        "title": _("Who has not filed"),
        "lead": _("“%(campaign)s”: plans are to be filed by %(day)s.")
        % {"campaign": campaign.name, "day": deadline.isoformat()}
        if deadline
        else campaign.name,
        "crumbs": _crumbs(),
        "empty_icon": "circle-check",
        "empty_title": _("Everybody has filed"),
        "empty_text": _("All organizations that are expected to file a plan have done so."),
    }
    return list_response(
        request,
        context,
        queryset=selectors.missing_for(request.user, campaign),
        table_class=MissingTable,
        filter_class=MissingFilter,
    )


@access(GET=Cap.PLAN_WRITE, POST=Cap.PLAN_WRITE)
def plan_create(request: GatedRequest) -> HttpResponse:
    campaign = _campaign(request)
    if campaign is None:
        raise DomainError(_("No campaign is running. Plans can be filed when the campaign office has started one."))
    organizations = selectors.filing_organizations(request.user, campaign)
    choices = list(organizations[:2])
    initial = {"organization": choices[0]} if len(choices) == 1 else {}
    form = PlanCreateForm(request.POST or None, request.FILES or None, organizations=organizations, initial=initial)
    if form.is_valid() and form.attempt(
        services.plan_create, actor=request.user, campaign=campaign, **form.cleaned_data
    ):
        messages.success(request, _("The draft is saved. File it when it is ready."))
        return redirect("plan_detail", pk=form.result.pk)
    context = {"form": form, "campaign": campaign, "crumbs": _crumbs(), "none_left": not choices}
    return render(request, "filings/plan_form.html", context)


@access(GET=Cap.PLAN_VIEW)
def plan_detail(request: GatedRequest, pk: int) -> HttpResponse:
    plan = gate(request, _with_all(), pk=pk)
    writes = plan.is_editable and reaches(request.user, Cap.PLAN_WRITE, plan.organization.path)
    deadline = selectors.plan_deadline(plan.campaign)
    context = {
        "plan": plan,
        "attached": plan.attachments.select_related("attachment"),
        "steps": PLANS.available(plan, request.user),
        "writes": writes,
        "late": deadline is not None and timezone.localdate(plan.filed_at or clock.now()) > deadline,
        "deadline": deadline,
        "crumbs": _crumbs(),
    }
    return render(request, "filings/plan_detail.html", context)


def _with_all() -> Any:
    return ImplementationPlan.objects.select_related(
        "campaign__organization", "organization", "receiver", "filed_by", "decided_by"
    )


@access(GET=Cap.PLAN_WRITE, POST=Cap.PLAN_WRITE)
def plan_edit(request: GatedRequest, pk: int) -> HttpResponse:
    plan = gate(request, _with_all(), pk=pk)
    if not plan.is_editable:
        messages.error(request, _("The plan has been handed in. Withdraw it, or ask the office above to return it."))
        return redirect("plan_detail", pk=pk)
    form = PlanEditForm.of(plan, request.POST or None, request.FILES or None)
    if form.is_valid():
        if form.attempt(services.plan_update, actor=request.user, plan=plan, **form.cleaned_data):
            messages.success(request, _("Saved."))
            return redirect("plan_detail", pk=pk)
        if isinstance(form.refusal, EditConflict):
            form.renew(ImplementationPlan.objects.get(pk=pk))
    context = {"form": form, "plan": plan, "campaign": plan.campaign, "crumbs": _crumbs()}
    return render(request, "filings/plan_form.html", context)


@access(POST=Cap.PLAN_VIEW)
def plan_step(request: GatedRequest, pk: int) -> HttpResponse:
    plan = gate(request, _with_all(), pk=pk)
    step, reason = request.POST.get("step", ""), request.POST.get("reason", "")
    services.plan_step(actor=request.user, plan=plan, step=step, reason=reason)
    messages.success(request, _("Done."))
    return redirect("plan_detail", pk=pk)


def _attached(plan: ImplementationPlan, attachment: UUID) -> PlanAttachment:
    found = plan.attachments.select_related("attachment", "plan__organization").filter(attachment=attachment).first()
    if found is None:
        raise Http404
    return found


@access(GET=Cap.PLAN_VIEW)
def plan_attachment(request: GatedRequest, pk: int, attachment: UUID) -> HttpResponseBase:
    """Download a file: through the gate of its plan, with an entry in the audit log."""
    plan = gate(request, ImplementationPlan.objects, pk=pk)
    found = _attached(plan, attachment).attachment
    answer = attachment_response(found)
    audit_record(action="plan_download", actor=request.user, target=plan, changes={"file": ["", found.name]})
    return answer


@access(POST=Cap.PLAN_WRITE)
def plan_attachment_remove(request: GatedRequest, pk: int, attachment: UUID) -> HttpResponse:
    plan = gate(request, ImplementationPlan.objects, pk=pk)
    services.plan_attachment_remove(actor=request.user, attached=_attached(plan, attachment))
    messages.success(request, _("The file is taken out."))
    return redirect("plan_detail", pk=pk)
