"""Where the table stands on a sheet: its heading row(s), and which rows below are records.

Above the heading stand titles and a line for unit and date, below the table totals, notes and signatures; a heading
is found by the names of its columns, wherever it stands, in one row or in two with merged groups.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from campaign.common.excel.values import Raw, is_blank, squeezed, tidy

SEARCHED_ROWS = 60
NUMBER_HEADERS = frozenset({"序号", "编号", "行号", "no", "no."})
REMARKS_HEADER = "问题说明"
"""The column that an annotated workbook gets; read back, it is passed over."""

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")
_NOISE = re.compile(r"[\s*:_]+")
_LONGEST_TOTAL = 12
_TOTAL = re.compile(r"(合|总|小|共|累)计(\d+[人名个]?(党员)?)?|共计?\d+[人名个](党员)?|共")
_PAGE = re.compile(r"第\d+页|共\d+页|第\d+页[,，/]?共\d+页")
_SIGNED = re.compile(
    r"((填[表报]|制表|审核|审批|复核|经办|统计)人|(单位|部门|党组织)?(主要)?负责人)(\(签[字名章]\)|\(盖?章\))?"
)
"""What stands before a signature; without a colon only as the whole of a cell."""
_HINT = re.compile(r"\(?(必填|选填|必选|非必填|可选|可不填)项?\)?")
_BELOW = re.compile(
    r"(备?注|说明|注意|备注说明)([:.、0-9一]|$)"
    r"|填[表报]说明|以下空白|系统导出|本表"
    r"|(单位|部门|党组织)?(主要)?(负责|领导|审核|审批|填表|填报|制表|复核|经办|联系|统计)人?(\((签字|签名|签章|盖章|章)\))?:"
    r"|(填报|制表|填表)(日期|时间):|(联系)?电话:"
)


def header_key(written: object) -> str:
    """Return a heading as it is compared: 姓　名 * → 姓名, full width and line breaks undone, brackets kept."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", tidy(str(written)))).casefold()


def header_stem(written: object) -> str:
    """Return a heading without what stands in brackets: 人员类别(正式/预备) → 人员类别."""
    key = header_key(written)
    return _BRACKETS.sub("", key) or key


@dataclass(frozen=True)
class Names:
    """How one column may be called: its own heading, and other names."""

    key: str
    header: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heading:
    """A heading that was found: last row of it, all headings by position, and which column stands where."""

    first_row: int
    last_row: int
    written: tuple[str, ...]
    found: Mapping[str, int]
    twice: Mapping[str, tuple[int, ...]]

    @property
    def ignored(self) -> list[int]:
        """Positions of headings that no column claims; numbering and remarks of an earlier reading do not count."""
        claimed = {*self.found.values(), *(place for places in self.twice.values() for place in places)}
        passed = {*NUMBER_HEADERS, REMARKS_HEADER}
        return [
            place
            for place, written in enumerate(self.written)
            if written and place not in claimed and header_key(written) not in passed
        ]

    def stands_in(self, row: Sequence[Raw]) -> bool:
        """Whether a row is the heading once more, as where printed pages were put together."""
        anchor = next(iter(self.found.values()), 0)
        if anchor >= len(row) or row[anchor] != self.written[anchor]:  # the usual row, told apart at once
            return False
        return all(row[place] == self.written[place] for place in self.found.values() if place < len(row))


class Vocabulary:
    """The columns that are looked for, by all their names."""

    def __init__(self, columns: Iterable[Names]) -> None:
        self._own: dict[str, str] = {}
        self._other: dict[str, str] = {}
        self._stems: dict[str, str] = {}
        for column in columns:
            self._own.setdefault(header_key(column.header), column.key)
            for name in (column.header, *column.aliases):
                self._other.setdefault(header_key(name), column.key)
                self._stems.setdefault(header_stem(name), column.key)

    def rank(self, written: str) -> tuple[int, str] | None:
        """Return (0 own heading, 1 other name, 2 the same but for brackets; key), or None when it is not known."""
        key = header_key(written)
        if not key:
            return None
        for rank, (names, name) in enumerate(
            ((self._own, key), (self._other, key), (self._stems, header_stem(written)))
        ):
            if name in names:
                return rank, names[name]
        return None

    def __len__(self) -> int:
        return len(set(self._other.values()))


def find_heading(rows: Sequence[tuple[int, Sequence[Raw]]], vocabulary: Vocabulary) -> Heading | None:
    """Return the heading that knows most columns, or None when no row knows two (all, where fewer are looked for)."""
    best: Heading | None = None
    for number, row in rows:
        best = _better(best, _heading(number, number, [(_plain(cell),) for cell in row], vocabulary))
    for (number, upper), (next_number, lower) in pairwise(rows):
        if next_number == number + 1:
            best = _better(best, _heading(number, next_number, list(_two_lines(upper, lower)), vocabulary))
    enough = min(2, len(vocabulary))
    return best if best and len(best.found) + len(best.twice) >= enough else None


def is_total(row: Sequence[Raw]) -> bool:
    """Whether a row is a total or subtotal: its first filled cell says so."""
    first = _first(row)
    return (
        ("计" in first or "共" in first) and len(first) <= _LONGEST_TOTAL and bool(_TOTAL.fullmatch(header_key(first)))
    )


def is_below(row: Sequence[Raw]) -> bool:
    """Whether a row is a note or a signature line under a table, by its first filled cell."""
    return bool(_BELOW.match(squeezed(_first(row))))


def is_signed(row: Sequence[Raw]) -> bool:
    """Whether a row is a note or a signature line by the colon behind what it is called, or as who signs is called in a cell
    of its own: no record begins like that."""
    first = _first(row)
    if ":" in first or "\uff1a" in first:
        return is_below(row)
    return "人" in first and bool(_SIGNED.fullmatch(header_key(first)))


def is_page(row: Sequence[Raw]) -> bool:
    """Whether a row holds nothing but the number of a page."""
    written = [squeezed(cell) for cell in row if not is_blank(cell)]
    return bool(written) and all(map(_PAGE.fullmatch, written))


def may_close(row: Sequence[Raw]) -> bool:
    """Whether a row may be a total (`is_total`) or a signature (`is_signed`): a quick look for a word of theirs."""
    first = row[0] if row and row[0] != "" else next((cell for cell in row if cell != ""), "")
    return isinstance(first, str) and any(map(first.__contains__, _MARKS))


_MARKS = ("计", "共", "人", ":", "\uff1a")


def is_column_numbers(row: Sequence[Raw]) -> bool:
    """Whether a row numbers the columns, as under the heading of statistical forms: 甲 乙 1 2 3 …"""
    written = [header_key(tidy(cell)).strip("()") for cell in row if not is_blank(cell)]
    numbers = [word for word in written if word not in {"甲", "乙", "丙", "丁", "栏次"}]
    return len(numbers) > 2 and numbers == [str(place) for place in range(1, len(numbers) + 1)]


def is_hints(row: Sequence[Raw]) -> bool:
    """Whether a row says nothing but which columns have to be filled in: （必填） （选填） …"""
    written = [header_key(tidy(cell)) for cell in row if not is_blank(cell)]
    return bool(written) and all(map(_HINT.fullmatch, written))


def _first(row: Sequence[Raw]) -> str:
    return next((_plain(cell) for cell in row if cell != ""), "")


def _plain(cell: Raw) -> str:
    return tidy(cell) if isinstance(cell, str) else ""


def _two_lines(upper: Sequence[Raw], lower: Sequence[Raw]) -> Iterable[tuple[str, ...]]:
    """The possible names of each column of a heading in two rows; a group heading reaches to the next one."""
    group = ""
    for place in range(max(len(upper), len(lower))):
        above = _plain(upper[place]) if place < len(upper) else ""
        below = _plain(lower[place]) if place < len(lower) else ""
        group = above or group
        if below:
            yield group + below, below
        else:
            yield (above,)


def _heading(first_row: int, last_row: int, cells: Sequence[tuple[str, ...]], vocabulary: Vocabulary) -> Heading:
    ranked: dict[str, list[tuple[int, int]]] = {}
    written = []
    for place, names in enumerate(cells):
        known = next(((match, name) for name in names if (match := vocabulary.rank(name))), None)
        written.append(known[1] if known else names[0])
        if known:
            rank, key = known[0]
            ranked.setdefault(key, []).append((rank, place))
    found, twice = {}, {}
    for key, places in ranked.items():
        best = min(rank for rank, _place in places)
        candidates = tuple(place for rank, place in places if rank == best)
        if len(candidates) == 1:
            found[key] = candidates[0]
        else:
            twice[key] = candidates
    return Heading(first_row, last_row, tuple(written), found, twice)


def _better(best: Heading | None, other: Heading) -> Heading:
    if best is None or _knows(other) > _knows(best):
        return other
    return best


def _knows(heading: Heading) -> int:
    return len(heading.found) + len(heading.twice)
