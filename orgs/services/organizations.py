"""Making and changing organizations."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.text import initials, pinyin
from orgs.models import Organization, OrganizationEvent, OrganizationEventKind
from orgs.rules import EXTENSION_YEARS, organization_breaches, refuse_errors, term_end, years_after
from orgs.services.changes import differences
from orgs.services.codes import ORGANIZATION_CODES, codes_next
from orgs.services.tree import tree_insert, tree_lock


class OrganizationValues(TypedDict, total=False):
    code: str
    name: str
    short_name: str
    type: str
    category: str
    unit_kind: str
    established_on: dt.date | None
    term_started_on: dt.date | None
    term_ends_on: dt.date | None
    covered_units: str
    guided_by: str
    contact_name: str
    contact_phone: str
    contact_email: str
    address: str


def may_manage_below(actor: Any, parent: Organization | None) -> bool:
    """Tell whether `actor` may make organizations directly below `parent`; only the system (None) makes a root."""
    if actor is None:
        return True
    # Any place below will do: who manages "those below" a committee may add to it without managing the committee itself.
    return parent is not None and reaches(actor, Cap.ORG_MANAGE, parent.path + "0" * Organization.steplen)


def search_names(name: str) -> dict[str, str]:
    """Return what an organization called `name` is found and sorted by."""
    return {"pinyin": pinyin(name), "initials": initials(name.removeprefix("中共"))}


def organization_create(
    *, actor: Any, parent: Organization | None, **values: Unpack[OrganizationValues]
) -> Organization:
    """Make an organization below `parent`; without one, the root of an empty tree (only the system, actor None).

    `name` and `type` are needed; without `code` one is made. Raises NotAllowed, or DomainError for a code that is taken,
    a second root, a deactivated parent, or dates that contradict each other.
    """
    if not may_manage_below(actor, parent):
        raise NotAllowed
    with transaction.atomic():
        tree_lock()
        if parent is None and Organization.objects.exists():
            raise DomainError(_("There is a root organization already. Make the new one below it."))
        if parent is not None and not Organization.objects.active().filter(pk=parent.pk).exists():
            raise DomainError(_("The organization above is deactivated."))
        check_values(None, values)
        code = values.pop("code", "") or codes_next(ORGANIZATION_CODES, 1)[0]
        fields: dict[str, Any] = {**values, **search_names(values["name"])}
        (organization,) = tree_insert([(Organization(code=code, **fields), parent)])
        audit_record(
            action="organization_create",
            actor=actor,
            target=organization,
            changes={"code": ["", code], **{field: ["", value] for field, value in values.items() if value}},
        )
    return organization


def organization_update(
    *,
    actor: Any,
    organization: Organization,
    version: int,
    is_correction: bool = False,
    **values: Unpack[OrganizationValues],
) -> Organization:
    """Change an organization. `version` is the one the form was opened with. A new name or type stands in its history,
    unless it only corrects what was written wrongly (`is_correction`).

    Raises NotAllowed, EditConflict, or DomainError for a code that is taken or dates that contradict each other.
    """
    _may_manage(actor, organization)
    changes = differences(organization, values)
    with transaction.atomic():
        check_values(organization, values)
        found_by = search_names(values["name"]) if "name" in changes else {}
        organization.save_version(version, **values, **found_by)
        if not is_correction:
            OrganizationEvent.objects.bulk_create(events_of_changes(organization, changes, actor))
        audit_record(action="organization_update", actor=actor, target=organization, changes=changes)
    return organization


def events_of_changes(
    organization: Organization, changes: Mapping[str, Sequence[Any]], actor: Any
) -> list[OrganizationEvent]:
    """Return the events that changed fields (name → [old, new]) of an organization are; the caller stores them."""
    found = []
    if "name" in changes:
        renamed = OrganizationEventKind.RENAMED
        found.append(OrganizationEvent(organization=organization, kind=renamed, old_name=changes["name"][0]))
    if "type" in changes:
        converted = OrganizationEventKind.CONVERTED
        found.append(OrganizationEvent(organization=organization, kind=converted, old_type=changes["type"][0]))
    for event in found:
        event.recorded_by = actor
    return found


def check_values(organization: Organization | None, values: OrganizationValues) -> None:
    """Raise DomainError for a code that is taken, or what cannot stand together; stored values count where none are given."""
    code, others = values.get("code"), Organization.objects.all()
    if organization is not None:
        others = others.exclude(pk=organization.pk)
    if code and others.filter(code=code).exists():
        raise DomainError(_("This code is taken. Please choose another."))
    given: dict[str, Any] = {
        field: values.get(field, getattr(organization, field, None))
        for field in ("established_on", "term_started_on", "term_ends_on")
    }
    refuse_errors(organization_breaches(**given))


# -- terms of office (2-domain b.2) ----------------------------------------------------------------------------------


def organization_elect(
    *, actor: Any, organization: Organization, version: int, elected_on: dt.date, ends_on: dt.date | None = None
) -> Organization:
    """Begin a new term (换届), elected on a day that is not in the future; without `ends_on` it lasts as long as the type
    of the organization says (`rules.term_end`).

    Raises NotAllowed, EditConflict, or DomainError for a day in the future or not after the last election.
    """
    _may_manage(actor, organization)
    if elected_on > clock.today():
        raise DomainError(_("The election has not been held yet."))
    if organization.term_started_on and elected_on <= organization.term_started_on:
        raise DomainError(_("The new term must begin after the present one. To correct a date, edit the organization."))
    until = ends_on or term_end(organization.type, elected_on)
    event = OrganizationEvent(kind=OrganizationEventKind.ELECTED, happened_on=elected_on, until=until)
    values: OrganizationValues = {"term_started_on": elected_on, "term_ends_on": until}
    return _term_save("organization_elect", actor, organization, version, event, values)


def organization_extend_term(
    *, actor: Any, organization: Organization, version: int, ends_on: dt.date, reason: str
) -> Organization:
    """Let the present term end later: at most a year after its regular end, with a reason (2-domain b.2).

    Raises NotAllowed, EditConflict, or DomainError without a known term, for a day that is not later or more than a year,
    or without a reason.
    """
    _may_manage(actor, organization)
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    latest = latest_term_end(organization)
    if organization.term_ends_on is None or latest is None:
        raise DomainError(_("The present term is not known. Enter its beginning and end with the organization first."))
    if ends_on <= organization.term_ends_on:
        raise DomainError(_("The new end must lie after the present one."))
    if ends_on > latest:
        text = _("A term may be extended by at most a year, that is until %(day)s; then there must be an election.")
        raise DomainError(text % {"day": f"{latest:%Y-%m-%d}"})
    event = OrganizationEvent(kind=OrganizationEventKind.EXTENDED, until=ends_on, reason=reason)
    values: OrganizationValues = {"term_ends_on": ends_on}
    return _term_save("organization_extend_term", actor, organization, version, event, values)


def latest_term_end(organization: Organization) -> dt.date | None:
    """Return the last day to which the present term may be extended: a year after its regular end; None where the election
    is not known or the type has no term."""
    started = organization.term_started_on
    regular = term_end(organization.type, started) if started else None
    return years_after(regular, EXTENSION_YEARS) if regular else None


def _may_manage(actor: Any, organization: Organization) -> None:
    if actor is not None and not reaches(actor, Cap.ORG_MANAGE, organization.path):
        raise NotAllowed


def _term_save(
    action: str,
    actor: Any,
    organization: Organization,
    version: int,
    event: OrganizationEvent,
    values: OrganizationValues,
) -> Organization:
    changes = differences(organization, values)
    event.organization, event.recorded_by = organization, actor
    with transaction.atomic():
        check_values(organization, values)
        organization.save_version(version, **values)
        event.save(force_insert=True)
        audit_record(action=action, actor=actor, target=organization, reason=event.reason, changes=changes)
    return organization
