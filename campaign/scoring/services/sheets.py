"""Score sheets: written once, replaced by a new version as soon as somebody has been scored by them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Audience, Campaign, Standard
from campaign.scoring.arithmetic import FULL_SHEET, Grade, Rules, method_of
from campaign.scoring.builtin import SHEETS, ItemDefinition, SheetDefinition
from campaign.scoring.choices import Column, SheetState, Tier, WhenNothing
from campaign.scoring.models import GradeBand, ScoreSheet, ScoreSheetItem, ScoreSheetType
from campaign.scoring.registry import metrics
from orgs.models import OrganizationType


def ensure_builtin_sheets(*, campaign: Campaign) -> None:
    """Give `campaign` the built-in sheets if it has none in use; safe to call at any time."""
    in_use = ScoreSheet.objects.in_use().filter(campaign=campaign)
    if in_use.exists():
        return
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        if not in_use.exists():
            for definition in SHEETS:
                sheet_save(campaign=campaign, definition=definition, actor=None)


def sheet_save(*, campaign: Campaign, definition: SheetDefinition, actor: Any) -> ScoreSheet:
    """Put a sheet into use for all periods. `actor` None is the system.

    One that nobody has been scored by yet is rewritten; a used one stays as it is, and this becomes its next version.
    Raises NotAllowed, DomainError for a sheet that does not add up, StateConflict when somebody was scored by it meanwhile.
    """
    if actor is not None and not reaches(actor, Cap.CAMPAIGN_MANAGE, campaign.organization.path):
        raise NotAllowed
    check_complete(definition)
    _check_others(campaign, definition)
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        old = ScoreSheet.objects.newest().filter(campaign=campaign, key=definition.key).first()
        if old and old.used_at is None:
            sheet = _rewrite(old, definition)
        else:
            sheet = sheet_make(campaign, definition, SheetState.IN_USE)
        rows_write(sheet, definition)
        audit_record(
            action="sheet_save",
            actor=actor,
            target=sheet,
            changes={"version": [old.version if old else None, sheet.version]},
        )
    return sheet


def _rewrite(sheet: ScoreSheet, definition: SheetDefinition) -> ScoreSheet:
    # The condition keeps the rule on both databases: a run that began meanwhile has set `used_at`.
    unused = ScoreSheet.objects.filter(pk=sheet.pk, used_at=None)
    if unused.update(**columns_of(definition), updated_at=clock.now()) != 1:
        raise StateConflict
    sheet.refresh_from_db()
    return sheet


def columns_of(definition: SheetDefinition) -> dict[str, Any]:
    """Return what stands in the row of the sheet itself."""
    return {
        "name": definition.name,
        "audience": definition.audience,
        "tier": definition.tier,
        "bonus_cap": definition.bonus_cap,
        "category": definition.category,
        "honour_marks": definition.honour_marks,
    }


def sheet_make(campaign: Campaign, definition: SheetDefinition, state: SheetState) -> ScoreSheet:
    """Add the row of the next version; its items are still to be written."""
    return ScoreSheet.objects.create(
        campaign=campaign,
        key=definition.key,
        version=version_after(campaign, definition.key),
        state=state,
        **columns_of(definition),
    )


def version_after(campaign: Campaign, key: str) -> int:
    """Return the number of the next version of a sheet."""
    last = ScoreSheet.objects.filter(campaign=campaign, key=key).aggregate(last=Max("version"))["last"]
    return (last or 0) + 1


def rows_write(sheet: ScoreSheet, definition: SheetDefinition) -> None:
    """Write items, types and grades of a sheet that nobody has been scored by, in place of those it has."""
    for rows in (ScoreSheetItem, ScoreSheetType, GradeBand):
        rows._default_manager.filter(sheet=sheet).delete()
    standards = dict(Standard.objects.filter(campaign=sheet.campaign_id).values_list("code", "pk"))
    ScoreSheetItem.objects.bulk_create(
        ScoreSheetItem(
            sheet=sheet,
            order=order,
            key=item.key,
            label=item.label,
            column=item.column,
            standard_id=standards.get(item.standard),
            metric=item.metric,
            method=item.method.kind,
            parameters=item.method.parameters(),
            full_marks=item.full_marks,
            when_nothing=item.when_nothing,
        )
        for order, item in enumerate(definition.items, start=1)
    )
    ScoreSheetType.objects.bulk_create(ScoreSheetType(sheet=sheet, type=kind) for kind in definition.types)
    GradeBand.objects.bulk_create(
        GradeBand(sheet=sheet, at_least=grade.at_least, name=grade.name) for grade in definition.grades
    )


def first_free(sheet: ScoreSheet) -> int:
    """Return a number that the keys of new items begin with: none of the sheet has it."""
    numbers = [
        key.removeprefix("item-") for key in sheet.items.values_list("key", flat=True) if key.startswith("item-")
    ]
    return 1 + max((int(number) for number in numbers if number.isdigit()), default=0)


def definition_of(sheet: ScoreSheet) -> SheetDefinition:
    """Return a stored sheet as it would be written down."""
    return SheetDefinition(
        key=sheet.key,
        name=sheet.name,
        audience=Audience(sheet.audience),
        items=tuple(_item(item) for item in sheet.items.select_related("standard")),
        types=tuple(OrganizationType(row.type) for row in sheet.types.order_by("pk")),
        grades=tuple(Grade(band.at_least, band.name) for band in sheet.grades.all()),
        tier=Tier(sheet.tier),
        bonus_cap=sheet.bonus_cap,
        category=sheet.category,
        honour_marks=sheet.honour_marks,
    )


def _item(item: ScoreSheetItem) -> ItemDefinition:
    return ItemDefinition(
        key=item.key,
        label=item.label,
        column=Column(item.column),
        metric=item.metric,
        method=method_of(item.method, item.parameters),
        full=Decimal(item.full_marks) / 100,
        when_nothing=WhenNothing(item.when_nothing),
        standard=item.standard.code if item.standard else "",
    )


def check_complete(definition: SheetDefinition) -> None:
    """Raise DomainError for a sheet that nobody can be scored by."""
    check_draft(definition)
    if not definition.items:
        raise DomainError(_("The score sheet has no item yet."))
    if sum(item.full_marks for item in definition.items) != FULL_SHEET:
        raise DomainError(_("The full marks of a score sheet must add up to 100."))
    if (definition.audience == Audience.ORGANIZATION) != bool(definition.types):
        raise DomainError(_("A score sheet for organizations names their types; one for members names none."))


def check_draft(definition: SheetDefinition) -> None:
    """Raise DomainError for what not even a draft may hold: it may be unfinished, but each of its rows makes sense."""
    if len({item.key for item in definition.items}) != len(definition.items):
        raise DomainError(_("Two items of the score sheet have the same key."))
    if len({grade.name for grade in definition.grades}) != len(definition.grades):
        raise DomainError(_("Two grades have the same name."))
    try:
        Rules(items=(), grades=definition.grades)
    except ValueError as error:
        raise DomainError(_("The grades must go down to 0 marks, each bound once.")) from error
    for item in definition.items:
        _check_metric(item, definition.audience)


def _check_metric(item: ItemDefinition, audience: Audience) -> None:
    if item.metric not in metrics:
        raise DomainError(_("There is no metric “%(metric)s”.") % {"metric": item.metric})
    if audience not in metrics.get(item.metric).audiences:
        raise DomainError(
            _("The metric “%(metric)s” measures others than this score sheet is for.") % {"metric": item.metric}
        )


def _check_others(campaign: Campaign, definition: SheetDefinition) -> None:
    others = ScoreSheet.objects.newest().filter(campaign=campaign).exclude(key=definition.key)
    check_alone(definition, others.prefetch_related("types"))


def check_alone(definition: SheetDefinition, others: Iterable[ScoreSheet]) -> None:
    """Raise DomainError when one of `others` is for the same subjects; one for a category and one for all of a type go
    together."""
    for other in others:
        if (other.audience, other.category) != (definition.audience, definition.category):
            continue
        shared = {row.type for row in other.types.all()} & set(definition.types)
        if shared or definition.audience == Audience.MEMBER:
            raise DomainError(
                _("The score sheet “%(sheet)s” is for the same subjects already.") % {"sheet": other.name}
            )
