"""Exporting a report: the same steps for a job, for a command and for the preview on the page."""

import datetime as dt
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.excel.sheet import SIGNATURE, Filled, FormColumn, FormSheet, file_name, plain_name
from campaign.common.excel.writer import write_csv, write_xlsx
from campaign.jobs.registry import JobKind, Outcome, Progress
from campaign.models import Campaign, PeriodState
from campaign.reports.checks import Checked, Tables, outcome
from campaign.reports.choices import EXPORT_KIND, wording_of
from campaign.reports.columns import picked
from campaign.reports.figures import Records
from campaign.reports.freezing import freezing, year_is_frozen
from campaign.reports.preview import PREVIEW_ROWS, Link, ShownSheet, records_url, shown
from campaign.reports.registry import Report, ReportRequest, reports
from orgs.models import Organization, User

FORMATS = ("xlsx", "csv")
PRINTED_ROWS = 2000
TWIN_ROWS = 50_000
"""Above this the sheet for machines would make a file twice as large; csv says the same."""


def report_check(report: Report, request: ReportRequest) -> None:
    """Raise NotAllowed when the person may not export this, DomainError when something is missing."""
    if request.user is not None:
        if not reaches(request.user, Cap.REPORT_EXPORT, request.organization.path):
            raise NotAllowed
        if request.unmasked and not reaches(request.user, Cap.PERSONAL_UNMASK, request.organization.path):
            raise NotAllowed
    if report.by_period and (request.campaign is None or request.period is None):
        raise DomainError(_("Please choose a campaign and a period for this report."))


def framed_sheets(report: Report, request: ReportRequest) -> list[Filled]:
    """Return the report's sheets with the lines every form carries: unit, period, day, signature, provenance."""
    found = report.sheets(request)
    if report.is_list:
        found = [picked(filled, request.columns) for filled in found]
    return [
        (replace(sheet, **_frame(report, request, sheet, number)), rows) for number, (sheet, rows) in enumerate(found)
    ]


def _frame(report: Report, request: ReportRequest, sheet: FormSheet, number: int) -> dict[str, Any]:
    """Return the lines around a table: as worded on the page, else as every form has them. An own title is the first sheet's."""
    own = {name: line for name, line in request.lines.items() if line and (name != "title" or number == 0)}
    lines = usual_lines(report, request, sheet) | own
    return {**lines, "title": lines["title"] + _draft_mark(report, request), "provenance": _provenance(request)}


def usual_lines(report: Report, request: ReportRequest, sheet: FormSheet) -> dict[str, str]:
    """Return the lines around a table as every form has them (2-domain d.0)."""
    today = request.today
    return {
        "title": sheet.title,
        "left": f"填报单位（盖章）：{request.organization.name}",
        "middle": _span(report, request) or sheet.middle,
        "right": f"填报日期：{today.year}年{today.month}月{today.day}日",
        "signature": SIGNATURE,
    }


def _span(report: Report, request: ReportRequest) -> str:
    if request.period is None or not report.by_period:
        return ""
    start, end = request.period.starts_on, request.period.ends_on
    return f"统计时间：{start.year}年{start.month}月{start.day}日—{end.year}年{end.month}月{end.day}日"


def is_official(report: Report, request: ReportRequest) -> bool:
    """Tell whether the figures are final: those of a period or a year only once it is frozen (2-domain d.20, 11); rosters and
    ledgers are always."""
    if report.is_ledger:
        return True
    if report.by_period:
        return request.period is None or request.period.state == PeriodState.FROZEN
    campaign = request.campaign
    return not report.by_year or (campaign is not None and year_is_frozen(campaign, request.year or request.today.year))


def _draft_mark(report: Report, request: ReportRequest) -> str:
    return "" if is_official(report, request) else "（草稿）"


def _provenance(request: ReportRequest) -> str:
    moment = timezone.localtime(request.asked_at)
    who = str(request.user) if request.user is not None else "系统"
    masked = "个人信息未脱敏" if request.unmasked else "个人信息已脱敏"
    return f"系统导出；导出人：{who}；导出时间：{moment:%Y-%m-%d %H:%M}；口径：{request.organization.name}及其下级，{masked}"


def headings_of(sheets: list[Filled]) -> list[str]:
    """Return the headings of the columns, each once, in the order of the sheets."""
    return list(dict.fromkeys(column.heading for sheet, _rows in sheets for column in sheet.columns))


def report_preview(report: Report, request: ReportRequest, *, rows: int = PREVIEW_ROWS) -> list[ShownSheet]:
    """Return the first rows of each sheet. Raises what `report_check` raises."""
    report_check(report, request)
    return [
        shown(filled, _link(report, request, number), rows=rows)
        for number, filled in enumerate(framed_sheets(report, request))
    ]


def _link(report: Report, request: ReportRequest, number: int) -> Link:
    return lambda column, key: records_url(report, request, number, column.heading, key)


def report_records(
    report: Report, request: ReportRequest, number: int, heading: str, key: str
) -> tuple[FormColumn, Records | str]:
    """Return a column and what is behind its figure: records, or the address of the page that lists them.

    `number` is that of the sheet, `heading` names the column, `key` the row ("": the row 合计). Raises what `report_check`
    raises, DomainError when the form has no such figure.
    """
    report_check(report, request)
    sheets = report.sheets(request)
    columns = sheets[number][0].columns if number < len(sheets) else ()
    column = next((column for column in columns if column.heading == heading), None)
    if column is None or column.counts is None:
        raise DomainError(_("This form has no such figure."))
    return column, column.counts(request, key)


def report_discrepancies(report: Report, request: ReportRequest) -> list[Checked]:
    """Run the cross-checks of a report and return each with what it found. Raises what `report_check` raises."""
    report_check(report, request)
    tables = Tables(lambda: report.sheets(request))
    return [outcome(check, request, tables) for check in (*report.checks, *freezing(report))]


def report_write(
    *,
    report: Report,
    request: ReportRequest,
    path: Path,
    format_: str = "xlsx",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write the report to `path` as xlsx or csv (its first sheet; all of them where `path` is a .zip). Raises what
    `report_check` raises. Up to `TWIN_ROWS` rows, xlsx has a sheet for machines beside each form."""
    filled = _with_checks(framed_sheets(report, request), report_discrepancies(report, request))
    count = report.count(request)
    if path.suffix == ".zip":
        _write_csvs(path, filled, progress)
    elif format_ == "csv":
        sheet, rows = filled[0]
        write_csv(path, sheet, rows, progress=progress)
    else:
        write_xlsx(path, filled, made_at=request.asked_at, progress=progress, twins=count <= TWIN_ROWS)
    audit_record(
        action="report_export",
        actor=request.user,
        target=request.organization,
        reason=request.reason,
        changes={
            "report": ["", report.key],
            "rows": [None, count],
            "unmasked": [None, request.unmasked],
        },
    )


def _write_csvs(path: Path, filled: list[Filled], progress: Callable[[int], None] | None) -> None:
    """Pack each sheet as csv; the same rows give the same bytes."""
    done = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (sheet, rows) in enumerate(filled, start=1):
            before = done
            name = zipfile.ZipInfo(f"{number}_{plain_name(sheet.name)}.csv")
            name.compress_type = zipfile.ZIP_DEFLATED
            told = (lambda rows, before=before: progress(before + rows)) if progress else None
            with archive.open(name, "w", force_zip64=True) as entry:
                done += write_csv(entry, sheet, rows, progress=told)


def extension(report: Report, request: ReportRequest, format_: str) -> str:
    """Return what a file of the report ends with: a form of several sheets is a zip of them as csv."""
    return "zip" if format_ == "csv" and len(report.sheets(request)) > 1 else format_


def _with_checks(filled: list[Filled], checked: list[Checked]) -> list[Filled]:
    """Say in the last line how many cross-checks did not hold, so that nobody signs such a form unawares."""
    if not checked:
        return filled
    failed = sum(bool(each.found) for each in checked)
    said = f"；勾稽关系：{failed}项不符" if failed else "；勾稽关系：相符"
    return [(replace(sheet, provenance=sheet.provenance + said), rows) for sheet, rows in filled]


def report_printed(report: Report, request: ReportRequest) -> list[ShownSheet]:
    """Return a report for the printer, with an entry in the audit log. Raises what `report_check` raises, and DomainError for
    more rows than a browser prints well."""
    report_check(report, request)
    rows = report.count(request)
    if rows > PRINTED_ROWS:
        raise DomainError(
            _(
                "The form has %(rows)d rows; a browser prints at most %(most)d well. Please export it to Excel and print that."
            )
            % {"rows": rows, "most": PRINTED_ROWS}
        )
    checked = report_discrepancies(report, request)
    sheets = [
        shown(filled, lambda _column, _key: "", rows=PRINTED_ROWS)
        for filled in _with_checks(framed_sheets(report, request), checked)
    ]
    audit_record(
        action="report_print",
        actor=request.user,
        target=request.organization,
        changes={"report": ["", report.key], "rows": [None, rows]},
    )
    return sheets


def report_file_name(report: Report, request: ReportRequest, ending: str) -> str:
    """Return 单位_表名_期间_yyyyMMdd.xlsx."""
    period = request.period.code if request.period is not None and report.by_period else str(request.year or "")
    return file_name(
        request.organization.display_name,
        str(report.label),
        period,
        request.today,
        ending,
    )


def request_from(
    user: Any, parameters: Mapping[str, Any], asked_at: dt.datetime | None = None
) -> tuple[Report, ReportRequest]:
    """Rebuild a request from a job's parameters (ids only). Raises DomainError when something is gone."""
    report = reports.get(parameters["report"]) if parameters.get("report") in reports else None
    organization = Organization.objects.filter(pk=parameters.get("organization") or 0).first()
    campaign = Campaign.objects.filter(pk=parameters.get("campaign") or 0).first()
    period = campaign.periods.filter(pk=parameters.get("period") or 0).first() if campaign else None
    if report is None or organization is None:
        raise DomainError(_("The report or the organization no longer exists."))
    unmasked, reason = bool(parameters.get("unmasked")), str(parameters.get("reason", ""))
    year = int(parameters["year"]) if parameters.get("year") else None
    known = {option.key for option in report.options}
    options = {key: str(value) for key, value in dict(parameters.get("options") or {}).items() if key in known}
    asked = asked_at or clock.now()
    columns = tuple(str(heading) for heading in parameters.get("columns") or ())
    return report, ReportRequest(
        user,
        organization,
        campaign,
        period,
        unmasked,
        reason,
        asked,
        year=year,
        options=options,
        lines=wording_of(_wording_user(user, parameters), report),
        columns=columns if report.is_list else (),
    )


def _wording_user(user: Any, parameters: Mapping[str, Any]) -> Any:
    """Return whose wording of the form counts: of a monthly export its owner's, else one's own."""
    owner = parameters.get("worded_by")
    return user if owner is None else User.objects.filter(pk=owner).first() or user


def _check_job(user: Any, parameters: Mapping[str, Any]) -> None:
    if parameters.get("format", "xlsx") not in FORMATS:
        raise DomainError(_("Unknown file format."))
    report_check(*request_from(user, parameters))


def _run_job(progress: Progress) -> Outcome:
    report, request = request_from(progress.user, progress.parameters, progress.requested_at)
    format_ = progress.parameters.get("format", "xlsx")
    ending = extension(report, request, format_)
    path = progress.file(f".{ending}")
    progress.step(_("Writing the rows"), total=report.count(request))
    report_write(report=report, request=request, path=path, format_=format_, progress=progress.advance)
    return Outcome(message=_("The report is ready."), file=path, file_name=report_file_name(report, request, ending))


def named(parameters: Mapping[str, Any]) -> str:
    """Return the name of a job's report, for the list of jobs."""
    key = parameters.get("report")
    return str(reports.get(str(key)).label) if key in reports else ""


EXPORT_JOB = JobKind(EXPORT_KIND, gettext_lazy("Export a report"), _run_job, _check_job, named)
