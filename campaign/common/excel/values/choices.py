"""Yes and no, one of several, whole numbers."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from django.utils.translation import gettext_lazy as _

from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.values.converting import CellError, Convert, Raw, Reading
from campaign.common.excel.values.texts import squeezed

T = TypeVar("T")

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
