"""Puts a workbook laid out by openpyxl into a file: rows streamed into their sheets, the same bytes for the same input."""

import datetime as dt
import re
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import IO, Any, NamedTuple

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter

_COMPRESSION = 2
_PIECE = 1024 * 1024
_ZIP64_FROM = 2**31 - 1


class Streamed(NamedTuple):
    """The XML of a sheet's rows, and the row of the frame in whose place it goes."""

    at_row: int
    xml: IO[bytes]


def save(
    workbook: Workbook,
    target: Path | IO[bytes],
    *,
    streamed: Sequence[Streamed],
    made_at: dt.datetime,
    made_by: str = "",
) -> None:
    """Write `workbook` to `target`; `streamed` are the rows of its sheets in order. `made_at` (aware) is all its times."""
    moment = made_at.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
    workbook.properties.created = workbook.properties.modified = moment
    workbook.properties.creator = workbook.properties.lastModifiedBy = made_by
    rows = {f"xl/worksheets/sheet{number}.xml": xml for number, xml in enumerate(streamed, start=1)}
    with _Archive(target, rows) as archive:
        ExcelWriter(workbook, archive).save()


class _Archive(zipfile.ZipFile):
    """A zip file whose entries carry no time, and that puts rows into the sheets that pass."""

    def __init__(self, target: Path | IO[bytes], rows: Mapping[str, Streamed]) -> None:
        super().__init__(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION)
        self._rows = rows

    def writestr(self, zinfo_or_arcname: str | zipfile.ZipInfo, data: Any, *_more: Any, **_options: Any) -> None:
        # a bare ZipInfo says 1980; a name alone would say now
        super().writestr(zipfile.ZipInfo(str(zinfo_or_arcname)), data, zipfile.ZIP_DEFLATED, _COMPRESSION)

    def write(
        self, filename: str | PathLike[str], arcname: str | PathLike[str] | None = None, *_more: Any, **_options: Any
    ) -> None:
        frame, name = Path(filename).read_bytes(), str(arcname)
        rows = self._rows.get(name)
        if rows is None:
            self.writestr(name, frame)
            return
        mark = re.search(rb'<row r="%d"[^>]*?(?:/>|>.*?</row>)' % rows.at_row, frame, re.DOTALL)
        if mark is None:
            raise ValueError(f"{name} has no row {rows.at_row} to put the rows in")
        size = rows.xml.tell()
        rows.xml.seek(0)
        with self.open(name, "w", force_zip64=size > _ZIP64_FROM) as entry:
            entry.write(frame[: mark.start()])
            shutil.copyfileobj(rows.xml, entry, _PIECE)
            entry.write(frame[mark.end() :])
