"""Writing a pledge: begin it, put its items down, hand it in."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, EditConflict, NotAllowed
from campaign.common.rows import rows_typed
from campaign.drafts.models import Draft
from campaign.drafts.selectors import draft_of
from campaign.drafts.services import draft_clear
from campaign.models import Campaign, Standard
from campaign.selectors import current_campaign
from orgs.models import Organization
from pledges import services
from pledges.forms import ItemForm, ItemFormSet, SubjectForm, VersionForm, rows_of
from pledges.hints import pledge_hints
from pledges.models import Pledge, PledgeState
from pledges.selectors import earlier_pledge, rules_of
from pledges.subjects import key_of, name_of, subjects_matching
from pledges.workflow import WRITING


@access(GET=Cap.PLEDGE_WRITE, POST=Cap.PLEDGE_WRITE)
def pledge_create(request: HttpRequest) -> HttpResponse:
    """Begin a pledge for whoever is chosen, and go on to its items."""
    campaign = current_campaign(request.user)
    if campaign is None:
        return render(request, "pledges/pledge_create.html", {"form": None})
    form = SubjectForm(request.POST or None, user=request.user, campaign=campaign)
    if request.method == "POST" and form.is_valid() and _started(request, form, campaign):
        return redirect("pledge_edit", pk=form.result.pk)
    context = {"form": form, "crumbs": [{"label": _("My pledges"), "url": reverse("pledge_mine")}]}
    return render(request, "pledges/pledge_create.html", context)


@access(POST=Cap.PLEDGE_WRITE)
def subject_search(request: HttpRequest) -> HttpResponse:
    """What the searchable choice of whose pledge is begun offers for the words typed so far."""
    campaign = current_campaign(request.user)
    found = subjects_matching(request.user, campaign, request.POST.get("q", "")) if campaign else []
    return JsonResponse({"results": [{"value": key_of(one), "text": name_of(one)} for one in found]})


def _started(request: HttpRequest, form: SubjectForm, campaign: Campaign) -> bool:
    return form.attempt(services.pledge_start, campaign=campaign, actor=request.user, **form.subject_given())


@access(GET=Cap.PLEDGE_WRITE, POST=Cap.PLEDGE_WRITE)
def pledge_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The items of a pledge, all on one page; adding and removing one keeps everything typed."""
    pledge = gate(request, Pledge.objects.select_related("campaign", "organization", "member"), pk=pk)
    if not pledge.is_editable:
        messages.info(request, _("This pledge has been handed in. Take it back first if you want to change it."))
        return redirect("pledge_detail", pk=pk)
    if request.method == "POST":
        return _posted(request, pledge, request.POST.get("op", "save"))
    stored = rows_of(list(pledge.items.order_by("order")))
    draft = draft_of(request.user, draft_key(pledge))
    if draft is None:
        return _page(request, pledge, VersionForm(initial={"version": pledge.version}), _items_form(pledge, stored))
    # With the version it was begun with: what somebody else saved since is told when it is sent.
    typed = dict(draft.fields)
    form = VersionForm(initial={"version": typed.get("version", pledge.version)})
    return _page(request, pledge, form, _items_form(pledge, rows_typed(ItemForm, typed, "form")), draft)


def draft_key(pledge: Pledge) -> str:
    """Return the key under which what is typed into this pledge is kept."""
    return f"pledge:{pledge.pk}"


def _posted(request: HttpRequest, pledge: Pledge, op: str) -> HttpResponse:
    form = VersionForm(request.POST)
    if op == "discard":
        draft_clear(request=request, key=draft_key(pledge))
        return redirect("pledge_edit", pk=pledge.pk)
    if op == "copy":
        return _copied(request, pledge, form)
    if op == "add" or op.startswith("remove:"):
        rows = rows_typed(ItemForm, request.POST, "form")
        rows = [*rows, {}] if op == "add" else _without(rows, op.removeprefix("remove:"))
        unchecked = VersionForm(initial={"version": request.POST.get("version")})
        return _page(request, pledge, unchecked, _items_form(pledge, rows))
    items = ItemFormSet(request.POST, form_kwargs=_form_options(pledge))
    if form.is_valid() and items.is_valid() and _saved(request, pledge, form, items):
        draft_clear(request=request, key=draft_key(pledge))
        return _after_save(request, pledge, submit=op == "submit")
    return _page(request, pledge, form, items)


def _copied(request: HttpRequest, pledge: Pledge, form: VersionForm) -> HttpResponse:
    if form.is_valid():
        services.pledge_copy_forward(pledge=pledge, actor=request.user, version=form.cleaned_data["version"])
        draft_clear(request=request, key=draft_key(pledge))
        messages.success(request, _("Taken over from the earlier pledge. Read it through: what has changed since?"))
    return redirect("pledge_edit", pk=pledge.pk)


def _without(rows: list[dict[str, Any]], place: str) -> list[dict[str, Any]]:
    return [row for number, row in enumerate(rows) if str(number) != place] or [{}]


def _saved(request: HttpRequest, pledge: Pledge, form: VersionForm, items: Any) -> bool:
    drafts = [item.draft() for item in items if not item.is_blank()]
    try:
        services.pledge_save(pledge=pledge, actor=request.user, version=form.cleaned_data["version"], items=drafts)
    except NotAllowed:
        raise
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        if isinstance(refusal, EditConflict):
            pledge.refresh_from_db()
            form.renew(pledge)
        return False
    return True


def _after_save(request: HttpRequest, pledge: Pledge, *, submit: bool) -> HttpResponse:
    if not submit:
        messages.success(request, _("Saved. You can go on writing at any time; nobody reviews it until you submit it."))
        return redirect("pledge_edit", pk=pledge.pk)
    try:
        pledge = services.pledge_submit(pledge=pledge, actor=request.user)
    except DomainError as refusal:
        messages.warning(request, _("Saved, but not submitted yet. %(reason)s") % {"reason": refusal})
        return redirect("pledge_edit", pk=pledge.pk)
    messages.success(request, _("Submitted. %(place)s reviews it.") % {"place": pledge.reviewing_organization})
    return redirect("pledge_detail", pk=pledge.pk)


def _form_options(pledge: Pledge) -> dict[str, Any]:
    standards = Standard.objects.filter(campaign=pledge.campaign_id, audience=pledge.subject_kind, parent__isnull=False)
    return {"pledge": pledge, "standards": list(standards)}


def _items_form(pledge: Pledge, rows: list[dict[str, Any]]) -> Any:
    return ItemFormSet(initial=rows, form_kwargs=_form_options(pledge))


def _page(
    request: HttpRequest, pledge: Pledge, form: VersionForm, items: Any, draft: Draft | None = None
) -> HttpResponse:
    least, most = rules_of(pledge.campaign).bounds(pledge.subject_kind)
    stored = list(pledge.items.order_by("order"))
    context = {
        "pledge": pledge,
        "form": form,
        "items": items,
        "draft": draft,
        "earlier": None if stored else earlier_pledge(pledge),
        "hints": pledge_hints(pledge, stored),
        "draft_key": draft_key(pledge),
        "least": least,
        "most": most,
        "can_add": len(items.forms) < most,
        "last_return": pledge.reviews.first() if pledge.state == PledgeState.RETURNED else None,
        "crumbs": [{"label": _("My pledges"), "url": reverse("pledge_mine")}],
    }
    return render(request, "pledges/pledge_edit.html", context)


DONE = {
    "pledge_submit": gettext_lazy("Submitted for review."),
    "pledge_recall": gettext_lazy("Taken back. You can change it and submit it again."),
    "pledge_withdraw": gettext_lazy("Withdrawn. You can begin a new pledge at any time."),
}


@access(POST=Cap.PLEDGE_WRITE)
def pledge_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Submit, take back or withdraw: the field `step` says which."""
    pledge = gate(request, Pledge.objects, pk=pk)
    step = request.POST.get("step", "")
    if step in WRITING:
        getattr(services, step)(pledge=pledge, actor=request.user)
        messages.success(request, DONE[step])
    return redirect("pledge_detail", pk=pk)


@access(POST=Cap.PLEDGE_WRITE)
def drafts_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand in all complete drafts of an organization's members."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    campaign = current_campaign(request.user)
    if campaign is None:
        raise DomainError(_("No campaign is running."))
    done, left = services.drafts_submit_many(organization=organization, campaign=campaign, actor=request.user)
    messages.success(request, ngettext("%(n)s pledge handed in.", "%(n)s pledges handed in.", done) % {"n": done})
    if left:
        text = ngettext("%(n)s draft is not complete yet.", "%(n)s drafts are not complete yet.", left) % {"n": left}
        messages.warning(request, text)
    return redirect("pledge_import", pk=pk)
