"""New versions of score sheets: begun as a copy, changed as a draft that counts for nobody, put into use from a period on."""

from dataclasses import replace
from itertools import count
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, EditConflict, NotAllowed
from campaign.models import Campaign, Period, PeriodState
from campaign.scoring.builtin import SheetDefinition
from campaign.scoring.choices import SheetState
from campaign.scoring.models import ScoreSheet
from campaign.scoring.services.runs import score_run_request
from campaign.scoring.services.sheets import (
    check_alone,
    check_complete,
    check_draft,
    columns_of,
    definition_of,
    ensure_builtin_sheets,
    rows_write,
    sheet_make,
    version_after,
)


def sheet_begin(*, actor: Any, campaign: Campaign, definition: SheetDefinition) -> ScoreSheet:
    """Begin the next version of a sheet as a draft that says what `definition` does.

    Raises NotAllowed; DomainError where one has been begun already.
    """
    _check_actor(actor, campaign)
    check_draft(definition)
    ensure_builtin_sheets(campaign=campaign)
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        if ScoreSheet.objects.filter(campaign=campaign, key=definition.key, state=SheetState.DRAFT).exists():
            raise DomainError(_("A draft of this score sheet has been begun already. Open that one and go on."))
        sheet = sheet_make(campaign, definition, SheetState.DRAFT)
        rows_write(sheet, definition)
        audit_record(action="sheet_begin", actor=actor, target=sheet, changes={"version": [None, sheet.version]})
    return sheet


def definition_apart(campaign: Campaign, definition: SheetDefinition) -> SheetDefinition:
    """Return the same as a sheet of its own, with a key that no sheet of `campaign` has."""
    taken = set(ScoreSheet.objects.filter(campaign=campaign).values_list("key", flat=True))
    stem = definition.key[:25]
    key = next(key for number in count(2) if (key := f"{stem}-{number}") not in taken)
    return replace(definition, key=key)


def sheet_change(*, actor: Any, sheet: ScoreSheet, revision: int, definition: SheetDefinition) -> ScoreSheet:
    """Store a draft as it was edited from `revision`; it may be unfinished. Key and audience stay as they are.

    Raises NotAllowed; EditConflict when somebody stored it meanwhile, or it is no draft any more; DomainError for rows that make
    no sense.
    """
    _check_actor(actor, sheet.campaign)
    check_draft(definition)
    if (definition.key, definition.audience) != (sheet.key, sheet.audience):
        raise DomainError(_("A score sheet keeps those it is for: begin another one."))
    before = definition_of(sheet)
    with transaction.atomic():
        sheet.save_revision(revision, **columns_of(definition))
        rows_write(sheet, definition)
        audit_record(action="sheet_change", actor=actor, target=sheet, changes=_changes(before, definition))
    return sheet


def _changes(before: SheetDefinition, after: SheetDefinition) -> dict[str, list[Any]]:
    """Return what differs, for the log: full marks by item, and the name."""

    def marks(definition: SheetDefinition) -> list[str]:
        return [f"{item.label} {item.full_marks / 100:.2f}" for item in definition.items]

    pairs: dict[str, list[Any]] = {"name": [before.name, after.name], "items": [marks(before), marks(after)]}
    return {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}


def sheet_remove(*, actor: Any, sheet: ScoreSheet) -> None:
    """Throw a draft away. Raises NotAllowed; EditConflict when it is no draft any more."""
    _check_actor(actor, sheet.campaign)
    with transaction.atomic():
        audit_record(action="sheet_remove", actor=actor, target=sheet, changes={"version": [sheet.version, None]})
        locked = ScoreSheet.objects.select_for_update().filter(pk=sheet.pk, state=SheetState.DRAFT)
        if not locked.exists():
            raise EditConflict
        locked.delete()


def sheet_use(*, actor: Any, sheet: ScoreSheet, revision: int, period: Period) -> ScoreSheet:
    """Score `period` and those that begin later by a draft, and ask for those under way to be computed again; earlier ones
    keep the version they have.

    Raises NotAllowed; EditConflict when it was changed since `revision`; DomainError for a sheet that does not add up, where
    another is for the same subjects, where a period it would score is frozen, or scores are being computed.
    """
    campaign = sheet.campaign
    _check_actor(actor, campaign)
    definition = definition_of(sheet)
    check_complete(definition)
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        concerned = list(campaign.periods.filter(starts_on__gte=period.starts_on).order_by("starts_on", "pk"))
        _check_frozen(concerned)
        for each in concerned:
            others = ScoreSheet.objects.for_period(each).exclude(key=sheet.key)
            check_alone(definition, others.prefetch_related("types"))
        others = ScoreSheet.objects.filter(campaign=campaign, key=sheet.key).exclude(pk=sheet.pk)
        later = others.filter(version__gt=sheet.version).exists()
        sheet.save_revision(
            revision,
            state=SheetState.IN_USE,
            applies_from=period.starts_on,
            version=version_after(campaign, sheet.key) if later else sheet.version,
        )
        audit_record(action="sheet_use", actor=actor, target=sheet, changes={"applies_from": [None, period.starts_on]})
        for each in concerned:
            if each.starts_on <= clock.today():
                score_run_request(actor=actor, period=each, organization=campaign.organization)
    return sheet


def _check_frozen(periods: list[Period]) -> None:
    frozen = next((period for period in periods if period.state == PeriodState.FROZEN), None)
    if frozen:
        raise DomainError(_("The period %(period)s is frozen: choose one that begins later.") % {"period": frozen.name})


def _check_actor(actor: Any, campaign: Campaign) -> None:
    if not reaches(actor, Cap.CAMPAIGN_MANAGE, campaign.organization.path):
        raise NotAllowed
