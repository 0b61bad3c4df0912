"""Score runs: asked for, what came of them, and what each left otherwise than the one before."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from campaign.common.access import access, gate, holds
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.listing import BoundedPaginator, list_response
from campaign.scoring import selectors
from campaign.scoring.filters import RunFilter
from campaign.scoring.forms.runs import RunForm
from campaign.scoring.history import causes, differences, differing, run_before
from campaign.scoring.models import FINISHED, PeriodScore, ScoreRun
from campaign.scoring.services import score_run_request
from campaign.scoring.tables import RunTable


@access(GET=Cap.SCORE_RUN, POST=Cap.SCORE_RUN)
def score_run(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = RunForm(user, request.POST or None)
    if not form.fields["period"].queryset.exists():  # type: ignore[attr-defined]
        raise DomainError(_("No period is open: no campaign is running, or all its periods are frozen."))
    if request.method == "POST" and form.is_valid():
        wanted = {"period": form.cleaned_data["period"], "organization": form.cleaned_data["organization"]}
        if form.attempt(score_run_request, actor=user, **wanted):
            return redirect("jobs_detail", form.result.pk)
    crumbs = [{"label": _("Periodic scores"), "url": reverse("score_list")}]
    return render(request, "scoring/score_run.html", {"form": form, "crumbs": crumbs})


@access(GET=Cap.SCORE_VIEW)
def score_runs(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    actions = [{"label": _("Compute scores"), "url": reverse("score_run"), "icon": "calculator", "primary": True}]
    return list_response(
        request,
        {
            "title": _("Score runs"),
            "lead": _("Equal digests mean that every line of the scores is equal."),
            "empty_text": _("Nobody has computed scores yet."),
            "actions": actions if holds(user, Cap.SCORE_RUN) else [],
            "crumbs": [{"label": _("Periodic scores"), "url": reverse("score_list")}],
        },
        queryset=selectors.runs_for(user),
        table_class=RunTable,
        filter_class=RunFilter,
    )


PER_PAGE = 20


@access(GET=Cap.SCORE_VIEW)
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What became other with a run, line by line, and why: beside the run before it, or an earlier one that is chosen."""
    user: Any = request.user
    run: ScoreRun = gate(request, selectors.runs_for(user), pk=pk)
    earlier = _earlier(user, run)
    asked = request.GET.get("since", "")
    before = next((each for each in earlier if str(each.pk) == asked), run_before(run))
    # The first run of a period left everything otherwise: the list of scores says it better.
    changed = differing(before, run, user) if before else PeriodScore.objects.none()
    page = BoundedPaginator(changed, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "run": run,
        "before": before,
        "earlier": earlier,
        "rows": _rows(run),
        "page": page,
        "differences": differences(before, run, user, list(page.object_list)),
        "scores_url": f"{reverse('score_list')}?period={run.period_id}",
        "causes": causes(before, run),
        "crumbs": [
            {"label": _("Periodic scores"), "url": reverse("score_list")},
            {"label": _("Score runs"), "url": reverse("score_runs")},
        ],
    }
    return render(request, "scoring/run_detail.html", context)


MOST_EARLIER = 30


def _earlier(user: Any, run: ScoreRun) -> list[ScoreRun]:
    """Return the runs of the same period that `run` can be compared with, the latest first."""
    runs = selectors.runs_for(user).filter(period=run.period_id, state__in=FINISHED, pk__lt=run.pk)
    return list(runs.order_by("-pk")[:MOST_EARLIER])


def _rows(run: ScoreRun) -> list[tuple[str, Any]]:
    counts = run.counts
    return [
        (_("Period"), run.period.name),
        (_("Party organization"), run.organization.name),
        (_("Kind"), run.get_kind_display()),
        (_("Version"), run.version),
        (_("Reason"), run.reason),
        (_("Records as of"), f"{localtime(run.as_of):%Y-%m-%d %H:%M:%S}"),
        (_("Organizations"), counts.get("organizations", "")),
        (_("Members"), counts.get("members", "")),
        (_("Changed"), counts.get("changed", "")),
        (_("No longer there"), counts.get("removed", "")),
        (_("Requested by"), run.requested_by or _("By itself")),
        (_("Digest"), run.digest),
    ]
