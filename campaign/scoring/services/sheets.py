"""Score sheets: written once, replaced by a new version as soon as somebody has been scored by them."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Audience, Campaign
from campaign.scoring.arithmetic import FULL_SHEET, Rules
from campaign.scoring.builtin import SHEETS, ItemDefinition, SheetDefinition
from campaign.scoring.models import GradeBand, ScoreSheet, ScoreSheetItem, ScoreSheetType
from campaign.scoring.registry import metrics


def ensure_builtin_sheets(*, campaign: Campaign) -> None:
    """Give `campaign` the built-in sheets if it has no sheet at all; safe to call at any time."""
    if ScoreSheet.objects.filter(campaign=campaign).exists():
        return
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        if not ScoreSheet.objects.filter(campaign=campaign).exists():
            for definition in SHEETS:
                sheet_save(campaign=campaign, definition=definition, actor=None)


def sheet_save(*, campaign: Campaign, definition: SheetDefinition, actor: Any) -> ScoreSheet:
    """Put a sheet into force. `actor` None is the system.

    One that nobody has been scored by yet is rewritten; a used one stays as it is, and this becomes its next version.
    Raises NotAllowed, DomainError for a sheet that does not add up, StateConflict when somebody was scored by it meanwhile.
    """
    if actor is not None and not reaches(actor, Cap.CAMPAIGN_MANAGE, campaign.organization.path):
        raise NotAllowed
    _check(campaign, definition)
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        old = ScoreSheet.objects.in_force().filter(campaign=campaign, key=definition.key).first()
        if old and old.used_at is None:
            sheet = _rewrite(old, definition)
        else:
            sheet = _next_version(campaign, old, definition)
        _write_rows(sheet, definition)
        audit_record(
            action="sheet_save",
            actor=actor,
            target=sheet,
            changes={"version": [old.version if old else None, sheet.version]},
        )
    return sheet


def _rewrite(sheet: ScoreSheet, definition: SheetDefinition) -> ScoreSheet:
    # The condition keeps the rule on both databases: a run that began meanwhile has set `used_at`.
    changed = ScoreSheet.objects.filter(pk=sheet.pk, used_at=None).update(
        name=definition.name,
        audience=definition.audience,
        tier=definition.tier,
        bonus_cap=definition.bonus_cap,
        updated_at=clock.now(),
    )
    if changed != 1:
        raise StateConflict
    for rows in (ScoreSheetItem, ScoreSheetType, GradeBand):
        rows._default_manager.filter(sheet=sheet).delete()
    sheet.refresh_from_db()
    return sheet


def _next_version(campaign: Campaign, old: ScoreSheet | None, definition: SheetDefinition) -> ScoreSheet:
    if old:
        ScoreSheet.objects.filter(pk=old.pk).update(in_force=False, updated_at=clock.now())
    return ScoreSheet.objects.create(
        campaign=campaign,
        key=definition.key,
        version=old.version + 1 if old else 1,
        name=definition.name,
        audience=definition.audience,
        tier=definition.tier,
        bonus_cap=definition.bonus_cap,
    )


def _write_rows(sheet: ScoreSheet, definition: SheetDefinition) -> None:
    ScoreSheetItem.objects.bulk_create(
        ScoreSheetItem(
            sheet=sheet,
            order=order,
            key=item.key,
            label=item.label,
            column=item.column,
            metric=item.metric,
            method=item.method.kind,
            parameters=item.method.parameters(),
            full_marks=item.full * 100,
            when_nothing=item.when_nothing,
        )
        for order, item in enumerate(definition.items, start=1)
    )
    ScoreSheetType.objects.bulk_create(ScoreSheetType(sheet=sheet, type=kind) for kind in definition.types)
    GradeBand.objects.bulk_create(
        GradeBand(sheet=sheet, at_least=grade.at_least, name=grade.name) for grade in definition.grades
    )


def _check(campaign: Campaign, definition: SheetDefinition) -> None:
    if sum(item.full for item in definition.items) * 100 != FULL_SHEET:
        raise DomainError(_("The full marks of a score sheet must add up to 100."))
    if len({item.key for item in definition.items}) != len(definition.items):
        raise DomainError(_("Two items of the score sheet have the same key."))
    try:
        Rules(items=(), grades=definition.grades)
    except ValueError as error:
        raise DomainError(_("The grades must go down to 0 marks, each bound once.")) from error
    for item in definition.items:
        _check_metric(item, definition.audience)
    _check_types(campaign, definition)


def _check_metric(item: ItemDefinition, audience: Audience) -> None:
    if item.metric not in metrics:
        raise DomainError(_("There is no metric “%(metric)s”.") % {"metric": item.metric})
    if audience not in metrics.get(item.metric).audiences:
        raise DomainError(
            _("The metric “%(metric)s” measures others than this score sheet is for.") % {"metric": item.metric}
        )


def _check_types(campaign: Campaign, definition: SheetDefinition) -> None:
    if (definition.audience == Audience.ORGANIZATION) != bool(definition.types):
        raise DomainError(_("A score sheet for organizations names their types; one for members names none."))
    others = ScoreSheet.objects.in_force().filter(campaign=campaign, audience=definition.audience)
    others = others.exclude(key=definition.key)
    if definition.types:
        others = others.filter(types__type__in=definition.types)
    if others.exists():
        raise DomainError(_("Another score sheet in force is for the same subjects already."))
