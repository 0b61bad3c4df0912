"""Undoing an import while nothing depends on it: what it made is taken out again, what it changed gets its old values."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.audit.models import AuditEntry
from campaign.audit.services import Changes, audit_load, audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.bulk import bulk_change, bulk_delete, portions
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.models import TimeStamped, Versioned
from campaign.jobs.models import Job
from campaign.jobs.registry import Outcome, Progress
from campaign.jobs.services import job_request
from orgs.models import (
    CodeSheet,
    Enrolment,
    ImportBatch,
    ImportState,
    Member,
    MemberEvent,
    OneTimeCode,
    Organization,
    OrganizationEvent,
    Position,
    RoleAssignment,
    User,
)
from orgs.services.enrolments import accounts_follow
from orgs.services.imports import capability_of
from orgs.services.members import search_names as member_names
from orgs.services.organizations import search_names as organization_names
from orgs.services.traces import Trace
from orgs.services.tree import tree_lock

UNDO_JOB = "orgs.undo_import"
UNDONE_AT_ONCE = 2_000
"""Records up to which an import is undone while the person waits; larger ones by a job."""
OWN = {
    Member: (Enrolment, Position),
    User: (OneTimeCode,),
    Organization: (OrganizationEvent,),
}
"""What comes into being with a record and goes with it; unless it was touched since, nothing depends on it."""
ORDER: tuple[type[models.Model], ...] = (
    User,
    RoleAssignment,
    Position,
    Enrolment,
    MemberEvent,
    Member,
    OrganizationEvent,
    Organization,
)
HISTORY = (Enrolment, MemberEvent, OrganizationEvent)
"""What stands in the history of a record alone: no entry of the log is about it."""


class Dependant(NamedTuple):
    """Why an import cannot be undone: what was made or changed since, and how often."""

    label: str | Promise
    number: int

    def __str__(self) -> str:
        return _("%(what)s (%(count)s)") % {"what": self.label, "count": self.number}


def import_dependants(batch: ImportBatch) -> list[Dependant]:
    """Return what depends on an import that was stored: records changed since, others that point to new ones."""
    return list(_dependants(batch, Trace.load(batch)))


def _dependants(batch: ImportBatch, trace: Trace) -> Iterator[Dependant]:
    for model, keys in trace.new.items():
        gone = len(keys) - sum(model._default_manager.filter(pk__in=some).count() for some in portions(keys))
        if gone:
            yield Dependant(gettext_lazy("records deleted since"), gone)
        if changed := _touched(model, keys, batch):
            yield Dependant(_changed_label(model), changed)
        if model in OWN:
            yield from _pointing(model, keys, batch, trace)
    for model, records in trace.old.items():
        versions = {key: version for key, version, _values in records if version}
        dated = [] if issubclass(model, Versioned) else [key for key, _version, _values in records]
        gone = len(dated) - sum(model._default_manager.filter(pk__in=some).count() for some in portions(dated))
        later = _corrected(dated, batch) if model is User else _touched(model, dated, batch)
        if changed := _other_versions(model, versions) + later + gone:
            yield Dependant(_changed_label(model), changed)
    if again := _granted_again([key for key, _version, _values in trace.old.get(RoleAssignment, ())], batch):
        yield Dependant(gettext_lazy("roles granted again since"), again)


def _granted_again(ended: Sequence[int], batch: ImportBatch) -> int:
    """How many of the roles that the import ended the same account was given again."""
    same = {name: OuterRef(name) for name in ("user", "role", "organization")}
    again = Exists(RoleAssignment.objects.filter(**same, created_at__gt=batch.finished_at))
    return sum(RoleAssignment.objects.filter(again, pk__in=some).count() for some in portions(ended))


def _corrected(accounts: Sequence[int], batch: ImportBatch) -> int:
    """How many of these accounts were changed after the import; an account has no stamp, so the log is asked."""
    changes = AuditEntry.objects.filter(
        action="user_update", target_type=User._meta.label_lower, at__gt=batch.finished_at
    )
    found = (
        changes.filter(target_id__in=[str(key) for key in some]).values("target_id").distinct().count()
        for some in portions(accounts)
    )
    return sum(found)


def _changed_label(model: type[models.Model]) -> str:
    return _("changed since: %(what)s") % {"what": model._meta.verbose_name}


def _other_versions(model: type[models.Model], versions: dict[int, int]) -> int:
    same = 0
    for keys in portions(sorted(versions)):
        found = model._default_manager.filter(pk__in=keys).values_list("pk", "version")
        same += sum(versions[key] == version for key, version in found)
    return len(versions) - same


def _touched(model: type[models.Model], keys: Sequence[int], batch: ImportBatch) -> int:
    """How many of these records were changed after the import."""
    manager = model._default_manager
    if issubclass(model, Versioned):
        return sum(manager.filter(pk__in=some, version__gt=1).count() for some in portions(keys))
    if issubclass(model, TimeStamped):
        return sum(manager.filter(pk__in=some, updated_at__gt=batch.finished_at).count() for some in portions(keys))
    if model is User:
        return sum(manager.filter(pk__in=some).exclude(last_login=None).count() for some in portions(keys))
    return 0


def _pointing(model: type[models.Model], keys: Sequence[int], batch: ImportBatch, trace: Trace) -> Iterator[Dependant]:
    """What points to the new records and did not come with them."""
    mine = {other: set(own) for other, own in trace.new.items()}
    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one)):
            continue
        other: Any = relation.related_model
        lookup = f"{relation.field.name}__in"  # type: ignore[union-attr]
        count = 0
        for some in portions(keys):
            found = other._default_manager.filter(**{lookup: some})
            if other in OWN.get(model, ()) and issubclass(other, TimeStamped):
                found = found.filter(updated_at__gt=batch.finished_at)
            elif other in OWN.get(model, ()):
                continue
            if other in mine:
                count += sum(key not in mine[other] for key in found.values_list("pk", flat=True))
            else:
                count += found.count()
        if count:
            yield Dependant(other._meta.verbose_name, count)
    if model is Organization:
        yield from _children(keys)


def _children(keys: Sequence[int]) -> Iterator[Dependant]:
    own = set(keys)
    parents = {path: key for some in portions(keys) for key, path in _paths(some)}
    below = 0
    for some in portions(list(parents)):
        lengths = {len(path) for path in some}
        for length in lengths:
            found = Organization.objects.filter(depth=length // Organization.steplen + 1)
            below += sum(key not in own and path[:length] in parents for key, path in found.values_list("pk", "path"))
    if below:
        yield Dependant(gettext_lazy("organizations below"), below)


def _paths(keys: Sequence[int]) -> Iterator[tuple[int, str]]:
    yield from Organization.objects.filter(pk__in=keys).values_list("pk", "path")


# -- the step ------------------------------------------------------------------------------------------------------


def import_undo_request(*, batch: ImportBatch, actor: Any) -> Job | None:
    """Undo an import: a small one at once, a large one by a job, which is returned. Raises as `import_undo`."""
    _may_undo(batch, actor)
    touched = batch.figures.get("new", 0) + batch.figures.get("changed", 0)
    if touched <= UNDONE_AT_ONCE:
        import_undo(batch=batch, actor=actor)
        return None
    with transaction.atomic():
        batch.job = job_request(kind=UNDO_JOB, actor=actor, parameters={"batch": str(batch.pk)})
        batch.save(update_fields=["job"])
    return batch.job


def _may_undo(batch: ImportBatch, actor: Any) -> None:
    if not reaches(actor, capability_of(batch.kind), batch.organization.path):
        raise NotAllowed
    if batch.state != ImportState.APPLIED:
        raise StateConflict
    if batch.job is not None and batch.job.is_active:
        raise StateConflict
    if not batch.traces.exists():
        raise DomainError(_("This import is too old to be undone; its old values are no longer kept."))


def import_undo(*, batch: ImportBatch, actor: Any, progress: Progress | None = None) -> ImportBatch:
    """Take out what an import made and give back the old values, all or nothing.

    Raises NotAllowed, StateConflict, or DomainError that names what depends on it.
    """
    with transaction.atomic():
        tree_lock()
        undone = ImportBatch.objects.filter(pk=batch.pk, state=ImportState.APPLIED).update(
            state=ImportState.UNDONE, undone_at=clock.now(), undone_by=actor
        )
        if not undone:
            raise StateConflict
        trace = Trace.load(batch)
        if found := list(_dependants(batch, trace)):
            named = _("; ").join(str(one) for one in found)
            raise DomainError(
                _("This import cannot be undone, since something depends on it: %(what)s.") % {"what": named}
            )
        _refuse_elsewhere(batch, trace, actor)
        for model in ORDER:
            # what was made first: somebody has one open branch only
            _take_out(model, trace, actor)
            _give_back(model, trace, actor)
        batch.traces.all().delete()
        audit_record(action="import_undo", actor=actor, target=batch)
        if progress is not None:
            progress.guard()
    batch.refresh_from_db()
    return batch


def _refuse_elsewhere(batch: ImportBatch, trace: Trace, actor: Any) -> None:
    """Raise DomainError for records that hang below other organizations by now, which are not the actor's."""
    for model in (Member, Organization, User):
        keys = sorted({*trace.new.get(model, ()), *(key for key, _version, _values in trace.old.get(model, ()))})
        reached: Any = model._default_manager
        found = reached.allowed(actor, capability_of(batch.kind))
        if sum(found.filter(pk__in=some).count() for some in portions(keys)) != len(keys):
            raise DomainError(
                _(
                    "Some of these records belong to organizations by now that you do not import for. Ask the office above."
                )
            )


def _give_back(model: type[models.Model], trace: Trace, actor: Any) -> None:
    by_columns: dict[tuple[str, ...], list[list[Any]]] = {}
    names = member_names if model is Member else organization_names
    for key, _version, values in trace.old.get(model, ()):
        given = {**values, **(names(values["name"]) if "name" in values else {})}
        if "id_number_digest" in given:
            given["id_number_digest"] = given["id_number_digest"] or None
        columns = tuple(sorted(given))
        stamps = [clock.now()] if issubclass(model, TimeStamped) else []
        by_columns.setdefault(columns, []).append([key, *(given[name] for name in columns), *stamps])
    for columns, rows in by_columns.items():
        bulk_change(model, [*columns, *(["updated_at"] if issubclass(model, TimeStamped) else [])], rows)
    if model is Member:
        for keys in portions(
            [key for key, _version, values in trace.old.get(model, ()) if "organization_id" in values]
        ):
            accounts_follow(keys)
    changed = sorted({key for key, _version, _values in trace.old.get(model, ())})
    if issubclass(model, Versioned):
        for keys in portions(changed):
            model._default_manager.filter(pk__in=keys).update(version=F("version") + 1)
    if issubclass(model, Versioned) or model in (RoleAssignment, User):
        name = str(model._meta.verbose_name)
        entries: list[tuple[int, str, Changes]] = [(key, name, {}) for key in changed]
        audit_load(action="import_undo_change", actor=actor, model=model, entries=entries)


def _take_out(model: type[models.Model], trace: Trace, actor: Any) -> None:
    keys = trace.new.get(model, [])
    for some in portions(keys):
        for own in OWN.get(model, ()):
            field = next(field for field in own._meta.concrete_fields if field.related_model is model)
            bulk_delete(own, field.name, some)
        records = model._default_manager.filter(pk__in=some)
        if model not in HISTORY:
            entries: list[tuple[int, str, Changes]] = [(record.pk, str(record), {}) for record in records]
            audit_load(action="import_undo_new", actor=actor, model=model, entries=entries)
        if model is Organization:
            _leave_parents([path for _key, path in _paths(some)])
        bulk_delete(model, "id", some)
    if model is User:
        CodeSheet.objects.filter(parts=None, total=0).exclude(job=None).delete()


def _leave_parents(paths: Sequence[str]) -> None:
    parents = sorted({path[: -Organization.steplen] for path in paths if len(path) > Organization.steplen})
    gone = {parent: sum(path[: -Organization.steplen] == parent for path in paths) for parent in parents}
    for some in portions(parents):
        rows = [(node.pk, node.numchild - gone[node.path]) for node in Organization.objects.filter(path__in=some)]
        bulk_change(Organization, ["numchild"], rows)


# -- the job -------------------------------------------------------------------------------------------------------


def undo_check(user: Any, parameters: Any) -> None:
    """Let a job run for those who may import for the organization. Raises NotAllowed."""
    batch = ImportBatch.objects.select_related("organization").filter(pk=parameters["batch"]).first()
    if batch is None or not reaches(user, capability_of(batch.kind), batch.organization.path):
        raise NotAllowed


def undo_run(progress: Progress) -> Outcome:
    """Undo a large import (job), once, however often the job is run."""
    batch = ImportBatch.objects.select_related("organization").get(pk=progress.parameters["batch"])
    progress.step(_("Undoing the import"))
    if batch.state != ImportState.UNDONE:
        import_undo(batch=batch, actor=progress.user, progress=progress)
    return Outcome(message=_("The import has been undone."), url=reverse("import_detail", args=[batch.pk]))
