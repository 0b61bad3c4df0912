"""Every figure links back: for each numeric cell of a report, what lies behind it makes the figure (issue 7, docs/reports.md)."""

from campaign.common.excel.sheet import FormColumn, Subtotal, Value, key_of
from campaign.reports.figures import Records
from campaign.reports.registry import Report, ReportRequest
from campaign.reports.services import report_records


def assert_linked(report: Report, request: ReportRequest, *, unlinked: tuple[str, ...] = ()) -> int:
    """Compare every numeric cell with the records behind it and return how many were compared. `unlinked` are headings of
    columns that count nothing (a rank)."""
    compared, wrong = 0, []
    for number, (sheet, rows) in enumerate(report.sheets(request)):
        lines: list[tuple[str, tuple[Value, ...]]] = [
            (key_of(row), tuple(row.values if isinstance(row, Subtotal) else row)) for row in rows
        ]
        if lines and (total := _total(sheet.columns, [values for _key, values in lines], sheet.totals)):
            lines.append(("", total))
        for key, values in lines:
            for column, value in zip(sheet.columns, values, strict=True):
                if not isinstance(value, int) or isinstance(value, bool) or column.heading in unlinked:
                    continue
                _column, behind = report_records(report, request, number, column.heading, key)
                compared += 1
                if isinstance(behind, Records) and behind.figure() != value:
                    wrong.append(f"{sheet.name} {column.heading} {key}: {value}, behind it {behind.figure()}")
    assert not wrong, "\n".join(wrong)
    return compared


def _total(columns: tuple[FormColumn, ...], rows: list[tuple[Value, ...]], given: object) -> tuple[Value, ...] | None:
    if given is None and not any(column.total for column in columns):
        return None
    totals = list(given or [None] * len(columns))  # type: ignore[call-overload]
    for place, column in enumerate(columns):
        if column.total:
            totals[place] = sum(value for row in rows if isinstance(value := row[place], int))
    return tuple(totals)
