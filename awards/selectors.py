"""Reads of award batches, nominations and honours; who may be nominated for what (2-domain b.10)."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from awards.models import (
    STANDING,
    AwardBatch,
    AwardBatchQuerySet,
    AwardCategory,
    AwardKind,
    Honour,
    HonourQuerySet,
    Nomination,
    NominationQuerySet,
    NominationState,
)
from campaign.common.access import paths_of, under
from campaign.common.capabilities import Cap
from campaign.models import Audience
from orgs.models import Member, MembershipKind, MembershipStatus, Organization, OrganizationType
from orgs.models.members import MemberQuerySet
from orgs.models.organizations import BRANCH_TYPES, OrganizationQuerySet


def batches_for(user: Any) -> AwardBatchQuerySet:
    """Return the award batches that `user` may see."""
    return AwardBatch.objects.visible_to(user).select_related("organization", "campaign")


def nominations_for(user: Any) -> NominationQuerySet:
    """Return the nominations that `user` may see, with what a list shows of them."""
    return Nomination.objects.visible_to(user).select_related(
        "batch", "category", "organization", "member", "nominee_organization"
    )


def honours_for(user: Any) -> HonourQuerySet:
    """Return the announced honours that `user` may see."""
    return Honour.objects.visible_to(user).select_related("batch")


def categories_of(batch: AwardBatch, user: Any) -> QuerySet[AwardCategory]:
    """Return the categories of `batch` with the counts `nominated` (and not withdrawn or rejected) and `chosen` (approved),
    of the nominations that `user` may see."""
    seen = Q(nominations__in=Nomination.objects.visible_to(user).filter(batch=batch))
    nominated = Count("nominations", filter=seen & Q(nominations__state__in=STANDING))
    chosen = Count(
        "nominations", filter=seen & Q(nominations__state__in=(NominationState.APPROVED, NominationState.AWARDED))
    )
    return batch.categories.annotate(nominated=nominated, chosen=chosen).order_by("order")


def undecided(batch: AwardBatch) -> int:
    """Return how many nominations wait for a decision."""
    return batch.nominations.filter(state=NominationState.NOMINATED).count()


def nominating_organizations(user: Any, batch: AwardBatch) -> list[Organization]:
    """Return the organizations for which `user` nominates in `batch`: those that take part in it."""
    taking_part = under(batch.organization.path)
    return list(Organization.objects.active().allowed(user, Cap.NOMINATE).filter(taking_part))


def eligible_members(category: AwardCategory) -> MemberQuerySet:
    """Return who may be nominated for `category`: full members of normal standing (2-domain b.3, b.10); a party-affairs
    worker must be one, or hold a position in the party organization."""
    found = Member.objects.filter(kind=MembershipKind.FULL, status=MembershipStatus.NORMAL)
    if category.kind == AwardKind.EXCELLENT_WORKER:
        found = found.filter(Q(is_party_worker=True) | ~Q(party_post=""))
    return found


def eligible_organizations(category: AwardCategory) -> OrganizationQuerySet:
    """Return which organizations may be nominated for `category`: active ones, no party groups; branches only where the
    category says so."""
    found: OrganizationQuerySet = Organization.objects.active().exclude(type=OrganizationType.CELL)
    return found.filter(type__in=BRANCH_TYPES) if category.kind == AwardKind.BENCHMARK_BRANCH else found


def is_eligible(category: AwardCategory, nominee: Member | Organization) -> bool:
    """Tell whether `nominee` may be nominated for `category`."""
    if isinstance(nominee, Member):
        return category.audience == Audience.MEMBER and eligible_members(category).filter(pk=nominee.pk).exists()
    return (
        category.audience == Audience.ORGANIZATION and eligible_organizations(category).filter(pk=nominee.pk).exists()
    )


def standing_in(batch: AwardBatch, nominee: Member | Organization) -> bool:
    """Tell whether `nominee` is nominated in any category of `batch`."""
    return batch.nominations.filter(_of(nominee), state__in=STANDING).exists()


def _of(nominee: Member | Organization) -> Q:
    if isinstance(nominee, Member):
        return Q(member=nominee)
    return Q(nominee_organization=nominee, audience=Audience.ORGANIZATION)


def draft_of(category: AwardCategory, organization: Organization, nominee: Member | Organization) -> Nomination | None:
    """Return the draft that `organization` has begun for `nominee`."""
    drafts = category.nominations.filter(organization=organization, state=NominationState.DRAFT)
    return drafts.filter(_of(nominee)).first()


def candidate_members(category: AwardCategory, organization: Organization) -> MemberQuerySet:
    """Return the members of `organization` who may be nominated, marked `standing` if they are in this batch already."""
    standing = Nomination.objects.filter(batch=category.batch_id, state__in=STANDING, member=OuterRef("pk"))
    found = eligible_members(category).filter(organization=organization)
    return found.annotate(standing=Exists(standing)).order_by("standing", "pinyin", "pk")


def candidate_organizations(category: AwardCategory, organization: Organization) -> OrganizationQuerySet:
    """Return `organization` and those directly below it, marked `standing` and `eligible`."""
    standing = Nomination.objects.filter(
        batch=category.batch_id,
        state__in=STANDING,
        audience=Audience.ORGANIZATION,
        nominee_organization=OuterRef("pk"),
    )
    near = under(organization.path) & Q(depth__lte=organization.depth + 1)
    eligible = eligible_organizations(category).filter(pk=OuterRef("pk"))
    found: OrganizationQuerySet = Organization.objects.active().filter(near)
    return found.annotate(standing=Exists(standing), eligible=Exists(eligible)).order_by("path")


def drafts_in(
    batch: AwardBatch, organizations: Sequence[Organization], *, locked: bool = False
) -> QuerySet[Nomination]:
    """Return the drafts of `organizations` in `batch`, by category and place; `locked` until the end of the transaction."""
    drafts = batch.nominations.filter(organization__in=organizations, state=NominationState.DRAFT)
    if locked:
        drafts = drafts.select_for_update(of=("self",))
    return drafts.select_related("batch", "category", "organization", "member", "nominee_organization")


def nominees_called(
    organizations: Iterable[Organization], names: Collection[str], places: Collection[str]
) -> tuple[list[Member], list[Organization]]:
    """Return the members called one of `names`, and the organizations called one of `places`, within `organizations`."""
    near, at = Q(pk__in=()), Q(pk__in=())
    for organization in organizations:
        near |= under(organization.path)
        at |= under(organization.path, "organization__path")
    members = Member.objects.present().filter(at, name__in=names).select_related("organization")
    return list(members), list(Organization.objects.active().filter(near, name__in=places))


def fit_for(
    categories: Iterable[AwardCategory], members: Sequence[Member], organizations: Sequence[Organization]
) -> set[tuple[int, Member | Organization]]:
    """Return who of them may be nominated for which category (its key), in one query for each category."""
    fit: set[tuple[int, Member | Organization]] = set()
    for category in categories:
        found: QuerySet[Any]
        if category.audience == Audience.MEMBER:
            found = eligible_members(category).filter(pk__in=[each.pk for each in members])
        else:
            found = eligible_organizations(category).filter(pk__in=[each.pk for each in organizations])
        fit |= {(category.pk, nominee) for nominee in found}
    return fit


def members_below(organizations: Iterable[Organization]) -> dict[int, int]:
    """Return how many members are present in each of `organizations` with all below, by key, in one query."""
    wanted = list(organizations)
    if not wanted:
        return {}
    within = Q(pk__in=())
    for organization in wanted:
        within |= under(organization.path, "organization__path")
    at = Member.objects.present().filter(within).order_by().values_list("organization__path").annotate(n=Count("pk"))
    counts = dict(at)
    return {each.pk: sum(count for path, count in counts.items() if path.startswith(each.path)) for each in wanted}


def standing_nominees(batch: AwardBatch) -> set[Member | Organization]:
    """Return who is nominated in any category of `batch`."""
    found = batch.nominations.filter(state__in=STANDING).select_related("member", "nominee_organization")
    return {nomination.nominee for nomination in found}


def holders(user: Any) -> list[Organization]:
    """Return the organizations in whose name `user` holds award batches."""
    return list(Organization.objects.active().filter(path__in=paths_of(user, Cap.AWARD_MANAGE)))
