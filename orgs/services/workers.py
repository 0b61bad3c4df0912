"""Workers who are no members: a list or a head count for each organization (2-domain b.7)."""

import datetime as dt
from typing import Any, TypedDict, Unpack

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record, audit_record_each, audit_record_many
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.text import found_by
from orgs.importers.workers import WorkerPlan
from orgs.models import HeadCount, Organization, Worker
from orgs.services.changes import differences

BATCH = 500
NUMBER_TAKEN = _("This personnel number stands in the list already.")


class WorkerValues(TypedDict, total=False):
    name: str
    personnel_no: str
    team: str
    job: str
    is_representative: bool


def worker_create(*, actor: Any, organization: Organization, **values: Unpack[WorkerValues]) -> Worker:
    """Add a worker to the list of `organization`; `name` is needed. Raises NotAllowed, or DomainError for a number that is
    taken and a deactivated organization."""
    _may_keep(actor, organization)
    if not organization.is_active:
        raise DomainError(_("This organization is deactivated."))
    with transaction.atomic():
        try:
            with transaction.atomic():
                worker = Worker.objects.create(organization=organization, **values, **found_by(values["name"]))
        except IntegrityError:
            raise DomainError(NUMBER_TAKEN) from None
        given = {"organization": organization.name, **values}
        changes = {field: ["", value] for field, value in given.items() if value}
        audit_record(action="worker_create", actor=actor, target=worker, changes=changes)
    return worker


def worker_update(*, actor: Any, worker: Worker, version: int, **values: Unpack[WorkerValues]) -> Worker:
    """Change a worker. Raises NotAllowed, EditConflict, or DomainError for a number that is taken."""
    _may_keep(actor, worker.organization)
    changes = differences(worker, values)
    names = found_by(values["name"]) if "name" in changes else {}
    with transaction.atomic():
        try:
            with transaction.atomic():
                worker.save_version(version, **values, **names)
        except IntegrityError:
            raise DomainError(NUMBER_TAKEN) from None
        audit_record(action="worker_update", actor=actor, target=worker, changes=changes)
    return worker


def worker_set_active(*, actor: Any, worker: Worker, active: bool) -> Worker:
    """Take a worker off the list, or put them on it again. Raises NotAllowed, StateConflict."""
    _may_keep(actor, worker.organization)
    if worker.is_active == active:
        raise StateConflict
    with transaction.atomic():
        worker.save_version(worker.version, is_active=active)
        action = "worker_restore" if active else "worker_retire"
        audit_record(action=action, actor=actor, target=worker, changes={"is_active": [not active, active]})
    return worker


def workers_store(*, actor: Any, organization: Organization, plan: WorkerPlan, retire_missing: bool = False) -> int:
    """Store a list, whole or not at all; returns how many workers were added, changed or taken off.

    `retire_missing`: the list is complete, so that who does not stand in it leaves it. Raises NotAllowed, or DomainError
    for a list with mistakes, or one that somebody else stored meanwhile.
    """
    _may_keep(actor, organization)
    if plan.problems.errors:
        raise DomainError(_("The list has mistakes. Nothing was stored."))
    try:
        with transaction.atomic():
            return (
                _add(actor, organization, plan) + _change(actor, plan) + (_retire(actor, plan) if retire_missing else 0)
            )
    except IntegrityError:
        raise DomainError(_("Somebody changed the list meanwhile. Check it once more.")) from None


def _add(actor: Any, organization: Organization, plan: WorkerPlan) -> int:
    made = [Worker(organization=organization, **new.values, **found_by(new.values["name"])) for new in plan.new]
    Worker.objects.bulk_create(made, batch_size=BATCH)
    entries = (
        (worker, {field: ["", value] for field, value in new.values.items()})
        for worker, new in zip(made, plan.new, strict=True)
    )
    audit_record_each(action="worker_create", actor=actor, entries=entries)
    return len(made)


def _change(actor: Any, plan: WorkerPlan) -> int:
    moment = clock.now()
    for entry in plan.changed:
        for name, (_old, new) in entry.changes.items():
            setattr(entry.record, name, new)
        for name, value in found_by(entry.record.name).items():
            setattr(entry.record, name, value)
        entry.record.version, entry.record.updated_at = entry.record.version + 1, moment
    fields = (*WorkerValues.__annotations__, "pinyin", "initials", "is_active", "version", "updated_at")
    records = [entry.record for entry in plan.changed]
    Worker.objects.bulk_update(records, fields, batch_size=BATCH)
    entries = ((entry.record, {field: list(pair) for field, pair in entry.changes.items()}) for entry in plan.changed)
    audit_record_each(action="worker_update", actor=actor, entries=entries)
    return len(records)


def _retire(actor: Any, plan: WorkerPlan) -> int:
    moment = clock.now()
    for worker in plan.missing:
        worker.is_active, worker.version, worker.updated_at = False, worker.version + 1, moment
    Worker.objects.bulk_update(plan.missing, ("is_active", "version", "updated_at"), batch_size=BATCH)
    audit_record_many(action="worker_retire", actor=actor, targets=plan.missing, changes={"is_active": [True, False]})
    return len(plan.missing)


def head_count_set(*, actor: Any, organization: Organization, workers: int, counted_on: dt.date) -> HeadCount:
    """Say how many workers who are no members `organization` has itself, without those counted below it.

    Raises NotAllowed, or DomainError for a day in the future and where a list is kept.
    """
    _may_keep(actor, organization)
    if counted_on > clock.today():
        raise DomainError(_("A day in the future cannot be entered."))
    if Worker.objects.active().filter(organization=organization).exists():
        raise DomainError(_("This organization keeps a list; its workers are counted there."))
    with transaction.atomic():
        before = HeadCount.objects.filter(organization=organization).first()
        values: dict[str, Any] = {"workers": workers, "counted_on": counted_on}
        count, _made = HeadCount.objects.update_or_create(
            organization=organization,
            defaults={**values, "version": before.version + 1 if before else 1, "updated_at": clock.now()},
        )
        changes = {field: [getattr(before, field, ""), value] for field, value in values.items()}
        audit_record(action="head_count_set", actor=actor, target=count, changes=changes)
    return count


def _may_keep(actor: Any, organization: Organization) -> None:
    if actor is not None and not reaches(actor, Cap.WORKER_MANAGE, organization.path):
        raise NotAllowed
