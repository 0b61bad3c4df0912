"""Changes of the structure: move, merge, split, out of use and back. Each is one transaction under the lock of the tree.

A change is first described (`orgs.structure.Change`), checked, and looked at; then made. Both ends must be manageable by the
actor. A constant number of statements, however much hangs below.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Model, Q, QuerySet, Value, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record, audit_record_each, audit_record_many
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap, Role
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from orgs.models import (
    ContactPoint,
    EnrolmentOrigin,
    HeadCount,
    LeadershipPost,
    Member,
    Organization,
    OrganizationEvent,
    OrganizationEventKind,
    Position,
    RoleAssignment,
    TransferState,
    User,
    Worker,
)
from orgs.services.accounts import refuse_last_administrator
from orgs.services.codes import ORGANIZATION_CODES, codes_next
from orgs.services.enrolments import enrolments_move
from orgs.services.organizations import OrganizationValues, check_values, may_manage_below, search_names
from orgs.services.tree import INTO_ITSELF, tree_insert, tree_lock, tree_move
from orgs.structure import (
    Change,
    ChangeKind,
    follow_all,
    moving_children,
    refusals_of,
    roles_ending,
    transfers_touching,
)

Kind = OrganizationEventKind


# -- describing a change -------------------------------------------------------------------------------------------


def change_describe(
    *,
    actor: Any,
    kind: ChangeKind,
    organization: Organization,
    target: Organization | None = None,
    members: Iterable[int] = (),
    children: Iterable[int] = (),
) -> Change:
    """Return the change as it would be now. For `split`, `target` is the organization below which the new one would come.

    Raises NotAllowed where one of its ends is not the actor's, StateConflict and DomainError for what cannot be.
    """
    organization = _fresh(organization)
    target = _fresh(target) if target is not None else None
    parent = organization.higher()
    held = None if kind == ChangeKind.SPLIT else target
    change = Change(kind, organization, parent, held, frozenset(members), frozenset(children))
    if actor is not None and not (
        reaches(actor, Cap.ORG_MANAGE, organization.path) and may_manage_below(actor, parent)
    ):
        raise NotAllowed
    if parent is None:
        raise DomainError(_("The organization at the top cannot be changed in this way."))
    CHECKS[kind](actor, change, target)
    return change


def _fresh(organization: Organization) -> Organization:
    """Read an organization anew: under the lock of the tree its place is the one that counts."""
    found: Organization = Organization.objects.get(pk=organization.pk)
    return found


def _check_move(actor: Any, change: Change, _target: Organization | None) -> None:
    organization, target = change.organization, _needed(change.target)
    if not may_manage_below(actor, target):
        raise NotAllowed
    if target.path.startswith(organization.path):
        raise DomainError(INTO_ITSELF)
    if target.path == organization.parent_path:
        raise DomainError(_("It lies below this organization already."))
    if organization.is_active and not target.is_active:
        raise DomainError(_("The organization above is deactivated."))


def _check_merge(actor: Any, change: Change, _target: Organization | None) -> None:
    organization, target = change.organization, _needed(change.target)
    if actor is not None and not reaches(actor, Cap.ORG_MANAGE, target.path):
        raise NotAllowed
    if target.pk == organization.pk:
        raise DomainError(_("Choose another organization that takes over."))
    if target.path.startswith(organization.path):
        raise DomainError(_("This organization lies below the one that would end. Move it out first."))
    if not organization.is_active:
        raise StateConflict
    if not target.is_active:
        raise DomainError(_("The organization that would take over is deactivated."))


def _check_split(actor: Any, change: Change, place: Organization | None) -> None:
    organization = change.organization
    if place is None or place.pk not in (organization.pk, getattr(change.parent, "pk", None)):
        raise DomainError(_("The new organization comes beside the old one or below it."))
    if not may_manage_below(actor, place):
        raise NotAllowed
    if not organization.is_active:
        raise StateConflict
    if not change.members and not change.children:
        raise DomainError(_("Choose the members or the organizations that go to the new one."))
    allowed: Any = Member.objects.all() if actor is None else Member.objects.allowed(actor, Cap.MEMBER_MANAGE)
    members = allowed.present().filter(pk__in=change.members, organization=organization).count()
    if members != len(change.members) or moving_children(change).count() != len(change.children):
        raise DomainError(_("Some of those chosen are no longer here. Choose once more."))


def _check_deactivate(_actor: Any, change: Change, _target: Organization | None) -> None:
    organization = change.organization
    if not organization.is_active:
        raise StateConflict
    if Organization.objects.in_subtree(organization).active().exclude(pk=organization.pk).exists():
        raise DomainError(_("Organizations below it are still active. Deactivate or move them first."))
    if Member.objects.present().filter(organization=organization).exists():
        raise DomainError(_("It still has members. Move them to another organization first."))


def _check_activate(_actor: Any, change: Change, _target: Organization | None) -> None:
    if change.organization.is_active:
        raise StateConflict
    if change.parent is not None and not change.parent.is_active:
        raise DomainError(_("The organization above is deactivated."))


def _needed(organization: Organization | None) -> Organization:
    if organization is None:
        raise DomainError(_("Choose the other organization."))
    return organization


CHECKS = {
    ChangeKind.MOVE: _check_move,
    ChangeKind.MERGE: _check_merge,
    ChangeKind.SPLIT: _check_split,
    ChangeKind.DEACTIVATE: _check_deactivate,
    ChangeKind.ACTIVATE: _check_activate,
}


def _refuse(change: Change) -> None:
    for text in refusals_of(change):
        raise DomainError(text)


# -- making it -----------------------------------------------------------------------------------------------------


def organization_move(
    *, actor: Any, organization: Organization, parent: Organization, reason: str = ""
) -> Organization:
    """Hang `organization`, with everything below it, below `parent`.

    Raises NotAllowed unless both the present and the new place are the actor's, DomainError for a place inside itself, the
    present one, or a deactivated one.
    """
    with transaction.atomic():
        tree_lock()
        change = change_describe(actor=actor, kind=ChangeKind.MOVE, organization=organization, target=parent)
        _refuse(change)
        moved, former, above = change.organization, _needed(change.parent), _needed(change.target)
        tree_move([moved], above)
        _set(moved)
        events_record(
            actor,
            reason,
            OrganizationEvent(organization=moved, kind=Kind.MOVED, other=above, former=former),
            OrganizationEvent(organization=former, kind=Kind.RELEASED, other=moved),
            OrganizationEvent(organization=above, kind=Kind.RECEIVED, other=moved),
        )
        follow_all(change)
        changes = {"parent": [former.name, above.name]}
        audit_record(action="organization_move", actor=actor, target=moved, reason=reason, changes=changes)
    return _fresh(moved)


def organization_merge(*, actor: Any, organization: Organization, into: Organization, reason: str = "") -> Organization:
    """Merge `organization` into another: members, workers and active organizations below go over, roles and functions
    end; it stays where it was, out of use, and points to the one that took over. Returns that one.

    Raises NotAllowed unless both are the actor's, StateConflict, or DomainError for itself, one below it, a deactivated one,
    and where the last administrator's role would end.
    """
    with transaction.atomic():
        tree_lock()
        change = change_describe(actor=actor, kind=ChangeKind.MERGE, organization=organization, target=into)
        _refuse(change)
        ended, heir = change.organization, _needed(change.target)
        everybody = Member.objects.present().filter(organization=ended)
        _members_move(actor, everybody, ended, heir, EnrolmentOrigin.MERGED, reason)
        children = _children_move(change, heir)
        _workers_move(ended, heir)
        User.objects.filter(organization=ended).update(organization=heir)
        _close(actor, ended, reason)
        _set(ended, is_active=False, merged_into=heir)
        events_record(
            actor,
            reason,
            OrganizationEvent(organization=ended, kind=Kind.MERGED, other=heir),
            OrganizationEvent(organization=heir, kind=Kind.ABSORBED, other=ended),
            *_moved(children, ended, heir),
        )
        follow_all(change)
        merged: dict[str, list[Any]] = {"merged_into": ["", heir.name], "is_active": [True, False]}
        audit_record(action="organization_merge", actor=actor, target=ended, reason=reason, changes=merged)
        absorbed = {"absorbed": ["", ended.name]}
        audit_record(action="organization_absorb", actor=actor, target=heir, reason=reason, changes=absorbed)
    return _fresh(heir)


def organization_split(
    *,
    actor: Any,
    organization: Organization,
    below: bool,
    members: Iterable[int] = (),
    children: Iterable[int] = (),
    reason: str = "",
    **values: Any,
) -> Organization:
    """Make a new organization beside `organization` (or below it) from some of its `members` and `children` (keys).

    `values` are those of the new one (`OrganizationValues`); `name` and `type` are needed. Raises NotAllowed, StateConflict,
    or DomainError when nobody is chosen, somebody chosen is not there (or not the actor's to manage), or a code is taken.
    """
    given: OrganizationValues = values  # type: ignore[assignment]
    with transaction.atomic():
        tree_lock()
        organization = _fresh(organization)
        place = organization if below else organization.higher()
        described = change_describe(
            actor=actor,
            kind=ChangeKind.SPLIT,
            organization=organization,
            target=place,
            members=members,
            children=children,
        )
        _refuse(described)
        check_values(None, given)
        code = given.pop("code", "") or codes_next(ORGANIZATION_CODES, 1)[0]
        fields: dict[str, Any] = {"established_on": clock.today(), **given, **search_names(given["name"])}
        (made,) = tree_insert([(Organization(code=code, **fields), place)])
        change = Change(
            ChangeKind.SPLIT, _fresh(organization), described.parent, made, described.members, described.children
        )
        chosen = Member.objects.present().filter(pk__in=change.members)
        _members_move(actor, chosen, organization, made, EnrolmentOrigin.SPLIT, reason)
        moved = _children_move(change, made)
        events_record(
            actor,
            reason,
            OrganizationEvent(organization=organization, kind=Kind.SPLIT, other=made),
            OrganizationEvent(organization=made, kind=Kind.SPLIT_OFF, other=organization),
            *_moved(moved, organization, made),
        )
        follow_all(change)
        split = {"split_off": ["", made.name]}
        audit_record(action="organization_split", actor=actor, target=organization, reason=reason, changes=split)
        created: dict[str, list[Any]] = {"code": ["", code]}
        created |= {name: ["", value] for name, value in given.items() if value}
        audit_record(action="organization_create", actor=actor, target=made, reason=reason, changes=created)
    return _fresh(made)


def organization_deactivate(*, actor: Any, organization: Organization, reason: str = "") -> Organization:
    """Take an organization out of use; its history stays, roles and functions in it end. Raises NotAllowed,
    StateConflict, or DomainError while it has active organizations below it or members."""
    with transaction.atomic():
        tree_lock()
        change = change_describe(actor=actor, kind=ChangeKind.DEACTIVATE, organization=organization)
        _refuse(change)
        _close(actor, change.organization, reason)
        _set_active(actor, change, reason, active=False)
    return _fresh(organization)


def organization_activate(*, actor: Any, organization: Organization, reason: str = "") -> Organization:
    """Take a deactivated (or merged) organization into use again; what went to another stays there. Raises NotAllowed,
    StateConflict, or DomainError while the one above is deactivated."""
    with transaction.atomic():
        tree_lock()
        change = change_describe(actor=actor, kind=ChangeKind.ACTIVATE, organization=organization)
        _refuse(change)
        _set_active(actor, change, reason, active=True)
    return _fresh(organization)


def _set_active(actor: Any, change: Change, reason: str, *, active: bool) -> None:
    organization = change.organization
    _set(organization, is_active=active, **({"merged_into": None} if active else {}))
    kind = Kind.ACTIVATED if active else Kind.DEACTIVATED
    events_record(actor, reason, OrganizationEvent(organization=organization, kind=kind))
    follow_all(change)
    action = "organization_activate" if active else "organization_deactivate"
    changes = {"is_active": [not active, active]}
    audit_record(action=action, actor=actor, target=organization, reason=reason, changes=changes)


# -- parts ---------------------------------------------------------------------------------------------------------


def events_record(actor: Any, reason: str, *events: OrganizationEvent) -> None:
    """Store events of organizations, by one actor and for one reason."""
    for event in events:
        event.recorded_by, event.reason = actor, reason
    OrganizationEvent.objects.bulk_create(events)


def _moved(children: list[Organization], former: Organization, above: Organization) -> list[OrganizationEvent]:
    return [OrganizationEvent(organization=child, kind=Kind.MOVED, other=above, former=former) for child in children]


def _set(organization: Organization, **fields: Any) -> None:
    """Write fields as a change of the record, so that a form opened before notices."""
    Organization.objects.filter(pk=organization.pk).update(version=F("version") + 1, updated_at=clock.now(), **fields)


def _children_move(change: Change, above: Organization) -> list[Organization]:
    children = list(moving_children(change))
    tree_move(children, _fresh(above))
    return children


def _members_move(
    actor: Any, members: Any, former: Organization, organization: Organization, origin: EnrolmentOrigin, reason: str
) -> None:
    """Enrol members in another organization from today; their positions in the former one end."""
    keys = list(members.values_list("pk", flat=True))
    Member.objects.filter(pk__in=keys).update(
        organization=organization, party_post="", version=F("version") + 1, updated_at=clock.now()
    )
    people = list(Member.objects.filter(pk__in=keys))
    enrolments_move(people, moved_on=clock.today(), origin=origin)
    changes = {"organization": [former.name, organization.name]}
    audit_record_many(action="member_move", actor=actor, targets=people, reason=reason, changes=changes)


def _workers_move(former: Organization, heir: Organization) -> None:
    """Put the workers on the other list; who stands there already (same personnel number) stays behind, out of use."""
    touched: dict[str, Any] = {"version": F("version") + 1, "updated_at": clock.now()}
    numbers = Worker.objects.filter(organization=heir).exclude(personnel_no="").values("personnel_no")
    workers = Worker.objects.active().filter(organization=former)
    there = list(workers.filter(personnel_no__in=numbers).values_list("pk", flat=True))
    workers.filter(pk__in=there).update(is_active=False, **touched)
    workers.exclude(pk__in=there).update(organization=heir, **touched)
    counted = HeadCount.objects.filter(organization=former).values_list("workers", flat=True).first()
    own = HeadCount.objects.filter(organization=heir)
    if counted and own.update(workers=F("workers") + counted, counted_on=clock.today(), **touched):
        HeadCount.objects.filter(organization=former).delete()


def _close(actor: Any, organization: Organization, reason: str) -> None:
    """End what people held in an organization that goes out of use, and withdraw transfers out of it and into it."""
    today = clock.today()
    _roles_end(actor, organization, today, reason)
    for model in (Position, LeadershipPost, ContactPoint):
        spans_end(model, Q(organization=organization), today)
    transfers = list(transfers_touching(organization).select_related("member", "source", "target"))
    note = gettext("The organization has gone out of use.")
    transfers_touching(organization).update(
        state=TransferState.WITHDRAWN, closed_by=actor, closed_at=clock.now(), note=note, version=F("version") + 1,
        updated_at=clock.now(),
    )  # fmt: skip
    audit_record_many(action="transfer_overtaken", actor=actor, targets=transfers, reason=note)


def _roles_end(actor: Any, organization: Organization, today: dt.date, reason: str) -> None:
    held = list(roles_ending(organization).select_related("user"))
    for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
        # All that are held here end together: each may be the other's last one.
        refuse_last_administrator(role, RoleAssignment.objects.filter(organization=organization))
    entries = [
        (each.user, {"role": [f"{each.role} · {organization.name}", ""], "reason": ["", reason]}) for each in held
    ]
    audit_record_each(action="role_end", actor=actor, entries=entries)
    roles_ending(organization).filter(starts_on__gte=today).delete()
    roles_ending(organization).update(ends_on=today - dt.timedelta(days=1), updated_at=clock.now())


def spans_end(model: type[Model], condition: Q, today: dt.date) -> None:
    """End open spans the day before; one that began today or later ends with its first day."""
    spans: QuerySet[Any] = model._default_manager.filter(Q(ends_on=None) | Q(ends_on__gte=today), condition)
    day = today - dt.timedelta(days=1)
    spans.update(ends_on=Case(When(starts_on__gt=day, then=F("starts_on")), default=Value(day)), updated_at=clock.now())
