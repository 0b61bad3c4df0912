"""Text helpers: pinyin for search and order, punctuation as it is printed, what can be a key."""

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT

NAME_LENGTH = 4
KEY_DIGITS = 18
"""Digits of the largest number that both databases take as a key."""


def pinyin(text: str) -> str:
    """Return the pinyin of `text` without tones, lower case: 张三 → "zhang san"; lists sort by it on both databases."""
    return _read(text)[0]


def initials(text: str) -> str:
    """Return the pinyin initials of `text`: 张三 → "zs"; what people type to find somebody."""
    return _read(text)[1]


@lru_cache(maxsize=65_536)
def _read(text: str) -> tuple[str, str]:
    """Return pinyin and initials."""
    syllables, letters = (
        zip(*map(_reading_of, text), strict=True)
        if _is_plain(text)
        else (lazy_pinyin(text), lazy_pinyin(text, style=Style.FIRST_LETTER))
    )
    return " ".join(syllables).lower()[:200], "".join(letters).lower()[:64]


SURNAMES = {
    "曾": "zeng", "单": "shan", "仇": "qiu", "区": "ou", "解": "xie", "查": "zha", "盖": "ge", "朴": "piao", "乐": "yue",
    "覃": "qin", "缪": "miao", "种": "chong", "翟": "zhai", "折": "she", "黑": "he", "秘": "bi", "员": "yun", "召": "shao",
    "繁": "po", "能": "nai", "祭": "zhai", "卜": "bu", "洗": "xian", "郇": "xun", "阚": "kan", "都": "du", "句": "gou",
}  # fmt: skip
"""Characters that are read in another way when they are a surname: 曾毅 stands under Z and is searched for as "zy"."""
NOT_ALONE = ("单于",)
"""Surnames of two characters that begin with one of them."""


def found_by(name: str) -> dict[str, str]:
    """Return what a person called `name` is found and sorted by: pinyin and initials, the surname read as one."""
    surname = SURNAMES.get(name[:1], "") if not name.startswith(NOT_ALONE) else ""
    syllables, letters = _read(name[1:] if surname else name)
    if surname:
        syllables, letters = f"{surname} {syllables}".strip()[:200], f"{surname[0]}{letters}"[:64]
    return {"pinyin": syllables, "initials": letters}


def _is_plain(text: str) -> bool:
    """Tell whether a short name can be read character by character: no part of it is a phrase with a reading of its own.

    pypinyin looks for phrases each time; for a roster of a hundred thousand names that takes longer than all the rest.
    """
    length = len(text)
    if not (0 < length <= NAME_LENGTH and min(text) >= "\u4e00" and max(text) <= "\u9fff"):
        return False
    return not any(
        text[start:end] in PHRASES_DICT for start in range(length - 1) for end in range(start + 2, length + 1)
    )


@lru_cache(maxsize=30_000)
def _reading_of(char: str) -> tuple[str, str]:
    return "".join(lazy_pinyin(char)), "".join(lazy_pinyin(char, style=Style.FIRST_LETTER))


CHINESE = r"[\u3400-\u9fff\u3001\u3002\u201c\u201d\u300a\u300b\uff08\uff09]"
FULL_WIDTH = {",": "\uff0c", ";": "\uff1b", ":": "\uff1a", "?": "\uff1f", "!": "\uff01"}
BESIDE = re.compile(rf"(?<={CHINESE})[,;:?!](?!//)|[,;:?!](?={CHINESE})|(?<=\)[ds])[,;:?!](?=%\()")
INSIDE = r"(?:%\(\w+\)[a-z]|[^()])*"
BRACKETS = re.compile(rf"(?<!%)\(({INSIDE}{CHINESE}{INSIDE})\)|(?<={CHINESE})\(({INSIDE})\)")


FIGURE = r"%\(\w+\)[ds]|%[ds]|\{\w*\}|[0-9]"
APART = re.compile(rf"(?<=[\u3400-\u9fff]) (?={FIGURE})|(?:(?<=\)[ds])|(?<=%[ds])|(?<=[0-9%}}])) (?=[\u3400-\u9fff])")


def as_printed(text: str) -> str:
    """Return `text` as offices print it: punctuation beside Chinese characters (and between placeholders) in full width, no
    blank between a character and a figure or placeholder."""
    text = BESIDE.sub(lambda found: FULL_WIDTH[found[0]], text)
    while (wider := BRACKETS.sub(lambda found: f"\uff08{found[1] or found[2] or ''}\uff09", text)) != text:
        text = wider
    return APART.sub("", text)


def is_key(typed: str) -> bool:
    """Tell whether what was sent can be the key of a record: digits that a database takes as a number ("²" is none)."""
    return typed.isascii() and typed.isdigit() and len(typed) <= KEY_DIGITS
