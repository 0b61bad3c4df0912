"""督诺 and 评诺: what was done, and how it was kept."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from pledges import services
from pledges.forms import JudgementForm, ProgressForm, VersionForm, judgements_of
from pledges.models import AppraisalKind, Pledge, PledgeItem


def _pledge(request: HttpRequest, pk: int) -> Pledge:
    return gate(request, Pledge.objects.select_related("campaign", "organization", "member"), pk=pk)


def _items(pledge: Pledge) -> list[PledgeItem]:
    items = pledge.items.select_related("standard").prefetch_related("progress", "appraisals")
    return list(items.order_by("order"))


def _crumbs(pledge: Pledge) -> list[dict[str, str]]:
    return [{"label": str(pledge), "url": reverse("pledge_detail", args=[pledge.pk])}]


@access(GET=Cap.PLEDGE_WRITE, POST=Cap.PLEDGE_WRITE)
def pledge_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Note what was done for an item; judge one's own items below it."""
    pledge = _pledge(request, pk)
    form = ProgressForm(request.POST or None, pledge=pledge)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.attempt(services.progress_add, actor=request.user, **form.cleaned_data)
    ):
        messages.success(request, _("Noted."))
        return redirect("pledge_progress", pk=pk)
    items = _items(pledge)
    own = [JudgementForm(item=item, own=True) for item in items]
    return _progress_page(request, pledge, items, form, own, VersionForm(initial={"version": pledge.version}))


def _progress_page(
    request: HttpRequest,
    pledge: Pledge,
    items: list[PledgeItem],
    form: ProgressForm,
    own: list[JudgementForm],
    version: Any,
) -> HttpResponse:
    context = {
        "pledge": pledge, "items": items, "form": form, "own": own, "version": version, "crumbs": _crumbs(pledge),
    }  # fmt: skip
    return render(request, "pledges/pledge_progress.html", context)


@access(POST=Cap.PLEDGE_WRITE)
def pledge_appraise_self(request: HttpRequest, pk: int) -> HttpResponse:
    pledge = _pledge(request, pk)
    items = _items(pledge)
    own = [JudgementForm(request.POST, item=item, own=True) for item in items]
    version = VersionForm(request.POST)
    if _judged(request, pledge, own, version, AppraisalKind.SELF):
        messages.success(request, _("Your appraisal of yourself is noted. The organization decides."))
        return redirect("pledge_progress", pk=pk)
    return _progress_page(request, pledge, items, ProgressForm(pledge=pledge), own, version)


@access(GET=Cap.PLEDGE_APPRAISE, POST=Cap.PLEDGE_APPRAISE)
def pledge_appraise(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge how each item was fulfilled."""
    pledge = _pledge(request, pk)
    posted = request.POST if request.method == "POST" else None
    forms = [JudgementForm(posted, item=item) for item in _items(pledge)]
    version = VersionForm(posted, initial={"version": pledge.version})
    if posted is not None and _judged(request, pledge, forms, version, AppraisalKind.ORGANIZATION):
        messages.success(request, _("The appraisal is noted and shows on the board."))
        return redirect("pledge_detail", pk=pk)
    context = {"pledge": pledge, "forms": forms, "form": version, "crumbs": _crumbs(pledge)}
    return render(request, "pledges/pledge_appraise.html", context)


def _judged(
    request: HttpRequest, pledge: Pledge, forms: list[JudgementForm], version: VersionForm, kind: AppraisalKind
) -> bool:
    """Hand the judgements to the service; what is wrong stands on top of the page."""
    if not all([version.is_valid(), *(form.is_valid() for form in forms)]):
        return False
    judgements = judgements_of(forms)
    if not judgements:
        version.add_error(None, _("Choose how at least one item was fulfilled."))
        return False
    return version.attempt(
        services.items_appraise,
        pledge=pledge,
        actor=request.user,
        kind=kind,
        judgements=judgements,
        version=version.cleaned_data["version"],
    )
