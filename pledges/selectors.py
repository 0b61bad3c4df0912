"""Reads of pledges. What a person sees starts from what they may see."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.access import actor_ids, ancestors_and_self, grants_for, own_member_ids, under
from campaign.common.capabilities import Cap, Reach, roles_with
from campaign.models import Action, Campaign
from orgs.models import Member, MemberQuerySet, Organization, OrganizationQuerySet, RoleAssignment, User
from pledges.models import (
    KEPT,
    PUBLIC,
    AdjustmentState,
    AppraisalKind,
    ItemResult,
    Pledge,
    PledgeAdjustment,
    PledgeAppraisal,
    PledgeCheck,
    PledgeComment,
    PledgeItem,
    PledgeProgress,
    PledgeQuerySet,
    PledgeRules,
    PledgeState,
)


def rules_of(campaign: Campaign) -> PledgeRules:
    """Return the campaign's rules for pledges; the defaults where the office has set none."""
    return PledgeRules.objects.filter(campaign=campaign).first() or PledgeRules(campaign=campaign)


def pledges_for(user: Any) -> PledgeQuerySet:
    """Return the pledges that `user` may see, with what a list shows of them."""
    return (
        _seen_by(user)
        .select_related("organization", "member", "campaign")
        .annotate(item_count=counted_items(), kept_count=counted_items(result__in=KEPT))
        # By their place in the tree first: then a page is read from the places it shows, however many pledges there are.
        .order_by("organization__path", "-year", "-pk")
    )


def _seen_by(user: Any) -> PledgeQuerySet:
    """Return what `visible_to` gives, one's own and those of a place looked up apart: as one condition over two joins they
    would have the whole table read."""
    grants = grants_for(user, Cap.PLEDGE_VIEW)
    if len(grants) < 2:
        return Pledge.objects.visible_to(user)
    own = Pledge.objects.filter(member__user=user.pk)
    return any_of(*(own if reach is Reach.SELF else Pledge.objects.within(reach, grant) for reach, grant in grants))


def any_of(*querysets: PledgeQuerySet) -> PledgeQuerySet:
    """Return the pledges that are in any of `querysets`, each of them looked up by an index of its own."""
    first, *others = [queryset.order_by().values("pk") for queryset in querysets]
    return Pledge.objects.filter(pk__in=first.union(*others) if others else first)


def counted_items(**conditions: Any) -> Coalesce:
    """Count a pledge's items beside it: a join would be grouped for all before the first page is cut off."""
    items = PledgeItem.objects.filter(pledge=OuterRef("pk"), **conditions).order_by().values("pledge")
    return Coalesce(Subquery(items.annotate(n=Count("pk")).values("n")), 0)


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
    personal = Pledge.objects.filter(member__user=user.pk) if user.acting_for is None else Pledge.objects.none()
    found = any_of(personal, Pledge.objects.allowed(user, Cap.PLEDGE_WRITE_ORG))
    return found.select_related("organization", "campaign", "member")


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


def members_written_for(user: Any, organization: Organization) -> MemberQuerySet:
    """Return the members of an organization for whom `user` may write, by name."""
    found: MemberQuerySet = Member.objects.allowed(user, Cap.PLEDGE_WRITE).present().filter(organization=organization)
    return found.select_related("organization").order_by("pinyin", "pk")


def active_pledges_of(members: MemberQuerySet, campaign: Campaign, year: int, *, locked: bool = False) -> list[Pledge]:
    """Return the pledges of a year of `members`, wherever they were made, with their items and standards; `locked`: nobody
    else changes them until the transaction ends. Two queries."""
    found = Pledge.objects.active().filter(campaign=campaign, year=year, member__in=members.order_by().values("pk"))
    items = PledgeItem.objects.select_related("standard").order_by("order")
    pledges = found.select_for_update(of=("self",)) if locked else found
    return list(pledges.prefetch_related(Prefetch("items", items)))


def earlier_pledge(pledge: Pledge) -> Pledge | None:
    """Return the subject's latest pledge that stood on the board in a year before."""
    same = Pledge.objects.public().filter(subject_kind=pledge.subject_kind, year__lt=pledge.year)
    whose = {"member": pledge.member_id} if pledge.is_of_member else {"organization": pledge.organization_id}
    return same.filter(**whose).order_by("-year", "-pk").first()


def submission_problems(pledge: Pledge, items: Iterable[PledgeItem]) -> list[str]:
    """Return what keeps a pledge from being submitted, in the reader's words; nothing when it is complete.

    Rules: 2-domain b.5 (number of items; a measurable target and a day for each).
    """
    return problems_of(pledge, list(items), rules_of(pledge.campaign))


def problems_of(pledge: Pledge, found: list[PledgeItem], rules: PledgeRules) -> list[str]:
    """Return the same where the rules are known already."""
    campaign = pledge.campaign
    least, most = rules.bounds(pledge.subject_kind)
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
    accounts = set() if member is None else set(User.objects.filter(member=member).values_list("pk", flat=True))
    chosen = _place(organization.path, officers, member, accounts, submitter)
    return organization if chosen == organization.path else Organization.objects.get(path=chosen)


def places_of_review(organization: Organization, members: Iterable[Member], submitter: Any) -> dict[int, Organization]:
    """Return the same for the pledges of several members of one organization, by member: three queries for all."""
    found = list(members)
    officers = officers_on_the_way_up(organization.path, Cap.PLEDGE_REVIEW)
    accounts: dict[int, set[int]] = {}
    for pk, member in User.objects.filter(member__in=found).values_list("pk", "member"):
        accounts.setdefault(member, set()).add(pk)
    paths = {
        member.pk: _place(organization.path, officers, member, accounts.get(member.pk, set()), submitter)
        for member in found
    }
    places = {place.path: place for place in Organization.objects.filter(path__in=set(paths.values()))}
    return {pk: places[path] for pk, path in paths.items()}


def _place(path: str, officers: dict[str, set[int]], member: Member | None, accounts: set[int], submitter: Any) -> str:
    here = officers[path]
    involved = {submitter.pk if submitter is not None else None} | (here if member is None else accounts)
    stays = member is not None and not member.is_secretary and not here & involved
    places = [place for place in officers if stays or place != path]
    staffed = [place for place in places if officers[place] - involved]
    return next(iter(staffed or places), path)


def appraisable(user: Any, kind: AppraisalKind) -> PledgeQuerySet:
    """Return the pledges on which `user` may give an appraisal of this kind: the one place that says who judges whom.

    Oneself: whoever writes the pledge. Colleagues: the members of the branch in which a member pledged, nobody their own.
    The organization: its officers where the pledge is reviewed (`not_own` keeps them from their own).
    """
    if kind == AppraisalKind.SELF:
        return Pledge.objects.allowed(user, Cap.PLEDGE_WRITE)
    if kind == AppraisalKind.PEER:
        colleagues = Pledge.objects.allowed(user, Cap.PLEDGE_APPRAISE_PEER).of_members()
        return colleagues.exclude(member__in=own_member_ids(user))
    return Pledge.objects.allowed(user, Cap.PLEDGE_APPRAISE)


def pledge_with_evidence(user: Any, pk: int) -> Pledge | None:
    """Return a pledge whose files `user` may open: one that `user` sees, or a colleague's that `user` may judge."""
    for pledges in (Pledge.objects.visible_to(user), appraisable(user, AppraisalKind.PEER).public()):
        if (found := pledges.filter(pk=pk).first()) is not None:
            return found
    return None


def appraised_until(campaign: Campaign) -> dt.date | None:
    """Return the last day of the present stage if it appraises pledges: the deadline; None where there is no such stage."""
    today = clock.today()
    stages = campaign.stages.filter(actions__action=Action.APPRAISE, starts_on__lte=today, ends_on__gte=today)
    return stages.order_by("ends_on").values_list("ends_on", flat=True).first()


def to_appraise(user: Any) -> QuerySet[PledgeItem]:
    """Return the items that `user` judges for the organization and whose day has come."""
    pledges = appraisable(user, AppraisalKind.ORGANIZATION).public().not_own(user)
    return PledgeItem.objects.filter(
        pledge__in=pledges.order_by().values("pk"), result=ItemResult.PENDING, due_on__lte=clock.today()
    )


def peer_pledges(user: Any) -> Any:
    """Return the colleagues' pledges of this year, those that `user` has not judged yet first."""
    judged = PledgeAppraisal.objects.filter(item__pledge=OuterRef("pk"), kind=AppraisalKind.PEER, by=user.pk)
    pledges = appraisable(user, AppraisalKind.PEER).public().filter(year=clock.today().year)
    return pledges.annotate(judged=Exists(judged)).order_by("judged", "member__pinyin", "pk")


def open_adjustments(user: Any) -> Any:
    """Return the changes that wait for a decision of `user`, the oldest first."""
    pledges = Pledge.objects.allowed(user, Cap.PLEDGE_REVIEW).not_own(user)
    waiting = PledgeAdjustment.objects.filter(
        state=AdjustmentState.REQUESTED, pledge__in=pledges.order_by().values("pk")
    )
    return (
        waiting.exclude(requested_by__in=actor_ids(user))
        .select_related("pledge", "item")
        .order_by("requested_at", "pk")
    )


def open_checks(user: Any) -> Any:
    """Return the checks that ask something of `user` and are not answered."""
    mine = own_pledges(user).order_by().values("pk")
    return PledgeCheck.objects.filter(pledge__in=mine, answered_at=None).exclude(request="")


def bulletin_quarters(campaign: Campaign) -> list[tuple[int, int]]:
    """Return (year, quarter) of every quarter of the campaign that has begun, the latest first."""
    last = min(campaign.ends_on, clock.today())
    first = (campaign.starts_on.year, (campaign.starts_on.month + 2) // 3)
    found = [
        (year, quarter)
        for year in range(campaign.starts_on.year, last.year + 1)
        for quarter in range(1, 5)
        if first <= (year, quarter) <= (last.year, (last.month + 2) // 3)
    ]
    return found[::-1]


def bulletin_entries(organization: Organization, campaign: Campaign, year: int, quarter: int) -> list[dict[str, Any]]:
    """Return what a bulletin says of the pledges made in an organization, by the whitelist of the board (2-domain (e)), with
    the last progress up to the quarter's end; the organization's own pledge first. Three queries."""
    day_after = dt.date(year + quarter // 4, quarter % 4 * 3 + 1, 1)
    progress = PledgeProgress.objects.filter(on__lt=day_after).order_by("on", "pk")
    items = PledgeItem.objects.order_by("order").prefetch_related(Prefetch("progress", progress))
    pledges = Pledge.objects.public().filter(organization=organization, campaign=campaign, year=year)
    return [
        {
            "name": pledge.subject_name,
            "unit": pledge.organization_name,
            "post": pledge.post,
            "items": [_bulletin_item(item) for item in pledge.items.all()],
        }
        for pledge in pledges.order_by("-subject_kind", "member__pinyin", "pk").prefetch_related(
            Prefetch("items", items)
        )
    ]


def _bulletin_item(item: PledgeItem) -> dict[str, Any]:
    done = [entry.text for entry in item.progress.all()]
    return {
        "text": item.text,
        "due_on": item.due_on.isoformat() if item.due_on else "",
        "result": "overdue" if item.is_overdue else item.result,
        "progress": done[-1] if done else "",
        "explanation": item.explanation,
    }


def comments_to_moderate(user: Any) -> Any:
    """Return what readers of the board said and nobody has looked at, on pledges that `user` publishes; oldest first."""
    pledges = Pledge.objects.allowed(user, Cap.PLEDGE_PUBLISH).not_own(user).order_by().values("pk")
    return PledgeComment.objects.filter(pledge__in=pledges).waiting()


def answerable_by(user: Any) -> Any:
    """Return the comments that `user` may answer: those on pledges that `user` publishes or has to fulfil."""
    publishes = Pledge.objects.allowed(user, Cap.PLEDGE_PUBLISH).order_by().values("pk")
    fulfils = own_pledges(user).order_by().values("pk")
    return PledgeComment.objects.filter(Q(pledge__in=publishes) | Q(pledge__in=fulfils)).shown()


def kept_record(*, member: Member | None, organization: Organization) -> list[dict[str, int]]:
    """Return how a member, or with None an organization itself, kept the pledges on the board: for each of the last three
    years `year`, `items`, `kept`, `unfulfilled`, `adjusted`. One query; what awards put beside a nomination."""
    whose = (
        {"pledge__organization": organization, "pledge__member": None} if member is None else {"pledge__member": member}
    )
    rows: Any = (
        PledgeItem.objects.filter(pledge__state__in=PUBLIC, **whose)
        .order_by("-pledge__year")
        .values(year=F("pledge__year"))
        .annotate(
            items=Count("pk"),
            kept=Count("pk", filter=Q(result__in=KEPT)),
            unfulfilled=Count("pk", filter=Q(result=ItemResult.UNFULFILLED)),
            adjusted=Count("pk", filter=Q(result=ItemResult.ADJUSTED)),
        )
    )
    return list(rows[:3])
