"""The forms that the office knows: each app registers the definition of its own; the engine writes and checks them."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from campaign.common import clock
from campaign.common.access import ScopedQuerySet
from campaign.common.excel.sheet import Filled
from campaign.common.registry import Registry
from campaign.models import Campaign, Period
from campaign.reports.checks import Check, Discrepancy, Severity, Tables
from orgs.models import Organization

__all__ = [
    "LINES", "Check", "Discrepancy", "Option", "Report", "ReportRequest", "Severity", "Tables", "reports",
]  # fmt: skip
"""What apps need to define a form; other engines know nothing else of this one."""

S = TypeVar("S", bound=ScopedQuerySet[Any])
LINES = ("title", "left", "middle", "right", "signature")
"""The lines around the table that people may word anew before an export (fields of `FormSheet`)."""


@dataclass(frozen=True)
class ReportRequest:
    """What a report is asked for: everything in the subtree of `organization` that `user` may see.

    `user` None is the system (a command without an actor). `unmasked` needs the right and a reason. `year` is that of a
    report by year; None is the present one. `asked_at` is the moment on the sheet: a job that is done again after a crash
    writes the same file. `options` are the choices of the report's own filters (`Report.options`), `lines` the lines around
    the table as they were worded on the page (`LINES`), `columns` the headings of a list in the order wanted; () for all.
    """

    user: Any
    organization: Organization
    campaign: Campaign | None = None
    period: Period | None = None
    unmasked: bool = False
    reason: str = ""
    asked_at: dt.datetime = field(default_factory=clock.now)
    year: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()

    def seen(self, records: S) -> S:
        """Keep what the person may see; the system sees all."""
        return records if self.user is None else records.visible_to(self.user)

    @property
    def today(self) -> dt.date:
        """The day on the sheet: the one on which it was asked for."""
        return timezone.localtime(self.asked_at).date()


@dataclass(frozen=True)
class Option:
    """A choice that a report offers beside the usual ones: `choices(user)` gives values and labels, `options[key]` of the
    request holds what was chosen, "" for nothing."""

    key: str
    label: str | Promise
    choices: Callable[[Any], Iterable[tuple[str, str | Promise]]]


class Group(Enum):
    """What the catalogue groups the forms by, each with the numbers of its forms (2-domain d)."""

    BASICS = gettext_lazy("Organizations and members"), (1, 2)
    PLEDGES = gettext_lazy("Pledges, reviews and evaluations"), (3, 4, 5, 6)
    AWARDS = gettext_lazy("Selection and commendation"), (7, 8, 9, 17)
    WORK = gettext_lazy("Inspection, rectification and posts"), (10, 11, 12, 13, 14, 15, 16)
    SUMMARY = gettext_lazy("Scores and activity as a whole"), (18, 19)

    @property
    def label(self) -> str:
        return str(self.value[0])


@dataclass(frozen=True)
class Report:
    """`form` is the number of the form (d.1); `sheets` gives each sheet with its rows, which are read once, streaming;
    `count` says how many rows there will be, for the progress bar. `by_period` reports are official only for a frozen
    period, `by_year` ones, which speak of one year of a campaign, once its periods are frozen; rosters and ledgers always
    are: lists (`is_list`), and forms whose rows are records as they stand (`records`). `checks` run before the
    export; `options` are filters of its own; in `is_list` reports people choose and order the columns; `personal` is
    False where a form holds neither id numbers nor phones. docs/reports.md tells how to write one."""

    key: str
    form: str
    label: str | Promise
    description: str | Promise
    sheets: Callable[[ReportRequest], list[Filled]]
    count: Callable[[ReportRequest], int]
    by_period: bool = True
    by_year: bool = False
    icon: str = "file-spreadsheet"
    checks: tuple[Check, ...] = ()
    options: tuple[Option, ...] = ()
    is_list: bool = False
    records: bool = False
    personal: bool = True

    @property
    def is_ledger(self) -> bool:
        """Whether it lists records, so that no period has to be frozen for it."""
        return self.is_list or self.records

    @property
    def number(self) -> int:
        """The number of the form: 3 for d.3."""
        return int(self.form.removeprefix("d."))

    @property
    def group(self) -> Group:
        return next((group for group in Group if self.number in group.value[1]), Group.SUMMARY)


reports: Registry[Report] = Registry("reports")
