"""The desk's tiles of appraisals: what a member has to write, a branch to decide, an office to confirm, and what follows."""

import datetime as dt
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile, TileSource, desk
from reviews.models.appraisal import (
    EDITABLE,
    AppraisedMember,
    Attendance,
    BranchAppraisal,
    BranchState,
    FollowUp,
)
from reviews.models.yearly import AppraisalState
from reviews.selectors.appraisal import to_confirm, to_decide

SOON = dt.timedelta(days=7)
OWN = Q(branch__appraisal__state=AppraisalState.OPEN)


def own_tiles(user: Any) -> list[Tile]:
    """One's own: to write, to read, to put right. One query."""
    if not holds(user, Cap.APPRAISAL_WRITE):
        return []
    today = clock.today()
    own = AppraisedMember.objects.allowed(user, Cap.APPRAISAL_WRITE).filter(branch__year__gte=today.year - 1)
    writing = OWN & Q(branch__state__in=EDITABLE, attendance=Attendance.PRESENT, self_at=None)
    counts = own.aggregate(
        write=Count("pk", filter=writing),
        late=Count("pk", filter=writing & Q(branch__appraisal__self_until__lt=today + SOON)),
        read=Count("pk", filter=OWN & Q(branch__state=BranchState.CONFIRMED, opinion_at=None) & ~Q(grade="")),
        due=Count("pk", filter=Q(follow_up=FollowUp.OPEN)),
    )
    url = reverse("appraisal_mine")
    return [
        Tile(_("Self-appraisal to write"), counts["write"], url, "pencil", "warning" if counts["late"] else "primary"),
        Tile(_("Result of your appraisal"), counts["read"], url, "user-check"),
        Tile(_("To put right after your appraisal"), counts["due"], url, "alert-triangle", "warning"),
    ]


def branch_tiles(user: Any) -> list[Tile]:
    """The branch's: to decide, returned, to confirm, to follow up. At most three queries, none for whom it does not concern."""
    found, today, url = [], clock.today(), reverse("appraisal_list")
    if holds(user, Cap.APPRAISAL_DECIDE):
        decided = BranchAppraisal.objects.allowed(user, Cap.APPRAISAL_DECIDE).under_way()
        ready = Q(pk__in=to_decide(user).values("pk"))
        counts = decided.aggregate(
            decide=Count("pk", filter=ready),
            late=Count("pk", filter=ready & Q(appraisal__decide_until__lt=today + SOON)),
            returned=Count("pk", filter=Q(state=BranchState.RETURNED)),
        )
        found += [
            Tile(
                _("Appraisal of the branch to decide"),
                counts["decide"],
                f"{url}?state=writing",
                "gavel",
                "warning" if counts["late"] else "primary",
            ),
            Tile(_("Appraisal returned to the branch"), counts["returned"], f"{url}?state=returned", "gavel", "danger"),
        ]
    if holds(user, Cap.APPRAISAL_CONFIRM):
        waiting = to_confirm(user).count()
        found.append(
            Tile(_("Appraisals of branches to confirm"), waiting, f"{url}?which=to_confirm", "checks", "warning")
        )
    if holds(user, Cap.APPRAISAL_FOLLOW):
        open_ = AppraisedMember.objects.allowed(user, Cap.APPRAISAL_FOLLOW).filter(follow_up=FollowUp.OPEN)
        numbers = open_.aggregate(all=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today)))
        urgency = "danger" if numbers["late"] else "primary"
        found.append(
            Tile(_("Follow-ups of appraisals"), numbers["all"], reverse("appraisal_follow_ups"), "list-check", urgency)
        )
    return found


def register() -> None:
    desk.register(TileSource("own_appraisal", own_tiles))
    desk.register(TileSource("appraisals", branch_tiles))
