"""Reads of pledges. What a person sees starts from what they may see."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.access import ancestors_and_self, under
from campaign.common.capabilities import Cap, roles_with
from campaign.models import Campaign
from orgs.models import Member, MemberQuerySet, Organization, OrganizationQuerySet, RoleAssignment, User
from pledges.models import KEPT, Pledge, PledgeItem, PledgeQuerySet, PledgeRules, PledgeState


def rules_of(campaign: Campaign) -> PledgeRules:
    """Return the campaign's rules for pledges; the defaults where the office has set none."""
    return PledgeRules.objects.filter(campaign=campaign).first() or PledgeRules(campaign=campaign)


def pledges_for(user: Any) -> PledgeQuerySet:
    """Return the pledges that `user` may see, with what a list shows of them."""
    return (
        Pledge.objects.visible_to(user)
        .select_related("organization", "member", "campaign")
        .annotate(
            item_count=Count("items"),
            kept_count=Count("items", filter=Q(items__result__in=KEPT)),
        )
        .order_by("-year", "-pk")
    )


def queue_for(user: Any) -> PledgeQuerySet:
    """Return what waits for a decision of `user`, the longest waiting first."""
    return (
        Pledge.objects.allowed(user, Cap.PLEDGE_REVIEW)
        .waiting()
        .not_own(user)
        .select_related("organization", "member")
        .order_by("submitted_at", "pk")
    )


def to_publish_for(user: Any) -> PledgeQuerySet:
    """Return what is approved and waits to be put on the board by `user`."""
    return Pledge.objects.allowed(user, Cap.PLEDGE_PUBLISH).filter(state=PledgeState.APPROVED)


def own_pledges(user: Any) -> PledgeQuerySet:
    """Return the pledges that are `user`'s to fulfil: the own one, and that of the organization `user` writes for."""
    mine = Q(member__user=user.pk) if user.acting_for is None else Q(pk__in=())
    organization = Q(pk__in=Pledge.objects.allowed(user, Cap.PLEDGE_WRITE_ORG).values("pk"))
    return Pledge.objects.filter(mine | organization).select_related("organization", "campaign", "member")


def organizations_without(user: Any, campaign: Campaign) -> OrganizationQuerySet:
    """Return the organizations that `user` writes for and that have no pledge this year."""
    made = Pledge.objects.active().of_organizations().filter(campaign=campaign, year=clock.today().year)
    found: OrganizationQuerySet = Organization.objects.allowed(user, Cap.PLEDGE_WRITE_ORG).active()
    return found.filter(under(campaign.organization.path), ~Exists(made.filter(organization=OuterRef("pk"))))


def members_without(user: Any, campaign: Campaign) -> MemberQuerySet:
    """Return the members for whom `user` may write and who have no pledge this year; oneself among them."""
    made = Pledge.objects.active().filter(campaign=campaign, year=clock.today().year)
    return (
        Member.objects.allowed(user, Cap.PLEDGE_WRITE)
        .present()
        .filter(under(campaign.organization.path, "organization__path"), ~Exists(made.filter(member=OuterRef("pk"))))
        .select_related("organization")
    )


def submission_problems(pledge: Pledge, items: Iterable[PledgeItem]) -> list[str]:
    """Return what keeps a pledge from being submitted, in the reader's words; nothing when it is complete.

    Rules: 2-domain b.5 (number of items; a measurable target and a day for each).
    """
    campaign, found = pledge.campaign, list(items)
    least, most = rules_of(campaign).bounds(pledge.subject_kind)
    problems = []
    if not least <= len(found) <= most:
        problems.append(
            _("A pledge has %(least)s to %(most)s items; this one has %(count)s.")
            % {"least": least, "most": most, "count": len(found)}
        )
    for number, item in enumerate(found, start=1):
        if not item.target:
            problems.append(_("Item %(number)s: say what result can be measured.") % {"number": number})
        if item.due_on is None:
            problems.append(_("Item %(number)s: give the day by which it is done.") % {"number": number})
        elif not campaign.starts_on <= item.due_on <= campaign.ends_on:
            problems.append(
                _("Item %(number)s: the day must lie within the campaign (%(first)s to %(last)s).")
                % {"number": number, "first": campaign.starts_on, "last": campaign.ends_on}
            )
    return problems


def officers_on_the_way_up(path: str, capability: Cap, day: dt.date | None = None) -> dict[str, set[int]]:
    """Return the accounts that hold `capability` in the organization at `path` and in each above it, by path."""
    found: dict[str, set[int]] = {place: set() for place in reversed(ancestors_and_self(path))}
    held = (
        RoleAssignment.objects.on(day or clock.today())
        .filter(role__in=roles_with(capability), organization__path__in=found, user__is_active=True)
        .values_list("organization__path", "user_id")
    )
    for place, user_id in held:
        found[place].add(user_id)
    return found


def place_of_review(organization: Organization, member: Member | None, submitter: Any) -> Organization:
    """Return the organization whose officers review a pledge (2-domain b.5, (e)).

    A member's pledge is reviewed in the branch; that of its secretary, and what its officers hand in themselves, above; an
    organization's pledge above. Where nobody holds the office, the next one above that has somebody steps in.
    """
    officers = officers_on_the_way_up(organization.path, Cap.PLEDGE_REVIEW)
    here = officers[organization.path]
    involved = {submitter.pk if submitter is not None else None}
    if member is None:
        involved |= here
    else:
        involved |= set(User.objects.filter(member=member).values_list("pk", flat=True))
    stays = member is not None and not member.is_secretary and not here & involved
    places = [place for place in officers if stays or place != organization.path]
    staffed = [place for place in places if officers[place] - involved]
    chosen = next(iter(staffed or places), organization.path)
    return organization if chosen == organization.path else Organization.objects.get(path=chosen)
