"""Chinese text helpers: pinyin for search and order, punctuation as it is printed."""

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin


@lru_cache(maxsize=65_536)
def pinyin(text: str) -> str:
    """Return the pinyin of `text` without tones, lower case: 张三 → "zhang san"; lists sort by it on both databases."""
    return " ".join(lazy_pinyin(text)).lower()[:200]


@lru_cache(maxsize=65_536)
def initials(text: str) -> str:
    """Return the pinyin initials of `text`: 张三 → "zs"; what people type to find somebody."""
    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).lower()[:64]


CHINESE = r"[\u3400-\u9fff\u3001\u3002\u201c\u201d\u300a\u300b\uff08\uff09]"
FULL_WIDTH = {",": "\uff0c", ";": "\uff1b", ":": "\uff1a", "?": "\uff1f", "!": "\uff01"}
BESIDE = re.compile(rf"(?<={CHINESE})[,;:?!](?!//)|[,;:?!](?={CHINESE})|(?<=\)[ds])[,;:?!](?=%\()")
INSIDE = r"(?:%\(\w+\)[a-z]|[^()])*"
BRACKETS = re.compile(rf"(?<!%)\(({INSIDE}{CHINESE}{INSIDE})\)|(?<={CHINESE})\(({INSIDE})\)")


def full_width(text: str) -> str:
    """Return `text` with the punctuation beside Chinese characters (and between placeholders) in full width, as offices
    print it."""
    text = BESIDE.sub(lambda found: FULL_WIDTH[found[0]], text)
    while (wider := BRACKETS.sub(lambda found: f"\uff08{found[1] or found[2] or ''}\uff09", text)) != text:
        text = wider
    return text
