"""The description of a form: what an office expects of every sheet (2-domain d.0), declared once per form.

    ROSTER = FormSheet(
        name="党员花名册",
        title="党员花名册",
        columns=(FormColumn("姓名", width=10), FormColumn("身份证号", kind=Kind.CODE, width=20), …),
        freeze=1,
    )
    write_xlsx(path, [(replace(ROSTER, left="填报单位(盖章):××"), rows)], made_at=job.requested_at)

A row is a sequence of values in the order of the columns, without the running number; a `Subtotal` is such a row in bold.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, Self

SIGNATURE = "单位负责人：               审核人：               填表人：               联系电话："
SEQUENCE = "序号"
TOTAL = "合计"
SUBTOTAL = "小计"
NOTHING = "—"

_UNSAFE_IN_FILE_NAMES = re.compile(r'[\\/:*?"<>|\s\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e]+')
_UNSAFE_IN_SHEET_NAMES = re.compile(r"[\\/:*?\[\]\x00-\x1f]+")
_LONGEST_FILE_NAME = 200


class Kind(Enum):
    """What the cells of a column hold; a text in a column of numbers or dates stays a text (未开展)."""

    TEXT = "text"
    CODE = "code"
    """Digits that are no number (id number, phone, code): a text cell with the text format."""
    DATE = "date"
    YEAR_MONTH = "year_month"
    INTEGER = "integer"
    HUNDREDTHS = "hundredths"
    """An integer in hundredths, shown with two decimals: 8333 → 83.33; also for figures under a heading with %."""
    PERCENT = "percent"
    """An integer in hundredths of a percent, shown with its sign: 8333 → 83.33%."""
    YES_NO = "yes_no"


Value = str | int | bool | dt.date | None
Row = Sequence[Value]


class Keyed(tuple[Value, ...]):  # noqa: SLOT001 – a tuple has no room for a slot
    """A row that knows by a key (a number, nothing personal) what it is about; else a row like any other."""

    key: str

    def __new__(cls, key: object, values: Iterable[Value]) -> Self:
        row = super().__new__(cls, values)
        row.key = str(key)
        return row


class Subtotal(NamedTuple):
    """A bold row within the table; it is not numbered and not summed."""

    values: Row
    label: str = SUBTOTAL
    key: str = ""


def key_of(row: Row | Subtotal) -> str:
    """Return what a row is about; "" for one that does not say."""
    return str(getattr(row, "key", ""))


@dataclass(frozen=True)
class FormColumn:
    """One column. `width` in characters of the standard font (a Chinese one takes two); None: by kind and heading.

    `group` is the heading above several neighbours; `align` left, center or right, None: by kind; `total`: summed in
    the last row (integers and hundredths); `choices`: what a drop-down offers to whoever fills the form in; `counts`:
    the records behind the figure of a row, as `campaign.reports.figures` says; files take no notice of it.
    """

    header: str
    kind: Kind = Kind.TEXT
    width: float | None = None
    group: str = ""
    align: str | None = None
    total: bool = False
    choices: tuple[str, ...] = ()
    counts: Callable[[Any, str], Any] | None = None

    @property
    def heading(self) -> str:
        """The heading in one line with its group in front: 满意票数. It names the column within its sheet."""
        return f"{self.group}{self.header}"


@dataclass(frozen=True)
class FormSheet:
    """One sheet of a form. `left`, `middle`, `right` stand under the title (unit, period, date).

    `freeze`: how many columns (without the running number) stay in view; `totals`: the values of the last row where
    they are no sums (rates), None elsewhere; `blank`: what stands in an empty cell ("" in a form to be filled in);
    `provenance`: who exported when and what; `annex`: 附件1.
    """

    name: str
    title: str
    columns: tuple[FormColumn, ...]
    left: str = ""
    middle: str = ""
    right: str = ""
    annex: str = ""
    sequence: bool = True
    freeze: int = 0
    totals: Row | None = None
    signature: str = ""
    notes: tuple[str, ...] = ()
    provenance: str = ""
    blank: str = NOTHING
    landscape: bool = True
    paper_a3: bool = False

    @property
    def headings(self) -> list[str]:
        """The headings in one line, groups joined in front: 满意 票数 → 满意票数."""
        own = [column.heading for column in self.columns]
        return [SEQUENCE, *own] if self.sequence else own


Filled = tuple[FormSheet, Iterable[Row | Subtotal]]


def sheet_name(name: str, taken: Iterable[str] = ()) -> str:
    """Return `name` as a spreadsheet allows it: at most 31 characters, none of []:*?/\\, not one of `taken`."""
    clean = _UNSAFE_IN_SHEET_NAMES.sub("", name).strip("' ")[:31] or "Sheet"
    used = {other.casefold() for other in taken}
    number = 2
    unique = clean
    while unique.casefold() in used:
        ending = f"({number})"
        unique = clean[: 31 - len(ending)] + ending
        number += 1
    return unique


def plain_name(text: str) -> str:
    """Return `text` without what file systems refuse in a name."""
    return _UNSAFE_IN_FILE_NAMES.sub("", text).strip("._")


def file_name(unit: str, form: str, period: str, day: dt.date, extension: str = "xlsx") -> str:
    """Return 单位_表名_期间_yyyyMMdd.xlsx without characters that file systems refuse; empty parts are left out.

    The unit is shortened so that the name stays under 200 bytes.
    """
    parts = [plain_name(part) for part in (unit, form, period)]
    ending = "_".join([part for part in parts[1:] if part] + [f"{day:%Y%m%d}"])
    room = _LONGEST_FILE_NAME - len(f"_{ending}.{extension}".encode())
    short = parts[0].encode()[: max(room, 0)].decode(errors="ignore")
    return f"{short}_{ending}.{extension}" if short else f"{ending}.{extension}"
