"""The steps of a pledge: 承诺 → 审诺 → 示诺 → 督诺 → 评诺 (2-domain b.5)."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.workflow import Step, Workflow
from pledges.models import EDITABLE, Pledge
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
        Step("pledge_recall", (S.SUBMITTED,), S.DRAFT, Cap.PLEDGE_WRITE, _("Take back to change it")),
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
        ),
    ],
)
