"""督诺: what was done, and how one judges it oneself."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from pledges import services
from pledges.forms import JudgementForm, ProgressForm, VersionForm
from pledges.models import AppraisalKind, Pledge, PledgeItem
from pledges.views.appraising import items_of, judged


def _pledge(request: HttpRequest, pk: int) -> Pledge:
    return gate(request, Pledge.objects.select_related("campaign", "organization", "member"), pk=pk)


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
    items = items_of(pledge)
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
    items = items_of(pledge)
    own = [JudgementForm(request.POST, item=item, own=True) for item in items]
    version = VersionForm(request.POST)
    if judged(pledge, own, version, AppraisalKind.SELF, actor=request.user):
        messages.success(request, _("Your appraisal of yourself is noted. The organization decides."))
        return redirect("pledge_progress", pk=pk)
    return _progress_page(request, pledge, items, ProgressForm(pledge=pledge), own, version)
