"""Making and changing organizations."""

import datetime as dt
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common.access import reaches, under
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.text import initials, pinyin
from orgs.models import Member, Organization
from orgs.rules import organization_breaches, refuse_errors
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
    contact_name: str
    contact_phone: str


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
        _check(None, values)
        code = values.pop("code", "") or codes_next(ORGANIZATION_CODES, 1)[0]
        if Organization.objects.filter(code=code).exists():
            raise DomainError(_("This code is taken. Please choose another."))
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
    *, actor: Any, organization: Organization, version: int, **values: Unpack[OrganizationValues]
) -> Organization:
    """Change an organization. `version` is the one the form was opened with.

    Raises NotAllowed, EditConflict, or DomainError for a code that is taken or dates that contradict each other.
    """
    if actor is not None and not reaches(actor, Cap.ORG_MANAGE, organization.path):
        raise NotAllowed
    changes = differences(organization, values)
    with transaction.atomic():
        _check(organization, values)
        if "code" in changes and Organization.objects.filter(code=values["code"]).exclude(pk=organization.pk).exists():
            raise DomainError(_("This code is taken. Please choose another."))
        found_by = search_names(values["name"]) if "name" in changes else {}
        organization.save_version(version, **values, **found_by)
        audit_record(action="organization_update", actor=actor, target=organization, changes=changes)
    return organization


def _check(organization: Organization | None, values: OrganizationValues) -> None:
    """Raise DomainError for what cannot stand together, looking at stored values where none are given."""
    given: dict[str, Any] = {
        field: values.get(field, getattr(organization, field, None))
        for field in ("established_on", "term_started_on", "term_ends_on")
    }
    refuse_errors(organization_breaches(**given))


def organization_deactivate(*, actor: Any, organization: Organization, reason: str = "") -> Organization:
    """Take an organization out of use; its history stays. Raises NotAllowed, StateConflict, or DomainError while it
    has active organizations below it or members."""
    if actor is not None and not reaches(actor, Cap.ORG_MANAGE, organization.path):
        raise NotAllowed
    below = under(organization.path)
    with transaction.atomic():
        tree_lock()
        if Organization.objects.active().filter(below).exclude(pk=organization.pk).exists():
            raise DomainError(_("Organizations below it are still active. Deactivate or move them first."))
        if Member.objects.present().filter(organization=organization).exists():
            raise DomainError(_("It still has members. Move them to another organization first."))
        _set_active(organization, active=False, actor=actor, reason=reason)
    return organization


def organization_activate(*, actor: Any, organization: Organization) -> Organization:
    """Take a deactivated organization into use again. Raises NotAllowed, StateConflict, or DomainError while the one
    above is deactivated."""
    if actor is not None and not reaches(actor, Cap.ORG_MANAGE, organization.path):
        raise NotAllowed
    with transaction.atomic():
        tree_lock()
        above = organization.higher()
        if above is not None and not above.is_active:
            raise DomainError(_("The organization above is deactivated."))
        _set_active(organization, active=True, actor=actor)
    return organization


def _set_active(organization: Organization, *, active: bool, actor: Any, reason: str = "") -> None:
    if organization.is_active == active:
        raise StateConflict
    organization.save_version(organization.version, is_active=active)
    audit_record(
        action="organization_activate" if active else "organization_deactivate",
        actor=actor,
        target=organization,
        reason=reason,
        changes={"is_active": [not active, active]},
    )
