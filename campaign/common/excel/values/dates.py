"""Days and months, in all the ways in which they are written."""

import datetime as dt
import re

from django.utils.translation import gettext_lazy as _

from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.values.converting import CellError, Convert, Raw, Reading
from campaign.common.excel.values.texts import squeezed

EARLIEST = dt.date(1900, 1, 1)
_SERIAL_DAY_ZERO = dt.date(1899, 12, 30)
_SERIALS = range(10_000, 73_051)
"""Excel's day numbers taken for dates: 1927-05-18 to 2099-12-31; smaller numbers are years or counts."""

_YEAR_FIRST = re.compile(r"(\d{4})[-/.年、](\d{1,2})[-/.月、](\d{1,2})[日号]?")
_EIGHT_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_MONTH = re.compile(r"(\d{4})(?:[-/.年、](\d{1,2})月?|(\d{2}))")
_CLOCK_BEHIND = re.compile(r"[T\s]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
DASHES = str.maketrans(dict.fromkeys("—–−―－", "-"))
_POINTS = DASHES | str.maketrans({**dict.fromkeys("。,·", "."), **dict.fromkeys("○零", "〇")})
_TWICE = re.compile(r"([-/.])\1")
_DIGITS = "〇一二三四五六七八九"
_NUMERALS = re.compile(rf"[{_DIGITS}]{{4}}(?=年)|[一二三]?十[一二三四五六七八九]?(?=[月日号])|[{_DIGITS}](?=[月日号])")

_WRITE_DATE = _("Write it like 2026-10-08.")
DATE_UNKNOWN = mistake("date.unknown", _("This is not a date."), _WRITE_DATE, Category.FORMAT)
DATE_INCOMPLETE = mistake(
    "date.incomplete", _("The date is not complete: year, month and day are needed."), _WRITE_DATE, Category.FORMAT
)
DATE_IMPOSSIBLE = mistake(
    "date.impossible", _("There is no such day in the calendar."), _("Check year, month and day."), Category.FORMAT
)
DATE_FUTURE = mistake("date.future", _("The date lies in the future."), _("Check the year."), Category.RULE)
DATE_TOO_EARLY = mistake("date.too_early", _("The date lies before 1900."), _("Check the year."), Category.RULE)
MONTH_AMBIGUOUS = mistake(
    "month.ambiguous",
    _("The number %(value)s can mean January or October: the table dropped a zero."),
    _("Write the month like 1975-10."),
    Category.FORMAT,
)
MONTH_UNKNOWN = mistake(
    "month.unknown", _("This is not a year with a month."), _("Write it like 1975-10."), Category.FORMAT
)


def date(*, future: bool = False) -> Convert[dt.date]:
    """A day: 2026-10-08, 2026/10/8, 2026.10.08, 20261008, 2026年10月8日, a date cell or Excel's day number.

    Days before 1900 are refused, days after the reading too unless `future`.
    CellErrors: `date.unknown`, `.incomplete`, `.impossible`, `.future`, `.too_early`.
    """

    def convert(raw: Raw, reading: Reading) -> dt.date:
        return _within(_day(raw), reading, future=future)

    return Convert(convert)


def year_month(*, future: bool = False) -> Convert[dt.date]:
    """A month as its first day: 1975.03, 1975-3, 197503, 1975年3月, or any day in it.

    The number 1975.1 is refused (`month.ambiguous`): Excel makes it of 1975.10 too. CellErrors: as `date`, `month.unknown`.
    """

    def convert(raw: Raw, reading: Reading) -> dt.date:
        return _within(_month(raw).replace(day=1), reading, future=future)

    return Convert(convert)


def _within(day: dt.date, reading: Reading, *, future: bool) -> dt.date:
    if day < EARLIEST:
        raise CellError(DATE_TOO_EARLY)
    if day > reading.today and not future:
        raise CellError(DATE_FUTURE)
    return day


def _day(raw: Raw) -> dt.date:
    if isinstance(raw, dt.datetime):
        return raw.date()
    if isinstance(raw, dt.date):
        return raw
    if isinstance(raw, bool | dt.time | dt.timedelta):
        raise CellError(DATE_UNKNOWN)
    return _written_day(raw)


def _written_day(raw: str | float) -> dt.date:
    # Most dates stand there without anything to be tidied; 0… may still be one of Excel's numbers.
    if (
        isinstance(raw, str)
        and raw[:1] != "0"
        and (plainly := _YEAR_FIRST.fullmatch(raw) or _EIGHT_DIGITS.fullmatch(raw))
    ):
        return _in_calendar(*map(int, plainly.groups()))
    written = _date_text(raw)
    if written.isdecimal() and int(written) in _SERIALS:
        return _SERIAL_DAY_ZERO + dt.timedelta(days=int(written))
    found = _YEAR_FIRST.fullmatch(written) or _EIGHT_DIGITS.fullmatch(written)
    if found is None:
        incomplete = _YEAR_MONTH.fullmatch(written) or re.fullmatch(r"(19|20)\d\d年?", written)
        raise CellError(DATE_INCOMPLETE if incomplete else DATE_UNKNOWN)
    return _in_calendar(*(int(part) for part in found.groups()))


def _month(raw: Raw) -> dt.date:
    if isinstance(raw, float) and re.fullmatch(r"\d{4}\.1", str(raw)):
        raise CellError(MONTH_AMBIGUOUS)
    if isinstance(raw, str | float | int) and not isinstance(raw, bool):
        found = _YEAR_MONTH.fullmatch(_date_text(raw))
        if found is not None:
            return _in_calendar(int(found[1]), int(found[2] or found[3]), 1)
    try:
        return _day(raw)
    except CellError as error:
        if error.kind in (DATE_UNKNOWN, DATE_INCOMPLETE):
            raise CellError(MONTH_UNKNOWN) from None
        raise


def _date_text(raw: str | float) -> str:
    if isinstance(raw, str):
        raw = _CLOCK_BEHIND.sub("", raw.strip())
    written = _NUMERALS.sub(lambda found: _arabic(found[0]), squeezed(raw).translate(_POINTS)).removesuffix(".")
    return _TWICE.sub(r"\1", written)


def _arabic(numeral: str) -> str:
    """二〇〇五 → 2005, 二十一 → 21: years, months and days as they stand in documents."""
    tens, is_counted, ones = numeral.partition("十")
    digits = "".join(str(_DIGITS.index(letter)) for letter in ones)
    if not is_counted:
        return "".join(str(_DIGITS.index(letter)) for letter in tens)
    return f"{_DIGITS.index(tens) if tens else 1}{digits or 0}"


def _in_calendar(year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise CellError(DATE_IMPOSSIBLE) from None
