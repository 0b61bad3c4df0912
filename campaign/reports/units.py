"""Statistical forms: one row for each unit of a level, and 合计. A column is a `UnitFigure`: the records that it counts, from
which come the figure of every unit (one grouped query for all of them), the total, and the list behind a click.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, QuerySet, Sum
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


@dataclass(frozen=True)
class UnitFigure:
    """A figure of a unit. `found` gives all its records in the subtree of the report that the person may see, each once;
    `place` leads from a record to the place of its organization.

    The figure is their number; with `adds` the sum of that field; with `of` the share among those records (`place` leads to
    theirs as well), in hundredths of a percent; with both the mean of the field. `differing` counts the different ones of a
    relation of the records (leaders who wrote reviews) instead of the records. `fields`, `page` and `page_key` are those of
    `Records`.
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
    of: Found | None = None
    adds: str = ""
    differing: str = ""

    @property
    def column(self) -> FormColumn:
        kind = Kind.HUNDREDTHS if self.of else Kind.INTEGER
        return FormColumn(self.header, kind, width=self.width, group=self.group, counts=self.records)

    def records(self, request: ReportRequest, key: str) -> Records:
        """Return what is behind the figure of a row. Raises NotAllowed."""
        place = place_of(request, key)
        found = self.found(request).filter(within(place, key, self.place))
        if self.differing:
            related: Any = found.model._meta.get_field(self.differing).related_model
            found = related.objects.filter(pk__in=found.order_by().values(self.differing))
        whole = self.of(request).filter(within(place, key, self.place)) if self.of else None
        return Records(found, self.fields, self.page, self.page_key, place.name, self.adds, whole)

    def by_unit(self, request: ReportRequest, step: int) -> "Counted":
        """Count by the first `step` characters of the place: one grouped query, two for a share or different ones."""
        if self.differing:
            different = Count(self.differing, distinct=True)
            whole = self.found(request).order_by().aggregate(found=different)["found"]
            return Counted(self._grouped(self.found(request), different, step), total=whole)
        part = self._grouped(self.found(request), Sum(self.adds) if self.adds else Count("pk"), step)
        if self.of is None:
            return Counted(part)
        return Counted(part, self._grouped(self.of(request), Count("pk"), step), scale=1 if self.adds else WHOLE)

    def _grouped(self, queryset: QuerySet[Any], figure: Any, step: int) -> dict[str, int]:
        units = queryset.order_by().values(unit_path=Left(self.place, step)).annotate(unit_figure=figure)
        return {unit: found or 0 for unit, found in units.values_list("unit_path", "unit_figure")}


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


UNIT = FormColumn("单位", width=36)
Column = UnitFigure | ToCome


def unit_sheet(sheet: FormSheet, columns: Sequence[Column], request: ReportRequest) -> Filled:
    """Return `sheet` with the unit, these columns and the row 合计, and its rows: the units directly below the report's
    organization, and what lies in it itself. Its columns are added behind the figures."""
    top = request.organization
    step = len(top.path) + Organization.steplen
    counted = [each.by_unit(request, step) if isinstance(each, UnitFigure) else None for each in columns]
    known = {path for each in counted if each for part in (each.part, each.whole or {}) for path in part}
    rows: list[Row] = []
    for place in units_of(top):
        own = place.pk == top.pk
        if not place.is_active and place.path not in known:
            continue
        cells = [each.of_unit(place.path) if each else None for each in counted]
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
