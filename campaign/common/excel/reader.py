"""Opens what people upload: xlsx, xls and ods by calamine, csv in UTF-8 and GBK, as sheets of numbered rows.

Files are judged by what is in them, never by their name. What is refused raises `WorkbookError` with a text that
says what to do. A sheet is unpacked by calamine as a whole (outside Python's memory); rows come out one by one.
"""

import codecs
import csv
import io
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Protocol
from xml.parsers.expat import ExpatError

import python_calamine as calamine
from django.utils.translation import gettext_lazy as _

from campaign.common.excel.problems import Category, Mistake, Param, ProblemList, mistake
from campaign.common.excel.spread import Spread, spread_of
from campaign.common.excel.values import Raw

MIB = 1024 * 1024
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS_MIME = b"application/vnd.oasis.opendocument.spreadsheet"
_PIECE = MIB
_NO_TABLE = ("<", "%PDF", "{\\rtf")
"""How other kinds of files begin that are text to the end."""
_BINARY = re.compile(r"[\x01-\x08\x0e-\x1f]")
FORMULA_STARTS = frozenset("=+-@\t\r")
"""A text beginning with one of these is run as a formula by some spreadsheets when it comes from csv."""

_SAVE_AGAIN = _("Open it in Excel or WPS, save it as .xlsx and send it again.")
FILE_EMPTY = mistake("file.empty", _("The file is empty."), _("Choose the workbook again."), Category.FILE)
FILE_TOO_LARGE = mistake(
    "file.too_large",
    _("The file is too large: %(size)s MB, at most %(limit)s MB are read."),
    _("Take out pictures and sheets that are not needed, or split it."),
    Category.FILE,
)
FILE_UNPACKS_TOO_LARGE = mistake(
    "file.unpacks_too_large",
    _("The file unpacks to more than %(limit)s MB."),
    _("Take out pictures and sheets that are not needed, or split it."),
    Category.FILE,
)
FILE_ENCRYPTED = mistake(
    "file.encrypted",
    _("The workbook is protected with a password and cannot be read."),
    _("Take the password off in Excel or WPS, save the workbook and send it again."),
    Category.FILE,
)
FILE_BROKEN = mistake("file.broken", _("The file is damaged and cannot be read."), _SAVE_AGAIN, Category.FILE)
FILE_UNKNOWN = mistake(
    "file.unknown",
    _("The file is not a workbook that can be read; xlsx, xls, ods and csv can."),
    _SAVE_AGAIN,
    Category.FILE,
)
FILE_ENCODING = mistake(
    "file.encoding", _("The characters of the csv file are neither UTF-8 nor GBK."), _SAVE_AGAIN, Category.FILE
)
FILE_SPREADS = mistake(
    "file.spreads",
    _("The sheet spreads over %(rows)s rows and %(columns)s columns; that is too much to read."),
    _("Delete what stands far right of or far below the table, or split the table."),
    Category.FILE,
)
FILE_TOO_LONG = mistake(
    "file.too_long",
    _("The sheet has %(rows)s rows; at most %(limit)s are read."),
    _("Delete what stands far below the table, or split it into several files."),
    Category.FILE,
)


class WorkbookError(Exception):
    """The file cannot be read at all."""

    def __init__(self, kind: Mistake, **params: Param) -> None:
        super().__init__(kind.key)
        self.kind = kind
        self.params = params

    def problems(self) -> ProblemList:
        """The error as a list of one problem, to be shown like those found inside a file."""
        problems = ProblemList()
        problems.add(self.kind, params=self.params)
        return problems


@dataclass(frozen=True)
class Limits:
    """How much is read: bytes as sent, bytes unpacked, cells of the rectangle that a sheet spreads over."""

    sent: int = 50 * MIB
    unpacked: int = 512 * MIB
    cells: int = 20_000_000

    @property
    def rows(self) -> int:
        """How many rows of as many columns as have one letter."""
        return self.cells // Spread.USUAL


Merged = list[tuple[tuple[int, int], tuple[int, int]]]


class Sheet(Protocol):
    """A sheet: its name, its rows with their number from 1, and its merged ranges (row, column from 0)."""

    @property
    def name(self) -> str: ...

    @property
    def merged(self) -> Merged: ...

    def rows(self) -> Iterator[tuple[int, list[Raw]]]: ...


class Workbook(Protocol):
    """A file that could be opened; `kind` is xlsx, xls, ods or csv. Hidden sheets are left out."""

    @property
    def kind(self) -> str: ...

    @property
    def content(self) -> bytes: ...

    @property
    def sheets(self) -> list[Sheet]: ...


def open_workbook(source: bytes | Path | IO[bytes], *, limits: Limits | None = None) -> Workbook:
    """Open a workbook from its bytes, its path or an uploaded file.

    Raises WorkbookError: empty, too large, encrypted, broken, of another kind, or spread out too far.
    """
    limits = limits or Limits()
    content = _content(source, limits)
    if content.startswith(_ZIP):
        return _CalamineWorkbook(_weigh(content, limits), content, limits)
    if content.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise WorkbookError(FILE_ENCRYPTED)
        return _CalamineWorkbook("xls", content, limits)
    return _CsvWorkbook(content, limits)


def _content(source: bytes | Path | IO[bytes], limits: Limits) -> bytes:
    if isinstance(source, Path):
        with source.open("rb") as file:
            return _content(file, limits)
    if not isinstance(source, bytes):
        source.seek(0)
        source = source.read(limits.sent + 1)
    if len(source) > limits.sent:
        raise WorkbookError(FILE_TOO_LARGE, size=len(source) // MIB + 1, limit=limits.sent // MIB)
    if not source.strip(b"\0 \r\n\t\xef\xbb\xbf"):
        raise WorkbookError(FILE_EMPTY)
    return source


# -- xlsx, xls, ods ------------------------------------------------------------------------------------------------


class _CalamineSheet:
    def __init__(self, sheet: calamine.CalamineSheet) -> None:
        self.name = sheet.name
        self._sheet = sheet

    @property
    def merged(self) -> Merged:
        return self._sheet.merged_cell_ranges or []

    def rows(self) -> Iterator[tuple[int, list[Raw]]]:
        if self._sheet.start is None:
            return
        # calamine pads above the first cell but not left of it
        left: list[Raw] = [""] * self._sheet.start[1]
        for number, row in enumerate(self._sheet.iter_rows(), start=1):
            yield number, [*left, *row] if left else row


class _CalamineWorkbook:
    def __init__(self, kind: str, content: bytes, limits: Limits) -> None:
        self.kind = kind
        self.content = content
        self._limits = limits
        try:
            self._book = calamine.load_workbook(io.BytesIO(content))
        except calamine.PasswordError:
            raise WorkbookError(FILE_ENCRYPTED) from None
        except calamine.CalamineError as error:
            raise WorkbookError(FILE_BROKEN) from error

    @cached_property
    def sheets(self) -> list[Sheet]:
        """The visible sheets. Raises WorkbookError when one cannot be read."""
        visible, worksheet = calamine.SheetVisibleEnum.Visible, calamine.SheetTypeEnum.WorkSheet
        names = [data.name for data in self._book.sheets_metadata if data.visible == visible and data.typ == worksheet]
        try:
            return [_CalamineSheet(self._book.get_sheet_by_name(name)) for name in names]
        except calamine.CalamineError as error:
            raise WorkbookError(FILE_BROKEN) from error


def _weigh(content: bytes, limits: Limits) -> str:
    """Return the kind of a zip container, after unpacking it once piece by piece: sizes it claims are not believed."""
    left = limits.unpacked
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            kind = _kind(archive)
            for info in archive.infolist():
                spread = spread_of(kind, info.filename)
                for piece in _pieces(archive, info):
                    left -= len(piece)
                    if left < 0:
                        raise WorkbookError(FILE_UNPACKS_TOO_LARGE, limit=limits.unpacked // MIB)
                    spread.see(piece)
                if spread.cells > limits.cells:
                    raise _spreads(spread, limits)
    except (zipfile.BadZipFile, zlib.error, ExpatError, NotImplementedError, KeyError, EOFError) as error:
        raise WorkbookError(FILE_BROKEN) from error
    return kind


def _spreads(spread: Spread, limits: Limits) -> WorkbookError:
    if spread.columns <= Spread.USUAL:
        return WorkbookError(FILE_TOO_LONG, rows=spread.rows, limit=limits.rows)
    return WorkbookError(FILE_SPREADS, rows=spread.rows, columns=spread.columns)


def _kind(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if any(info.flag_bits & 1 for info in archive.infolist()):
        raise WorkbookError(FILE_ENCRYPTED)
    if "content.xml" in names and _start_of(archive, "mimetype").startswith(_ODS_MIME):
        if b"encryption-data" in _start_of(archive, "META-INF/manifest.xml"):
            raise WorkbookError(FILE_ENCRYPTED)
        return "ods"
    if "xl/workbook.bin" in names or not any(name.startswith("xl/") for name in names):
        raise WorkbookError(FILE_UNKNOWN)
    return "xlsx"


def _start_of(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(_PIECE)


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack one entry to its true end: zipfile stops at the claimed size, calamine does not."""
    claimed = info.file_size
    info.file_size = sys.maxsize
    unpacked = 0
    with archive.open(info) as file:
        while piece := file.read(_PIECE):
            unpacked += len(piece)
            yield piece
    if unpacked != claimed:
        raise zipfile.BadZipFile("an entry lies about its size")


# -- csv -----------------------------------------------------------------------------------------------------------


class _CsvSheet:
    name = "CSV"
    merged: Merged = []

    def __init__(self, written: str) -> None:
        self._written = written

    def rows(self) -> Iterator[tuple[int, list[Raw]]]:
        # strict would refuse quotes inside words, which people do type
        reader = csv.reader(io.StringIO(self._written, newline=""), delimiter=_delimiter(self._written))
        try:
            for number, row in enumerate(reader, start=1):
                yield number, [_typed(cell) for cell in row]
        except csv.Error as error:
            raise WorkbookError(FILE_BROKEN) from error


class _CsvWorkbook:
    kind = "csv"

    def __init__(self, content: bytes, limits: Limits) -> None:
        self.content = content
        if (rows := content.count(b"\n")) > limits.rows:
            raise WorkbookError(FILE_TOO_LONG, rows=rows, limit=limits.rows)
        self.sheets: list[Sheet] = [_CsvSheet(_decoded(content))]


def _decoded(content: bytes) -> str:
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if utf16 else ["utf-8-sig", "gb18030"]:
        with suppress(UnicodeDecodeError):
            written = content.decode(encoding)
            break
    else:
        raise WorkbookError(FILE_ENCODING)
    if "\0" in written or written.lstrip().startswith(_NO_TABLE) or _BINARY.search(written[:_PIECE]):
        raise WorkbookError(FILE_UNKNOWN)
    return written


def _delimiter(written: str) -> str:
    start = written[:20_000]
    return max(",\t;", key=start.count)


def _typed(cell: str) -> str:
    """Undo what keeps a csv cell text: ="0123", and the ' or tab before a sign that would start a formula."""
    if cell.startswith('="') and cell.endswith('"'):
        return cell[2:-1]
    if cell[:1] in {"'", "\t"} and cell[1:2] in FORMULA_STARTS:
        return cell[1:]
    return cell
