"""承诺 by workbook: many drafts written at once, taken back while nobody went on from them, and handing in at once all that
are complete."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Prefetch
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record_many
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Action, Audience, Campaign
from campaign.selectors import action_allowed
from orgs.models import Member, Organization
from pledges.drafting import ItemDraft, names_of, stored_item
from pledges.models import EDITABLE, Pledge, PledgeItem, PledgeState
from pledges.selectors import places_of_review, problems_of, rules_of
from pledges.workflow import workflow

BATCH = 500
KEPT_FIELDS = ("kind", "text", "target", "baseline", "due_on", "standard_id", "production_task")


@dataclass(frozen=True)
class Written:
    """What one member promises: all items of the pledge; `pledge` is the draft that they replace."""

    member: Member
    pledge: Pledge | None
    items: list[ItemDraft]


def _check_writes_in(organization: Organization, actor: Any) -> None:
    if not reaches(actor, Cap.PLEDGE_WRITE, organization.path):
        raise NotAllowed


def pledges_write_many(
    *, organization: Organization, campaign: Campaign, year: int, actor: Any, written: Sequence[Written]
) -> list[dict[str, Any]]:
    """Write the pledges of many members of an organization as drafts, in a constant number of statements. Drafts that there
    are have been read and locked in this transaction. Returns what `pledges_write_undo` needs.

    Raises NotAllowed, StateConflict when a pledge can no longer be written, IntegrityError where one was begun meanwhile."""
    _check_writes_in(organization, actor)
    with transaction.atomic():
        made = _begun(organization, campaign, year, actor, [each.member for each in written if each.pledge is None])
        replaced = {each.pledge.pk: each.pledge for each in written if each.pledge is not None}
        old = _replace(replaced)
        pledges = [made[each.member.pk] if each.pledge is None else each.pledge for each in written]
        PledgeItem.objects.bulk_create(
            (
                stored_item(pledge, order, item)
                for pledge, each in zip(pledges, written, strict=True)
                for order, item in enumerate(each.items, start=1)
            ),
            batch_size=BATCH,
        )
        audit_record_many(action="pledge_import_store", actor=actor, targets=pledges)
    return [
        {
            "pk": pledge.pk,
            "version": pledge.version + (each.pledge is not None),
            "old": None if each.pledge is None else old.get(pledge.pk, []),
        }
        for pledge, each in zip(pledges, written, strict=True)
    ]


def _begun(
    organization: Organization, campaign: Campaign, year: int, actor: Any, members: Sequence[Member]
) -> dict[int, Pledge]:
    """Begin the pledges of some members; returns them by member."""
    places = places_of_review(organization, members, actor)
    made = Pledge.objects.bulk_create(
        (
            Pledge(
                campaign=campaign,
                subject_kind=Audience.MEMBER,
                organization=organization,
                member=member,
                year=year,
                reviewing_organization=places[member.pk],
                **names_of(organization, member),
            )
            for member in members
        ),
        batch_size=BATCH,
    )
    return {pledge.member_id: pledge for pledge in made if pledge.member_id}


def _replace(replaced: dict[int, Pledge]) -> dict[int, list[dict[str, Any]]]:
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


def pledges_write_undo(*, organization: Organization, actor: Any, made: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """Take back what `pledges_write_many` wrote: new drafts go, replaced ones read as before. What somebody wrote in or
    handed in since stays. Returns (taken back, left). Raises NotAllowed."""
    _check_writes_in(organization, actor)
    records = {record["pk"]: record for record in made}
    with transaction.atomic():
        now = Pledge.objects.select_for_update(of=("self",)).filter(pk__in=list(records), state__in=EDITABLE)
        same = {pledge.pk: pledge for pledge in now if pledge.version == records[pledge.pk]["version"]}
        audit_record_many(action="pledge_import_undo", actor=actor, targets=same.values())
        PledgeItem.objects.filter(pledge__in=list(same)).delete()
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
    return len(same), len(records) - len(same)


def drafts_submit_many(*, organization: Organization, campaign: Campaign, actor: Any) -> tuple[int, int]:
    """Hand in all drafts of members of an organization that are complete and that `actor` writes; returns (handed in, left
    as incomplete). A constant number of statements for each organization that reviews them (one, seldom two).

    Raises NotAllowed, or DomainError when the present stage takes no pledges."""
    _check_writes_in(organization, actor)
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
