"""Score runs: asked for, and what came of them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import access, holds
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.listing import list_response
from campaign.scoring import selectors
from campaign.scoring.filters import RunFilter
from campaign.scoring.forms.runs import RunForm
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
