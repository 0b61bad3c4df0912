"""Every figure links back: for each numeric cell of a report, what lies behind it makes the figure (issue 7, docs/reports.md)."""

import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from campaign.common.excel.sheet import FormColumn, FormSheet, Kind, Subtotal, Value, key_of
from campaign.reports.figures import Records
from campaign.reports.registry import Report, ReportRequest
from campaign.reports.services import report_records

NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")
FIGURES = (Kind.INTEGER, Kind.HUNDREDTHS, Kind.PERCENT)


def assert_linked(report: Report, request: ReportRequest) -> int:
    """Compare every numeric cell with what a click on it opens, and return how many were compared: the length, sum or share of a
    list of records, or the number that stands on a page, at the place the address names (a tally has no list)."""
    pages, compared, wrong, asked = Pages(request.user), 0, [], set()
    for number, column, key, value in cells(report, request):
        assert column.counts is not None, f"{report.key}: nothing is behind {column.heading}"
        behind = column.counts(request, key)
        if (
            number,
            column.heading,
        ) not in asked:  # the way that a click takes: each column once, since it makes the form anew
            asked.add((number, column.heading))
            _column, behind = report_records(report, request, number, column.heading, key)
        compared += 1
        found = behind.figure() if isinstance(behind, Records) else pages.figure(behind, column.kind)
        if found != value:
            wrong.append(f"{report.key} {number} {column.heading} {key}: {value}, behind it {found} ({behind})")
    assert not wrong, "\n".join(wrong)
    return compared


def cells(report: Report, request: ReportRequest) -> list[tuple[int, FormColumn, str, int]]:
    """Return the numeric cells of all sheets, of the row 合计 as well: number of the sheet, column, key of the row, value."""
    found = []
    for number, (sheet, rows) in enumerate(report.sheets(request)):
        lines: list[tuple[str, tuple[Value, ...]]] = [
            (key_of(row), tuple(row.values if isinstance(row, Subtotal) else row)) for row in rows
        ]
        if lines and (total := _total(sheet, [values for _key, values in lines])):
            lines.append(("", total))
        found += [
            (number, column, key, value)
            for key, values in lines
            for column, value in zip(sheet.columns, values, strict=True)
            if isinstance(value, int) and not isinstance(value, bool)
        ]
    for _number, column, _key, _value in found:
        assert column.kind in FIGURES, f"{column.heading}: a number in a column of texts"
    return found


def with_wrong_link(report: Report, request: ReportRequest) -> Report:
    """Return the report with one mistake: a figure leads to what is behind the same column of another row, or behind another
    column, whose figure is a different one."""
    number, column, key, value = next(each for each in cells(report, request) if each[3])
    same_kind = [each for each in cells(report, request) if each[0] == number and each[1].kind == column.kind]
    _number, other, other_key, _value = next(each for each in same_kind if each[3] != value)

    def counts(request: Any, asked: str) -> Any:
        if asked != key:
            return column.counts(request, asked) if column.counts else None
        return other.counts(request, other_key) if other.counts else None

    def mistaken(sheet: FormSheet) -> FormSheet:
        columns = (replace(each, counts=counts) if each.heading == column.heading else each for each in sheet.columns)
        return replace(sheet, columns=tuple(columns))

    def sheets(request: ReportRequest) -> Any:
        made = report.sheets(request)
        return [(mistaken(sheet) if place == number else sheet, rows) for place, (sheet, rows) in enumerate(made)]

    return replace(report, sheets=sheets)


class Pages:
    """Pages as a person sees them, each asked for once."""

    def __init__(self, user: Any) -> None:
        self.client = Client()
        if user is not None:
            self.client.force_login(user, backend="orgs.authentication.AccountBackend")
        self._texts: dict[str, dict[str, str]] = {}

    def figure(self, address: str, kind: Kind) -> int:
        """Return the number in the element that the address names; marks and shares in hundredths."""
        page, _hash, anchor = address.partition("#")
        assert anchor, f"{address} does not say where on the page the figure stands"
        if page not in self._texts:
            answer = self.client.get(page)
            assert answer.status_code == 200, (page, answer.status_code)
            self._texts[page] = texts_by_id(answer.content.decode())
        assert anchor in self._texts[page], f"{page} has no place {anchor}"
        (number,) = NUMBER.findall(self._texts[page][anchor])
        exact = Decimal(number.replace(",", "").replace("−", "-")) * (1 if kind is Kind.INTEGER else 100)
        assert exact == int(exact), address
        return int(exact)


VOID = {"br", "hr", "img", "input", "link", "meta", "wbr", "path", "rect", "use", "line", "circle"}


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        name = dict(attrs).get("id") or ""
        self._open.append(name)
        if name:
            assert name not in self.found, f"id {name} twice on a page"
            self.found[name] = ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for name in filter(None, self._open):
            self.found[name] += data


def texts_by_id(html: str) -> dict[str, str]:
    """Return the text of every element with an id."""
    reader = _Texts()
    reader.feed(html)
    return reader.found


def _total(sheet: FormSheet, rows: list[tuple[Value, ...]]) -> tuple[Value, ...] | None:
    if sheet.totals is None and not any(column.total for column in sheet.columns):
        return None
    totals = list(sheet.totals or [None] * len(sheet.columns))
    for place, column in enumerate(sheet.columns):
        if column.total:
            totals[place] = sum(value for row in rows if isinstance(value := row[place], int))
    return tuple(totals)
