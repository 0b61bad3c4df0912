"""Uploads on their way into the database: sent, checked, looked at, and stored by a job when somebody confirms."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import paths_of, reaches
from campaign.common.bulk import bulk_load, without_collector
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.excel.annotate import annotate
from campaign.common.excel.reader import WorkbookError, open_workbook
from campaign.jobs.registry import Outcome, Progress
from campaign.jobs.services import job_request
from orgs.importers import IMPORTERS, OTHER_KIND, Sent, kind_meant
from orgs.importers.plan import Plan
from orgs.models import DONE, ImportBatch, ImportKind, ImportRow, ImportState, ImportTrace, Organization
from orgs.services.rosters import Overtaken, roster_keep, roster_load, roster_of
from orgs.services.storing import (
    ChangedMeanwhile,
    accounts_store,
    members_store,
    organizations_store,
    positions_store,
    roster_store,
)
from orgs.services.traces import Trace

CHECKED_AT_ONCE = 200 * 1024
"""Bytes up to which a file is checked while the person waits (about 1 500 rows); larger ones by a job."""
STORES: dict[ImportKind, Callable[..., Trace]] = {
    ImportKind.ORGANIZATIONS: organizations_store,
    ImportKind.MEMBERS: members_store,
    ImportKind.POSITIONS: positions_store,
    ImportKind.ACCOUNTS: accounts_store,
}
KEPT = 2
"""Days for which a workbook waits to be stored or fetched with its mistakes marked."""
UNDERSTOOD = ".understood"
UNDONE_WITHIN = 30
"""Days for which an import can be undone."""
CHECK_JOB = "orgs.check_import"


def job_kind(kind: str) -> str:
    """Return the kind of job that stores such a workbook."""
    return f"orgs.import_{kind}"


def plan_of(
    *,
    kind: str,
    source: bytes | Path | BinaryIO,
    actor: Any,
    base: Organization | None,
    is_full: bool = False,
    told: Callable[[int], None] | None = None,
) -> Plan[Any]:
    """Open a workbook and compare it with the database; a file that cannot be read is a plan of one mistake.

    `is_full`: it is a complete list, so who is not in it is missing. `told` is called with the number of rows read.
    """
    try:
        with without_collector():
            workbook = open_workbook(source)
            plan = IMPORTERS[ImportKind(kind)].plan(Sent(workbook, actor, base, is_full, told))
            if not plan.rows and (other := kind_meant(workbook)) not in (None, kind):
                plan.problems.add(OTHER_KIND, params={"kind": str(ImportKind(other).label)})
            return plan
    except WorkbookError as error:
        return Plan(error.problems())


def plan_store(*, kind: str, plan: Plan[Any], actor: Any) -> Trace:
    """Store a plan, whole or not at all; returns what an undo needs. Raises DomainError."""
    with without_collector():
        return STORES[ImportKind(kind)](plan=plan, actor=actor)


def capability_of(kind: str) -> Cap:
    """Return what one must hold to import such workbooks."""
    return Cap.ACCOUNT_MANAGE if kind == ImportKind.ACCOUNTS else Cap.MEMBER_IMPORT


def places_for(actor: Any, kind: str) -> list[Organization]:
    """Return the organizations for which `actor` imports such workbooks, the highest first."""
    held = sorted(paths_of(actor, capability_of(kind)))
    if kind == ImportKind.ORGANIZATIONS:
        held = [path for path in held if reaches(actor, Cap.ORG_MANAGE, f"{path}0000")]
    highest = [path for path in held if not any(path != other and path.startswith(other) for other in held)]
    return list(Organization.objects.active().filter(path__in=highest))


def base_for(actor: Any, kind: str) -> Organization | None:
    """Return where rows without an organization above belong: the actor's one place, for the system the one root.

    None when the system finds no root or several. Raises NotAllowed for an actor who may not import, DomainError for
    one who imports for several places and must say for which.
    """
    places = list(Organization.objects.filter(depth=1)[:2]) if actor is None else places_for(actor, kind)
    if actor is not None and not places:
        raise NotAllowed
    if actor is not None and len(places) > 1 and kind == ImportKind.ORGANIZATIONS:
        raise DomainError(_("This account imports for several organizations. Import in the browser and choose one."))
    return places[0] if len(places) == 1 else None


def import_upload(
    *, actor: Any, kind: str, organization: Organization, file: "UploadedFile[Any]", is_full: bool = False
) -> ImportBatch:
    """Take a workbook and check it, small ones at once. `organization`: where rows without a parent belong; `is_full`: it
    is a complete list, so the check tells who is missing in it.

    Raises NotAllowed. An earlier upload of the same person that was not stored is dropped with its file.
    """
    _may_import(actor, kind, organization)
    import_drop(ImportBatch.objects.filter(requested_by=actor).exclude(file_path=""))
    path = _keep(file)
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            kind=kind, organization=organization, requested_by=actor, file_path=path, file_name=(file.name or "")[-200:],
            is_full=is_full,
        )  # fmt: skip
        audit_record(action="import_upload", actor=actor, target=batch)
        if (file.size or 0) > CHECKED_AT_ONCE:
            batch.job = job_request(kind=CHECK_JOB, actor=actor, parameters={"batch": str(batch.pk)})
            batch.save(update_fields=["job"])
    if batch.job is None:
        import_check(batch=batch)
    return batch


def _may_import(actor: Any, kind: str, organization: Organization) -> None:
    if not reaches(actor, capability_of(kind), organization.path):
        raise NotAllowed
    if kind == ImportKind.ORGANIZATIONS and not reaches(actor, Cap.ORG_MANAGE, f"{organization.path}0000"):
        raise NotAllowed


def _keep(file: "UploadedFile[Any]") -> str:
    """Store the upload under a random name, readable by nobody else on the machine."""
    folder = Path(settings.MEDIA_ROOT) / "imports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / uuid.uuid4().hex
    with path.open("wb") as kept:
        path.chmod(0o600)
        for chunk in file.chunks():
            kept.write(chunk)
    return str(path.relative_to(settings.MEDIA_ROOT))


def import_check(*, batch: ImportBatch, told: Callable[[int], None] | None = None) -> ImportBatch:
    """Compare the workbook with the database and keep what was found, masked: counts, every record, mistakes.

    Raises StateConflict when it has been stored or dropped.
    """
    plan = _plan(batch, told)
    fields = IMPORTERS[ImportKind(batch.kind)].shown
    with without_collector(), ThreadPoolExecutor(1) as aside, transaction.atomic():
        # A roster is written into its file while the database takes in what the page shows of it.
        fingerprint = aside.submit(_keep_understood, batch, plan)
        checked = (
            ImportBatch.objects.filter(pk=batch.pk)
            .exclude(state__in=DONE)
            .update(
                state=ImportState.REJECTED if plan.problems.errors else ImportState.CHECKED,
                figures=plan.figures,
                problems=plan.problems.as_json(),
                preview={"read": plan.understood},
            )
        )
        if not checked:
            raise StateConflict
        ImportRow.objects.filter(batch=batch).delete()
        if not plan.problems.errors:
            columns = ("place", "action", "row", "name", "record_id", "values")
            shown = enumerate(plan.shown(fields))
            rows = ((place, what, row, name[:150], pk, found) for place, (what, row, name, pk, found) in shown)
            bulk_load(ImportRow, columns, rows, {"batch_id": batch.pk})
        ImportBatch.objects.filter(pk=batch.pk).update(fingerprint=fingerprint.result())
    batch.refresh_from_db()
    return batch


def _keep_understood(batch: ImportBatch, plan: Plan[Any]) -> str:
    """Return by what the plan is known again; what was understood of a roster is kept. Asks nothing of the database."""
    if batch.kind == ImportKind.MEMBERS and not plan.problems.errors:
        return roster_keep(roster_of(plan), _understood(batch))
    return plan.fingerprint


def _understood(batch: ImportBatch) -> Path:
    """Return where what was understood of a long list is kept beside the upload, encrypted."""
    return Path(settings.MEDIA_ROOT) / f"{batch.file_path}{UNDERSTOOD}"


def _plan(batch: ImportBatch, told: Callable[[int], None] | None = None) -> Plan[Any]:
    if not batch.file_path:
        raise StateConflict(_("The file is no longer kept. Please send it again."))
    path = Path(settings.MEDIA_ROOT) / batch.file_path
    return plan_of(
        kind=batch.kind,
        source=path,
        actor=batch.requested_by,
        base=batch.organization,
        is_full=batch.is_full,
        told=told,
    )


def import_apply(*, batch: ImportBatch, actor: Any) -> ImportBatch:
    """Ask for a checked workbook to be stored, by a job. Raises NotAllowed, StateConflict."""
    if batch.state != ImportState.CHECKED or (batch.job is not None and batch.job.is_active):
        raise StateConflict
    with transaction.atomic():
        batch.job = job_request(kind=job_kind(batch.kind), actor=actor, parameters={"batch": str(batch.pk)})
        batch.save(update_fields=["job"])
    return batch


def job_check(user: Any, parameters: Any) -> None:
    """Let a job run for those alone who sent the workbook and may import for its organization. Raises NotAllowed."""
    batch = ImportBatch.objects.select_related("organization").filter(pk=parameters["batch"], requested_by=user).first()
    if batch is None:
        raise NotAllowed
    _may_import(user, batch.kind, batch.organization)


def _batch_of(progress: Progress) -> ImportBatch:
    """Return the batch of a job, sent by the job's person: a deputy's rights are those of the role acted in."""
    batch = ImportBatch.objects.get(pk=progress.parameters["batch"])
    batch.requested_by = progress.user
    return batch


def check_run(progress: Progress) -> Outcome:
    """Check a large workbook (job)."""
    batch = _batch_of(progress)
    progress.step(_("Reading and checking the file"))
    if batch.state == ImportState.UPLOADED:
        import_check(batch=batch, told=progress.advance)
    return Outcome(message=_("The file has been checked."), url=reverse("import_detail", args=[batch.pk]))


def import_run(progress: Progress) -> Outcome:
    """Store a checked workbook (job): whole or not at all, once, however often the job is run."""
    batch = _batch_of(progress)
    url = reverse("import_detail", args=[batch.pk])
    if batch.state not in DONE:
        try:
            trace = _store(batch, progress)
        except ChangedMeanwhile:
            # The page shows the new comparison, to be confirmed again.
            import_check(batch=batch)
            raise
        _remove_file(batch)
        url = trace.url or url
    return Outcome(
        message=_("Stored: %(new)s new, %(changed)s changed, %(unchanged)s unchanged.") % batch.figures,
        url=url,
        figures=batch.figures,
    )


def _store(batch: ImportBatch, progress: Progress) -> Trace:
    """Store what was confirmed. Raises ChangedMeanwhile when that is no longer what the workbook means."""
    store = _confirmed(batch, progress)
    progress.step(_("Storing"), total=batch.figures.get("new", 0))
    with without_collector(), transaction.atomic():
        trace = store()
        trace.save(batch)
        _finish(batch, progress.user)
        progress.guard()
    return trace


def _confirmed(batch: ImportBatch, progress: Progress) -> Callable[[], Trace]:
    """Return what stores a batch: members as the check understood them, the shorter kinds read once more."""
    if batch.kind == ImportKind.MEMBERS:
        try:
            with without_collector():
                roster = roster_load(_understood(batch), batch.fingerprint)
        except Overtaken:
            raise ChangedMeanwhile from None
        return lambda: roster_store(roster=roster, actor=progress.user, told=progress.advance)
    progress.step(_("Reading the file"), total=batch.figures.get("rows", 0))
    plan = _plan(batch, progress.advance)
    if plan.fingerprint != batch.fingerprint:
        raise ChangedMeanwhile
    return lambda: plan_store(kind=batch.kind, plan=plan, actor=progress.user)


def _finish(batch: ImportBatch, actor: Any) -> None:
    done = ImportBatch.objects.filter(pk=batch.pk, state=ImportState.CHECKED).update(
        state=ImportState.APPLIED, finished_at=clock.now()
    )
    if not done:
        raise StateConflict
    changes = {name: [0, figure] for name, figure in batch.figures.items()}
    audit_record(action="import_apply", actor=actor, target=batch, changes=changes)


def _remove_file(batch: ImportBatch) -> None:
    import_drop(ImportBatch.objects.filter(pk=batch.pk))


def import_drop(batches: Any) -> int:
    """Delete the workbooks of `batches`; what was found in them stays, masked. Returns how many files there were."""
    kept = list(batches.exclude(file_path="").values_list("pk", "file_path"))
    for _pk, path in kept:
        for name in (path, path + UNDERSTOOD):
            (Path(settings.MEDIA_ROOT) / name).unlink(missing_ok=True)
    batches.model.objects.filter(pk__in=[pk for pk, _path in kept]).update(file_path="")
    return len(kept)


def import_files_expire() -> int:
    """Delete workbooks that nobody stored for KEPT days, with the list of what they hold; returns how many.

    What was stored can be undone for UNDONE_WITHIN days; then its list and its old values go too.
    """
    moment = clock.now()
    old = ImportBatch.objects.filter(created_at__lt=moment - timedelta(days=KEPT)).exclude(state__in=DONE)
    ended = ImportBatch.objects.done().filter(finished_at__lt=moment - timedelta(days=UNDONE_WITHIN))
    for batches in (old, ended):
        ImportRow.objects.filter(batch__in=batches.values("pk")).delete()
    ImportTrace.objects.filter(batch__in=ended.values("pk")).delete()
    return import_drop(ImportBatch.objects.filter(created_at__lt=moment - timedelta(days=KEPT)))


def import_annotated(*, batch: ImportBatch, target: BinaryIO) -> None:
    """Write the workbook with its mistakes marked to `target`. Raises StateConflict when the file is gone."""
    plan = _plan(batch)
    try:
        workbook = open_workbook(Path(settings.MEDIA_ROOT) / batch.file_path)
    except WorkbookError as error:
        raise StateConflict(str(error.problems().folded()[0])) from None
    annotate(workbook, plan.problems, target, made_at=clock.now(), heading_rows=plan.heading_rows)
