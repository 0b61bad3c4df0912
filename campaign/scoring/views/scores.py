"""Lists of scores, and where each point comes from."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import access, gate, holds
from campaign.common.capabilities import Cap
from campaign.common.listing import list_response, listing
from campaign.scoring import selectors
from campaign.scoring.choices import Column
from campaign.scoring.explain import explain, explain_entries
from campaign.scoring.filters import GradeFilter, ScoreFilter
from campaign.scoring.metrics import children_url
from campaign.scoring.models import PeriodScore
from campaign.scoring.standing import ranks_of
from campaign.scoring.tables import HEADS_COLUMN, GradeTable, ScoreTable, rank_text
from campaign.scoring.views.standing import tabs_of
from campaign.selectors import campaigns_for


@access(GET=Cap.SCORE_VIEW)
def score_list(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    campaigns = campaigns_for(user)
    used = selectors.used_columns(campaigns)
    hidden = [column.value for column in Column if column not in used]
    if not (request.GET.get("above") and selectors.weighs_members(campaigns)):
        hidden.append(HEADS_COLUMN)
    found = listing(
        request,
        queryset=selectors.scores_for(user),
        table_class=ScoreTable,
        filter_class=ScoreFilter,
        exclude=hidden,
    )
    found["table"].before_page()
    return render(
        request,
        "scoring/score_list.html",
        found | {"may_run": holds(user, Cap.SCORE_RUN), "tabs": tabs_of("score_list")},
    )


@access(GET=Cap.SCORE_VIEW)
def score_detail(request: HttpRequest, pk: int) -> HttpResponse:
    score = gate(request, selectors.published_scores(), pk=pk)
    actions = [_course_action(score), *([_children_action(score)] if score.organization.numchild else [])]
    return render(request, "scoring/score_detail.html", _explained(score, request.user) | {"actions": actions})


def _course_action(score: PeriodScore) -> dict[str, Any]:
    return {
        "label": _("Course and comparison"),
        "url": reverse("score_course", args=[score.organization_id]),
        "icon": "chart-line",
    }


def _children_action(score: PeriodScore) -> dict[str, Any]:
    return {
        "label": _("Scores directly below"),
        "url": children_url(score.organization, score.period),
        "icon": "sitemap",
    }


def _explained(score: PeriodScore, viewer: Any) -> dict[str, Any]:
    return {
        "explanation": explain(score, selectors.previous_score(score), viewer),
        "entries": explain_entries(score, viewer),
        "score": score,
        "rank": rank_text(ranks_of([score]).get(score.pk)),
        "successor": selectors.successor(score),
        "drift": selectors.drift_of(score),
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
