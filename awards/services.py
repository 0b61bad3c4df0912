"""What happens with awards: batches are held, nominees put forward, decided on and honoured (2-domain b.10)."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from awards.blueprints import batch_plans
from awards.models import AwardBatch, AwardCategory, BatchState, Honour, Nomination, NominationState
from awards.selectors import is_eligible, members_below
from awards.workflow import BATCHES, NOMINATIONS
from campaign.audit.services import audit_record, audit_record_many
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.models import lock_and_read
from campaign.models import Campaign
from campaign.scoring.services import merits_propose
from orgs.models import Member, Organization, User

MAX_DEEDS = 2000
"""Characters of an account of deeds (2-domain b.10: about 1500, at most 2000)."""
MAX_QUOTA = 9999
BATCH_SIZE = 500
ALREADY = _("The nominee is nominated in this award batch already.")

# --- batches ------------------------------------------------------------------------------------------------------------


def batch_create(
    *,
    actor: User,
    campaign: Campaign,
    organization: Organization,
    name: str,
    opens_on: dt.date,
    closes_on: dt.date,
    template: str = "two_excellents_one_advanced",
    quotas: Mapping[str, int] | None = None,
) -> AwardBatch:
    """Prepare an award batch of `organization` from a built-in template. `quotas` gives places by kind of category
    (0…9999; 0 leaves the category without a place), else the template's own are taken.

    Raises NotAllowed, or DomainError: no such template, an organization outside the campaign, dates the wrong way round.
    """
    if not reaches(actor, Cap.AWARD_MANAGE, organization.path):
        raise NotAllowed
    if template not in batch_plans:
        raise DomainError(_("There is no such template."))
    if not organization.path.startswith(campaign.organization.path):
        raise DomainError(_("This organization takes no part in the campaign."))
    _check_dates(opens_on, closes_on)
    given = dict(quotas or {})
    _check_quotas(given)
    with transaction.atomic():
        batch = AwardBatch.objects.create(
            campaign=campaign, organization=organization, name=name, opens_on=opens_on, closes_on=closes_on
        )
        AwardCategory.objects.bulk_create(
            AwardCategory(
                batch=batch,
                kind=plan.kind,
                audience=plan.audience,
                name=plan.name,
                quota=given.get(plan.kind, plan.quota),
                order=order,
            )
            for order, plan in enumerate(batch_plans.get(template).categories, start=1)
        )
        audit_record(action="batch_create", actor=actor, target=batch, changes={"template": ["", template]})
    return batch


def batch_update(
    *,
    batch: AwardBatch,
    version: int,
    actor: User,
    name: str,
    opens_on: dt.date,
    closes_on: dt.date,
    quotas: Mapping[str, int],
) -> AwardBatch:
    """Change name, days and quotas (by kind) until the awards are announced.

    Raises NotAllowed, StateConflict (announced), EditConflict, or DomainError: a quota below what is approved already.
    """
    if not reaches(actor, Cap.AWARD_MANAGE, batch.organization.path):
        raise NotAllowed
    if batch.state == BatchState.ANNOUNCED:
        raise StateConflict
    _check_dates(opens_on, closes_on)
    _check_quotas(quotas)
    categories = list(batch.categories.all())
    before = {category.kind: category.quota for category in categories}
    for category in categories:
        category.quota = quotas.get(category.kind, category.quota)
    try:
        with transaction.atomic():
            AwardCategory.objects.bulk_update(categories, ["quota"])
            batch.save_version(version, name=name, opens_on=opens_on, closes_on=closes_on)
            changes = {
                category.kind: [before[category.kind], category.quota]
                for category in categories
                if category.quota != before[category.kind]
            }
            audit_record(action="batch_update", actor=actor, target=batch, changes=changes)
    except IntegrityError as error:
        raise DomainError(_("A quota cannot be smaller than what has been approved already.")) from error
    return batch


def batch_open(*, batch: AwardBatch, actor: User) -> AwardBatch:
    """Let nominations come in. Raises NotAllowed, StateConflict, or DomainError: the last day is over."""
    return BATCHES.take(batch, "batch_open", actor=actor, version=F("version") + 1)


def batch_close(*, batch: AwardBatch, actor: User) -> AwardBatch:
    """End nominations; from now on the committee decides. Raises NotAllowed or StateConflict."""
    return BATCHES.take(batch, "batch_close", actor=actor, version=F("version") + 1)


def batch_reopen(*, batch: AwardBatch, actor: User) -> AwardBatch:
    """Take nominations again. Raises NotAllowed, StateConflict, or DomainError: decisions were taken, last day over."""
    with transaction.atomic():
        lock_and_read(batch)  # nobody decides between the check and the step
        return BATCHES.take(batch, "batch_reopen", actor=actor, version=F("version") + 1)


def award_announce(*, batch: AwardBatch, actor: User) -> list[Honour]:
    """Announce what was approved: one honour each, with certificate numbers 2026-0001, 2026-0002 … within the batch, in
    the order of categories, then of the tree; they are proposed as bonuses in the periodic scores. A constant number of
    statements per 500.

    Raises NotAllowed, StateConflict, or DomainError: nominations wait for a decision, nobody was approved.
    """
    today = clock.today()
    with transaction.atomic():
        BATCHES.take(batch, "award_announce", actor=actor, announced_on=today, version=F("version") + 1)
        approved = list(
            batch.nominations.filter(state=NominationState.APPROVED)
            .select_related("category", "member", "nominee_organization")
            .order_by("category__order", "nominee_organization__path", "member__pinyin", "pk")
        )
        awarded = NOMINATIONS.take_all(batch.nominations.all(), "nomination_award", actor=actor)
        if awarded != len(approved):
            raise StateConflict
        honours = [_honour(nomination, f"{today.year}-{n:04d}") for n, nomination in enumerate(approved, start=1)]
        made = Honour.objects.bulk_create(honours, batch_size=BATCH_SIZE)
        merits_propose(campaign=batch.campaign)
        return made


def _honour(nomination: Nomination, number: str) -> Honour:
    assert nomination.decided_at is not None  # noqa: S101 -- the database holds it for approved ones
    return Honour(
        batch_id=nomination.batch_id,
        nomination=nomination,
        audience=nomination.audience,
        member=nomination.member,
        organization=nomination.nominee_organization,
        title=nomination.category.name,
        name=nomination.nominee_name,
        organization_name=str(nomination.snapshot["organization"]),
        number=number,
        decided_on=timezone.localdate(nomination.decided_at),
    )


def _check_dates(opens_on: dt.date, closes_on: dt.date) -> None:
    if closes_on < opens_on:
        raise DomainError(_("The last day of nominations lies before the first one."))


def _check_quotas(quotas: Mapping[str, int]) -> None:
    if any(not 0 <= quota <= MAX_QUOTA for quota in quotas.values()):
        raise DomainError(_("A quota is a whole number from 0 to %(n)s.") % {"n": MAX_QUOTA})


# --- nominations --------------------------------------------------------------------------------------------------------


def nomination_create(
    *, actor: User, category: AwardCategory, organization: Organization, nominee: Member | Organization, deeds: str = ""
) -> Nomination:
    """Begin a nomination of `nominee` by `organization`, as a draft.

    Raises NotAllowed (no nominating for this organization), or DomainError: an organization that takes no part in the
    batch, a nominee from elsewhere or not fit for the category, deeds over 2000 characters, a draft that exists already.
    """
    batch = category.batch
    if not reaches(actor, Cap.NOMINATE, organization.path):
        raise NotAllowed
    if not organization.path.startswith(batch.organization.path):
        raise DomainError(_("This organization takes no part in the award batch."))
    place = nominee.organization if isinstance(nominee, Member) else nominee
    if not place.path.startswith(organization.path):
        raise DomainError(_("An organization nominates its own members and the organizations below it."))
    if not is_eligible(category, nominee):
        raise DomainError(_("This nominee does not fit the category: see its conditions."))
    nomination = Nomination(
        batch=batch,
        category=category,
        organization=organization,
        audience=category.audience,
        member=nominee if isinstance(nominee, Member) else None,
        nominee_organization=place,
        deeds=_deeds(deeds),
        snapshot=_snapshot(nominee, place),
    )
    try:
        with transaction.atomic():
            nomination.save(force_insert=True)
            audit_record(action="nomination_create", actor=actor, target=nomination)
    except IntegrityError as error:
        raise DomainError(
            _("A nomination of the same nominee has been begun already. Open that one and go on.")
        ) from error
    return nomination


def nomination_update(*, nomination: Nomination, version: int, actor: User, deeds: str) -> Nomination:
    """Save the account of deeds of a draft as edited from `version`.

    Raises NotAllowed, StateConflict when it was submitted, EditConflict, or DomainError: over 2000 characters.
    """
    if not reaches(actor, Cap.NOMINATE, nomination.organization.path):
        raise NotAllowed
    if not nomination.is_draft:
        raise StateConflict
    with transaction.atomic():
        nomination.save_version(version, deeds=_deeds(deeds))
        audit_record(action="nomination_update", actor=actor, target=nomination)
    return nomination


def nominations_write(
    *,
    actor: User,
    new: Iterable[tuple[Nomination, str]],
    changed: Iterable[tuple[Nomination, str]] = (),
    gone: Sequence[Nomination] = (),
) -> None:
    """Write many drafts at once, in a constant number of statements: begin those of `new` (not stored yet, of nominees that fit),
    save the deeds of `changed` and withdraw `gone`, drafts that the transaction has locked.

    Raises NotAllowed, StateConflict, or IntegrityError where one was begun meanwhile.
    """
    begun, saved = [_written(each, deeds) for each, deeds in new], [_written(each, deeds) for each, deeds in changed]
    if not all(reaches(actor, Cap.NOMINATE, each.organization.path) for each in (*begun, *saved, *gone)):
        raise NotAllowed
    if not all(each.is_draft for each in (*begun, *saved, *gone)):
        raise StateConflict
    counts = members_below([each.nominee_organization for each in begun if each.member is None])
    for each in begun:
        each.snapshot = _snapshot(each.nominee, each.nominee_organization, counts)
    for each in saved:
        each.version += 1
        each.updated_at = clock.now()
    with transaction.atomic():
        made = Nomination.objects.bulk_create(begun, batch_size=BATCH_SIZE)
        Nomination.objects.bulk_update(saved, ["deeds", "version", "updated_at"], batch_size=BATCH_SIZE)
        audit_record_many(action="nomination_create", actor=actor, targets=made)
        audit_record_many(action="nomination_update", actor=actor, targets=saved)
        withdrawn = Nomination.objects.filter(pk__in=[each.pk for each in gone])
        NOMINATIONS.take_all(withdrawn, "nomination_withdraw", actor=actor, version=F("version") + 1)


def _written(nomination: Nomination, deeds: str) -> Nomination:
    nomination.deeds = _deeds(deeds)
    return nomination


def nomination_submit(*, nomination: Nomination, actor: User) -> Nomination:
    """Put the nominee forward. The nominee's record as it is now is kept with the nomination.

    Raises NotAllowed, StateConflict, or DomainError: outside the days of nomination or the stage, no deeds, not eligible,
    nominated in this batch already.
    """
    now: dict[str, Any] = {
        "nominated_by": actor,
        "nominated_at": clock.now(),
        "snapshot": _snapshot(nomination.nominee, nomination.nominee_organization),
    }
    try:
        with transaction.atomic():
            lock_and_read(nomination.batch)  # nobody closes it between the check and the step
            return NOMINATIONS.take(nomination, "nomination_submit", actor=actor, version=F("version") + 1, **now)
    except IntegrityError as error:
        raise DomainError(ALREADY) from error


def nomination_withdraw(*, nomination: Nomination, actor: User) -> Nomination:
    """Take a nomination back before it is decided. Raises NotAllowed or StateConflict."""
    return NOMINATIONS.take(nomination, "nomination_withdraw", actor=actor, version=F("version") + 1)


def nomination_decide(*, nomination: Nomination, actor: User, approve: bool, reason: str = "") -> Nomination:
    """Approve or reject for the award committee; a rejection needs a reason.

    A place of the quota is taken by one conditional update, so that two deciders cannot both give away the last one.
    Raises NotAllowed, StateConflict (decided or withdrawn meanwhile), or DomainError: nominations still open, the stage,
    quota used up, the decider nominated it or is the nominee, no reason.
    """
    step = "nomination_approve" if approve else "nomination_reject"
    decision: dict[str, Any] = {"decided_by": actor, "decided_at": clock.now(), "decision": reason.strip()[:500]}
    with transaction.atomic():
        lock_and_read(nomination.batch)  # nobody opens it again between the check and the step
        NOMINATIONS.take(nomination, step, actor=actor, reason=reason, version=F("version") + 1, **decision)
        if approve:
            _take_place(nomination.category_id)
    return nomination


def _take_place(category_id: int) -> None:
    free = AwardCategory.objects.filter(pk=category_id, approved__lt=F("quota"))
    if free.update(approved=F("approved") + 1) != 1:
        raise DomainError(_("The quota of this category is used up."))


def _deeds(text: str) -> str:
    tidy = text.strip()
    if len(tidy) > MAX_DEEDS:
        raise DomainError(
            _("An account of deeds may have up to %(n)s characters. Please shorten it.") % {"n": MAX_DEEDS}
        )
    return tidy


def _snapshot(
    nominee: Member | Organization, place: Organization, counts: Mapping[int, int] | None = None
) -> dict[str, Any]:
    """Return the nominee's record as of now, without anything personal beyond what a public notice shows (form d.9).
    `counts` has the members of organizations where they were counted for several at once."""
    if isinstance(nominee, Organization):
        return {
            "name": nominee.name,
            "organization": nominee.name,
            "type": nominee.type,
            "members": (counts or members_below([nominee]))[nominee.pk],
        }
    return {
        "name": nominee.name,
        "organization": place.name,
        "party_post": nominee.party_post,
        "admin_post": nominee.admin_post,
        "job": nominee.job,
        "joined_on": nominee.joined_on.isoformat() if nominee.joined_on else "",
        "is_frontline": nominee.is_frontline,
    }
