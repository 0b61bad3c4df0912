"""Texts: free ones, names of people and organizations, mail addresses; and what says nothing."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from campaign.common.excel.problems import Category, mistake, plain
from campaign.common.excel.values.converting import CellError, Convert, Raw, Reading

NOT_WRITTEN = frozenset({"", "—", "——", "-", "--", "–", "－", "―", "无", "无。", "暂无", "空", "/", "\\", "n/a", "na"})
"""What people write into a cell that they leave empty."""

_LONGEST_MARK = 8
_BLANKS = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_NAME_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・●.．", "·"))

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
