"""承诺 by workbook: sent, checked, looked at, stored as drafts, undone while nobody went on from them; and handing in at
once all that are complete."""

import datetime as dt
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import F, Prefetch
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record, audit_record_many
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.excel.annotate import annotate
from campaign.common.excel.reader import WorkbookError, open_workbook
from campaign.models import Action, Audience, Campaign
from campaign.selectors import action_allowed
from orgs.models import Organization
from pledges import importers
from pledges.drafting import names_of, stored_item
from pledges.importers import Plan
from pledges.models import EDITABLE, Pledge, PledgeImport, PledgeImportState, PledgeItem, PledgeState
from pledges.selectors import places_of_review, problems_of, rules_of
from pledges.services.writing import check_fits
from pledges.workflow import workflow

BATCH = 500
KEPT = dt.timedelta(days=2)
"""How long a workbook that nobody stores is kept: it holds names."""
KEPT_FIELDS = ("kind", "text", "target", "baseline", "due_on", "standard_id", "production_task")


def pledge_import_upload(
    *, organization: Organization, campaign: Campaign, actor: Any, content: bytes, file_name: str
) -> PledgeImport:
    """Take a workbook of members' pledges of this year and check it. An earlier one of the same person that was not stored
    is dropped. Raises NotAllowed, or DomainError when the campaign takes none."""
    _check_writer(organization, actor)
    year = clock.today().year
    check_fits(campaign, organization, year)
    with transaction.atomic():
        waiting = (PledgeImportState.REJECTED, PledgeImportState.CHECKED)
        PledgeImport.objects.filter(requested_by=actor, state__in=waiting).delete()
        batch = PledgeImport(
            organization=organization, campaign=campaign, year=year, requested_by=actor, content=content,
            file_name=file_name[-200:],
        )  # fmt: skip
        made = plan_of(batch)
        batch.state = PledgeImportState.REJECTED if made.problems.errors else PledgeImportState.CHECKED
        batch.fingerprint, batch.problems = made.fingerprint, made.problems.as_json()
        batch.save(force_insert=True)
        audit_record(action="pledge_import_upload", actor=actor, target=batch)
    return batch


def pledge_imports_expire() -> int:
    """Delete workbooks that were sent and not stored for two days; returns how many. What was stored keeps its trace."""
    waiting = (PledgeImportState.REJECTED, PledgeImportState.CHECKED)
    old = PledgeImport.objects.filter(state__in=waiting, created_at__lt=clock.now() - KEPT)
    return old.delete()[0]


def _check_writer(organization: Organization, actor: Any) -> None:
    if not reaches(actor, Cap.PLEDGE_WRITE, organization.path):
        raise NotAllowed


def plan_of(batch: PledgeImport) -> Plan:
    """Return what the workbook would do now; a file that cannot be read is a plan of one mistake."""
    try:
        workbook = open_workbook(bytes(batch.content))
    except WorkbookError as error:
        return Plan(error.problems())
    return importers.plan(workbook, batch.requested_by, batch.organization, batch.campaign, batch.year)


def pledge_import_annotated(*, batch: PledgeImport, target: BinaryIO) -> None:
    """Write the workbook with its mistakes marked to `target`. Raises StateConflict when it is no longer kept."""
    try:
        workbook = open_workbook(bytes(batch.content))
    except WorkbookError as error:
        raise StateConflict(str(error.problems().folded()[0])) from None
    plan = plan_of(batch)
    annotate(workbook, plan.problems, target, made_at=clock.now(), heading_rows=plan.heading_rows)


def pledge_import_store(*, batch: PledgeImport, actor: Any) -> PledgeImport:
    """Store a checked workbook as drafts, whole or not at all, in a constant number of statements.

    Raises NotAllowed, StateConflict when it was stored already, or DomainError when something changed since it was looked
    at (it is then checked anew)."""
    _check_writer(batch.organization, actor)
    with transaction.atomic():
        batch = _locked(batch, PledgeImportState.CHECKED)
        made = plan_of(batch)
        changed = made.fingerprint != batch.fingerprint
        if not changed:
            batch.made = _store(batch, made)
            batch.state, batch.content = PledgeImportState.STORED, b""
            batch.save()
            stored = list(Pledge.objects.filter(pk__in=[record["pk"] for record in batch.made]))
            audit_record_many(action="pledge_import_store", actor=actor, targets=stored)
    if changed:
        batch.state = PledgeImportState.REJECTED if made.problems.errors else PledgeImportState.CHECKED
        batch.fingerprint, batch.problems = made.fingerprint, made.problems.as_json()
        batch.save()
        raise DomainError(_("Something has changed since you looked at it. Look at it again, then store it."))
    return batch


def _locked(batch: PledgeImport, state: PledgeImportState) -> PledgeImport:
    found = PledgeImport.objects.select_for_update(of=("self",)).select_related(
        "organization", "campaign", "requested_by"
    )
    batch = found.get(pk=batch.pk)
    if batch.state != state:
        raise StateConflict
    return batch


def _store(batch: PledgeImport, plan: Plan) -> list[dict[str, Any]]:
    """Make the drafts and replace what is replaced; returns what the undo needs."""
    members = [written.member for written in plan.new]
    places = places_of_review(batch.organization, members, batch.requested_by)
    new = Pledge.objects.bulk_create(
        (
            Pledge(
                campaign=batch.campaign,
                subject_kind=Audience.MEMBER,
                organization=batch.organization,
                member=written.member,
                year=batch.year,
                reviewing_organization=places[written.member.pk],
                **names_of(batch.organization, written.member),
            )
            for written in plan.new
        ),
        batch_size=BATCH,
    )
    replaced: dict[int, Any] = {each.pledge.pk: each for each in plan.replaced if each.pledge is not None}
    old = _replace(replaced)
    drafts = [*zip(new, (each.items for each in plan.new), strict=True)]
    drafts += [(each.pledge, each.items) for each in replaced.values()]
    PledgeItem.objects.bulk_create(
        (stored_item(pledge, order, item) for pledge, items in drafts for order, item in enumerate(items, start=1)),
        batch_size=BATCH,
    )
    made: list[dict[str, Any]] = [{"pk": pledge.pk, "version": pledge.version, "old": None} for pledge in new]
    for pk, each in replaced.items():
        made.append({"pk": pk, "version": each.pledge.version + 1, "old": old.get(pk, [])})
    return made


def _replace(replaced: dict[int, Any]) -> dict[int, list[dict[str, Any]]]:
    """Clear the items of the drafts that are replaced and count their versions up; returns the items as they were."""
    mine = Pledge.objects.filter(pk__in=list(replaced))
    old: dict[int, list[dict[str, Any]]] = {}
    items = PledgeItem.objects.filter(pledge__in=mine)
    for item in items.order_by("pledge", "order"):
        fields = {name: getattr(item, name) for name in KEPT_FIELDS}
        fields["due_on"] = item.due_on.isoformat() if item.due_on else None
        old.setdefault(item.pledge_id, []).append(fields)
    items.delete()
    if mine.filter(state__in=EDITABLE).update(version=F("version") + 1, updated_at=clock.now()) != len(replaced):
        raise StateConflict
    return old


def pledge_import_undo(*, batch: PledgeImport, actor: Any) -> tuple[int, int]:
    """Take back what a workbook made: new drafts go, replaced ones read as before. What somebody wrote in or handed in since
    stays. Returns (taken back, left). Raises NotAllowed, StateConflict when it is undone already."""
    _check_writer(batch.organization, actor)
    with transaction.atomic():
        batch = _locked(batch, PledgeImportState.STORED)
        records = {record["pk"]: record for record in batch.made}
        now = {pledge.pk: pledge for pledge in Pledge.objects.filter(pk__in=list(records), state__in=EDITABLE)}
        same = {pk: pledge for pk, pledge in now.items() if pledge.version == records[pk]["version"]}
        audit_record_many(action="pledge_import_undo", actor=actor, targets=same.values())
        PledgeItem.objects.filter(pledge__in=Pledge.objects.filter(pk__in=list(same))).delete()
        gone = [pk for pk in same if records[pk]["old"] is None]
        back = [pk for pk in same if records[pk]["old"] is not None]
        Pledge.objects.filter(pk__in=gone).delete()
        Pledge.objects.filter(pk__in=back).update(version=F("version") + 1, updated_at=clock.now())
        PledgeItem.objects.bulk_create(
            (
                PledgeItem(pledge_id=pk, order=order, **fields)
                for pk in back
                for order, fields in enumerate(records[pk]["old"], start=1)
            ),
            batch_size=BATCH,
        )
        batch.state, batch.made = PledgeImportState.UNDONE, []
        batch.save()
    return len(same), len(records) - len(same)


def drafts_submit_many(*, organization: Organization, campaign: Campaign, actor: Any) -> tuple[int, int]:
    """Hand in all drafts of members of an organization that are complete and that `actor` writes; returns (handed in, left
    as incomplete). A constant number of statements for each organization that reviews them (one, seldom two).

    Raises NotAllowed, or DomainError when the present stage takes no pledges."""
    _check_writer(organization, actor)
    if not action_allowed(campaign, Action.PLEDGE):
        raise DomainError(_("The present stage of the campaign takes no pledges."))
    with transaction.atomic():
        found = list(
            Pledge.objects.allowed(actor, Cap.PLEDGE_WRITE)
            .of_members()
            .filter(organization=organization, campaign=campaign, year=clock.today().year, state=PledgeState.DRAFT)
            .select_related("member", "campaign")
            .prefetch_related(Prefetch("items", PledgeItem.objects.order_by("order")))
        )
        rules = rules_of(campaign)
        complete = [pledge for pledge in found if not problems_of(pledge, list(pledge.items.all()), rules)]
        members = [pledge.member for pledge in complete if pledge.member]
        places = places_of_review(organization, members, actor)
        by_place: dict[Organization, list[int]] = {}
        for pledge in complete:
            by_place.setdefault(places[pledge.member_id or 0], []).append(pledge.pk)
        for place, ids in by_place.items():
            workflow.take_all(
                Pledge.objects.filter(pk__in=ids), "pledge_submit", actor=actor, submitted_by=actor,
                submitted_at=clock.now(), reviewing_organization=place, version=F("version") + 1,
            )  # fmt: skip
    return len(complete), len(found) - len(complete)
