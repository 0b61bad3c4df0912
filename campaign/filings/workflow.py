"""The states of an implementation plan as a table."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.audit.selectors import done_for
from campaign.common.access import actor_ids
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.workflow import Step, Workflow
from campaign.filings.models import EDITABLE, ImplementationPlan, PlanState


def not_own(plan: ImplementationPlan, actor: Any) -> None:
    """Who filed a plan does not decide on it (separation of 2-domain (e)); with a deputy this holds for both."""
    by_deputy = ImplementationPlan.objects.filter(done_for(ImplementationPlan, actor, "plan_file"), pk=plan.pk)
    if plan.filed_by_id in actor_ids(actor) or by_deputy.exists():
        raise DomainError(_("You filed this plan yourself. Somebody else of the office above decides on it."))


def holds_something(plan: ImplementationPlan, _actor: Any) -> None:
    """A title alone is no plan."""
    if not plan.summary.strip() and not plan.attachments.exists():
        raise DomainError(_("Write a summary or attach the document before filing."))


PLANS: Workflow[ImplementationPlan] = Workflow(
    ImplementationPlan,
    [
        Step(
            "plan_file",
            EDITABLE,
            PlanState.FILED,
            Cap.PLAN_WRITE,
            _("File with the office above"),
            checks=(holds_something,),
        ),
        Step(
            "plan_accept",
            (PlanState.FILED,),
            PlanState.ACCEPTED,
            Cap.PLAN_ACCEPT,
            pgettext_lazy("plan", "Accept"),
            checks=(not_own,),
        ),
        Step(
            "plan_return",
            (PlanState.FILED, PlanState.ACCEPTED),
            PlanState.RETURNED,
            Cap.PLAN_ACCEPT,
            pgettext_lazy("plan", "Return"),
            needs_reason=True,
            checks=(not_own,),
        ),
        Step(
            "plan_withdraw",
            (PlanState.DRAFT, PlanState.FILED, PlanState.RETURNED),
            PlanState.WITHDRAWN,
            Cap.PLAN_WRITE,
            pgettext_lazy("plan", "Withdraw"),
            undoes=True,
        ),
    ],
)
