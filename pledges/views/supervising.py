"""督诺: checks and their answers, changes of items with both versions side by side, explanations, the quarter's publication."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from campaign.common.access import access, gate, reaches
from campaign.common.capabilities import Cap
from campaign.common.listing import list_response
from campaign.drafts.forms import dropped, keep
from campaign.drafts.services import draft_clear
from campaign.models import Campaign
from campaign.selectors import campaigns_for, current_campaign
from orgs.models import Organization
from pledges import services
from pledges.forms import AdjustmentForm, AnswerForm, CheckForm, DecisionForm, ExplanationForm
from pledges.models import FulfilmentBulletin, ItemResult, Pledge, PledgeAdjustment, PledgeCheck, PledgeItem
from pledges.selectors import bulletin_entries, bulletin_quarters, open_adjustments
from pledges.services.supervising import fingerprint
from pledges.tables import AdjustmentTable
from pledges.views.saving import saved

BULLETINS = 12


def _pledge(request: HttpRequest, pk: int) -> Pledge:
    return gate(request, Pledge.objects.select_related("campaign", "organization", "member"), pk=pk)


def _item(pledge: Pledge, order: int) -> PledgeItem:
    item = pledge.items.filter(order=order).first()
    if item is None:
        raise Http404
    return item


def _crumbs(pledge: Pledge) -> list[dict[str, str]]:
    return [{"label": str(pledge), "url": reverse("pledge_detail", args=[pledge.pk])}]


def _form_page(request: HttpRequest, pledge: Pledge, form: Any, **context: Any) -> HttpResponse:
    shown = {"pledge": pledge, "form": form, "crumbs": _crumbs(pledge), **context}
    return render(request, "pledges/supervising_form.html", shown)


@access(GET=Cap.PLEDGE_CHECK, POST=Cap.PLEDGE_CHECK)
def pledge_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what was found when the pledge was looked at."""
    pledge, key = _pledge(request, pk), f"pledge_check:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    form = keep(request, CheckForm(request.POST or None), key)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.attempt(services.check_add, pledge=pledge, actor=request.user, **form.cleaned_data)
    ):
        draft_clear(request=request, key=key)
        messages.success(request, _("The check is recorded."))
        return redirect("pledge_detail", pk=pk)
    return _form_page(request, pledge, form, title=_("Record a check"), submit=_("Record it"))


@access(GET=Cap.PLEDGE_WRITE, POST=Cap.PLEDGE_WRITE)
def pledge_check_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer what a check asked for."""
    check: PledgeCheck = gate(request, PledgeCheck.objects.select_related("pledge"), pk=pk)
    key = f"pledge_check_answer:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    form = keep(request, AnswerForm(request.POST or None), key)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.attempt(services.check_answer, check=check, actor=request.user, text=form.cleaned_data["text"])
    ):
        draft_clear(request=request, key=key)
        messages.success(request, _("Your answer is recorded."))
        return redirect("pledge_detail", pk=check.pledge_id)
    return _form_page(
        request, check.pledge, form, title=_("Answer the check"), submit=_("Send the answer"), check=check
    )


@access(GET=Cap.PLEDGE_WRITE, POST=Cap.PLEDGE_WRITE)
def pledge_explain(request: HttpRequest, pk: int, order: int) -> HttpResponse:
    """Say to everybody why an item is late or was not kept."""
    pledge = _pledge(request, pk)
    item = _item(pledge, order)
    key = f"pledge_explain:{item.pk}"
    if dropped(request, key):
        return redirect(request.path)
    shown = {"text": item.explanation, "version": pledge.version}
    form = keep(request, ExplanationForm(request.POST or None, initial=shown), key)
    if (
        request.method == "POST"
        and form.is_valid()
        and saved(form, pledge, services.item_explain, item=item, actor=request.user, text=form.cleaned_data["text"])
    ):
        draft_clear(request=request, key=key)
        messages.success(request, _("Your explanation stands beside the item now."))
        return redirect("pledge_detail", pk=pk)
    return _form_page(
        request, pledge, form, title=_("Explain to the masses"), submit=_("Save the explanation"), item=item
    )


@access(GET=Cap.PLEDGE_WRITE, POST=Cap.PLEDGE_WRITE)
def pledge_adjust(request: HttpRequest, pk: int, order: int) -> HttpResponse:
    """Ask that an item on the board be changed."""
    pledge = _pledge(request, pk)
    item = _item(pledge, order)
    key = f"pledge_adjust:{item.pk}"
    if dropped(request, key):
        return redirect(request.path)
    form = keep(request, AdjustmentForm(request.POST or None, item=item), key)
    if request.method == "POST" and form.is_valid() and _asked(request, form, pledge, item):
        draft_clear(request=request, key=key)
        messages.success(request, _("The change is asked for. The item stays as it is until it is decided."))
        return redirect("pledge_detail", pk=pk)
    return _form_page(request, pledge, form, title=_("Ask for a change"), submit=_("Ask for the change"), item=item)


def _asked(request: HttpRequest, form: AdjustmentForm, pledge: Pledge, item: PledgeItem) -> bool:
    given = {name: form.cleaned_data[name] for name in ("reason", "text", "target", "due_on")}
    return saved(form, pledge, services.adjustment_request, item=item, actor=request.user, **given)


@access(GET=Cap.PLEDGE_REVIEW)
def adjustment_list(request: HttpRequest) -> HttpResponse:
    """The changes that wait for one's decision."""
    context = {
        "title": _("Changes of pledges to decide"),
        "crumbs": [{"label": _("Pledge review"), "url": reverse("pledge_queue")}],
        "empty_title": _("Nothing to decide"),
        "empty_text": _("When somebody asks for a change of an item on the board, it waits here for your decision."),
    }
    return list_response(request, context, queryset=open_adjustments(request.user), table_class=AdjustmentTable)


@access(GET=Cap.PLEDGE_REVIEW, POST=Cap.PLEDGE_REVIEW)
def adjustment_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Both versions side by side; agree, or refuse with a reason."""
    wanted: PledgeAdjustment = gate(request, PledgeAdjustment.objects.select_related("pledge", "item"), pk=pk)
    key = f"adjustment_decide:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    form = keep(request, DecisionForm(request.POST or None), key)
    if request.method == "POST" and form.is_valid():
        refuse = request.POST.get("op") == "refuse"
        service = services.adjustment_refuse if refuse else services.adjustment_approve
        if form.attempt(service, adjustment=wanted, actor=request.user, reason=form.cleaned_data["reason"]):
            said = (
                _("The change is refused; the item stays as it was.")
                if refuse
                else _("The item reads as was asked for now.")
            )
            draft_clear(request=request, key=key)
            messages.success(request, said)
            return redirect("adjustment_list")
    context = {"adjustment": wanted, "pledge": wanted.pledge, "form": form, "crumbs": _crumbs(wanted.pledge)}
    return render(request, "pledges/adjustment.html", context)


@access(POST=Cap.PLEDGE_WRITE)
def adjustment_recall(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's request back."""
    wanted: PledgeAdjustment = gate(request, PledgeAdjustment.objects.select_related("pledge"), pk=pk)
    services.adjustment_recall(adjustment=wanted, actor=request.user)
    messages.success(request, _("The request is taken back."))
    return redirect("pledge_detail", pk=wanted.pledge_id)


# -- 践诺情况公示 --------------------------------------------------------------------------------------------------------


def quarter_name(year: int, quarter: int) -> str:
    return pgettext("quarter of a year", "Quarter %(quarter)s of %(year)s") % {"year": year, "quarter": quarter}


def _labelled(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each item the words for how it stood."""
    labels = {**dict(ItemResult.choices), "overdue": _("Overdue")}
    return [
        {**entry, "items": [{**item, "label": labels[item["result"]]} for item in entry["items"]]} for entry in entries
    ]


def _board_crumbs(organization: Organization) -> list[dict[str, str]]:
    return [
        {"label": _("Pledge board"), "url": reverse("board_of", args=[organization.pk])},
        {"label": _("Publication of fulfilment"), "url": reverse("bulletin_list", args=[organization.pk])},
    ]


@access(GET=Cap.BOARD_VIEW)
def bulletin_list(request: HttpRequest, pk: int) -> HttpResponse:
    """What an organization has published, quarter by quarter; for its officers what can be published as well."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    found = list(FulfilmentBulletin.objects.filter(organization=organization).shown()[:BULLETINS])
    for bulletin in found:
        bulletin.name = quarter_name(bulletin.year, bulletin.quarter)  # type: ignore[attr-defined]
    campaign, to_publish = current_campaign(request.user), []
    if campaign is not None and reaches(request.user, Cap.PLEDGE_PUBLISH, organization.path):  # type: ignore[arg-type]
        done = {(bulletin.year, bulletin.quarter) for bulletin in found if bulletin.campaign_id == campaign.pk}
        to_publish = [
            {"name": quarter_name(*each), "url": _preview(organization, campaign, *each)}
            for each in bulletin_quarters(campaign)
            if each not in done
        ][:4]
    context = {
        "organization": organization, "bulletins": found, "to_publish": to_publish, "crumbs": _board_crumbs(organization)[:1],
    }  # fmt: skip
    return render(request, "pledges/bulletin_list.html", context)


def _preview(organization: Organization, campaign: Campaign, year: int, quarter: int) -> str:
    return reverse("bulletin_new", args=[organization.pk, campaign.pk, year, quarter])


@access(GET=Cap.PLEDGE_PUBLISH, POST=Cap.PLEDGE_PUBLISH)
def bulletin_new(request: HttpRequest, pk: int, campaign: int, year: int, quarter: int) -> HttpResponse:
    """Look at what would be published for a quarter, and publish it."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    found = campaigns_for(request.user).filter(pk=campaign).first()
    if found is None or (year, quarter) not in bulletin_quarters(found):
        raise Http404
    if request.method == "POST":
        bulletin = services.bulletin_publish(
            organization=organization, campaign=found, year=year, quarter=quarter, actor=request.user,
            seen=request.POST.get("seen"),
        )  # fmt: skip
        messages.success(request, _("The fulfilment of the quarter is public now."))
        return redirect("bulletin_detail", pk=bulletin.pk)
    entries = bulletin_entries(organization, found, year, quarter)
    context = {
        "organization_name": organization.name,
        "name": quarter_name(year, quarter),
        "entries": _labelled(entries),
        "seen": fingerprint(entries),
        "preview": True,
        "crumbs": _board_crumbs(organization),
    }
    return render(request, "pledges/bulletin.html", context)


@access(GET=Cap.BOARD_VIEW)
def bulletin_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A publication as it was made; prints as a sheet for the notice board."""
    bulletin: FulfilmentBulletin = gate(
        request, FulfilmentBulletin.objects.shown().select_related("organization"), pk=pk
    )
    context = {
        "bulletin": bulletin,
        "organization_name": bulletin.organization_name,
        "name": quarter_name(bulletin.year, bulletin.quarter),
        "entries": _labelled(bulletin.entries),
        "may_withdraw": reaches(request.user, Cap.PLEDGE_PUBLISH, bulletin.organization.path),  # type: ignore[arg-type]
        "crumbs": _board_crumbs(bulletin.organization),
    }
    return render(request, "pledges/bulletin.html", context)


@access(POST=Cap.PLEDGE_PUBLISH)
def bulletin_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a publication off the board, with a reason."""
    bulletin: FulfilmentBulletin = gate(
        request, FulfilmentBulletin.objects.shown().select_related("organization"), pk=pk
    )
    services.bulletin_withdraw(bulletin=bulletin, actor=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("The publication is off the board."))
    return redirect("bulletin_list", pk=bulletin.organization_id)
