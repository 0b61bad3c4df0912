"""The log as a workbook, for the audit administrator: a job like every export, itself in the log."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.audit.labels import action_label, changes_in_words, target_label, who
from campaign.audit.models import AuditEntry, AuditQuerySet
from campaign.audit.search import Criteria
from campaign.audit.selectors import audit_visible_to
from campaign.audit.services import audit_record
from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.errors import NotAllowed
from campaign.common.excel.sheet import SIGNATURE, FormColumn, FormSheet, Kind, Row, file_name
from campaign.common.excel.writer import write_xlsx
from campaign.jobs.registry import JobKind, Outcome, Progress

EXPORT = "audit.export"
CHUNK = 2000
LEDGER = FormSheet(
    name="操作日志",
    title="操作日志",
    signature=SIGNATURE,
    freeze=1,
    columns=(
        FormColumn("时间", width=19),
        FormColumn("操作人", width=14),
        FormColumn("代谁办理", width=12),
        FormColumn("操作", width=20),
        FormColumn("对象", width=34),
        FormColumn("变更内容", width=50),
        FormColumn("理由", width=24),
        FormColumn("网络地址", Kind.CODE, width=15),
        FormColumn("日志编号", Kind.CODE, width=12),
    ),
)


def export_check(user: Any, _parameters: Mapping[str, Any]) -> None:
    """Raise NotAllowed for who does not read the log."""
    if not holds(user, Cap.AUDIT_VIEW):
        raise NotAllowed


def export_parameters(criteria: Criteria) -> dict[str, Any]:
    """Return the parameters of the job: what is searched for, up to the latest entry now, so that a job done again after
    a crash writes the same rows."""
    latest = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first()
    return {**criteria.parameters(), "upto": latest or 0}


def export_run(progress: Progress) -> Outcome:
    entries = Criteria.from_parameters(progress.parameters).apply(audit_visible_to(progress.user))
    entries = entries.filter(pk__lte=progress.parameters.get("upto") or 0)
    count = entries.order_by().count()
    progress.step(_("Writing the rows"), total=count)
    moment = timezone.localtime(progress.requested_at)
    who_asked = f"系统导出；导出人：{progress.user}；导出时间：{moment:%Y-%m-%d %H:%M}；共 {count} 条，个人信息已脱敏"
    sheet = replace(LEDGER, right=f"导出日期：{moment.year}年{moment.month}月{moment.day}日", provenance=who_asked)
    path = progress.file(".xlsx")
    write_xlsx(path, [(sheet, _rows(entries))], made_at=progress.requested_at, progress=progress.advance)
    audit_record(action="audit_export", actor=progress.user, changes={"rows": [None, count]})
    name = file_name("", "操作日志", "", moment.date(), "xlsx")
    return Outcome(message=_("The workbook is ready."), file=path, file_name=name)


def _rows(entries: AuditQuerySet) -> Iterator[Row]:
    """Read the entries in the order of time, piece by piece: nothing is held open between two of them."""
    last = 0
    while piece := list(entries.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield from map(_row, piece)
        last = piece[-1].pk


def _row(entry: AuditEntry) -> Row:
    return (
        f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M:%S}",
        entry.actor_name or who(entry),
        entry.on_behalf_name,
        action_label(entry.action),
        target_label(entry),
        "；".join(changes_in_words(entry)),
        entry.reason,
        entry.address,
        str(entry.pk),
    )


EXPORT_JOB = JobKind(EXPORT, gettext_lazy("Export the audit log"), export_run, export_check)
