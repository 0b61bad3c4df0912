"""Storing what a workbook means: all of it or nothing, set-based, with an audit entry for every record."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record_each
from campaign.common import clock
from campaign.common.errors import DomainError
from campaign.common.models import Versioned
from orgs.importers.plan import Changed, New, Plan
from orgs.models import EnrolmentOrigin, Member, Organization
from orgs.services import members, organizations
from orgs.services.codes import ORGANIZATION_CODES, PERSONNEL_NUMBERS, codes_next
from orgs.services.enrolments import enrolments_move, enrolments_open, positions_follow
from orgs.services.tree import tree_insert, tree_lock

BATCH = 500
CHANGED_MEANWHILE = _("The data has changed since the file was checked. Check the file once more.")


def organizations_store(*, plan: Plan[Organization], actor: Any) -> None:
    """Store a plan of organizations, whole or not at all.

    Raises DomainError when the plan has errors, or somebody changed the same records since it was made.
    """
    with _storing(plan):
        tree_lock()
        _update(Organization, plan.changed, organizations.search_names)
        _in_tree_order(plan.new)
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
        _audit("organization", actor, plan, [node for node, _parent in places])


def members_store(*, plan: Plan[Member], actor: Any) -> None:
    """Store a plan of members, whole or not at all; raises as `organizations_store`."""
    with _storing(plan):
        _update(Member, plan.changed, members.search_names)
        numbers = [new.values.get("personnel_no", "") for new in plan.new]
        made = iter(codes_next(PERSONNEL_NUMBERS, numbers.count("")))
        people = [_member(new.values, number or next(made)) for new, number in zip(plan.new, numbers, strict=True)]
        Member.objects.bulk_create(people, batch_size=BATCH)
        enrolments_open(people, starts_on=None, origin=EnrolmentOrigin.IMPORTED)
        _follow(plan.changed)
        _audit("member", actor, plan, people)


def _follow(changed: Sequence[Changed[Member]]) -> None:
    """Keep the history of branches and positions in step with what was changed."""
    today = clock.today()
    moved = [entry.record for entry in changed if "organization" in entry.changes]
    enrolments_move(moved, moved_on=today, origin=EnrolmentOrigin.IMPORTED)
    posts = [entry for entry in changed if "party_post" in entry.changes and "organization" not in entry.changes]
    positions_follow([entry.record for entry in posts], changed_on=today)


def _in_tree_order(entries: list[New[Organization]]) -> None:
    """Sort new organizations as the tree will read, so that their codes do too; each stands behind its parent before."""
    keys: dict[int, tuple[int, ...]] = {}
    for number, new in enumerate(entries):
        keys[id(new)] = (*keys.get(id(new.values["parent"]), ()), number)
    entries.sort(key=lambda new: keys[id(new)])


@contextmanager
def _storing(plan: Plan[Any]) -> Iterator[None]:
    if plan.problems.errors:
        raise DomainError(_("The file has mistakes. Nothing was stored."))
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        # Somebody stored the same person or code since the plan was made.
        raise DomainError(CHANGED_MEANWHILE) from None


def _member(values: Mapping[str, Any], number: str) -> Member:
    plain = {field: value for field, value in values.items() if field not in ("id_number", "personnel_no")}
    identity = members.identity_fields(values.get("id_number", ""))
    return Member(personnel_no=number, **plain, **identity, **members.search_names(values["name"]))


def _update(model: type[Versioned], changed: Sequence[Changed[Any]], names: Callable[[str], dict[str, str]]) -> None:
    """Write the new values, if every record still has the version that was compared."""
    _lock(model, changed)
    moment, fields = clock.now(), {"version", "updated_at"}
    for entry in changed:
        updates = {field: new for field, (_old, new) in entry.changes.items()}
        if "id_number" in updates:
            updates |= members.identity_fields(updates.pop("id_number"))
        if "name" in updates:
            updates |= names(updates["name"])
        for field, value in {**updates, "version": entry.record.version + 1, "updated_at": moment}.items():
            setattr(entry.record, field, value)
        fields.update(updates)
    model._default_manager.bulk_update([entry.record for entry in changed], sorted(fields), batch_size=BATCH)


def _lock(model: type[Versioned], changed: Sequence[Changed[Any]]) -> None:
    """Hold the records until the transaction ends; raises DomainError when one has changed since it was compared."""
    compared = {entry.record.pk: entry.record.version for entry in changed}
    keys = sorted(compared)
    for start in range(0, len(keys), BATCH):
        rows = model._default_manager.select_for_update().filter(pk__in=keys[start : start + BATCH]).order_by("pk")
        found = dict(rows.values_list("pk", "version"))
        if any(found.get(key) != compared[key] for key in keys[start : start + BATCH]):
            raise DomainError(CHANGED_MEANWHILE)


def _audit(part: str, actor: Any, plan: Plan[Any], made: Sequence[Versioned]) -> None:
    created = (
        (record, {field: ["", _named(value)] for field, value in new.values.items() if field != "parent" and value})
        for record, new in zip(made, plan.new, strict=True)
    )
    audit_record_each(action=f"{part}_create", actor=actor, entries=created)
    updated = (
        (entry.record, {field: [_named(old), _named(new)] for field, (old, new) in entry.changes.items()})
        for entry in plan.changed
    )
    audit_record_each(action=f"{part}_update", actor=actor, entries=updated)


def _named(value: Any) -> Any:
    """Return what the log says for a value: an organization by its name, since names outlive moves."""
    return value.name if isinstance(value, Organization) else value
