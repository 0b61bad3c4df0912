"""Storing what a workbook means: all of it or nothing, set-based, with an audit entry for every record."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_load
from campaign.common import clock
from campaign.common.bulk import bulk_change, bulk_load, keys_take, portions, references_check
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.models import TimeStamped, Versioned
from orgs.importers.plan import Changed, New, Plan
from orgs.models import (
    EnrolmentOrigin,
    Member,
    MemberEvent,
    Organization,
    OrganizationEvent,
    Position,
    RoleAssignment,
    User,
)
from orgs.models.members import PRESENT
from orgs.services import members, organizations
from orgs.services.accounts_many import accounts_create
from orgs.services.code_sheets import sheet_open, sheet_store
from orgs.services.codes import ORGANIZATION_CODES, PERSONNEL_NUMBERS, codes_next
from orgs.services.enrolments import (
    BATCH,
    accounts_follow,
    enrolments_move,
    enrolments_open,
    enrolments_settle,
    party_posts_follow,
    positions_follow,
)
from orgs.services.roles import roles_leave
from orgs.services.rosters import (
    NAME,
    NEW_COLUMNS,
    ORGANIZATION,
    PARTY_POST,
    PERSONNEL_NO,
    STATUS,
    Columns,
    Overtaken,
    Roster,
    roster_of,
)
from orgs.services.traces import Spans, Trace
from orgs.services.tree import tree_insert, tree_lock


class ChangedMeanwhile(DomainError):
    """What was confirmed is no longer what would be stored."""

    message = _("The data has changed since the file was checked. Check the file once more.")


SearchNames = Callable[[str], dict[str, str]]


def organizations_store(*, plan: Plan[Organization], actor: Any) -> Trace:
    """Store a plan of organizations, whole or not at all; returns what an undo needs.

    Raises DomainError when the plan has errors, or somebody changed the same records since it was made.
    """
    trace = Trace()
    with _storing(plan):
        tree_lock()
        _update(Organization, plan.changed, organizations.search_names, trace)
        events = [organizations.events_of_changes(entry.record, entry.changes, actor) for entry in plan.changed]
        _note(OrganizationEvent, [event for some in events for event in some], trace)
        plan.new = _in_tree_order(plan.new)
        codes = [new.values.get("code", "") for new in plan.new]
        made = iter(codes_next(ORGANIZATION_CODES, codes.count("")))
        nodes: dict[int, Organization] = {}
        places: list[tuple[Organization, Organization | None]] = []
        for new, code in zip(plan.new, codes, strict=True):
            values = {field: value for field, value in new.values.items() if field not in ("parent", "code")}
            node = Organization(code=code or next(made), **values, **organizations.search_names(values["name"]))
            parent = new.values["parent"]
            places.append((node, nodes[id(parent)] if isinstance(parent, New) else parent))
            nodes[id(new)] = node
        tree_insert(places)
        keys = [node.pk for node, _parent in places]
        trace.made(Organization, keys)
        _audit("organization", Organization, actor, plan, keys)
    return trace


def members_store(*, plan: Plan[Member], actor: Any) -> Trace:
    """Store a plan of members, whole or not at all; returns and raises as `organizations_store`."""
    _refuse_mistakes(plan)
    return roster_store(roster=roster_of(plan), actor=actor)


def roster_store(*, roster: Roster, actor: Any, told: Callable[[int], None] | None = None) -> Trace:
    """Store what a check of members understood, whole or not at all; `told` is called with the number of rows sent.

    Returns what an undo needs. Raises ChangedMeanwhile when the database is not as it was compared.
    """
    trace, moment = Trace(), clock.now()
    with _whole():
        changed, new = [_dated(entry) for entry in roster.still_changed(actor)], roster.still_new()
        left = {
            entry.record.pk: entry.changes["organization"][0].pk for entry in changed if "organization" in entry.changes
        }
        spans = Spans([entry.record.pk for entry in changed if not _STAYS.isdisjoint(entry.changes)])
        # What becomes of a member's position follows from these.
        turned = [entry.record.pk for entry in changed if {"status", "organization"} & entry.changes.keys()]
        before = _posts(turned)
        _update(Member, changed, members.search_names, trace)
        keys = keys_take(Member, roster.count)
        same = _usual() | {"created_at": moment, "updated_at": moment}
        enrolled: list[_Enrolled] = []
        bulk_load(Member, ("id", *NEW_COLUMNS), _member_rows(keys, new, roster.unnumbered, enrolled, told), same)
        present = [one for one in enrolled if one.is_present]
        enrolments_open(present, starts_on=None, origin=EnrolmentOrigin.IMPORTED)
        _follow(changed)
        _trace_roles(trace, roles_leave(left=left, reason=gettext("Moved to another branch.")))
        _note(MemberEvent, members.events_of_status(_of_new_status(changed), actor), trace)
        with ThreadPoolExecutor(1) as aside:
            # What the log says of everybody is made while the database looks at the references, which takes as long.
            said = aside.submit(list, roster.said())
            references_check()
        spans.into(trace)
        trace.made(Member, keys)
        _trace_posts(trace, before)
        told_of = ((one.pk, one.name, changes) for one, changes in zip(enrolled, said.result(), strict=True))
        audit_load(action="member_create", actor=actor, model=Member, entries=told_of)
        _audit_changed("member_update", Member, actor, changed)
    return trace


def positions_store(*, plan: Plan[Position], actor: Any) -> Trace:
    """Store a plan of positions, whole or not at all; returns and raises as `organizations_store`."""
    trace = Trace()
    with _storing(plan):
        touched = sorted(
            {entry.record.member_id for entry in plan.changed} | {new.values["member"].pk for new in plan.new}
        )
        before = _posts(touched)
        _update(Position, plan.changed, lambda _name: {}, trace)
        keys = keys_take(Position, len(plan.new))
        moment = clock.now()
        columns = (
            "id", "member_id", "organization_id", "post", "starts_on", "ends_on", "is_acting", "created_at", "updated_at"
        )  # fmt: skip
        bulk_load(
            Position, columns, (_position_row(key, new.values, moment) for key, new in zip(keys, plan.new, strict=True))
        )
        party_posts_follow(touched)
        trace.made(Position, keys)
        _trace_posts(trace, before)
        _audit("position", Position, actor, plan, keys)
    return trace


def _position_row(key: int, values: Mapping[str, Any], moment: dt.datetime) -> tuple[Any, ...]:
    days = (values.get("starts_on"), values.get("ends_on"), values.get("is_acting", False))
    return (key, values["member"].pk, values["organization"].pk, values["post"], *days, moment, moment)


def _posts(members: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for keys in portions(members):
        found.update(Member.objects.filter(pk__in=keys).values_list("pk", "party_post"))
    return found


def _trace_posts(trace: Trace, before: Mapping[int, str]) -> None:
    for key, post in _posts(sorted(before)).items():
        if before[key] != post:
            trace.changed(Member, key, 0, {"party_post": before[key]})


def accounts_store(*, plan: Plan[User], actor: Any) -> Trace:
    """Make the accounts of a plan, with their one-time codes on a sheet of `actor` (see `orgs.services.code_sheets`), and
    change the mail of others.

    Returns and raises as `organizations_store`; NotAllowed without an actor, since a sheet is somebody's.
    """
    if actor is None or plan.base is None:
        raise NotAllowed
    trace = Trace()
    with _storing(plan):
        _change_mails(plan.changed, actor, trace)
        if not plan.new:
            return trace
        members = sorted((new.values["member"] for new in plan.new), key=lambda member: member.organization.path)
        chosen = {new.values["member"].pk: new.values for new in plan.new}
        sheet = sheet_open(actor=actor, organization=plan.base)
        made = accounts_create(
            actor=actor,
            members=members,
            usernames={key: values["username"] for key, values in chosen.items() if "username" in values},
            emails={key: values["email"] for key, values in chosen.items() if "email" in values},
            sheet=sheet,
        )
        if len(made) != len(members):
            raise ChangedMeanwhile
        sheet_store(sheet=sheet, made=made)
        trace.made(User, [new.user.pk for new in made])
        trace.url = reverse("code_sheet_detail", args=[sheet.pk])
    return trace


def _change_mails(changed: Sequence[Changed[User]], actor: Any, trace: Trace) -> None:
    """Give accounts another mail, if each still has the one that was compared."""
    compared = {entry.record.pk: entry.changes["email"] for entry in changed}
    for keys in portions(sorted(compared)):
        rows = User.objects.select_for_update().filter(pk__in=keys).order_by("pk")
        if any(compared[key][0] != mail for key, mail in rows.values_list("pk", "email")):
            raise ChangedMeanwhile
    for key, (old, _new) in compared.items():
        trace.changed(User, key, 0, {"email": old})
    if compared:
        bulk_change(User, ["email"], ([key, new] for key, (_old, new) in compared.items()))
    _audit_changed("user_update", User, actor, changed)


def _dated(entry: Changed[Member]) -> Changed[Member]:
    """Let a new status count from today: a roster says no day."""
    if "status" not in entry.changes:
        return entry
    since = (entry.record.status_since, clock.today())
    return Changed(entry.row, entry.record, {**entry.changes, "status_since": since})


def _of_new_status(changed: Sequence[Changed[Member]]) -> list[Member]:
    return [entry.record for entry in changed if "status" in entry.changes]


def _note(model: type[models.Model], events: Sequence[models.Model], trace: Trace) -> None:
    """Store what became of records, as part of the import."""
    trace.made(model, [event.pk for event in model._default_manager.bulk_create(events, batch_size=BATCH)])


def _trace_roles(trace: Trace, ended: Iterable[RoleAssignment]) -> None:
    for assignment in ended:
        if assignment.starts_on < clock.today():  # others are taken back whole
            trace.changed(RoleAssignment, assignment.pk, 0, {"ends_on": assignment.ends_on})


_STAYS = frozenset({"organization", "party_post", "status"})
"""Changes of these are kept as dated rows of their own."""


class _Enrolled(NamedTuple):
    """A member that was stored without an instance."""

    pk: int
    organization_id: int
    party_post: str
    name: str
    is_present: bool


def _follow(changed: Sequence[Changed[Member]]) -> None:
    """Keep the history of branches and positions in step with what was changed."""
    today = clock.today()
    turned = [entry for entry in changed if _turned(entry)]
    enrolments_settle([entry.record for entry in turned], changed_on=today)
    present = [entry for entry in changed if entry.record.is_present and not _turned(entry)]
    moved = [entry.record for entry in present if "organization" in entry.changes]
    enrolments_move(moved, moved_on=today, origin=EnrolmentOrigin.IMPORTED)
    for keys in portions([entry.record.pk for entry in changed if "organization" in entry.changes]):
        accounts_follow(keys)
    posts = [entry for entry in present if "party_post" in entry.changes and "organization" not in entry.changes]
    positions_follow([entry.record for entry in posts], changed_on=today)


def _turned(entry: Changed[Member]) -> bool:
    """Tell whether the member left, or came back."""
    return "status" in entry.changes and (entry.changes["status"][0] in PRESENT) != entry.record.is_present


def _member_rows(
    keys: Sequence[int],
    new: Iterable[Columns],
    unnumbered: int,
    enrolled: list[_Enrolled],
    told: Callable[[int], None] | None,
) -> Iterator[Sequence[Any]]:
    """Return a row for everybody new, made while those before are stored, and put them into `enrolled`; who has no
    personnel number gets one."""
    made = iter(codes_next(PERSONNEL_NUMBERS, unnumbered))

    def rows() -> Iterator[Sequence[Any]]:
        for columns in new:
            own = keys[len(enrolled) : len(enrolled) + len(columns[NAME])]
            columns[PERSONNEL_NO] = [number or next(made) for number in columns[PERSONNEL_NO]]
            present = [status in PRESENT for status in columns[STATUS]]
            enrolled.extend(map(_Enrolled, own, columns[ORGANIZATION], columns[PARTY_POST], columns[NAME], present))
            if told is not None:
                told(len(enrolled))
            yield from zip(own, *columns, strict=True)

    return rows()


def _usual() -> dict[str, Any]:
    """Return the columns of a new member of which a roster says nothing, with their value."""
    fields = [field for field in Member._meta.concrete_fields if not (field.primary_key or field.generated)]
    return {field.attname: field.get_default() for field in fields if field.attname not in NEW_COLUMNS}


def _in_tree_order(entries: Sequence[New[Organization]]) -> list[New[Organization]]:
    """Return new organizations as the tree will read, so that their codes do too; each stands behind its parent before."""
    keys: dict[int, tuple[int, ...]] = {}
    for number, new in enumerate(entries):
        keys[id(new)] = (*keys.get(id(new.values["parent"]), ()), number)
    return sorted(entries, key=lambda new: keys[id(new)])


def _refuse_mistakes(plan: Plan[Any]) -> None:
    if plan.problems.errors:
        raise DomainError(_("The file has mistakes. Nothing was stored."))


@contextmanager
def _storing(plan: Plan[Any]) -> Iterator[None]:
    _refuse_mistakes(plan)
    with _whole():
        yield


@contextmanager
def _whole() -> Iterator[None]:
    """All or nothing. Raises ChangedMeanwhile also when somebody stored the same person or code."""
    try:
        with transaction.atomic():
            yield
    except (IntegrityError, Overtaken):
        raise ChangedMeanwhile from None


def _update(model: type[TimeStamped], changed: Sequence[Changed[Any]], names: SearchNames, trace: Trace) -> None:
    """Write the new values, if every record still has the version that was compared."""
    _lock(model, changed)
    moment, columns = clock.now(), {"updated_at"}
    versioned = issubclass(model, Versioned)
    for entry in changed:
        updates = _updates(entry.changes, names)
        version = entry.version + 1 if versioned else 0
        trace.changed(model, entry.record.pk, version, {name: getattr(entry.record, name) for name in updates})
        stamps: dict[str, Any] = {"version": version, "updated_at": moment} if versioned else {"updated_at": moment}
        for name, value in {**updates, **stamps}.items():
            setattr(entry.record, name, value)
        columns.update(updates, stamps)
    order = sorted(columns)
    rows = ([entry.record.pk, *(getattr(entry.record, name) for name in order)] for entry in changed)
    if changed:
        bulk_change(model, order, rows)


def _updates(changes: Mapping[str, tuple[Any, Any]], names: SearchNames) -> dict[str, Any]:
    """Return column → new value."""
    updates = {field: new for field, (_old, new) in changes.items()}
    if "id_number" in updates:
        updates |= members.identity_fields(updates.pop("id_number"))
    if "name" in updates:
        updates |= names(updates["name"])
    if "organization" in updates:
        updates["organization_id"] = updates.pop("organization").pk
    return updates


def _lock(model: type[TimeStamped], changed: Sequence[Changed[Any]]) -> None:
    """Hold the records until the transaction ends; raises DomainError when one has changed since it was compared."""
    stamp = "version" if issubclass(model, Versioned) else "updated_at"
    compared = {entry.record.pk: getattr(entry.record, stamp) for entry in changed}
    for keys in portions(sorted(compared)):
        rows = model._default_manager.select_for_update().filter(pk__in=keys).order_by("pk")
        found = dict(rows.values_list("pk", stamp))
        if any(found.get(key) != compared[key] for key in keys):
            raise ChangedMeanwhile


_ACTIONS = {"position": ("position_begin", "position_change")}


def _audit(part: str, model: type[models.Model], actor: Any, plan: Plan[Any], keys: Sequence[int]) -> None:
    created = (
        (key, new.values["name"], {name: ("", _named(value)) for name, value in _said(new.values)})
        for key, new in zip(keys, plan.new, strict=True)
    )
    create, update = _ACTIONS.get(part, (f"{part}_create", f"{part}_update"))
    audit_load(action=create, actor=actor, model=model, entries=created)
    _audit_changed(update, model, actor, plan.changed)


def _audit_changed(action: str, model: type[models.Model], actor: Any, changed: Sequence[Changed[Any]]) -> None:
    entries = (
        (
            entry.record.pk,
            str(entry.record),
            {name: [_named(old), _named(new)] for name, (old, new) in entry.changes.items()},
        )
        for entry in changed
    )
    audit_load(action=action, actor=actor, model=model, entries=entries)


def _said(values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return ((name, value) for name, value in values.items() if value and name != "parent")


def _named(value: Any) -> Any:
    """Return what the log says for a value: an organization by its name, since names outlive moves."""
    return value.name if isinstance(value, Organization | Member) else value
