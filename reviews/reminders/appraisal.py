"""Reminders of appraisals: self-appraisals, decisions and follow-ups that fall due. A constant number of queries a rule."""

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common.capabilities import Cap
from campaign.notices.registry import Due, ReminderRule, reminders
from orgs.selectors import officers_of
from reviews.models.appraisal import (
    EDITABLE,
    AppraisedMember,
    Attendance,
    BranchAppraisal,
    FollowUp,
)
from reviews.models.yearly import AppraisalState

SELF_BEFORE = dt.timedelta(days=3)
DECIDE_BEFORE = dt.timedelta(days=7)
FOLLOW_BEFORE = dt.timedelta(days=7)


def self_due(day: dt.date) -> Iterator[Due]:
    """Remind members who have not handed in their self-appraisal, once, three days before it is due."""
    rows = AppraisedMember.objects.filter(
        branch__appraisal__state=AppraisalState.OPEN,
        branch__state__in=EDITABLE,
        branch__appraisal__self_until__range=(day, day + SELF_BEFORE),
        attendance=Attendance.PRESENT,
        self_at=None,
        member__user__is_active=True,
    ).order_by("pk")
    text = _("The self-appraisal for “%(name)s” is to be handed in by %(day)s.")
    names = ("pk", "member__user", "branch__appraisal__name", "branch__appraisal__self_until")
    for entry, user, name, until in rows.values_list(*names).iterator():
        yield Due(user, str(entry), text % {"name": name, "day": until}, reverse("appraisal_self", args=[entry]), until)


def decisions_due(day: dt.date) -> Iterator[Due]:
    """Remind the secretaries of branches that have not decided: once in the last week, once afterwards."""
    rows = list(
        BranchAppraisal.objects.under_way()
        .filter(state__in=EDITABLE, appraisal__decide_until__lte=day + DECIDE_BEFORE)
        .order_by("pk")
        .values_list("pk", "organization", "appraisal__name", "appraisal__decide_until")
    )
    secretaries = officers_of((row[1] for row in rows), Cap.APPRAISAL_DECIDE, day)
    for branch, organization, name, until in rows:
        late = until < day
        text = _("“%(name)s” was to be decided by %(day)s.") if late else _("“%(name)s” is to be decided by %(day)s.")
        for user in secretaries[organization]:
            said = text % {"name": name, "day": until}
            yield Due(
                user, f"{branch}:{'late' if late else 'soon'}", said, reverse("appraisal_branch", args=[branch]), until
            )


def follow_ups_due(day: dt.date) -> Iterator[Due]:
    """Remind the member and the secretary of what an appraisal told the member: once in the last week, once afterwards."""
    rows = list(
        AppraisedMember.objects.filter(follow_up=FollowUp.OPEN, due_on__lte=day + FOLLOW_BEFORE)
        .order_by("pk")
        .values_list("pk", "organization", "member__user", "due_on")
    )
    secretaries = officers_of((row[1] for row in rows), Cap.APPRAISAL_DECIDE, day)
    text = _("What the appraisal said is to be put right by %(day)s.")
    for entry, organization, user, until in rows:
        if until is None:  # the filter leaves nobody without a day
            continue
        when = "late" if until < day else "soon"
        for each in dict.fromkeys([user, *secretaries[organization]]):
            if each is not None:
                url = reverse("appraisal_member", args=[entry])
                yield Due(each, f"{entry}:{when}", text % {"day": until}, url, until)


RULES = (
    ReminderRule("appraisals.self", gettext_lazy("Self-appraisals to hand in"), self_due),
    ReminderRule("appraisals.decision", gettext_lazy("Appraisals to decide"), decisions_due),
    ReminderRule("appraisals.follow_up", gettext_lazy("Follow-ups of appraisals"), follow_ups_due),
)


def register() -> None:
    for rule in RULES:
        reminders.register(rule)
