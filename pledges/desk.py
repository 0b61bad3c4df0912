"""What pledges put on a person's desk."""

import datetime as dt
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile
from campaign.models import Action, Campaign, StageAction
from orgs.models import Member, Organization
from pledges.models import PUBLIC, CommentKind, ItemResult, Pledge, PledgeItem, PledgeQuerySet, PledgeState
from pledges.queue import late
from pledges.selectors import (
    answerable_by,
    comments_to_moderate,
    open_adjustments,
    open_checks,
    own_pledges,
    peer_pledges,
    queue_for,
    to_publish_for,
)

SOON = dt.timedelta(days=7)


def review_tiles(user: Any) -> list[Tile]:
    """What waits for this person's decision, and what is approved but not on the board yet."""
    queue = reverse("pledge_queue")
    waiting = queue_for(user).order_by()
    overdue = late(clock.today())
    figures = waiting.aggregate(all=Count("pk"), late=Count("pk", filter=overdue))
    return [
        Tile(_("Pledges to review"), figures["all"], queue, "checklist", "danger" if figures["late"] else "warning"),
        Tile(_("Of these over time"), figures["late"], queue, "alarm", "danger"),
        Tile(
            _("Approved pledges to put on the board"),
            to_publish_for(user).count(),
            f"{queue}?show=publish",
            "clipboard-check",
        ),
    ]


def comment_tiles(user: Any) -> list[Tile]:
    """What readers of the board said: to be looked at, and to be answered."""
    url = reverse("comment_list")
    questions = answerable_by(user).unanswered().filter(kind=CommentKind.QUESTION)
    return [
        Tile(_("Opinions on pledges to look at"), comments_to_moderate(user).count(), url, "message-circle", "warning"),
        Tile(_("Questions on pledges to answer"), questions.count(), f"{url}?show=answer", "message-reply", "warning"),
    ]


def appraise_tiles(user: Any) -> list[Tile]:
    """Pledges with items whose day is over and whose fulfilment nobody has judged."""
    due = PledgeItem.objects.filter(pledge=OuterRef("pk"), result=ItemResult.PENDING, due_on__lt=clock.today())
    waiting = Pledge.objects.allowed(user, Cap.PLEDGE_APPRAISE).public().not_own(user).filter(Exists(due))
    url = reverse("pledge_appraise_many")
    return [Tile(_("Pledges to appraise"), waiting.count(), url, "rosette-discount-check", "warning")]


def peer_tiles(user: Any) -> list[Tile]:
    """Colleagues' pledges with items whose day has come and of which this person has said nothing yet."""
    if not holds(user, Cap.PLEDGE_APPRAISE_PEER) or user.member_id is None:
        return []
    due = PledgeItem.objects.filter(pledge=OuterRef("pk"), due_on__lte=clock.today())
    waiting = peer_pledges(user).filter(Exists(due), judged=False)
    url, label = reverse("pledge_peers"), _("Pledges of colleagues to appraise")
    return [Tile(label, waiting.count(), url, "users", "primary")]


def supervision_tiles(user: Any) -> list[Tile]:
    """What a check asks of this person, and the changes that wait for a decision."""
    mine = open_checks(user).order_by("answer_by").values_list("pledge_id", flat=True)
    found = list(mine[:100])
    url = reverse("pledge_detail", args=found[:1]) if found else reverse("pledge_mine")
    return [
        Tile(_("Checks to answer"), len(found), url, "message-reply", "danger"),
        Tile(_("Changes of pledges to decide"), open_adjustments(user).count(), reverse("adjustment_list"),
             "arrows-exchange", "warning"),
    ]  # fmt: skip


def own_tiles(user: Any) -> list[Tile]:
    """What came back to this person, and what this person promised for the next days."""
    mine, today = own_pledges(user), clock.today()
    open_items = Q(items__result=ItemResult.PENDING, state__in=PUBLIC)
    figures = mine.aggregate(
        returned=Count("pk", filter=Q(state=PledgeState.RETURNED), distinct=True),
        late=Count("items", filter=open_items & Q(items__due_on__lt=today)),
        soon=Count("items", filter=open_items & Q(items__due_on__range=(today, today + SOON))),
    )
    url = reverse("pledge_mine")
    return [
        Tile(_("Pledges returned to you"), figures["returned"], url, "arrow-back-up", "danger"),
        Tile(_("Pledge items overdue"), figures["late"], url, "alarm", "danger"),
        Tile(_("Pledge items due within 7 days"), figures["soon"], url, "calendar-due", "warning"),
    ]


def missing_own_tiles(user: Any) -> list[Tile]:
    """That the present stage asks this member for a pledge and there is none."""
    if user.member_id is None or user.acting_for or (campaign := _asking_campaign(user)) is None:
        return []
    pledges = _this_year(campaign).filter(member=OuterRef("pk"))
    missing = Member.objects.present().filter(pk=user.member_id, is_exempt=False).filter(~Exists(pledges))
    return [Tile(_("Own pledge to be written"), missing.count(), reverse("pledge_mine"), "writing-sign", "warning")]


def missing_organization_tiles(user: Any) -> list[Tile]:
    """That the organization this person writes for has no pledge yet."""
    if not holds(user, Cap.PLEDGE_WRITE_ORG) or (campaign := _asking_campaign(user)) is None:
        return []
    pledges = _this_year(campaign).of_organizations().filter(organization=OuterRef("pk"))
    missing = Organization.objects.allowed(user, Cap.PLEDGE_WRITE_ORG).active().filter(~Exists(pledges))
    label = _("Pledge of the own organization to be written")
    return [Tile(label, missing.count(), reverse("pledge_mine"), "building-community", "warning")]


def _asking_campaign(user: Any) -> Campaign | None:
    """Return the running campaign whose present stage asks for pledges."""
    today = clock.today()
    stages = StageAction.objects.filter(
        action=Action.PLEDGE, stage__starts_on__lte=today, stage__ends_on__gte=today, stage__campaign=OuterRef("pk")
    )
    own = Campaign.objects.taken_part_in_by(user).running()
    return own.filter(Exists(stages)).order_by("-starts_on", "-pk").first()


def _this_year(campaign: Campaign) -> PledgeQuerySet:
    return Pledge.objects.active().filter(campaign=campaign, year=clock.today().year)
