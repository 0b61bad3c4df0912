"""The steps of a pledge: 承诺 → 审诺 → 示诺 → 督诺 → 评诺 (2-domain b.5)."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common.access import actor_ids
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.workflow import Step, Workflow
from pledges.models import EDITABLE, Pledge, PledgeAdjustment, PledgeComment
from pledges.models import AdjustmentState as A
from pledges.models import CommentState as C
from pledges.models import PledgeState as S

WRITING = ("pledge_submit", "pledge_recall", "pledge_withdraw")
REVIEWING = ("pledge_return", "pledge_approve")
PUBLISHING = ("pledge_publish", "pledge_take_down")
"""The steps with a button; the others follow from an entry of progress and from the last appraisal."""


def not_own(pledge: Pledge, actor: Any) -> None:
    """Nobody reviews or appraises what they pledged or handed in themselves (2-domain (e)); raises DomainError."""
    if not Pledge.objects.filter(pk=pledge.pk).not_own(actor).exists():
        raise DomainError(_("Nobody decides on their own pledge. Please leave this one to another officer."))


workflow: Workflow[Pledge] = Workflow(
    Pledge,
    [
        Step("pledge_submit", tuple(EDITABLE), S.SUBMITTED, Cap.PLEDGE_WRITE, _("Submit for review")),
        Step("pledge_recall", (S.SUBMITTED,), S.DRAFT, Cap.PLEDGE_WRITE, _("Take back to change it"), undoes=True),
        Step(
            "pledge_return",
            (S.SUBMITTED,),
            S.RETURNED,
            Cap.PLEDGE_REVIEW,
            _("Return for revision"),
            needs_reason=True,
            checks=(not_own,),
        ),
        Step(
            "pledge_approve",
            (S.SUBMITTED,),
            S.APPROVED,
            Cap.PLEDGE_REVIEW,
            pgettext_lazy("pledge", "Approve"),
            checks=(not_own,),
        ),
        Step(
            "pledge_unapprove",
            (S.APPROVED,),
            S.SUBMITTED,
            Cap.PLEDGE_REVIEW,
            _("Take back the approval"),
            checks=(not_own,),
        ),
        Step("pledge_publish", (S.APPROVED,), S.PUBLISHED, Cap.PLEDGE_PUBLISH, _("Put on the board")),
        Step(
            "pledge_take_down",
            (S.PUBLISHED, S.IN_PROGRESS),
            S.APPROVED,
            Cap.PLEDGE_PUBLISH,
            _("Take off the board"),
            needs_reason=True,
        ),
        Step("pledge_begin", (S.PUBLISHED,), S.IN_PROGRESS, Cap.PLEDGE_WRITE, _("Begin to fulfil")),
        Step(
            "pledge_finish",
            (S.PUBLISHED, S.IN_PROGRESS),
            S.APPRAISED,
            Cap.PLEDGE_APPRAISE,
            _("Finish the appraisal"),
            checks=(not_own,),
        ),
        Step(
            "pledge_withdraw",
            (*EDITABLE, S.SUBMITTED, S.APPROVED),
            S.WITHDRAWN,
            Cap.PLEDGE_WRITE,
            _("Withdraw the pledge"),
            undoes=True,
        ),
    ],
)


def not_asked_for_oneself(adjustment: PledgeAdjustment, actor: Any) -> None:
    """Who asks for a change does not decide on it; raises DomainError."""
    if adjustment.requested_by_id in actor_ids(actor):
        raise DomainError(
            _("Nobody decides on what they asked for themselves. Please leave this one to another officer.")
        )
    not_own(adjustment.pledge, actor)


adjustments: Workflow[PledgeAdjustment] = Workflow(
    PledgeAdjustment,
    [
        Step(
            "adjustment_approve",
            (A.REQUESTED,),
            A.APPROVED,
            Cap.PLEDGE_REVIEW,
            _("Agree to the change"),
            checks=(not_asked_for_oneself,),
        ),
        Step(
            "adjustment_refuse",
            (A.REQUESTED,),
            A.REFUSED,
            Cap.PLEDGE_REVIEW,
            _("Refuse the change"),
            needs_reason=True,
            checks=(not_asked_for_oneself,),
        ),
        Step(
            "adjustment_recall", (A.REQUESTED,), A.RECALLED, Cap.PLEDGE_WRITE, _("Take the request back"), undoes=True
        ),
    ],
)


def not_on_own_pledge(comment: PledgeComment, actor: Any) -> None:
    """Nobody decides what shows on the own pledge; raises DomainError."""
    not_own(comment.pledge, actor)


comments: Workflow[PledgeComment] = Workflow(
    PledgeComment,
    [
        Step(
            "comment_show",
            (C.WAITING, C.HIDDEN),
            C.SHOWN,
            Cap.PLEDGE_PUBLISH,
            _("Show it on the board"),
            checks=(not_on_own_pledge,),
        ),
        Step(
            "comment_hide",
            (C.WAITING, C.SHOWN),
            C.HIDDEN,
            Cap.PLEDGE_PUBLISH,
            _("Do not show it"),
            needs_reason=True,
            checks=(not_on_own_pledge,),
        ),
    ],
)
