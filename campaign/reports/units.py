"""Statistical forms: one row for each unit of a level, and 合计. A column is a `UnitFigure`: the records that it counts, from
which come the figure of every unit, the total, and the list behind a click. Figures of the same records are counted together,
in one grouped query for all units.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Left
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common.access import under
from campaign.common.exact import half_up
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Keyed, Kind, Row, Value
from campaign.reports.figures import WHOLE, Records
from campaign.reports.places import OWN, place_of, within
from campaign.reports.registry import Check, Discrepancy, ReportRequest, Tables
from orgs.models import Organization

Found = Callable[[ReportRequest], QuerySet[Any]]
Which = Callable[[ReportRequest], Q]


def every(_request: ReportRequest) -> Q:
    """All records that are found."""
    return Q()


@dataclass(frozen=True)
class UnitFigure:
    """A figure of a unit. `found` gives records in the subtree of the report that the person may see, each once; it counts those
    for which `which` holds. `place` leads from a record to the place of its organization.

    The figure is their number; with `adds` the sum of that field; with `of` the share among those found for which that holds,
    in hundredths of a percent; with both the mean of the field. `differing` counts the different ones of a relation of the
    records (leaders who wrote reviews) instead of the records. `fields`, `page` and `page_key` are those of `Records`.
    """

    key: str
    header: str
    found: Found
    fields: tuple[str, ...]
    page: str = ""
    page_key: str = "pk"
    place: str = "organization__path"
    group: str = ""
    width: float = 8
    which: Which = every
    of: Which | None = None
    adds: str = ""
    differing: str = ""

    @property
    def column(self) -> FormColumn:
        kind = Kind.HUNDREDTHS if self.of else Kind.INTEGER
        return FormColumn(self.header, kind, width=self.width, group=self.group, counts=self.records)

    def records(self, request: ReportRequest, key: str) -> Records:
        """Return what is behind the figure of a row. Raises NotAllowed."""
        place = place_of(request, key)
        here = self.found(request).filter(within(place, key, self.place))
        found = here.filter(self.which(request))
        if self.differing:
            related: Any = found.model._meta.get_field(self.differing).related_model
            found = related.objects.filter(pk__in=found.order_by().values(self.differing))
        whole = here.filter(self.of(request)) if self.of else None
        return Records(found, self.fields, self.page, self.page_key, place.name, self.adds, whole)

    def aggregates(self, request: ReportRequest) -> list[Any]:
        """Return what makes the figure of a unit: the part, and the whole of a share."""
        which = self.which(request)
        if self.differing:
            return [Count(self.differing, distinct=True, filter=which)]
        part = Sum(self.adds, filter=which) if self.adds else Count("pk", filter=which)
        return [part] if self.of is None else [part, Count("pk", filter=self.of(request))]

    def counted(self, request: ReportRequest, parts: list[dict[str, int]]) -> "Counted":
        """Return the figures of all units from their `aggregates`, each by the place of the unit."""
        if self.differing:
            everywhere = self.found(request).order_by().aggregate(found=self.aggregates(request)[0])
            return Counted(parts[0], total=everywhere["found"])
        if self.of is None:
            return Counted(parts[0])
        return Counted(parts[0], parts[1], scale=1 if self.adds else WHOLE)


@dataclass(frozen=True)
class Counted:
    """A figure of all units by their place; of shares part and whole."""

    part: Mapping[str, int]
    whole: Mapping[str, int] | None = None
    scale: int = 1
    total: int | None = None

    def of_unit(self, path: str) -> Value:
        return self._figure(self.part.get(path, 0), (self.whole or {}).get(path, 0))

    def of_all(self) -> Value:
        if self.total is not None:
            return self.total
        return self._figure(sum(self.part.values()), sum((self.whole or {}).values()))

    def _figure(self, part: int, whole: int) -> Value:
        if self.whole is None:
            return part
        return half_up(part * self.scale, whole) if whole else None


def counted_by_unit(figures: Sequence[UnitFigure], request: ReportRequest, step: int) -> dict[str, Counted]:
    """Count the figures (by key) by the first `step` characters of the place: one grouped query for all that are about the
    same records, and one more for each that counts different ones of something."""
    together: dict[tuple[Found, str], list[UnitFigure]] = defaultdict(list)
    for figure in figures:
        together[figure.found, figure.place].append(figure)
    return {key: found for alike in together.values() for key, found in _counted(alike, request, step)}


def _counted(figures: Sequence[UnitFigure], request: ReportRequest, step: int) -> Iterator[tuple[str, Counted]]:
    """Count figures of the same records. What is not counted at all is left out before, which may spare most of the work."""
    first = figures[0]
    found = first.found(request)
    if len(figures) == 1 and first.of is None:
        found = found.filter(first.which(request))
        figures = (replace(first, which=every),)
    parts: list[list[str]] = []
    asked: dict[str, Any] = {}
    for number, figure in enumerate(figures):
        made = {f"unit_{number}_{part}": each for part, each in enumerate(figure.aggregates(request))}
        parts.append(list(made))
        asked |= made
    units = found.order_by().values(unit_path=Left(first.place, step)).annotate(**asked)
    rows = [dict(zip(("unit_path", *asked), row, strict=True)) for row in units.values_list("unit_path", *asked)]
    for figure, names in zip(figures, parts, strict=True):
        by_place = [{row["unit_path"]: row[name] or 0 for row in rows} for name in names]
        yield figure.key, figure.counted(request, by_place)


@dataclass(frozen=True)
class ToCome:
    """A column whose records come later: it is empty until an app brings a `UnitFigure` for it."""

    header: str
    group: str = ""
    kind: Kind = Kind.INTEGER
    width: float = 8

    @property
    def column(self) -> FormColumn:
        return FormColumn(self.header, self.kind, width=self.width, group=self.group)


@dataclass(frozen=True)
class Word:
    """A column that says the same of every unit."""

    header: str
    says: Callable[[ReportRequest], str]
    group: str = ""
    width: float = 8

    @property
    def column(self) -> FormColumn:
        return FormColumn(self.header, width=self.width, group=self.group, align="center")


UNIT = FormColumn("单位", width=34)
Column = UnitFigure | ToCome | Word


def unit_sheet(sheet: FormSheet, columns: Sequence[Column], request: ReportRequest) -> Filled:
    """Return `sheet` with the unit, these columns and the row 合计, and its rows: the units directly below the report's
    organization, and what lies in it itself. Its columns are added behind the figures."""
    top = request.organization
    step = len(top.path) + Organization.steplen
    figures = counted_by_unit([each for each in columns if isinstance(each, UnitFigure)], request, step)
    counted = [figures[each.key] if isinstance(each, UnitFigure) else None for each in columns]
    words = [each.says(request) if isinstance(each, Word) else None for each in columns]
    known = {
        path for each in figures.values() for part in (each.part, each.whole or {}) for path, n in part.items() if n
    }
    rows: list[Row] = []
    for place in units_of(top):
        own = place.pk == top.pk
        if not place.is_active and place.path not in known:
            continue
        cells = [each.of_unit(place.path) if each else word for each, word in zip(counted, words, strict=True)]
        name = f"{place.name}（本级）" if own and place.numchild else place.name
        rows.append(Keyed(f"{place.pk}{OWN}" if own else place.pk, (name, *cells)))
    totals = (None, *(each.of_all() if each else None for each in counted))
    return replace(sheet, columns=(UNIT, *(each.column for each in columns)), totals=totals), rows


def units_of(organization: Organization) -> Iterable[Organization]:
    """Return `organization` and what hangs directly below it, whether active or not, in the order of the tree."""
    found: Any = Organization.objects.filter(under(organization.path), depth__lte=organization.depth + 1)
    return found.order_by("path")  # type: ignore[no-any-return]


def units_complete(sheet: str) -> Check:
    """Return the check that each active unit of the level has its row (2-domain d.20, 2)."""

    def run(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
        rows = {line.key.removesuffix(OWN) for line in tables(sheet)}
        for place in units_of(request.organization):
            if place.is_active and str(place.pk) not in rows:
                yield Discrepancy(
                    _("%(name)s is not in the form.") % {"name": place.name},
                    reverse("organization_detail", args=[place.pk]),
                )

    return Check("d.20.2", gettext_lazy("The units of the form are the active ones"), run)


def count_units(request: ReportRequest) -> int:
    """Return how many rows such a form has at most."""
    found: Any = units_of(request.organization)
    return int(found.count())
