"""Lists compared cell by cell: what goes out, and what comes back. `RowList` does that; `EntryList`, whose rows are records
of their own, stores and undoes by itself too.

    class ReviewList(EntryList):
        key, heading, explained, capability, sheet = …
        columns = (
            ListColumn("name", FormColumn("姓名"), label(), whom=True),
            ListColumn("held_on", FormColumn("点评日期", Kind.DATE), date(), needed=True),
        )
        def open(self, actor, place): …         # whose list; refuses
        def entries(self, ground, *, locked): …  # what may be written, with what is written
        def save(self, ground, lines): …         # stores what changed

Each row carries a mark: whose row it is, and a digest of what it said when it went out. So a row that nobody edited is left
alone whatever happened meanwhile, and one that was edited is refused when its record says something else by now. A blank
cell leaves what is there, — empties it.
"""

import datetime as dt
import hashlib
import json
import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.excel.problems import Category, Mistake, ProblemList, mistake
from campaign.common.excel.reader import Workbook
from campaign.common.excel.schema import Column, ParsedRow, ParsedTable, parse
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind, Row
from campaign.common.excel.values import CellError, Convert, Converter, Raw, Reading, choice, squeezed, tidy
from campaign.lists.registry import Ground, ListKind

MARK = "mark"
MARK_COLUMN = FormColumn("行标识", Kind.CODE, width=17)
ABOUT_MARK = "行标识供系统识别各行，请勿改动；自己加的行不填。空白单元格表示不改动，填“—”表示清空。"
_MARK = re.compile(r"([A-Za-z0-9.]{1,60}):([0-9a-f]{8})")

MARK_UNKNOWN = mistake(
    "list.mark_unknown",
    _("This is no mark of a row."),
    _("Take the row from the template again, or leave the cell empty in a row of your own."),
    Category.FORMAT,
)
NOT_OF_THE_LIST = mistake(
    "list.not_of_the_list",
    _("The row is not one of this list, or is no longer."),
    _("Delete the row, or take it from a new template."),
    Category.UNKNOWN,
)
OTHER_ROW = mistake(
    "list.other_row",
    _("The mark of the row belongs to “%(right)s”."),
    _("Rows have slipped: take the template again and sort whole rows only."),
    Category.CONFLICT,
)
CHANGED_SINCE = mistake(
    "list.changed_since",
    _("Somebody has changed this record since the workbook was downloaded."),
    _("Take the template again and enter your change there, or delete the row."),
    Category.CONFLICT,
)
MARK_MISSING = mistake(
    "list.mark_missing",
    _("There is an entry already, and the row has lost its mark."),
    _("Take the row from the template, or delete it."),
    Category.CONFLICT,
)
NOBODY = mistake(
    "list.nobody",
    _("Nobody and nothing of this list is called so."),
    _("Take the names from the template."),
    Category.UNKNOWN,
)
SEVERAL = mistake(
    "list.several",
    _("Several rows of this list could be meant."),
    _("Take the row from the template: it says which one is meant."),
    Category.UNKNOWN,
)
TWICE = mistake(
    "list.twice",
    _("The same record stands in row %(other)s already."),
    _("Delete one of the two rows."),
    Category.DUPLICATE,
)
COPIED = mistake(
    "list.copied",
    _("The same record stands in row %(other)s already."),
    _("Delete one of the two rows; if it is a row that you added, clear its mark."),
    Category.DUPLICATE,
)
READ_ONLY = mistake(
    "list.read_only",
    _("This column is there to be read; others fill it in."),
    _("Put back what stood there, or leave the cell empty."),
    Category.RULE,
)
NEEDED = mistake("list.needed", _("This has to be filled in."), _("Fill in the cell."), Category.MISSING)


def _mark() -> Convert[tuple[str, str]]:
    def convert(raw: Raw, _reading: Reading) -> tuple[str, str]:
        found = _MARK.fullmatch(squeezed(raw))
        if found is None:
            raise CellError(MARK_UNKNOWN)
        return found[1], found[2]

    return Convert(convert)


@dataclass(frozen=True)
class ListColumn:
    """A column of the list: `form` is how it goes out, `converter` how it comes back, `key` names the value.

    `whom`: it says whom the row means and is never taken over. `needed`: an entry must have it. `expected`: a table without
    the column is not the list. `names`: value → names, of a choice. `told`: what others say of the entry, there to be read;
    a change of it is refused.
    """

    key: str
    form: FormColumn
    converter: Converter[Any]
    aliases: tuple[str, ...] = ()
    whom: bool = False
    needed: bool = False
    expected: bool = False
    names: Any = None
    told: bool = False

    @classmethod
    def of_choices(
        cls,
        key: str,
        heading: str,
        names: Mapping[Any, Sequence[str]],
        *,
        width: int,
        align: str | None = None,
        **more: Any,
    ) -> Self:
        """A column of a choice: value → its names, of which the usual one, the first, is offered in the cell."""
        form = FormColumn(heading, width=width, align=align, choices=tuple(each[0] for each in names.values()))
        return cls(key, form, choice(names), names=names, **more)

    def cell(self, value: Any) -> Any:
        """Return a value as it stands in the workbook."""
        if self.names is not None:
            return self.names[value][0] if value not in ("", None) else ""
        return "" if value is None else value

    def says(self, row: ParsedRow) -> Any:
        """Return what the cell says of itself: a text even where it means "as above" or "nothing"."""
        written = row.written(self.key)
        if isinstance(written, str) and self.converter.blank == "":
            return written
        return None if self.key in row.cleared else row[self.key]

    def read(self, written: str) -> Any:
        """Return the value of what `cell` wrote, kept as text."""
        return self.converter(written, Reading(today=clock.today())) if written else self.converter.blank

    def column(self, *, expected: bool) -> Column:
        """Return how it is read."""
        return Column(
            self.key, self.form.header, self.aliases, converter=self.converter, expected=expected, clears=not self.whom
        )


@dataclass
class Entry:
    """One row of the list: a record, or what may become one. `ref` tells it from all others (letters, digits, dots).

    `title` is what a page calls it, `names` what stands in the columns that say whom the row means, `values` the others
    (None: nothing is written yet), `record` and `subject` are the service's own. `closed`: why it cannot be written now.
    """

    ref: str
    title: str
    names: dict[str, str]
    values: dict[str, Any] | None = None
    record: Any = None
    subject: Any = None
    closed: Mistake | None = None
    shown: bool = True
    """Whether it goes out with the workbook; one that does not may still be written into it."""


@dataclass(frozen=True)
class Change:
    """One cell: what it said, and what it is to say."""

    label: str
    old: Any
    new: Any


@dataclass
class Line:
    """What becomes of an entry: `values` are all its values afterwards, None when it goes."""

    entry: Entry
    values: dict[str, Any] | None
    changes: list[Change] = field(default_factory=list)


def parted(lines: Sequence[Line]) -> tuple[list[Line], list[Line], list[Line]]:
    """Return the lines that make a record, those that change one, and those with which one goes."""
    new = [line for line in lines if line.entry.record is None]
    changed = [line for line in lines if line.entry.record is not None and line.values is not None]
    gone = [line for line in lines if line.entry.record is not None and line.values is None]
    return new, changed, gone


@dataclass
class EntryPlan:
    """The whole of one workbook. With errors in `problems` nothing is stored."""

    problems: ProblemList
    heading_rows: dict[str, int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    unchanged: int = 0
    missing: list[Entry] = field(default_factory=list)
    """What is written, went out, and does not stand in the workbook: it stays as it is."""

    @property
    def new(self) -> list[Line]:
        return [line for line in self.lines if line.entry.values is None]

    @property
    def changed(self) -> list[Line]:
        return [line for line in self.lines if line.entry.values is not None]

    @property
    def is_empty(self) -> bool:
        return not self.lines

    @property
    def fingerprint(self) -> str:
        said = [[line.entry.ref, line.entry.title, _said(line.entry.values), _said(line.values)] for line in self.lines]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


class RowList(ListKind):
    """A list that is compared row by row."""

    columns: Sequence[ListColumn]
    sheet: FormSheet
    """Name, title, notes and page; its columns come from `columns`."""
    adds: ClassVar[bool] = False
    """Whether rows can be added: one without a mark is what `fresh` makes of it; else it means the entry called so."""

    @abstractmethod
    def entries(self, ground: Any, *, locked: bool = False) -> Iterable[Entry]:
        """Return all that may be written, in the order of the workbook; `locked`: no one else changes it until the end of
        the transaction."""

    def check(self, ground: Any, table: ParsedTable, row: ParsedRow, line: Line) -> None:
        """Report what is wrong with a row beyond its cells. A row that says the entry is to go gets no values; where there
        is none yet, nothing happens."""

    def prepare(self, ground: Any, rows: Sequence[ParsedRow]) -> None:
        """Look up, for all rows at once, what `fresh` and `check` need of them."""

    def fresh(self, ground: Any, table: ParsedTable, row: ParsedRow) -> Entry | None:
        """Return the entry of a row that somebody added, where `adds`; None, with the mistake reported, where it belongs
        nowhere."""
        table.report(row, self.columns[0].key, NOBODY)
        return None

    # -- out

    @cached_property
    def fields(self) -> list[ListColumn]:
        """The columns that people enter."""
        return [column for column in self.columns if not column.whom]

    @cached_property
    def whom(self) -> list[ListColumn]:
        """The columns that say whom a row means."""
        return [column for column in self.columns if column.whom]

    def form(self, ground: Any) -> tuple[FormSheet, Iterable[Row]]:
        return self._sheet(ground), [self._row(entry) for entry in self.entries(ground) if entry.shown]

    def _sheet(self, ground: Ground) -> FormSheet:
        given = self.sheet
        columns = (*(column.form for column in self.columns), MARK_COLUMN)
        notes = (*given.notes, ABOUT_MARK)
        return FormSheet(
            given.name, given.title, columns, left=ground.title, freeze=given.freeze, notes=notes, blank="",
            landscape=given.landscape,
        )  # fmt: skip

    def _row(self, entry: Entry) -> tuple[Any, ...]:
        values = entry.values or {}
        cells = (
            entry.names[column.key] if column.whom else column.cell(values.get(column.key)) for column in self.columns
        )
        return (*cells, f"{entry.ref}:{self.digest(entry.values)}")

    def digest(self, values: dict[str, Any] | None) -> str:
        """Return what a row's mark says of its values."""
        said = [_plain((values or {}).get(column.key)) for column in self.fields]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:8]

    # -- back

    def unread(self, problems: ProblemList) -> EntryPlan:
        return EntryPlan(problems)

    def plan(self, ground: Any, workbook: Workbook, *, locked: bool = False) -> EntryPlan:
        mark = Column(MARK, MARK_COLUMN.header, converter=_mark())
        first = self.whom[0] if self.whom else None
        table = parse(
            workbook, (*(column.column(expected=column.expected or column is first) for column in self.columns), mark)
        )
        return _Comparison(self, ground, table, list(self.entries(ground, locked=locked))).plan()


class EntryList(RowList):
    """A list whose rows are records."""

    @abstractmethod
    def save(self, ground: Any, lines: Sequence[Line]) -> None:
        """Store the lines and their audit entries in a constant number of statements; new entries get their `ref`."""

    def store(self, ground: Any, plan: EntryPlan) -> list[dict[str, Any]]:
        before = [line.entry.values for line in plan.lines]
        self.save(ground, plan.lines)
        return [
            {"ref": line.entry.ref, "before": self._kept(old), "after": self.digest(line.values)}
            for line, old in zip(plan.lines, before, strict=True)
        ]

    def _kept(self, values: dict[str, Any] | None) -> dict[str, str] | None:
        if values is None:
            return None
        return {column.key: str(column.cell(values.get(column.key))) for column in self.fields}

    def undo(self, ground: Any, made: list[dict[str, Any]]) -> tuple[int, int]:
        entries = {entry.ref: entry for entry in self.entries(ground, locked=True)}
        lines = []
        for record in made:
            entry = entries.get(record["ref"])
            if entry is None or entry.values is None or entry.closed or self.digest(entry.values) != record["after"]:
                continue
            before = record["before"]
            back = before and {column.key: column.read(before[column.key]) for column in self.fields}
            lines.append(Line(entry, back))
        self.save(ground, lines)
        return len(lines), len(made) - len(lines)


class _Comparison:
    """One workbook beside the entries of a list."""

    def __init__(self, kind: RowList, ground: Any, table: ParsedTable, entries: list[Entry]) -> None:
        self.kind, self.ground, self.table = kind, ground, table
        self.entries = {entry.ref: entry for entry in entries}
        self.key = kind.whom[0].key if kind.whom else MARK
        self.called: dict[str, list[Entry]] = {}
        for entry in entries:
            self.called.setdefault(_squeezed(entry.names.get(self.key)), []).append(entry)
        self.seen: dict[str, ParsedRow] = {}
        self.lines: list[Line] = []
        self.unchanged = 0

    def plan(self) -> EntryPlan:
        rows = list(self.table)
        self.kind.prepare(self.ground, rows)
        for row in rows:
            entry = self._entry_of(row)
            if entry is not None:
                self._take(row, entry)
        out = [entry for entry in self.entries.values() if entry.shown and entry.values is not None]
        missing = [entry for entry in out if entry.ref not in self.seen]
        headings = {sheet: heading.last_row for sheet, heading in self.table.headings.items()}
        return EntryPlan(self.table.problems, headings, self.lines, self.unchanged, missing)

    def _entry_of(self, row: ParsedRow) -> Entry | None:
        """Return whose row it is; None, with the mistake reported, where that is not clear."""
        if MARK not in row or self.key not in row:
            return None
        entry = self._marked(row) if row[MARK] else self._named(row)
        if entry is None:
            return None
        if entry.ref and entry.ref in self.seen:
            twice = COPIED if self.kind.adds else TWICE
            self.table.report(row, self.key, twice, other=self.seen[entry.ref].seen_from(row))
            return None
        self.seen[entry.ref] = row
        return entry

    def _marked(self, row: ParsedRow) -> Entry | None:
        entry = self.entries.get(row[MARK][0])
        if entry is None:
            self.table.report(row, MARK, NOT_OF_THE_LIST)
        elif not self._is_called(row, entry):
            self.table.report(row, self.key, OTHER_ROW, right=entry.title)
            return None
        elif self.kind.adds and entry.values is None and entry.ref in self.seen:
            return self.kind.fresh(self.ground, self.table, row)  # an empty row, copied to add another
        return entry

    def _named(self, row: ParsedRow) -> Entry | None:
        """Return the entry that is called as the row says; where several are, the one whose blanks are blank too."""
        if self.kind.adds:
            return self.kind.fresh(self.ground, self.table, row)
        found = [one for one in self.called.get(_squeezed(row[self.key]), ()) if self._is_called(row, one)]
        if len(found) > 1:
            found = [one for one in found if self._is_called(row, one, blanks=True)] or found
        if len(found) != 1:
            self.table.report(row, self.key, SEVERAL if found else NOBODY)
            return None
        return found[0]

    def _is_called(self, row: ParsedRow, entry: Entry, *, blanks: bool = False) -> bool:
        return all(
            (not row[column.key] and not blanks) or _squeezed(row[column.key]) == _squeezed(entry.names[column.key])
            for column in self.kind.whom
        )

    def _take(self, row: ParsedRow, entry: Entry) -> None:
        before = entry.values or {}
        values = {column.key: self._value(row, column, before.get(column.key)) for column in self.kind.fields}
        changes = [
            Change(column.form.heading, column.cell(before.get(column.key)), column.cell(values[column.key]))
            for column in self.kind.fields
            if _plain(values[column.key]) != _plain(before.get(column.key))
        ]
        added = self.kind.adds and entry.values is None and not row[MARK]
        if (not changes and not added) or self._is_unedited(row):
            self.unchanged += entry.values is not None
            return
        line = Line(entry, values, changes)
        if not self._refused(row, line):
            self.kind.check(self.ground, self.table, row, line)
        if line.values is not None or entry.values is not None:
            self.lines.append(line)

    def _value(self, row: ParsedRow, column: ListColumn, now: Any) -> Any:
        """Return what the record is to say: a blank cell leaves it, — empties it; so does one that only looks different."""
        left = now if now is not None else column.converter.blank
        if column.key not in row or _plain(column.says(row)) == _plain(now):
            return left
        if column.key in row.cleared:
            return column.converter.blank
        given = row[column.key]
        return left if given in (None, "") or _plain(given) == _plain(now) else given

    def _is_unedited(self, row: ParsedRow) -> bool:
        """Whether the row reads as it did when it went out: then whatever happened to the record since stands."""
        if not row[MARK]:
            return False
        said = {column.key: column.says(row) for column in self.kind.fields}
        return bool(self.kind.digest(said) == row[MARK][1])

    def _refused(self, row: ParsedRow, line: Line) -> bool:
        """Report why the row cannot be taken."""
        entry, table = line.entry, self.table
        if entry.closed is not None:
            table.report(row, self.key, entry.closed)
        elif row[MARK] and row[MARK][1] != self.kind.digest(entry.values):
            table.report(row, self.key, CHANGED_SINCE)
        elif not row[MARK] and entry.values is not None:
            table.report(row, self.key, MARK_MISSING)
        else:
            return self._faulty(row, line)
        return True

    def _faulty(self, row: ParsedRow, line: Line) -> bool:
        """Report what lacks and what is not theirs to say; tells whether there is such a cell."""
        values, before = line.values or {}, line.entry.values or {}
        lacking = [
            column.key
            for column in self.kind.fields
            if column.needed and column.key in row and values.get(column.key) in (None, "")
        ]
        told = [
            column.key
            for column in self.kind.fields
            if column.told and _plain(values[column.key]) != _plain(before.get(column.key))
        ]
        for keys, found in ((lacking, NEEDED), (told, READ_ONLY)):
            for key in keys:
                self.table.report(row, key, found)
        return bool(lacking or told)


def _said(values: dict[str, Any] | None) -> dict[str, str] | None:
    return None if values is None else {key: _plain(value) for key, value in values.items()}


def _plain(value: Any) -> str:
    """Return a value so that what a spreadsheet does to a text (blanks, line breaks at the ends) makes no difference."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return "" if value is None else "\n".join(" ".join(line.split()) for line in tidy(str(value)).splitlines())


def _squeezed(value: Any) -> str:
    return squeezed(str(value or "")).casefold()
