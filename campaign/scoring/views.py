"""The pages of scores: lists, explanations, runs, sheets and metrics."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import access, gate, holds
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.listing import list_response, listing
from campaign.scoring import selectors
from campaign.scoring.choices import Column
from campaign.scoring.explain import explain
from campaign.scoring.filters import GradeFilter, RunFilter, ScoreFilter
from campaign.scoring.forms import RunForm
from campaign.scoring.metrics import children_url
from campaign.scoring.models import PeriodScore
from campaign.scoring.plans import rules_of
from campaign.scoring.registry import metrics
from campaign.scoring.services import score_run_request
from campaign.scoring.tables import GradeTable, RunTable, ScoreTable, SheetTable, rank_text
from campaign.scoring.wording import rule
from campaign.selectors import campaigns_for


@access(GET=Cap.SCORE_VIEW)
def score_list(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    used = selectors.used_columns(campaigns_for(user))
    found = listing(
        request,
        queryset=selectors.scores_for(user),
        table_class=ScoreTable,
        filter_class=ScoreFilter,
        exclude=[column.value for column in Column if column not in used],
    )
    found["table"].before_page()
    return render(request, "scoring/score_list.html", found | {"may_run": holds(user, Cap.SCORE_RUN)})


@access(GET=Cap.SCORE_VIEW)
def score_detail(request: HttpRequest, pk: int) -> HttpResponse:
    score = gate(request, selectors.published_scores(), pk=pk)
    actions = [_children_action(score)] if score.organization.numchild else []
    return render(request, "scoring/score_detail.html", _explained(score, request.user) | {"actions": actions})


def _children_action(score: PeriodScore) -> dict[str, Any]:
    return {
        "label": _("Scores directly below"),
        "url": children_url(score.organization, score.period),
        "icon": "sitemap",
    }


def _explained(score: PeriodScore, viewer: Any) -> dict[str, Any]:
    return {
        "explanation": explain(score, selectors.previous_score(score), viewer),
        "score": score,
        "rank": rank_text(selectors.ranks_of([score]).get(score.pk)),
        "successor": selectors.successor(score),
        "crumbs": [{"label": _("Members' grades") if score.member_id else _("Periodic scores"), "url": _back(score)}],
    }


def _back(score: PeriodScore) -> str:
    return f"{reverse('grade_list' if score.member_id else 'score_list')}?period={score.period_id}"


@access(GET=Cap.SCORE_VIEW_MEMBER)
def grade_list(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        {
            "title": _("Members' grades"),
            "lead": _("In roll order. Members are compared by grade only, never ranked."),
            "empty_text": _("There are no grades for this period yet. They appear after the next score run."),
        },
        queryset=selectors.grades_for(request.user, Cap.SCORE_VIEW_MEMBER),
        table_class=GradeTable,
        filter_class=GradeFilter,
    )


@access(GET=Cap.SCORE_VIEW_MEMBER)
def grade_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Members see every point of their own score, the branch's secretary the grade."""
    score = gate(request, selectors.published_scores(), pk=pk)
    own = score.member_id == getattr(request.user, "member_id", None)
    if own:
        return render(request, "scoring/score_detail.html", _explained(score, request.user))
    crumbs = [{"label": _("Members' grades"), "url": _back(score)}]
    return render(request, "scoring/grade_detail.html", {"score": score, "crumbs": crumbs})


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


@access(GET=Cap.CAMPAIGN_VIEW)
def sheet_list(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        {
            "title": _("Score sheets"),
            "lead": _("What is scored, by which rule, with how many marks. A sheet that has been used never changes."),
            "empty_text": _("The sheets of a campaign appear with its first score run."),
            "actions": [{"label": _("What the figures mean"), "url": reverse("metric_list"), "icon": "ruler-measure"}],
        },
        queryset=selectors.sheets_for(request.user),
        table_class=SheetTable,
    )


@access(GET=Cap.CAMPAIGN_VIEW)
def sheet_detail(request: HttpRequest, pk: int) -> HttpResponse:
    sheet = gate(request, selectors.sheets_for(request.user).prefetch_related("items", "grades"), pk=pk)
    items = list(sheet.items.all())
    rows = []
    for item, ruled in zip(items, rules_of(sheet, items).items, strict=True):
        metric = metrics.get(item.metric) if item.metric in metrics else None
        unit = str(metric.unit) if metric else "%"
        rows.append({"item": item, "metric": metric, "rule": rule(ruled.method, ruled.full, unit)})
    crumbs = [{"label": _("Score sheets"), "url": reverse("sheet_list")}]
    return render(request, "scoring/sheet_detail.html", {"sheet": sheet, "rows": rows, "crumbs": crumbs})


@access(GET=Cap.CAMPAIGN_VIEW)
def metric_list(request: HttpRequest) -> HttpResponse:
    crumbs = [{"label": _("Score sheets"), "url": reverse("sheet_list")}]
    return render(request, "scoring/metric_list.html", {"metrics": list(metrics), "crumbs": crumbs})
