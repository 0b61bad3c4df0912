"""Home, campaigns, and the few pages that belong to no app."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.i18n import set_language as switch_language

from campaign import gallery as showcase
from campaign.blockers import open_in
from campaign.blueprints import blueprints
from campaign.common import clock
from campaign.common.access import PUBLIC, SIGNED_IN, access, gate, holds, reaches
from campaign.common.capabilities import Cap
from campaign.common.desk import tiles_for
from campaign.common.errors import EditConflict
from campaign.common.listing import list_response
from campaign.filters import CampaignFilter
from campaign.forms import CampaignForm, StageForm
from campaign.models import Campaign, CampaignStage
from campaign.rulebooks import rulebooks
from campaign.selectors import campaign_stages, campaigns_for, current_campaign, stage_progress, standard_trees
from campaign.services import campaign_create as create
from campaign.services import campaign_stage_update as update_stage
from campaign.services import campaign_step as take_step
from campaign.tables import CampaignTable, PeriodTable
from campaign.workflow import CAMPAIGNS


@access(GET=PUBLIC)
def admin_login(request: HttpRequest) -> HttpResponse:
    """Send who wants to the look-only admin through the one way of signing in, with its log, lockout and second factor."""
    return redirect_to_login(request.GET.get("next", reverse("admin:index")))


@access(GET=SIGNED_IN)
def admin_password(_request: HttpRequest) -> HttpResponse:
    """Lead to the one page on which passwords are changed: by its rules, and with an entry in the audit log."""
    return redirect("password_change")


@access(GET=SIGNED_IN)
def home(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    campaign = current_campaign(user)
    stages = campaign_stages(campaign) if campaign else []
    context = {
        "tiles": tiles_for(user),
        "campaign": campaign,
        "may_start": holds(user, Cap.CAMPAIGN_MANAGE),
        "progress": stage_progress(stages),
        "next_stage": next((stage for stage in stages if stage.starts_on > clock.today()), None),
        "today": clock.today(),
    }
    return render(request, "campaign/home.html", context)


@access(GET=SIGNED_IN)
def gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "components/gallery.html", showcase.context(request))


@access(POST=PUBLIC)
def set_language(request: HttpRequest) -> HttpResponse:
    return switch_language(request)


@access(GET=Cap.CAMPAIGN_VIEW)
def campaign_list(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Campaigns"),
        "empty_icon": "flag",
        "empty_title": _("No campaign yet"),
        "empty_text": _("The campaign office starts one from a template. You will find it here then."),
    }
    if holds(request.user, Cap.CAMPAIGN_MANAGE):  # type: ignore[arg-type]
        new = {"label": _("New campaign"), "url": reverse("campaign_create"), "icon": "plus", "primary": True}
        context["actions"] = [new]
    return list_response(
        request,
        context,
        queryset=campaigns_for(request.user),
        table_class=CampaignTable,
        filter_class=CampaignFilter,
    )


@access(GET=Cap.CAMPAIGN_MANAGE, POST=Cap.CAMPAIGN_MANAGE)
def campaign_create(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "campaign/campaign_preview.html", _preview(CampaignForm(request.GET, user=request.user)))
    first = {"template": next(iter(blueprints)).key, "starts_on": clock.today().replace(month=1, day=1)}
    form = CampaignForm(request.POST or None, user=request.user, initial=first)
    if request.method == "POST" and form.is_valid() and form.attempt(create, actor=request.user, **form.cleaned_data):
        messages.success(request, _("The campaign has begun. Check the dates of its stages."))
        return redirect("campaign_detail", pk=form.result.pk)
    return render(request, "campaign/campaign_form.html", {"form": form, **_preview(form)})


def _preview(form: CampaignForm) -> dict[str, Any]:
    """Return what the chosen template would make; nothing as long as the template or the day is missing."""
    if form.is_bound:
        form.is_valid()
    chosen = form.cleaned_data if form.is_bound else form.initial
    key, starts_on = chosen.get("template"), chosen.get("starts_on")
    if not key or not starts_on:
        return {"plan": None}
    plan = blueprints.get(key)
    return {"plan": plan, "plan_stages": [_planned(stage) for stage in plan.stages_from(starts_on)]}


def _planned(stage: Any) -> dict[str, Any]:
    labels = [action.label for action in stage.actions]
    return {"on": stage.starts_on, "until": stage.ends_on, "label": stage.name, "text": stage.focus, "badges": labels}


@access(GET=Cap.CAMPAIGN_VIEW)
def campaign_detail(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = gate(request, Campaign.objects.select_related("organization"), pk=pk)
    manages = reaches(request.user, Cap.CAMPAIGN_MANAGE, campaign.organization.path)  # type: ignore[arg-type]
    stages = campaign_stages(campaign)
    present = next((stage for stage in stages if stage.is_current()), None)
    context = {
        "campaign": campaign,
        "blockers": open_in(campaign, present, request.user) if present and manages else [],
        "steps": CAMPAIGNS.available(campaign, request.user),  # type: ignore[arg-type]
        "rulebooks": [(book, reverse(book.url_name, args=[pk])) for book in rulebooks] if manages else [],
        "stages": [_stage_entry(stage, campaign, manages=manages) for stage in stages],
        "standards": standard_trees(campaign),
        "periods": PeriodTable(campaign.periods.order_by("starts_on", "kind")),
    }
    return render(request, "campaign/campaign_detail.html", context)


@access(POST=Cap.CAMPAIGN_MANAGE)
def campaign_step(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = gate(request, Campaign.objects, pk=pk)
    step, reason = request.POST.get("step", ""), request.POST.get("reason", "")
    take_step(campaign=campaign, actor=request.user, step=step, reason=reason)
    messages.success(request, _("Done."))
    return redirect("campaign_detail", pk=campaign.pk)


def _stage_entry(stage: CampaignStage, campaign: Campaign, *, manages: bool) -> dict[str, Any]:
    edit = {"label": _("Change"), "url": reverse("campaign_stage_update", args=[campaign.pk, stage.pk]), "icon": "edit"}
    return {
        "on": stage.starts_on,
        "until": stage.ends_on,
        "label": stage.name,
        "text": stage.focus,
        "badges": [allowed.get_action_display() for allowed in stage.actions.all()],
        "icon": "check" if stage.is_past() else "flag" if stage.is_current() else "clock",
        "past": stage.is_past(),
        "current": stage.is_current(),
        "actions": [edit] if manages else [],
    }


@access(GET=Cap.CAMPAIGN_MANAGE, POST=Cap.CAMPAIGN_MANAGE)
def campaign_stage_update(request: HttpRequest, pk: int, stage_pk: int) -> HttpResponse:
    campaign = gate(request, Campaign.objects.select_related("organization"), pk=pk)
    stage = campaign.stages.filter(pk=stage_pk).first()
    if stage is None:
        raise Http404
    stage.campaign = campaign
    form = StageForm(request.POST or None, instance=stage)
    if request.method == "POST" and form.is_valid():
        if form.attempt(update_stage, stage=stage, actor=request.user, **form.cleaned_data):
            messages.success(request, _("The stage is saved."))
            return redirect("campaign_detail", pk=campaign.pk)
        if isinstance(form.refusal, EditConflict):
            form.renew(CampaignStage.objects.get(pk=stage.pk))
    return render(request, "campaign/stage_form.html", {"form": form, "campaign": campaign})
