"""How far the filled cells of a sheet spread, found while its XML is unpacked.

calamine lays a sheet out as a full rectangle: one stray cell in XFD1048576 asks for 500 GB and ends the process. So
the rectangle is measured before calamine is let near the file.
"""

import re
from abc import ABC, abstractmethod
from xml.parsers import expat

from openpyxl.utils import column_index_from_string

_FILLED_PAST_Z = re.compile(rb'[<:]c (?:[^>]*? )?r="([A-Z]{2,3})\d+"[^>]*[^/>]>')
_ROW_OF_CELL = re.compile(rb'r="[A-Z]{1,3}(\d+)"')
_ROW = re.compile(rb'\br="(\d+)"')
_FLAT = bytes.maketrans(bytes(range(65, 91)), b"A" * 26)
_CARRY = 4096


class Spread(ABC):
    """Takes the XML of one part of a workbook in pieces; afterwards `rows` × `columns` hold all filled cells."""

    USUAL = 26
    """Columns of one letter, which are not told apart."""
    rows = 0
    columns = 0

    @abstractmethod
    def see(self, piece: bytes) -> None:
        """Take the next piece."""

    @property
    def cells(self) -> int:
        return self.rows * self.columns


class NoSpread(Spread):
    """A part that holds no cells."""

    def see(self, piece: bytes) -> None:
        pass


class XlsxSpread(Spread):
    """A worksheet of xlsx; by patterns, since parsing all of it would cost more than calamine itself."""

    columns = Spread.USUAL

    def __init__(self) -> None:
        self._carry = b""

    def see(self, piece: bytes) -> None:
        text = self._carry + piece
        # a look for two letters in a row is much cheaper than the pattern, which few sheets need
        wide = {found[1] for found in _FILLED_PAST_Z.finditer(text)} if b'"AA' in text.translate(_FLAT) else set()
        self.columns = max(self.columns, *(column_index_from_string(name.decode()) for name in wide), 0)
        end = _last(text, b"</c>", b":c>", len(text))
        if end >= 0:
            self.rows = max(self.rows, _number(text, _ROW_OF_CELL, b"c ", end), _number(text, _ROW, b"row ", end))
        self._carry = text[-_CARRY:]


class OdsSpread(Spread):
    """The content of ods, where cells and rows carry a repeat count; the widest and the longest sheet together.

    Raises expat.ExpatError for XML that is broken or declares entities.
    """

    def __init__(self) -> None:
        self._row = self._column = 0
        self._repeat = 1
        self._filled = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._refuse

    def see(self, piece: bytes) -> None:
        self._parser.Parse(piece)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in {"table:table-cell", "table:covered-table-cell"}:
            self._column += int(attributes.get("table:number-columns-repeated", 1))
            if "office:value-type" in attributes:
                self._filled = True
                self.columns = max(self.columns, min(self._column, 16_384))
        elif name == "table:table-row":
            self._column, self._filled = 0, False
            self._repeat = int(attributes.get("table:number-rows-repeated", 1))
        elif name == "table:table":
            self._row = 0

    def _end(self, name: str) -> None:
        if name == "table:table-row":
            self._row += self._repeat
            if self._filled:
                self.rows = max(self.rows, self._row)

    @staticmethod
    def _refuse(*_args: object) -> None:
        raise expat.ExpatError("entities are not read")


def spread_of(kind: str, part: str) -> Spread:
    """Return what measures the part with this name in a workbook of this kind."""
    if kind == "xlsx" and part.startswith("xl/worksheets/") and part.endswith(".xml"):
        return XlsxSpread()
    if kind == "ods" and part == "content.xml":
        return OdsSpread()
    return NoSpread()


def _number(text: bytes, pattern: re.Pattern[bytes], tag: bytes, end: int) -> int:
    start = _last(text, b"<" + tag, b":" + tag, end)
    found = pattern.search(text, start, text.find(b">", start)) if start >= 0 else None
    return int(found[1]) if found else 0


def _last(text: bytes, plain: bytes, prefixed: bytes, end: int) -> int:
    """Return where a tag stands last before `end`, written with a prefix or without; -1 for nowhere."""
    start = text.rfind(plain, 0, end)
    return max(start, text.rfind(prefixed, max(start, 0), end))
