"""评诺: judging one's own items, a colleague's, and many for the organization."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from campaign.common.listing import BoundedPaginator, list_response
from campaign.common.text import is_key
from campaign.drafts.forms import dropped, keep
from campaign.drafts.services import draft_clear
from campaign.selectors import current_campaign
from pledges import services
from pledges.forms import JudgementForm, ManyForm, VersionForm, judgements_of
from pledges.models import AppraisalKind, Pledge, PledgeItem
from pledges.registry import opinions_on
from pledges.selectors import appraisable, appraised_until, peer_pledges, to_appraise
from pledges.tables import PeerTable
from pledges.views.saving import saved

PER_PAGE = 30


def items_of(pledge: Pledge) -> list[PledgeItem]:
    items = pledge.items.select_related("standard").prefetch_related(
        "progress__evidence__attachment", "appraisals", "adjustments"
    )
    return list(items.order_by("order"))


def _crumbs(pledge: Pledge) -> list[dict[str, str]]:
    return [{"label": str(pledge), "url": reverse("pledge_detail", args=[pledge.pk])}]


@access(GET=Cap.PLEDGE_APPRAISE, POST=Cap.PLEDGE_APPRAISE)
def pledge_appraise(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge for the organization how each item was fulfilled."""
    return _appraisal(request, pk, AppraisalKind.ORGANIZATION)


@access(GET=Cap.PLEDGE_APPRAISE_PEER, POST=Cap.PLEDGE_APPRAISE_PEER)
def pledge_appraise_peer(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge the items of a colleague of the branch."""
    return _appraisal(request, pk, AppraisalKind.PEER)


def _appraisal(request: HttpRequest, pk: int, kind: AppraisalKind) -> HttpResponse:
    joined = appraisable(request.user, kind).select_related("campaign", "organization", "member")
    pledge: Pledge = gate(request, joined, pk=pk)
    peer, key = kind == AppraisalKind.PEER, f"pledge_appraise_{kind}:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    posted = request.POST if request.method == "POST" else None
    forms = [JudgementForm(posted, item=item, own=peer) for item in items_of(pledge)]
    version = keep(request, VersionForm(posted, initial={"version": pledge.version}), key, parts=forms)
    if posted is not None and judged(pledge, forms, version, kind, actor=request.user):
        draft_clear(request=request, key=key)
        if peer:
            messages.success(request, _("Your appraisal is noted. The organization decides."))
            return redirect("pledge_peers")
        messages.success(request, _("The appraisal is noted and shows on the board."))
        return redirect("pledge_detail", pk=pk)
    context = {
        "pledge": pledge,
        "forms": forms,
        "form": version,
        "peer": peer,
        "until": appraised_until(pledge.campaign),
        "opinions": [] if peer else opinions_on(pledge, request.user),
        "crumbs": [{"label": _("Pledges of colleagues"), "url": reverse("pledge_peers")}] if peer else _crumbs(pledge),
    }
    return render(request, "pledges/pledge_appraise.html", context)


def judged(
    pledge: Pledge, forms: list[JudgementForm], version: VersionForm, kind: AppraisalKind, *, actor: Any
) -> bool:
    """Hand the judgements to the service; what is wrong stands on top of the page."""
    if not all([version.is_valid(), *(form.is_valid() for form in forms)]):
        return False
    judgements = judgements_of(forms)
    if not judgements:
        version.add_error(None, _("Choose how at least one item was fulfilled."))
        return False
    given = {"pledge": pledge, "actor": actor, "kind": kind, "judgements": judgements}
    return saved(version, pledge, services.items_appraise, **given)


@access(GET=Cap.PLEDGE_APPRAISE_PEER)
def pledge_peers(request: HttpRequest) -> HttpResponse:
    """The pledges of one's colleagues, those first that one has not judged yet."""
    campaign = current_campaign(request.user)
    until = appraised_until(campaign) if campaign else None
    context = {
        "title": _("Pledges of colleagues"),
        "crumbs": [{"label": _("Public pledges"), "url": reverse("pledge_list")}],
        "lead": _("Appraisals are taken until %(day)s.") % {"day": until}
        if until
        else _("No appraisals are taken at present."),
        "empty_title": _("No pledges of colleagues"),
        "empty_text": _("As soon as a pledge of your branch is on the board, you can say here how it was kept."),
    }
    pledges = peer_pledges(request.user).select_related("organization")
    return list_response(request, context, queryset=pledges, table_class=PeerTable)


@access(GET=Cap.PLEDGE_APPRAISE, POST=Cap.PLEDGE_APPRAISE)
def pledge_appraise_many(request: HttpRequest) -> HttpResponse:
    """Judge the items whose day has come, many at once; what is left empty waits."""
    due = (
        to_appraise(request.user)
        .select_related("pledge")
        .prefetch_related("progress__evidence__attachment", "appraisals", "adjustments")
    )
    page = BoundedPaginator(due.order_by("pledge__organization__path", "due_on", "pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    key = f"pledge_appraise_many:{page.number}"
    if dropped(request, key):
        return redirect(request.get_full_path())
    posted = request.POST if request.method == "POST" else None
    forms = [JudgementForm(posted, item=item) for item in _shown(posted, due, page)]
    form = keep(request, ManyForm(posted), key, parts=forms, paged=True)
    valid = [each.is_valid() for each in forms] if posted is not None else []  # each, so that each says what is wrong
    if posted is not None and form.is_valid() and all(valid) and _stored(request, form, forms):
        draft_clear(request=request, key=key)
        return redirect("pledge_appraise_many")
    campaign = current_campaign(request.user)
    context = {
        "form": form,
        "forms": forms,
        "page": page,
        "until": appraised_until(campaign) if campaign else None,
        "crumbs": [{"label": _("Public pledges"), "url": reverse("pledge_list")}],
    }
    return render(request, "pledges/appraise_many.html", context)


def _shown(posted: Any, due: Any, page: Any) -> list[PledgeItem]:
    """Return the items of the page; of a posted one those that it held, so that nothing typed is lost."""
    if posted is None:
        return list(page.object_list)
    numbers = [int(pk) for pk in posted.getlist("item")[:PER_PAGE] if is_key(pk)]
    return list(due.filter(pk__in=numbers).order_by("pledge__organization__path", "due_on", "pk"))


def _stored(request: HttpRequest, form: ManyForm, forms: list[JudgementForm]) -> bool:
    judgements = judgements_of(forms)
    if not judgements:
        form.add_error(None, _("Choose how at least one item was fulfilled."))
        return False
    if not form.attempt(services.items_appraise_many, actor=request.user, judgements=judgements):
        return False
    messages.success(
        request, ngettext("%(n)s item appraised.", "%(n)s items appraised.", form.result) % {"n": form.result}
    )
    return True
