"""Pages of freezing: who asked, what exactly, and the second person's decision."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from campaign.common.listing import list_response
from campaign.models import PeriodState
from campaign.scoring import selectors, services
from campaign.scoring.forms.runs import FreezeForm
from campaign.scoring.models import ScoreFreeze
from campaign.scoring.services.freezing import is_own
from campaign.scoring.tables import FreezeTable
from campaign.scoring.views.decisions import crumbs, who_and_when

MOST_DRIFTED = 50
"""Organizations that are named; the number tells of the rest."""


def _crumbs() -> list[dict[str, str]]:
    return crumbs(_("Frozen periods"), "freeze_list")


@access(GET=Cap.SCORE_FREEZE)
def freeze_list(request: HttpRequest) -> HttpResponse:
    ask = {"label": _("Freeze a period"), "url": reverse("freeze_ask"), "icon": "lock", "primary": True}
    return list_response(
        request,
        {
            "title": _("Frozen periods"),
            "lead": _(
                "One person asks, another confirms; from then on nobody changes the scores, not even this program."
            ),
            "empty_title": _("No period is frozen"),
            "empty_text": _("When a period is over and its scores have been looked at, ask for it to be frozen."),
            "actions": [ask],
            "crumbs": _crumbs()[:1],
        },
        queryset=selectors.freezes_for(request.user),
        table_class=FreezeTable,
    )


@access(GET=Cap.SCORE_FREEZE)
def freeze_detail(request: HttpRequest, pk: int) -> HttpResponse:
    freeze = gate(request, _with_all(), pk=pk)
    own = is_own(freeze, request.user)
    actions: list[dict[str, Any]] = []
    if freeze.is_open:
        if not own:
            actions.append(
                {
                    "label": _("Confirm and freeze"),
                    "url": reverse("freeze_confirm", args=[pk]),
                    "icon": "lock",
                    "primary": True,
                    "post": True,
                    "confirm": _("Freeze these scores? Nobody can thaw them; what is wrong later needs a correction."),
                }
            )
        actions.append(
            {
                "label": _("Withdraw the request") if own else _("Refuse"),
                "url": reverse("freeze_withdraw", args=[pk]),
                "icon": "arrow-back-up",
                "post": True,
                "confirm": _("Leave the scores as they are, without freezing them?"),
            }
        )
    context = {
        "freeze": freeze,
        "rows": _rows(freeze),
        "drifts": freeze.period.drifts.count() if not freeze.is_open else 0,
        "drifted": list(selectors.drifted_for(request.user, freeze.period)[:MOST_DRIFTED])
        if not freeze.is_open
        else [],
        "own": own,
        "actions": actions,
        "crumbs": _crumbs(),
    }
    return render(request, "scoring/freeze_detail.html", context)


def _with_all() -> Any:
    return ScoreFreeze.objects.select_related(
        "period__campaign__organization", "run__organization", "requested_by", "decided_by"
    )


def _rows(freeze: ScoreFreeze) -> list[tuple[str, str]]:
    counts = freeze.run.counts
    return [
        (_("Campaign"), str(freeze.period.campaign)),
        (_("Period"), freeze.period.name),
        (_("Version"), str(freeze.version)),
        (_("Reason"), freeze.reason),
        (_("Organizations"), str(counts.get("organizations", ""))),
        (_("Members"), str(counts.get("members", ""))),
        (_("Changed"), str(counts.get("changed", ""))),
        (_("Requested by"), who_and_when(freeze.requested_by, freeze.created_at)),
        (_("Decided by"), who_and_when(freeze.decided_by, freeze.decided_at)),
        (_("Digest"), freeze.run.digest),
    ]


@access(GET=Cap.SCORE_FREEZE, POST=Cap.SCORE_FREEZE)
def freeze_ask(request: HttpRequest) -> HttpResponse:
    """Ask for a period to be frozen; for one that is frozen, for a correction."""
    form = FreezeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        period, reason = form.cleaned_data["period"], form.cleaned_data["reason"]
        frozen = period.state == PeriodState.FROZEN
        ask: Any = services.correction_request if frozen else services.freeze_request
        if form.attempt(ask, actor=request.user, period=period, reason=reason):
            if frozen:
                return redirect("jobs_detail", form.result.pk)
            messages.success(request, _("A second person can confirm it now."))
            return redirect("freeze_detail", form.result.pk)
    return render(request, "scoring/freeze_ask.html", {"form": form, "crumbs": _crumbs()})


@access(POST=Cap.SCORE_FREEZE)
def freeze_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    services.freeze_confirm(freeze=gate(request, _with_all(), pk=pk), actor=request.user)
    messages.success(request, _("The period is frozen."))
    return redirect("freeze_detail", pk)


@access(POST=Cap.SCORE_FREEZE)
def freeze_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    services.freeze_withdraw(freeze=gate(request, _with_all(), pk=pk), actor=request.user)
    messages.success(request, _("The request is closed; nothing was frozen."))
    return redirect("freeze_detail", pk)
