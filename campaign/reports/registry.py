"""The forms that the office knows: each app registers the definition of its own; the engine writes and checks them."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

from campaign.common import clock
from campaign.common.excel.sheet import Filled
from campaign.common.registry import Registry
from campaign.models import Campaign, Period
from orgs.models import Organization


@dataclass(frozen=True)
class ReportRequest:
    """What a report is asked for: everything in the subtree of `organization` that `user` may see.

    `user` None is the system (a command without an actor). `unmasked` needs the right and a reason. `year` is that of a
    report by year; None is the present one. `asked_at` is the moment on the sheet: a job that is done again after a crash
    writes the same file.
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


@dataclass(frozen=True)
class Report:
    """`form` is the number of the form (d.1); `sheets` gives each sheet with its rows, which are read once, streaming;
    `count` says how many rows there will be, for the progress bar. `by_period` reports are official only for a frozen
    period; rosters and ledgers always are. `by_year` reports speak of one year of a campaign."""

    key: str
    form: str
    label: str | Promise
    description: str | Promise
    sheets: Callable[[ReportRequest], list[Filled]]
    count: Callable[[ReportRequest], int]
    by_period: bool = True
    by_year: bool = False
    icon: str = "file-spreadsheet"


reports: Registry[Report] = Registry("reports")
