"""Statistics of form d.3: the figures of a level, and the records behind each of them."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.access import access, gate, holds
from campaign.common.capabilities import Cap
from campaign.common.exact import hundredths
from campaign.common.listing import list_response, listing
from campaign.common.text import is_key
from campaign.models import Campaign
from campaign.reports.registry import Report
from campaign.selectors import campaigns_for, current_campaign
from orgs.models import Organization
from pledges import statistics as figures
from pledges.comment_figures import comment_total, comment_units
from pledges.filters import PersonalItemFilter
from pledges.reports import PLEDGE_LEDGER, PLEDGE_OVERDUE, PLEDGE_STATISTICS
from pledges.tables import CommentUnitTable, ItemRecordTable, MemberRecordTable, OrganizationRecordTable, UnitTable


@access(GET=Cap.PLEDGE_STATISTICS)
def pledge_statistics(request: HttpRequest) -> HttpResponse:
    """Lead to the statistics of the highest organization in one's reach."""
    own = _organizations(request).active().order_by("depth", "path").first()
    if own is None:
        raise Http404
    return redirect("pledge_statistics_of", pk=own.pk)


def _organizations(request: HttpRequest) -> Any:
    return Organization.objects.allowed(request.user, Cap.PLEDGE_STATISTICS)


def _campaign(request: HttpRequest, wanted: str) -> Campaign | None:
    if wanted:
        return campaigns_for(request.user).filter(pk=wanted if is_key(wanted) else 0).first()
    return current_campaign(request.user) or campaigns_for(request.user).first()


@access(GET=Cap.PLEDGE_STATISTICS)
def pledge_statistics_of(request: HttpRequest, pk: int) -> HttpResponse:
    """The figures of an organization: its total, what lies in it itself, and the organizations directly below."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    campaign = _campaign(request, request.GET.get("campaign", ""))
    context: dict[str, Any] = {
        "organization": organization,
        "campaign": campaign,
        "crumbs": _crumbs(request, organization),
    }
    if campaign is None:
        return render(request, "pledges/statistics.html", context)
    year = _year(request.GET.get("year", ""), campaign)
    state = figures.state_of(campaign, year)
    level = figures.level_as_counted(state, organization) if state else figures.level_of(campaign, year, organization)
    table = listing(
        request, queryset=level.units, table_class=UnitTable, campaign=campaign, year=year, level=level, of=organization
    )
    context |= {
        **table,
        "year": year,
        "years": _years(campaign, year),
        "stats": _stats(organization, campaign, year, level.total),
        "refreshed_at": state.refreshed_at if state else None,
        "reports": _reports(request, organization, campaign, year),
        "comments_url": f"{reverse('comment_statistics', args=[pk])}?campaign={campaign.pk}&year={year}",
    }
    return render(request, "pledges/statistics.html", context)


def _year(wanted: str, campaign: Campaign) -> int:
    """Return the year that is asked for, else the present one; always one of the campaign's."""
    year = int(wanted) if is_key(wanted) else clock.today().year
    return min(max(year, campaign.starts_on.year), campaign.ends_on.year)


def _years(campaign: Campaign, shown: int) -> list[dict[str, Any]]:
    years = range(campaign.starts_on.year, min(campaign.ends_on.year, clock.today().year) + 1)
    return [
        {"label": str(year), "url": f"?campaign={campaign.pk}&year={year}", "active": year == shown}
        for year in years
        if len(years) > 1
    ]


def _reports(request: HttpRequest, organization: Organization, campaign: Campaign, year: int) -> list[dict[str, Any]]:
    if not holds(request.user, Cap.REPORT_EXPORT):  # type: ignore[arg-type]
        return []
    return [
        {"label": report.label, "url": _export(report, organization, campaign, year)}
        for report in (PLEDGE_STATISTICS, PLEDGE_LEDGER)
    ]


def _export(report: Report, organization: Organization, campaign: Campaign, year: int) -> str:
    """Return the page that exports just what is looked at: this organization, campaign and year."""
    chosen = {"organization": organization.pk, "campaign": campaign.pk, "year": year, "format": "xlsx"}
    return f"{reverse('report_export', args=[report.key])}?{urlencode(chosen)}"


def _stats(organization: Organization, campaign: Campaign, year: int, total: figures.Figures) -> list[dict[str, Any]]:
    """Return what stands on top: the two coverages with the way to who is missing, what was kept, what is late."""

    def stat(label: Any, figure: Any, hint: str, icon: str, name: str, tone: str = "") -> dict[str, Any]:
        url = _records(organization, campaign, year, name)
        return {"label": label, "figure": figure, "hint": hint, "icon": icon, "url": url, "tone": tone}

    of = _("%(part)s of %(whole)s")
    organizations = {"part": total["organizations_pledged"], "whole": total["organizations_obliged"]}
    members = {"part": total["members_pledged"], "whole": total["members_obliged"]}
    kept = {"part": total["fulfilled"] + total["basic"], "whole": total["due"]}
    return [
        stat(_("Organizations that have pledged"), _percent(total.organizations_rate), of % organizations,
             "building-community", "organizations_missing"),
        stat(_("Members who have pledged"), _percent(total.members_rate), of % members, "users", "members_missing"),
        stat(_("Rate of fulfilment"), _percent(total.fulfilment_rate), of % kept, "rosette-discount-check", "due"),
        stat(_("Items overdue"), total["overdue"], "", "alarm", "overdue", "red" if total["overdue"] else ""),
    ]  # fmt: skip


def _percent(value: int | None) -> str:
    return "—" if value is None else f"{hundredths(value)}%"


def _records(organization: Organization, campaign: Campaign, year: int, figure: str) -> str:
    return reverse("pledge_records", args=[organization.pk, campaign.pk, year, figure])


def _crumbs(request: HttpRequest, organization: Organization, *, itself: bool = False) -> list[dict[str, str]]:
    """Return the way from the highest organization in one's reach down to this one."""
    above = _organizations(request).filter(path__in=_paths(organization)).order_by("path")
    return [
        {"label": each.display_name, "url": reverse("pledge_statistics_of", args=[each.pk])}
        for each in above
        if itself or each.pk != organization.pk
    ]


def _paths(organization: Organization) -> list[str]:
    return [
        organization.path[:end] for end in range(Organization.steplen, len(organization.path) + 1, Organization.steplen)
    ]


@access(GET=Cap.PLEDGE_STATISTICS)
def comment_statistics(request: HttpRequest, pk: int) -> HttpResponse:
    """What readers of the boards said in a year: how many, answered, kept off the board, how long it took."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    campaign = _campaign(request, request.GET.get("campaign", ""))
    back = {"label": _("Pledge statistics"), "url": reverse("pledge_statistics_of", args=[pk])}
    context: dict[str, Any] = {"organization": organization, "campaign": campaign, "crumbs": [back]}
    if campaign is None:
        return render(request, "pledges/comment_statistics.html", context)
    year = _year(request.GET.get("year", ""), campaign)
    units = comment_units(campaign, year, organization)
    shown: dict[str, Any] = {"campaign": campaign, "year": year, "total": comment_total(units)}
    table = listing(request, queryset=units, table_class=CommentUnitTable, **shown)
    may_export = holds(request.user, Cap.REPORT_EXPORT)  # type: ignore[arg-type]
    context |= {
        **table,
        "year": year,
        "years": _years(campaign, year),
        "export": _export(PLEDGE_STATISTICS, organization, campaign, year) if may_export else "",
    }
    return render(request, "pledges/comment_statistics.html", context)


@access(GET=Cap.PLEDGE_STATISTICS, POST=Cap.PLEDGE_STATISTICS)
def pledge_records(request: HttpRequest, pk: int, campaign: int, year: int, figure: str) -> HttpResponse:
    """The records that a figure counts: items, members or organizations."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    found = _campaign(request, str(campaign))
    if found is None or figure not in figures.LABELS:
        raise Http404
    context = {
        "title": str(figures.LABELS[figure]),
        "lead": _("%(organization)s and below, %(year)s") % {"organization": organization, "year": year},
        "crumbs": _crumbs(request, organization, itself=True),
        "actions": _exports(request, figure, organization, found, year),
        "empty_title": _("Nothing is counted here"),
        "empty_text": _("As soon as a record belongs to this figure, it appears here."),
    }
    return list_response(request, context, **_list_of(figure, found, year, organization))


def _exports(
    request: HttpRequest, figure: str, organization: Organization, campaign: Campaign, year: int
) -> list[dict[str, Any]]:
    """Offer the ledger that has these items; members and organizations have their own reports."""
    if figure not in figures.ITEMS or not holds(request.user, Cap.REPORT_EXPORT):  # type: ignore[arg-type]
        return []
    report = PLEDGE_OVERDUE if figure == "overdue" else PLEDGE_LEDGER
    return [{"label": report.label, "url": _export(report, organization, campaign, year), "icon": "file-spreadsheet"}]


def _list_of(figure: str, campaign: Campaign, year: int, organization: Organization) -> dict[str, Any]:
    if figure in (*figures.ITEMS, "waiting"):
        items = figures.items_behind(figure, campaign, year, organization, clock.today())
        items = items.select_related("pledge", "pledge__organization").order_by("due_on", "pk")
        return {"queryset": items, "table_class": ItemRecordTable, "filter_class": PersonalItemFilter}
    if figure.startswith("members"):
        members = figures.members_behind(figure, campaign, year, organization)
        members = members.select_related("organization").order_by("organization__path", "pinyin", "pk")
        return {"queryset": members, "table_class": MemberRecordTable}
    places = figures.organizations_behind(figure, campaign, year, organization)
    return {"queryset": places.order_by("path"), "table_class": OrganizationRecordTable}


@access(GET=Cap.PLEDGE_STATISTICS)
def pledge_overdue(request: HttpRequest) -> HttpResponse:
    """Lead to the overdue items of the highest organization in one's reach."""
    own, campaign = _organizations(request).active().order_by("depth", "path").first(), _campaign(request, "")
    if own is None or campaign is None:
        return redirect("pledge_statistics")
    return redirect(_records(own, campaign, _year("", campaign), "overdue"))
