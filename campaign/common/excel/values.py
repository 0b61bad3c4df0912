"""Converters: one cell as people write it → a clean value, or a typed `CellError`.

A converter gets what the reader found in a cell that is not blank, and the `Reading` (the day of the reading), and
returns the clean value. It never guesses: what can mean two things is an error that says how to write it.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from operator import mul
from typing import Generic, Protocol, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from campaign.common.excel.problems import Category, Mistake, Param, mistake, plain

Raw = str | float | int | bool | dt.datetime | dt.date | dt.time | dt.timedelta

NOT_WRITTEN = frozenset({"", "—", "——", "-", "--", "–", "－", "―", "无", "无。", "暂无", "空", "/", "\\", "n/a", "na"})
"""What people write into a cell that they leave empty."""

EARLIEST = dt.date(1900, 1, 1)
_SERIAL_DAY_ZERO = dt.date(1899, 12, 30)
_SERIALS = range(10_000, 73_051)
"""Excel's day numbers taken for dates: 1927-05-18 to 2099-12-31; smaller numbers are years or counts."""

_LONGEST_MARK = 8
_BLANKS = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_NAME_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・●.．", "·"))
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年、](\d{1,2})[-/.月、](\d{1,2})[日号]?")
_EIGHT_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_MONTH = re.compile(r"(\d{4})(?:[-/.年、](\d{1,2})月?|(\d{2}))")
_CLOCK_BEHIND = re.compile(r"[T\s]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
_DASHES = str.maketrans(dict.fromkeys("—–−―－", "-"))
_POINTS = _DASHES | str.maketrans({**dict.fromkeys("。,·", "."), **dict.fromkeys("○零", "〇")})
_TWICE = re.compile(r"([-/.])\1")
_DIGITS = "〇一二三四五六七八九"
_NUMERALS = re.compile(rf"[{_DIGITS}]{{4}}(?=年)|[一二三]?十[一二三四五六七八九]?(?=[月日号])|[{_DIGITS}](?=[月日号])")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(0\d{2,3}-?)?[1-9]\d{4,7}(-\d{1,6})?")
_ID = re.compile(r"[0-9]{17}[0-9X]")
_ID_OF_1900S = re.compile(r"[0-9]{6}19[0-9]{9}[0-9X]")
_LOST_DIGITS = "000"
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?0*1[4-9]", re.IGNORECASE)


class CellError(Exception):
    """A cell does not hold what its column asks for."""

    def __init__(self, kind: Mistake, **params: Param) -> None:
        super().__init__(kind.key)
        self.kind = kind
        self.params = params


@dataclass(frozen=True, slots=True)
class Reading:
    """What converters may ask about the reading: the day it happens (dates behind it lie in the future)."""

    today: dt.date


T_co = TypeVar("T_co", covariant=True)


class Converter(Protocol[T_co]):
    """Turns what stands in a cell that is not blank into a value; `blank` is the value of a blank cell.

    `usual` tells of a text that it is clean as it stands (it may be true of what says "nothing", too).
    """

    @property
    def blank(self) -> T_co | None: ...

    @property
    def usual(self) -> Callable[[str], object] | None: ...

    def __call__(self, raw: Raw, reading: Reading, /) -> T_co: ...


T = TypeVar("T")


@dataclass(frozen=True)
class Convert(Generic[T]):
    """A converter made of a function."""

    function: Callable[[Raw, Reading], T]
    blank: T | None = None
    usual: Callable[[str], object] | None = None

    def __call__(self, raw: Raw, reading: Reading, /) -> T:
        return self.function(raw, reading)


# -- texts ---------------------------------------------------------------------------------------------------------

TEXT_TOO_LONG = mistake(
    "text.too_long",
    _("The text has %(length)s characters; at most %(limit)s are kept."),
    _("Shorten it."),
    Category.FORMAT,
)
NAME_WITHOUT_LETTERS = mistake(
    "name.without_letters", _("This is not a name."), _("Write the full name."), Category.FORMAT
)


def is_blank(raw: object) -> bool:
    """Whether a cell says nothing: empty, blanks only, or one of the marks for "nothing" (— - 无 /)."""
    if type(raw) is not str:
        return raw is None
    if len(raw) > _LONGEST_MARK:
        return raw.isspace()
    return raw in NOT_WRITTEN or raw.strip().casefold() in NOT_WRITTEN


def tidy(raw: Raw) -> str:
    """Return a cell as text: no control characters or blanks at the ends, whole numbers without ".0"; line breaks stay."""
    if isinstance(raw, str):
        text = _CONTROL.sub("", raw.replace("\r\n", "\n").replace("\u3000", " ").replace("\xa0", " "))
        return text.strip()
    return plain(raw)


def squeezed(raw: Raw) -> str:
    """Return a cell as text in compatibility form without blanks or a leading ': for comparing, digits, codes."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", tidy(raw))).removeprefix("'")


def chinese_letters(raw: Raw) -> int:
    """How many Chinese letters stand in a cell."""
    return len(_CHINESE.findall(raw)) if isinstance(raw, str) else 0


def text(max_length: int = 500) -> Convert[str]:
    """Free text, kept as written but for blanks at the ends. CellError: `text.too_long`."""

    def convert(raw: Raw, _reading: Reading) -> str:
        return _at_most(tidy(raw), max_length)

    return Convert(convert, blank="")


def label(max_length: int = 200) -> Convert[str]:
    """A title or the name of an organization: blanks removed where Chinese stands, one blank between other words."""

    def convert(raw: Raw, _reading: Reading) -> str:
        written = _BLANKS.sub(" ", tidy(raw))
        return _at_most(written.replace(" ", "") if _CHINESE.search(written) else written, max_length)

    return Convert(convert, blank="")


def person_name(max_length: int = 50) -> Convert[str]:
    """A person's name: 姓　名 and 张 三 lose their blanks, the dot in 阿不都·热合曼 is the middle dot.

    CellErrors: `name.without_letters`, `text.too_long`.
    """

    def convert(raw: Raw, _reading: Reading) -> str:
        name = _BLANKS.sub(" ", unicodedata.normalize("NFKC", tidy(raw))).strip()
        if not any(letter.isalpha() for letter in name):
            raise CellError(NAME_WITHOUT_LETTERS)
        if _CHINESE.search(name):
            name = name.replace(" ", "").translate(_NAME_DOTS)
        return _at_most(name, max_length)

    return Convert(convert, blank="", usual=re.compile(rf"[\u4e00-\u9fff]{{1,{max_length}}}").fullmatch)


def _at_most(written: str, limit: int) -> str:
    if len(written) > limit:
        raise CellError(TEXT_TOO_LONG, length=len(written), limit=limit)
    return written


# -- dates ---------------------------------------------------------------------------------------------------------

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


# -- yes and no, choices, numbers ----------------------------------------------------------------------------------

YES = frozenset(
    {"是", "是的", "√", "√√", "✓", "✔", "✅", "☑", "■", "有", "对", "y", "yes", "t", "true", "v", "1", "1.0"}
)
NO = frozenset(
    {
        "否",
        "×",
        "✗",
        "✘",
        "✖",
        "╳",
        "❌",
        "☒",
        "☐",
        "□",
        "x",
        "不是",
        "没有",
        "没",
        "不",
        "非",
        "n",
        "no",
        "f",
        "false",
        "0",
        "0.0",
    }
)

YES_NO_UNKNOWN = mistake(
    "yes_no.unknown", _("This is neither yes nor no."), _("Write 是 or 否 (or √ or ×)."), Category.FORMAT
)
CHOICE_UNKNOWN = mistake(
    "choice.unknown",
    _("“%(value)s” is not one of the possible entries."),
    _("Possible are: %(allowed)s."),
    Category.UNKNOWN,
)
INTEGER_UNKNOWN = mistake("integer.unknown", _("This is not a whole number."), _("Write digits only."), Category.FORMAT)
INTEGER_RANGE = mistake(
    "integer.range",
    _("The number is not between %(low)s and %(high)s."),
    _("Check the number."),
    Category.RULE,
)


def yes_no(*, blank: bool | None = None) -> Convert[bool]:
    """√, 是, Y, 1 → True; ×, 否, N, 0 → False; a blank cell → `blank`. CellError: `yes_no.unknown`."""

    def convert(raw: Raw, _reading: Reading) -> bool:
        written = squeezed(raw).casefold().rstrip("。,;.")
        if written in YES:
            return True
        if written in NO:
            return False
        raise CellError(YES_NO_UNKNOWN)

    return Convert(convert, blank=blank)


def choice(options: Mapping[T, Sequence[str]], *, blank: T | None = None, shown: int = 12) -> Convert[T]:
    """One of `options`: value → its names, the usual one first (正式党员, 正式). Blanks, width and case do not matter.

    CellError: `choice.unknown`, with all names, or the most similar ones where there are more than `shown`.
    """
    known = {squeezed(name).casefold(): value for value, names in options.items() for name in names}
    usual = [names[0] for names in options.values()]

    def convert(raw: Raw, _reading: Reading) -> T:
        written = squeezed(raw).casefold()
        if written in known:
            return known[written]
        allowed = usual if len(usual) <= shown else get_close_matches(written, usual, n=5, cutoff=0.3) or usual[:shown]
        raise CellError(CHOICE_UNKNOWN, allowed="、".join(allowed))

    return Convert(convert, blank=blank)


# fmt: off
ETHNIC_GROUPS = (
    "汉", "蒙古", "回", "藏", "维吾尔", "苗", "彝", "壮", "布依", "朝鲜", "满", "侗", "瑶", "白",
    "土家", "哈尼", "哈萨克", "傣", "黎", "傈僳", "佤", "畲", "高山", "拉祜", "水", "东乡", "纳西", "景颇",
    "柯尔克孜", "土", "达斡尔", "仫佬", "羌", "布朗", "撒拉", "毛南", "仡佬", "锡伯", "阿昌", "普米", "塔吉克", "怒",
    "乌孜别克", "俄罗斯", "鄂温克", "德昂", "保安", "裕固", "京", "塔塔尔", "独龙", "鄂伦春", "赫哲", "门巴", "珞巴", "基诺",
)
# fmt: on
"""The 56 groups of GB/T 3304 without the word 族."""


def ethnic_group() -> Convert[str]:
    """汉 or 汉族 → 汉族, for the 56 groups of GB/T 3304. CellError: `choice.unknown`."""
    return choice({f"{name}族": (f"{name}族", name) for name in ETHNIC_GROUPS}, blank="")


def integer(low: int = 0, high: int = 1_000_000) -> Convert[int]:
    """A whole number from `low` to `high`. CellErrors: `integer.unknown`, `integer.range`."""

    def convert(raw: Raw, _reading: Reading) -> int:
        if isinstance(raw, bool) or (isinstance(raw, float) and not raw.is_integer()):
            raise CellError(INTEGER_UNKNOWN)
        written = squeezed(raw)
        if not re.fullmatch(r"[-+]?(\d+|\d{1,3}(,\d{3})+)(\.0+)?", written):
            raise CellError(INTEGER_UNKNOWN)
        number = int(written.replace(",", "").partition(".")[0])
        if not low <= number <= high:
            raise CellError(INTEGER_RANGE, low=low, high=high)
        return number

    return Convert(convert)


# -- phones and id numbers -----------------------------------------------------------------------------------------

PHONE_UNKNOWN = mistake(
    "phone.unknown",
    _("This is not a phone number."),
    _("Write one mobile number of 11 digits, or a landline number with its area code."),
    Category.FORMAT,
)
_RETYPE_ID = _("Set the column to text, then type the 18 characters again.")
ID_AS_NUMBER = mistake(
    "id.as_number",
    _("The id number is stored as a number; its last digits were lost."),
    _RETYPE_ID,
    Category.FORMAT,
)
ID_LENGTH = mistake(
    "id.length",
    _("An id number has 18 characters; this one has %(length)s."),
    _("Compare it with the id card."),
    Category.FORMAT,
)
ID_CHARACTERS = mistake(
    "id.characters",
    _("An id number consists of 17 digits and a last digit or X."),
    _("Compare it with the id card."),
    Category.FORMAT,
)
ID_BIRTH = mistake(
    "id.birth",
    _("The day of birth in the id number does not exist."),
    _("Compare it with the id card."),
    Category.FORMAT,
)
ID_CHECK_DIGIT = mistake(
    "id.check_digit",
    _("The last character of the id number does not fit the others: some digit is wrong."),
    _("Compare it with the id card."),
    Category.FORMAT,
)
ID_OTHER_SEX = mistake(
    "id.other_sex",
    _("Sex and id number contradict each other."),
    _("Check both; the last digit but one of the id number is odd for men, even for women."),
    Category.CONFLICT,
)
ID_OTHER_BIRTH = mistake(
    "id.other_birth",
    _("Date of birth and id number contradict each other."),
    _("Check both; digits 7 to 14 of the id number are the date of birth."),
    Category.CONFLICT,
)


def phone(*, mobile_only: bool = False) -> Convert[str]:
    """A phone number as digits: 13304665439.0 and +86 133 0466 5439 → 13304665439; landlines keep their dashes.

    CellError: `phone.unknown` (also for two numbers in one cell).
    """

    def convert(raw: Raw, _reading: Reading) -> str:
        written = squeezed(raw).translate(_DASHES).replace("(", "").replace(")", "-")
        digits = re.sub(r"^(\+|00)?86-?(?=1\d)", "", written).replace("-", "")
        if _MOBILE.fullmatch(digits):
            return digits
        if mobile_only or not _LANDLINE.fullmatch(written):
            raise CellError(PHONE_UNKNOWN)
        return written

    return Convert(convert, blank="", usual=_MOBILE.fullmatch)


def id_number() -> Convert[str]:
    """A resident id number of 18 characters, checked by check digit and day of birth; never by region.

    CellErrors: `id.as_number` (a number cell keeps 15 digits only), `.length`, `.characters`, `.birth`, `.check_digit`.
    """

    def convert(raw: Raw, reading: Reading) -> str:
        if not isinstance(raw, str):
            raise CellError(ID_AS_NUMBER)
        number = _id_characters(raw)
        try:
            born = birth_in(number)
        except ValueError:
            raise CellError(ID_BIRTH) from None
        if not EARLIEST <= born <= reading.today:
            raise CellError(ID_BIRTH)
        if _check_digit(number) != number[-1]:
            # Excel keeps 15 digits of a number, and what it made of an id number may have become text since.
            raise CellError(ID_AS_NUMBER if number.endswith(_LOST_DIGITS) else ID_CHECK_DIGIT)
        return number

    return Convert(convert, blank="", usual=_is_sound)


def _is_sound(number: str) -> bool:
    """Whether this is the id number of somebody born between 1900 and 1999, without a mistake."""
    if not _ID_OF_1900S.fullmatch(number):
        return False
    try:
        _eight_digits(number[6:14])
    except ValueError:
        return False
    return _check_digit(number) == number[17]


def _id_characters(raw: str) -> str:
    if _ID.fullmatch(raw):
        return raw
    number = squeezed(raw).upper()
    if _SCIENTIFIC.fullmatch(number):
        raise CellError(ID_AS_NUMBER)
    if len(number) != 18:
        raise CellError(ID_LENGTH, length=len(number))
    if not _ID.fullmatch(number):
        raise CellError(ID_CHARACTERS)
    return number


MAIL_UNKNOWN = mistake(
    "mail.unknown", _("This is not a mail address."), _("Write it like name@example.cn."), Category.FORMAT
)


def mail() -> Convert[str]:
    """A mail address. CellError: `mail.unknown`."""

    def convert(raw: Raw, _reading: Reading) -> str:
        written = squeezed(raw)
        try:
            validate_email(written)
        except ValidationError:
            raise CellError(MAIL_UNKNOWN) from None
        return written

    return Convert(convert, blank="")


class Masked(str):
    """A personal value as an export shows it, 110105********0123: says nothing but that it was left as it was."""

    __slots__ = ()


def or_masked(converter: Convert[str]) -> Convert[str]:
    """Take a masked value as `Masked`, any other by `converter`."""

    def convert(raw: Raw, reading: Reading) -> str:
        if isinstance(raw, str) and "*" in raw and _MASKED.fullmatch(written := squeezed(raw)):
            return Masked(written)
        return converter(raw, reading)

    return Convert(convert, blank=converter.blank, usual=converter.usual)


_MASKED = re.compile(r"[0-9Xx-]*\*{2,}[0-9Xx-]*")

# Both as in stdnum.cn.ric (a test compares them), without its cleaning of what is clean already: rosters are long.
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK_DIGITS = "10X98765432"


def _check_digit(number: str) -> str:
    # By its three parts, region, day and running number, each of which many numbers share.
    return _ID_CHECK_DIGITS[(_weight(number[:6], 0) + _weight(number[6:14], 6) + _weight(number[14:17], 14)) % 11]


@lru_cache(maxsize=65_536)
def _weight(digits: str, place: int) -> int:
    return sum(map(mul, map(int, digits), _ID_WEIGHTS[place:]))


def birth_in(number: str) -> dt.date:
    """Return the day of birth in an id number of 18 characters; raises ValueError when there is no such day."""
    return _eight_digits(number[6:14])


@lru_cache(maxsize=65_536)
def _eight_digits(day: str) -> dt.date:
    return dt.date(int(day[:4]), int(day[4:6]), int(day[6:]))


def is_male(number: str) -> bool:
    """Return the sex that an id number of 18 characters says: odd last digit but one for men."""
    return int(number[16]) % 2 == 1


def identity_conflicts(number: str, *, male: bool | None, born: dt.date | None) -> list[Mistake]:
    """Return what contradicts a checked id number (`id.other_sex`, `id.other_birth`); None is not compared."""
    conflicts = []
    if male is not None and male != is_male(number):
        conflicts.append(ID_OTHER_SEX)
    if born is not None and born != birth_in(number):
        conflicts.append(ID_OTHER_BIRTH)
    return conflicts
