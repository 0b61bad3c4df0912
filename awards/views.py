"""Pages of awards: hold a batch, nominate, decide, see who was honoured."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from awards import selectors, services
from awards.blueprints import batch_plans
from awards.filters import HonourFilters, NominationFilters
from awards.forms import BatchCreateForm, BatchEditForm, NominationEditForm, NominationForm
from awards.models import AwardBatch, AwardCategory, BatchState, Nomination
from awards.tables import BatchTable, HonourTable, NominationTable
from awards.workflow import BATCHES, NOMINATIONS
from campaign.common.access import GatedRequest, access, gate, holds, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.listing import list_response, listing
from campaign.common.text import is_key
from campaign.models import Audience
from campaign.selectors import current_campaign
from orgs.models import Member, Organization
from pledges.selectors import kept_record

BATCH_STEPS: dict[str, Any] = {
    "batch_open": (services.batch_open, gettext_lazy("Nominations are open.")),
    "batch_close": (services.batch_close, gettext_lazy("Nominations are closed. The award committee can decide now.")),
    "batch_reopen": (services.batch_reopen, gettext_lazy("Nominations are open again.")),
    "award_announce": (services.award_announce, gettext_lazy("Announced. The honours stand on the honour list.")),
}
NOMINATION_STEPS: dict[str, Any] = {
    "nomination_submit": (services.nomination_submit, gettext_lazy("Nominated.")),
    "nomination_withdraw": (services.nomination_withdraw, gettext_lazy("The nomination has been withdrawn.")),
}
DECISIONS = {"nomination_approve": True, "nomination_reject": False}


# --- batches ------------------------------------------------------------------------------------------------------------


@access(GET=Cap.AWARD_VIEW)
def batch_list(request: GatedRequest) -> HttpResponse:
    actions: list[dict[str, Any]] = []
    if holds(request.user, Cap.AWARD_MANAGE):
        label = _("New award batch")
        actions.append({"label": label, "url": reverse("batch_create"), "icon": "plus", "primary": True})
    context = {
        "title": _("Awards"),
        "lead": _("Selection and commendation: quotas, nominations, decisions."),
        "empty_title": _("No award batches yet"),
        "empty_text": _("A batch appears here when the organization that holds it has opened nominations."),
        "empty_icon": "award",
        "actions": actions,
    }
    return list_response(request, context, queryset=selectors.batches_for(request.user), table_class=BatchTable)


@access(GET=Cap.AWARD_MANAGE, POST=Cap.AWARD_MANAGE)
def batch_create(request: GatedRequest) -> HttpResponse:
    template = request.GET.get("template", "two_excellents_one_advanced")
    if template not in batch_plans:
        raise Http404
    campaign = current_campaign(request.user)
    if campaign is None:
        raise DomainError(_("No campaign is running. Awards belong to a campaign: ask the campaign office."))
    form = BatchCreateForm(request.POST or None, template=template, holders=selectors.holders(request.user))
    if form.is_valid() and form.attempt(
        services.batch_create, actor=request.user, campaign=campaign, template=template, **form.arguments()
    ):
        messages.success(request, _("Prepared. Check the quotas, then open nominations."))
        return redirect("batch_detail", pk=form.result.pk)
    tabs = [
        {"label": plan.label, "url": f"?template={plan.key}", "active": plan.key == template} for plan in batch_plans
    ]
    return render(request, "awards/batch_form.html", {"form": form, "tabs": tabs, "back": reverse("batch_list")})


@access(GET=Cap.AWARD_MANAGE, POST=Cap.AWARD_MANAGE)
def batch_edit(request: GatedRequest, pk: int) -> HttpResponse:
    batch: AwardBatch = gate(request, AwardBatch.objects.select_related("organization"), pk=pk)
    if batch.state == BatchState.ANNOUNCED:
        raise DomainError(_("The awards have been announced, so the batch cannot be changed any more."))
    form = BatchEditForm(request.POST or None, batch=batch)
    if form.is_valid() and form.attempt(services.batch_update, batch=batch, actor=request.user, **form.arguments()):
        messages.success(request, _("Saved."))
        return redirect("batch_detail", pk=pk)
    return render(
        request, "awards/batch_form.html", {"form": form, "batch": batch, "back": reverse("batch_detail", args=[pk])}
    )


@access(GET=Cap.AWARD_VIEW)
def batch_detail(request: GatedRequest, pk: int) -> HttpResponse:
    user = request.user
    batch: AwardBatch = gate(request, AwardBatch.objects.select_related("organization", "campaign"), pk=pk)
    manages = reaches(user, Cap.AWARD_MANAGE, batch.organization.path)
    context: dict[str, Any] = {
        "batch": batch,
        "categories": selectors.categories_of(batch, user),
        "steps": BATCHES.available(batch, user) if manages else [],
        "may_edit": manages and batch.state != BatchState.ANNOUNCED,
        "may_nominate": batch.takes_nominations and bool(selectors.nominating_organizations(user, batch)),
        "honours": selectors.honours_for(user).filter(batch=batch) if batch.state == BatchState.ANNOUNCED else (),
        "sees_nominations": holds(user, Cap.NOMINATION_VIEW),
        "empty_icon": "inbox",
        "empty_title": _("No nominations yet"),
        "empty_text": _("What has been nominated by your organizations appears here."),
    }
    if context["sees_nominations"]:
        nominations = selectors.nominations_for(user).filter(batch=batch)
        context |= listing(request, queryset=nominations, table_class=NominationTable, filter_class=NominationFilters)
    return render(request, "awards/batch_detail.html", context)


@access(POST=Cap.AWARD_MANAGE)
def batch_step(request: GatedRequest, pk: int, step: str) -> HttpResponse:
    batch: AwardBatch = gate(request, AwardBatch.objects.select_related("organization", "campaign"), pk=pk)
    if step not in BATCH_STEPS:
        raise Http404
    service, told = BATCH_STEPS[step]
    _tell(request, told, service, batch=batch, actor=request.user)
    return redirect("batch_detail", pk=pk)


# --- nominations --------------------------------------------------------------------------------------------------------


@access(GET=Cap.NOMINATE)
def nomination_choose(request: GatedRequest) -> HttpResponse:
    """Whom to nominate: `category` says for what, `inside` one of the own organizations or one below them."""
    category = _category(request)
    if category is None:
        return redirect("batch_list")
    places = selectors.nominating_organizations(request.user, category.batch)
    inside = _inside(request, places)
    context: dict[str, Any] = {"category": category, "batch": category.batch, "places": places, "inside": inside}
    if inside is not None:
        context["organizations"] = selectors.candidate_organizations(category, inside)
        if category.audience == Audience.MEMBER:
            context["members"] = selectors.candidate_members(category, inside)
    return render(request, "awards/nomination_choose.html", context)


@access(GET=Cap.NOMINATE, POST=Cap.NOMINATE)
def nomination_create(request: GatedRequest) -> HttpResponse:
    """Nominate `member` or `organization` (ids) for `category`, in the name of the own organization nearest to them."""
    category = _category(request)
    if category is None:
        return redirect("batch_list")
    nominee = _nominee(request)
    place = nominee.organization if isinstance(nominee, Member) else nominee
    own = selectors.nominating_organizations(request.user, category.batch)
    above = [organization for organization in own if place.path.startswith(organization.path)]
    if not above:
        raise Http404
    organization = max(above, key=lambda found: len(found.path))
    if begun := selectors.draft_of(category, organization, nominee):
        return redirect("nomination_edit", pk=begun.pk)
    form = NominationForm(request.POST or None)
    if form.is_valid() and form.attempt(
        services.nomination_create,
        actor=request.user,
        category=category,
        organization=organization,
        nominee=nominee,
        **form.cleaned_data,
    ):
        return _saved(request, form.result)
    context = {"form": form, "category": category, "nominee": nominee, "place": place, "organization": organization}
    back = f"{reverse('nomination_choose')}?category={category.pk}"
    return render(request, "awards/nomination_form.html", {**context, "back": back})


@access(GET=Cap.NOMINATE, POST=Cap.NOMINATE)
def nomination_edit(request: GatedRequest, pk: int) -> HttpResponse:
    nomination: Nomination = gate(request, _nominations(), pk=pk)
    if not nomination.is_draft:
        messages.error(request, _("This nomination has been handed in and cannot be changed any more."))
        return redirect("nomination_detail", pk=pk)
    form = NominationEditForm(request.POST or None, initial={"deeds": nomination.deeds, "version": nomination.version})
    if form.is_valid() and form.attempt(
        services.nomination_update, nomination=nomination, actor=request.user, **form.cleaned_data
    ):
        return _saved(request, form.result)
    context = {
        "form": form,
        "category": nomination.category,
        "nominee": nomination.nominee,
        "place": nomination.nominee_organization,
        "organization": nomination.organization,
        "back": reverse("nomination_detail", args=[pk]),
    }
    return render(request, "awards/nomination_form.html", context)


@access(GET=Cap.NOMINATION_VIEW)
def nomination_detail(request: GatedRequest, pk: int) -> HttpResponse:
    nomination: Nomination = gate(request, _nominations(), pk=pk)
    available = NOMINATIONS.available(nomination, request.user)
    context = {
        "nomination": nomination,
        "own_steps": [step for step in available if step.name in NOMINATION_STEPS],
        "decisions": [step for step in available if step.name in DECISIONS],
        "may_edit": nomination.is_draft and reaches(request.user, Cap.NOMINATE, nomination.organization.path),
        "pledges": kept_record(member=nomination.member, organization=nomination.nominee_organization),
    }
    return render(request, "awards/nomination_detail.html", context)


@access(POST=Cap.NOMINATE)
def nomination_step(request: GatedRequest, pk: int, step: str) -> HttpResponse:
    nomination: Nomination = gate(request, _nominations(), pk=pk)
    if step not in NOMINATION_STEPS:
        raise Http404
    service, told = NOMINATION_STEPS[step]
    _tell(request, told, service, nomination=nomination, actor=request.user)
    return redirect("nomination_detail", pk=pk)


@access(POST=Cap.AWARD_DECIDE)
def nomination_decide(request: GatedRequest, pk: int, step: str) -> HttpResponse:
    nomination: Nomination = gate(request, _nominations(), pk=pk)
    if step not in DECISIONS:
        raise Http404
    decision = {"approve": DECISIONS[step], "reason": request.POST.get("reason", "")}
    _tell(request, _("Decided."), services.nomination_decide, nomination=nomination, actor=request.user, **decision)
    return redirect("nomination_detail", pk=pk)


def _category(request: GatedRequest) -> AwardCategory | None:
    """Return the category asked for, of a batch that takes nominations; None without one.

    What was written while nominations closed is kept as a draft: handing it in is what is refused then.
    """
    wanted = request.GET.get("category", "")
    if not wanted:
        return None
    if not is_key(wanted):
        raise Http404
    batches = AwardBatch.objects.select_related("organization", "campaign")
    batch: AwardBatch = gate(request, batches, Cap.AWARD_VIEW, categories=wanted)
    if request.method == "GET" and not batch.takes_nominations:
        raise DomainError(_("This award batch takes no nominations now. See the days on its page."))
    category = batch.categories.get(pk=wanted)
    category.batch = batch
    return category


def _inside(request: GatedRequest, places: list[Organization]) -> Organization | None:
    """Return the organization to look into: the one asked for, else the only one there is."""
    wanted = request.GET.get("inside", "")
    if not wanted:
        return places[0] if len(places) == 1 else None
    found: Organization | None = Organization.objects.active().filter(pk=wanted if is_key(wanted) else 0).first()
    if found is None or not any(found.path.startswith(place.path) for place in places):
        raise Http404
    return found


def _nominee(request: GatedRequest) -> Member | Organization:
    member, organization = request.GET.get("member", ""), request.GET.get("organization", "")
    found: Member | Organization | None = None
    if is_key(member):
        found = Member.objects.select_related("organization").filter(pk=member).first()
    elif is_key(organization):
        found = Organization.objects.filter(pk=organization).first()
    if found is None:
        raise Http404
    return found


def _nominations() -> Any:
    return Nomination.objects.select_related(
        "batch__organization", "batch__campaign", "category", "organization", "member", "nominee_organization"
    )


def _saved(request: GatedRequest, nomination: Nomination) -> HttpResponse:
    """The text is stored; hand it in if that button was pressed. A refusal leaves the draft where it is."""
    if "submit_now" in request.POST:
        service, told = NOMINATION_STEPS["nomination_submit"]
        _tell(request, told, service, nomination=nomination, actor=request.user)
    else:
        messages.success(request, _("Saved as a draft. It counts when it is handed in."))
    return redirect("nomination_detail", pk=nomination.pk)


def _tell(request: GatedRequest, told: Any, service: Any, **arguments: Any) -> None:
    """Call the service and say how it went."""
    try:
        service(**arguments)
    except NotAllowed:
        raise
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, told)


# --- honours ------------------------------------------------------------------------------------------------------------


@access(GET=Cap.AWARD_VIEW)
def honour_list(request: GatedRequest) -> HttpResponse:
    context = {
        "title": _("Honours"),
        "lead": _("Who was commended: members and organizations, the latest first."),
        "empty_title": _("No honours yet"),
        "empty_text": _("Honours appear here when an award batch has been announced."),
        "empty_icon": "trophy",
    }
    return list_response(
        request,
        context,
        queryset=selectors.honours_for(request.user),
        table_class=HonourTable,
        filter_class=HonourFilters,
    )
