"""Objects of this engine whose readers and history can be looked at."""

from typing import Any

from campaign.audit.labels import Noted, noted
from campaign.common.capabilities import Cap
from campaign.common.oversight import ObjectKind, kinds
from campaign.reports.models import ReportSchedule
from campaign.reports.registry import reports

kinds.register(ObjectKind("schedule", ReportSchedule, "schedule_detail", (Cap.JOB_VIEW,)))


def _report(value: Any) -> str:
    return str(reports.get(value).label) if value in reports else str(value or "—")


for target in ("reports.reportview", "reports.reportschedule", "orgs.organization"):
    noted.register(Noted(f"{target} report", _report))
