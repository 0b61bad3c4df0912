"""The metrics: named, documented, set-based queries that give one raw figure per subject for a period.

Every app registers its own; the engine knows none by name. Source: `docs/scoring.md`.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise

from campaign.common.capabilities import Cap
from campaign.common.registry import Registry
from campaign.models import Audience, Period


@dataclass(frozen=True)
class MetricScope:
    """What a metric is asked for: `path` bounds the subjects to a subtree (an organization at or below it, or a member
    enrolled there); records are those dated within `period` and entered by `as_of` (aware)."""

    period: Period
    audience: Audience
    path: str
    as_of: dt.datetime


FigureRow = tuple[int, int, int]
"""(subject id, numerator, denominator): integers ≥ 0. A denominator of 0, or no row, means nothing to measure."""


class Rollup(StrEnum):
    """A figure made from the scores of the very run that asks for it: Σ totals (hundredths) / (count × 100 × 100)."""

    CHILDREN = "children"  # of the organizations directly below
    MEMBERS = "members"  # of the members of the subtree


@dataclass(frozen=True)
class Metric:
    """`figures` runs a constant number of queries whatever the number of subjects; `records_url` is the list of the very
    records that were counted for one subject."""

    key: str
    label: str | Promise
    definition: str | Promise
    audiences: frozenset[Audience]
    figures: Callable[[MetricScope], Iterable[FigureRow]]
    records_url: Callable[[Any, Period], str]
    unit: str | Promise = "%"
    rollup: Rollup | None = None
    """Set for a figure that the engine makes itself, bottom up; `figures` is not called then."""
    records_for: Cap | None = None
    """Who may open that list; None where everybody may who sees the score."""


metrics: Registry[Metric] = Registry("metrics")
