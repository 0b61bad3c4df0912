"""Cross-check d.20.11: the figures of a period are official only once it is frozen; until then the form says 草稿."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.models import PeriodState
from campaign.reports.checks import Check, Discrepancy, Severity, Tables
from campaign.reports.registry import ReportRequest


def _frozen(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    period = request.period
    if period is not None and period.state != PeriodState.FROZEN:
        yield Discrepancy(
            gettext("%(period)s is not frozen yet: the form is stamped as a draft.") % {"period": period.code},
            reverse("campaign_detail", args=[period.campaign_id]),
        )


FROZEN = Check("d.20.11", _("The period is frozen"), _frozen, Severity.WARNING)
