"""One cell of a form: as XML of a worksheet and as csv. Exact: numbers are written from integers, never from floats."""

import datetime as dt
import re
from collections.abc import Callable
from typing import NamedTuple
from xml.sax.saxutils import escape

from django.utils import timezone

from campaign.common.exact import hundredths
from campaign.common.excel.reader import FORMULA_STARTS
from campaign.common.excel.sheet import NOTHING, Kind, Value

LONGEST_TEXT = 32_767
_TO_ESCAPE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f&<>\ud800-\udfff\ufffe\uffff]")
_NOT_XML = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_DAY_ZERO = dt.date(1899, 12, 30)
_FIRST_SERIAL = dt.date(1900, 3, 1)
"""Excel counts a 29 February 1900, so its earlier day numbers are off by one: such dates go out as text."""
_DIGITS_EXCEL_ROUNDS = 11


class Styles(NamedTuple):
    """Style numbers of one column: its own, and for a text or a dash where a number or a date would stand."""

    own: int
    words: int


Tail = Callable[[Value], str]
"""Value → its `<c>` element behind the reference: style, type, content."""


def tail_xml(kind: Kind, styles: Styles, blank: str = NOTHING) -> Tail:
    """Return the function that writes the cells of one column; `blank` is what stands in an empty one."""
    own_text = styles.own if kind in {Kind.TEXT, Kind.CODE, Kind.YES_NO} else styles.words
    number = _NUMBERS.get(kind)
    empty = f' s="{styles.words}" t="inlineStr"><is><t>{blank}</t></is></c>' if blank else f' s="{styles.own}"/>'

    def tail(value: Value) -> str:
        if value is None or value == "":
            return empty
        if type(value) is not str and number is not None and (written := number(value)) is not None:
            return f' s="{styles.own}"><v>{written}</v></c>'
        shown = value if type(value) is str else words(value)
        return f' s="{own_text}" t="inlineStr"><is>{text_xml(shown)}</is></c>'

    return tail


def text_xml(text: str) -> str:
    """Return the `<t>` element of a text, without characters that XML forbids, cut at what a cell can hold."""
    if text.isprintable() and not ("&" in text or "<" in text or ">" in text or len(text) > LONGEST_TEXT):
        return f'<t xml:space="preserve">{text}</t>' if text[:1] == " " or text[-1:] == " " else f"<t>{text}</t>"
    if _TO_ESCAPE.search(text):
        text = escape(_NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - 1] + "…"
    if text[:1].isspace() or text[-1:].isspace():
        return f'<t xml:space="preserve">{text}</t>'
    return f"<t>{text}</t>"


def words(value: Value) -> str:
    """Return a value as a text for people: 是, 2026-10-08."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.datetime):
        return f"{timezone.localtime(value) if timezone.is_aware(value) else value:%Y-%m-%d %H:%M}"
    return str(value)


def csv_text(kind: Kind, value: Value) -> str:
    """Return a value for csv: blank stays empty, a text cannot become a formula, long digits stay text in Excel."""
    if value is None or value == "":
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and kind in {Kind.HUNDREDTHS, Kind.PERCENT}:
        return hundredths(value) + ("%" if kind is Kind.PERCENT else "")
    if isinstance(value, int) and not isinstance(value, bool) and kind is Kind.INTEGER:
        return str(value)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime) and kind is Kind.YEAR_MONTH:
        return f"{value:%Y-%m}"
    text = words(value)
    if text[0] in FORMULA_STARTS:
        return f"'{text}"
    if kind is Kind.CODE and text.isdecimal() and (len(text) > _DIGITS_EXCEL_ROUNDS or text[0] == "0"):
        return f"\t{text}"
    return text


def _integer(value: Value) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _hundredths(value: Value) -> str | None:
    return hundredths(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _percent(value: Value) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    whole, part = divmod(abs(value), 10_000)
    return f"{'-' if value < 0 else ''}{whole}.{part:04d}"


def _date(value: Value) -> str | None:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime) or value < _FIRST_SERIAL:
        return None
    return str((value - _DAY_ZERO).days)


_NUMBERS: dict[Kind, Callable[[Value], str | None]] = {
    Kind.INTEGER: _integer,
    Kind.HUNDREDTHS: _hundredths,
    Kind.PERCENT: _percent,
    Kind.DATE: _date,
    Kind.YEAR_MONTH: _date,
}
