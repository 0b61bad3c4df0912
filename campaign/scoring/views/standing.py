"""Ranking within a group of peers, how scores are spread, and the course of one organization beside its peers."""

from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from campaign.common.listing import BoundedPaginator
from campaign.common.text import is_key
from campaign.models import Period, PeriodKind
from campaign.scoring import plots, selectors
from campaign.scoring.forms.standing import GroupForm
from campaign.scoring.models import GradeBand, PeriodScore
from campaign.scoring.standing import (
    Axis,
    Point,
    axes_of,
    course,
    peer_group,
    peer_groups,
    peers_of,
    ranks_of,
    spread_of,
)
from campaign.scoring.tables import rank_text
from orgs.forms import choosing
from orgs.models import Organization

PER_PAGE = 50


def tabs_of(here: str) -> list[dict[str, Any]]:
    """Return the pages of scores as tabs."""
    pages = (("score_list", _("Scores")), ("score_ranking", _("Ranking")), ("score_spread", _("Distribution")))
    return [{"label": label, "url": reverse(name), "active": name == here} for name, label in pages]


def _chosen(request: HttpRequest) -> tuple[GroupForm, dict[str, Any]]:
    """Return the form above a ranking, and what it says: the period and group asked for, else the first there are."""
    user: Any = request.user
    periods = selectors.periods_for(user)
    period = _period(request)
    groups = peer_groups(user, period, most=choosing.FEW + 1) if period else []
    several = next((each for each in groups if each.number > 1), groups[0] if groups else None)
    group = (peer_group(user, period, request.GET.get("group", "")) if period else None) or several
    if group and group not in groups:
        groups.append(group)
    first = {"period": period.pk if period else None, "group": group.key if group else ""}
    form = GroupForm(periods=periods, groups=groups, initial=first)
    return form, {"period": period, "group": group}


def _period(request: HttpRequest) -> Period | None:
    """Return the period that the address asks for, else the latest that has something to show."""
    asked = request.GET.get("period", "")
    found = selectors.periods_for(request.user).filter(pk=asked).first() if is_key(asked) else None
    return found or selectors.default_period(request.user)


@access(POST=Cap.SCORE_VIEW)
def peer_search(request: HttpRequest) -> HttpResponse:
    """What the searchable choice of a group of peers offers for the words typed so far."""
    period = _period(request)
    found = peer_groups(request.user, period, request.POST.get("q", "")) if period else []
    return JsonResponse({"results": [{"value": each.key, "text": each.label} for each in found]})


@access(GET=Cap.SCORE_VIEW)
def score_ranking(request: HttpRequest) -> HttpResponse:
    """Those of a group that one may see, the best first; each with its place among all of the group."""
    form, chosen = _chosen(request)
    group = chosen["group"]
    scores = selectors.scores_for(request.user).of_organizations()
    scores = scores.filter(period=chosen["period"], sheet=group.sheet_id, peers=group.peers) if group else scores.none()
    ordered = scores.order_by("vetoed", F("total").desc(nulls_last=True), "place", "pk")
    page = BoundedPaginator(ordered, PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    ranks, before = ranks_of(shown), selectors.totals_before(shown)
    table = peers_of(shown[:1])
    peers = next(iter(table.values()), None)
    context = {
        "form": form,
        "found": bool(shown),
        "page": page,
        "rows": [_ranked(score, ranks, before) for score in shown],
        "peers": peers,
        "hidden": max(0, peers.number - page.paginator.count) if peers else 0,
        "tabs": tabs_of("score_ranking"),
        **chosen,
    }
    return render(request, "scoring/ranking.html", context)


def _ranked(score: PeriodScore, ranks: Any, before: Any) -> dict[str, Any]:
    previous, rank = before.get(score.pk), ranks.get(score.pk)
    difference = None if previous is None or score.total is None else score.total - previous
    return {"score": score, "rank": rank[0] if rank else None, "previous": previous, "difference": difference}


@access(GET=Cap.SCORE_VIEW)
def score_spread(request: HttpRequest) -> HttpResponse:
    """How the scores that one may see by one sheet are spread, in the chosen group or all of it."""
    form, chosen = _chosen(request)
    user: Any = request.user
    group, period = chosen["group"], chosen["period"]
    spread = None
    if group:
        everybody = request.GET.get("all") == "1"
        scores = PeriodScore.objects.visible_to(user).current().filter(period=period, sheet=group.sheet_id)
        names = list(_grades(group.sheet_id))
        spread = spread_of(scores if everybody else scores.filter(peers=group.peers), names)
        form.initial["all"] = everybody
    columns = [(_edge(edge), number) for edge, number in spread.columns] if spread else []
    context = {
        "form": form,
        "wide": True,
        "found": bool(spread and spread.number),
        "spread": spread,
        "bars": plots.bars(columns),
        "tabs": tabs_of("score_spread"),
        **chosen,
    }
    return render(request, "scoring/spread.html", context)


def _edge(edge: int) -> str:
    return str(edge // 100)


def _grades(sheet: int) -> Any:
    return GradeBand.objects.filter(sheet=sheet).order_by("-at_least").values_list("name", flat=True)


@access(GET=Cap.SCORE_VIEW)
def score_course(request: HttpRequest, pk: int) -> HttpResponse:
    """One organization over the periods of a kind, and by standard beside the median of its peers."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    mine = selectors.published_scores().current().of_organizations().filter(organization=organization)
    mine = mine.prefetch_related("sheet__items__standard")
    scores = list(mine.order_by("period__starts_on", "period_id"))
    kinds = list(dict.fromkeys(score.period.kind for score in scores))
    kind = request.GET.get("kind", "") if request.GET.get("kind", "") in kinds else _usual(kinds)
    points = course([score for score in scores if score.period.kind == kind])
    asked = request.GET.get("period", "")
    latest = next((point for point in points if str(point.score.period_id) == asked), _last_finished(points))
    axes = axes_of(latest.score) if latest else []
    context = {
        "organization": organization,
        "points": [(point, rank_text(point.rank)) for point in points],
        "chart": _chart(points) if points else None,
        "latest": latest,
        "axes": [(axis, None if axis.median is None or axis.own is None else axis.own - axis.median) for axis in axes],
        "radar": _radar(axes),
        "kinds": _kinds(organization, kinds, kind),
        "crumbs": [{"label": _("Periodic scores"), "url": reverse("score_list")}],
    }
    return render(request, "scoring/course.html", context)


def _last_finished(points: list[Point]) -> Point | None:
    """Return the last period that is over; what has only begun tells little."""
    over = [point for point in points if point.score.period.ends_on < clock.today()]
    found = over or points
    return found[-1] if found else None


def _usual(kinds: list[str]) -> str:
    return PeriodKind.HALF_YEAR if PeriodKind.HALF_YEAR in kinds else kinds[0] if kinds else ""


def _kinds(organization: Organization, kinds: list[str], here: str) -> list[dict[str, Any]]:
    address = reverse("score_course", args=[organization.pk])
    return [
        {"label": PeriodKind(kind).label, "url": f"{address}?kind={kind}", "active": kind == here} for kind in kinds
    ]


def _chart(points: list[Point]) -> plots.Chart:
    return plots.chart(
        [point.score.period.name for point in points],
        [point.score.total for point in points],
        [point.median for point in points],
    )


def _radar(axes: list[Axis]) -> plots.Radar | None:
    """Draw what was measured: a standard that was left out is not one of which nothing was reached."""
    measured = [(axis.label, axis.own, axis.median) for axis in axes if axis.own is not None]
    return plots.radar(measured) if len(measured) > 2 else None
