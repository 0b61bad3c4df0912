"""Objects of this engine whose readers and history can be looked at."""

from campaign.common.capabilities import Cap
from campaign.common.oversight import ObjectKind, kinds
from campaign.reports.models import ReportSchedule

kinds.register(ObjectKind("schedule", ReportSchedule, "schedule_detail", (Cap.JOB_VIEW,)))
