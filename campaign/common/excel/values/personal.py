"""Phones and id numbers: checked, compared with what else is said of a person, or left as they are where they come masked."""

import datetime as dt
import re
from functools import lru_cache
from operator import mul

from django.utils.translation import gettext_lazy as _

from campaign.common.excel.problems import Category, Mistake, mistake
from campaign.common.excel.values.converting import CellError, Convert, Raw, Reading
from campaign.common.excel.values.dates import DASHES, EARLIEST
from campaign.common.excel.values.texts import squeezed

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(0\d{2,3}-?)?[1-9]\d{4,7}(-\d{1,6})?")
_ID = re.compile(r"[0-9]{17}[0-9X]")
_ID_OF_1900S = re.compile(r"[0-9]{6}19[0-9]{9}[0-9X]")
_LOST_DIGITS = "000"
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?0*1[4-9]", re.IGNORECASE)

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
        written = squeezed(raw).translate(DASHES).replace("(", "").replace(")", "-")
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
