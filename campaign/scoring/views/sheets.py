"""Score sheets and metrics, to be read by everybody in the campaign."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import access, gate, reaches
from campaign.common.capabilities import Cap
from campaign.common.listing import list_response
from campaign.scoring import selectors
from campaign.scoring.models import ScoreSheet
from campaign.scoring.plans import rules_of
from campaign.scoring.registry import metrics
from campaign.scoring.tables import SheetTable, sheet_state
from campaign.scoring.wording import rule
from campaign.selectors import current_campaign


@access(GET=Cap.CAMPAIGN_VIEW)
def sheet_list(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        {
            "title": _("Score sheets"),
            "lead": _("What is scored, by which rule, with how many marks. A sheet that has been used never changes."),
            "empty_text": _("The sheets of a campaign appear with its first score run."),
            "actions": [
                *_begin(request.user),
                {"label": _("What the figures mean"), "url": reverse("metric_list"), "icon": "ruler-measure"},
            ],
        },
        queryset=selectors.sheets_for(request.user),
        table_class=SheetTable,
    )


def _begin(user: Any) -> list[dict[str, Any]]:
    """Return the button that begins a new version, for those who set the present campaign up."""
    campaign = current_campaign(user)
    if campaign is None or not reaches(user, Cap.CAMPAIGN_MANAGE, campaign.organization.path):
        return []
    return [
        {"label": _("New version"), "url": reverse("sheet_begin", args=[campaign.pk]), "icon": "copy", "primary": True}
    ]


@access(GET=Cap.CAMPAIGN_VIEW)
def sheet_detail(request: HttpRequest, pk: int) -> HttpResponse:
    sheet = gate(
        request,
        selectors.sheets_for(request.user)
        .select_related("campaign__organization")
        .prefetch_related("items__standard", "grades"),
        pk=pk,
    )
    items = list(sheet.items.all())
    rows = []
    for item, ruled in zip(items, rules_of(sheet, items).items, strict=True):
        metric = metrics.get(item.metric) if item.metric in metrics else None
        unit = str(metric.unit) if metric else "%"
        rows.append({"item": item, "metric": metric, "rule": rule(ruled.method, ruled.full, unit)})
    versions = selectors.sheets_for(request.user).filter(campaign=sheet.campaign_id, key=sheet.key).exclude(pk=pk)
    context = {
        "sheet": sheet,
        "state": sheet_state(sheet),
        "rows": rows,
        "versions": [(each, sheet_state(each)) for each in versions.order_by("-version")],
        "actions": _actions(request.user, sheet),
        "crumbs": [{"label": _("Score sheets"), "url": reverse("sheet_list")}],
    }
    return render(request, "scoring/sheet_detail.html", context)


def _actions(user: Any, sheet: ScoreSheet) -> list[dict[str, Any]]:
    if not reaches(user, Cap.CAMPAIGN_MANAGE, sheet.campaign.organization.path):
        return []
    if sheet.is_draft:
        return [{"label": _("Go on with the draft"), "url": reverse("sheet_edit", args=[sheet.pk]), "icon": "pencil"}]
    copy = f"{reverse('sheet_begin', args=[sheet.campaign_id])}?source=sheet:{sheet.pk}"
    return [{"label": _("New version"), "url": copy, "icon": "copy"}]


@access(GET=Cap.CAMPAIGN_VIEW)
def metric_list(request: HttpRequest) -> HttpResponse:
    crumbs = [{"label": _("Score sheets"), "url": reverse("sheet_list")}]
    return render(request, "scoring/metric_list.html", {"metrics": list(metrics), "crumbs": crumbs})
