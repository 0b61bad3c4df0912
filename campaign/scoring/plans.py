"""The sheets in force, read once for a run: which subject is scored by which, in the form the arithmetic takes."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaign.common.errors import DomainError
from campaign.models import Audience, Period
from campaign.scoring.arithmetic import Grade, Item, Rules, method_of
from campaign.scoring.choices import WhenNothing
from campaign.scoring.models import ScoreSheet, ScoreSheetItem
from campaign.scoring.registry import HEADS, Metric, Rollup, metrics
from orgs.models.organizations import Category


@dataclass(frozen=True)
class Plan:
    """A sheet; `keys` and `measured` (the metrics) are those of its items, in their order."""

    sheet_id: int
    name: str
    """Key and version, as canonical lines have them."""
    tier: str
    keys: tuple[str, ...]
    measured: tuple[Metric, ...]
    rules: Rules


@dataclass(frozen=True)
class Plans:
    """`by_type` are the sheets of organizations, by `group`; `members` is the one of members, if there is one."""

    by_type: dict[str, Plan]
    members: Plan | None

    def types_of(self, plan: Plan) -> list[str]:
        """Return the groups of organizations that `plan` is for."""
        return [kind for kind, of_type in self.by_type.items() if of_type.sheet_id == plan.sheet_id]

    def for_audience(self, audience: Audience) -> list[Plan]:
        if audience == Audience.MEMBER:
            return [self.members] if self.members else []
        return list({plan.sheet_id: plan for plan in self.by_type.values()}.values())

    def metrics_for(self, audience: Audience) -> list[Metric]:
        """Return the metrics that the sheets of this audience use, each once, in the order of the registry."""
        used = {metric.key for plan in self.for_audience(audience) for metric in plan.measured}
        return [metric for metric in metrics if metric.key in used]

    @property
    def summed(self) -> list[Metric]:
        """The metrics that organizations take from those below, and the weights where an average is weighted."""
        found = [metric for metric in self.metrics_for(Audience.ORGANIZATION) if metric.of_subtree]
        return [*found, HEADS] if any(metric.rollup == Rollup.WEIGHTED for metric in found) else found

    @property
    def asks_members(self) -> bool:
        """Whether anything depends on who the members are."""
        added = any(Audience.MEMBER in metric.adds_up or metric is HEADS for metric in self.summed)
        return self.members is not None or added


def inexact(item: str) -> DomainError:
    """A figure that is none, or so large that a product would pass 63 bits."""
    return DomainError(
        _("The figure of the item “%(item)s” is outside of what can be computed exactly.") % {"item": item}
    )


def unknown_grade(grade: str) -> DomainError:
    """A ceiling that the subject's sheet does not know: it would be passed over in silence."""
    return DomainError(
        _("An entry names the grade “%(grade)s”, which the score sheet does not have.") % {"grade": grade}
    )


def rules_of(sheet: ScoreSheet, items: Iterable[ScoreSheetItem]) -> Rules:
    """Return the sheet in the form the arithmetic takes."""
    return Rules(
        items=tuple(
            Item(item.full_marks, method_of(item.method, item.parameters), WhenNothing(item.when_nothing))
            for item in items
        ),
        grades=tuple(Grade(band.at_least, band.name) for band in sheet.grades.all()),
        bonus_cap=sheet.bonus_cap,
    )


def plan_of(sheet: ScoreSheet) -> Plan:
    """Return the plan of one sheet; raises DomainError when it asks for a metric that is not there."""
    items = list(sheet.items.all())
    for item in items:
        if item.metric not in metrics:
            raise DomainError(
                _(
                    "The score sheet “%(sheet)s” uses the metric “%(metric)s”, which does not exist. Make a new version of it."
                )
                % {"sheet": sheet.name, "metric": item.metric}
            )
    return Plan(
        sheet_id=sheet.pk,
        name=f"{sheet.key}|{sheet.version}",
        tier=sheet.tier,
        keys=tuple(item.key for item in items),
        measured=tuple(metrics.get(item.metric) for item in items),
        rules=rules_of(sheet, items),
    )


def group(kind: str, category: str = "") -> str:
    """Name the organizations of a type and category, as the roll of a period does (`roll`)."""
    return f"{kind}:{category}"


def plans_for(period: Period) -> Plans:
    """Return the sheets that `period` is scored by; raises DomainError when there is none."""
    return plans_by(
        ScoreSheet.objects.for_period(period).prefetch_related("items", "grades", "types").order_by("audience", "key")
    )


def plans_by(sheets: Iterable[ScoreSheet]) -> Plans:
    """Return what these sheets score; a sheet for one category goes before that for all of the type. Raises DomainError when
    they score nobody."""
    by_type, members = {}, None
    for sheet in sorted(sheets, key=lambda sheet: bool(sheet.category)):
        plan = plan_of(sheet)
        if sheet.audience == Audience.MEMBER:
            members = plan
        for row in sheet.types.all():
            categories = [sheet.category] if sheet.category else ["", *Category.values]
            by_type.update({group(row.type, category): plan for category in categories})
    if not by_type and members is None:
        raise DomainError(_("This campaign has no score sheet yet."))
    return Plans(by_type, members)
