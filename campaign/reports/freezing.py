"""Cross-check d.20.11: the figures of a period are official only once it is frozen; until then the form says 草稿."""

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.models import Campaign, PeriodState
from campaign.reports.checks import Check, Discrepancy, Severity, Tables
from campaign.reports.registry import Report, ReportRequest


def _frozen(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    period = request.period
    if period is not None and period.state != PeriodState.FROZEN:
        yield Discrepancy(
            gettext("%(period)s is not frozen yet: the form is stamped as a draft.") % {"period": period.name},
            reverse("campaign_detail", args=[period.campaign_id]),
        )


def _year_frozen(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    campaign = request.campaign
    year = request.year or request.today.year
    if campaign is not None and not year_is_frozen(campaign, year):
        yield Discrepancy(
            gettext("Not all of %(year)d is frozen yet: the form is stamped as a draft.") % {"year": year},
            reverse("campaign_detail", args=[campaign.pk]),
        )


def year_is_frozen(campaign: Campaign, year: int) -> bool:
    """Tell whether frozen periods cover the campaign's days of a year."""
    day = max(campaign.starts_on, dt.date(year, 1, 1))
    last = min(campaign.ends_on, dt.date(year, 12, 31))
    frozen = campaign.periods.filter(state=PeriodState.FROZEN, starts_on__lte=last, ends_on__gte=day)
    for starts_on, ends_on in frozen.order_by("starts_on", "ends_on").values_list("starts_on", "ends_on"):
        if starts_on > day:
            return False
        day = max(day, ends_on + dt.timedelta(days=1))
    return day > last


def freezing(report: Report) -> tuple[Check, ...]:
    """Return the check of a report's period or year; none for a ledger."""
    if report.is_ledger:
        return ()
    return (FROZEN,) if report.by_period else (YEAR_FROZEN,) if report.by_year else ()


YEAR_FROZEN = Check("d.20.11", _("The year is frozen"), _year_frozen, Severity.WARNING)
FROZEN = Check("d.20.11", _("The period is frozen"), _frozen, Severity.WARNING)
