"""Objects of this part whose readers and history can be looked at."""

from collections.abc import Iterable

from campaign.common import clock
from campaign.common.capabilities import Cap, roles_with
from campaign.common.oversight import ObjectKind, kinds
from campaign.filings.models import ImplementationPlan, PlanState
from orgs.models import RoleAssignment


def of_plan(_plan: ImplementationPlan) -> tuple[Cap, ...]:
    """Seen where it was written, and by the office above with which it is filed."""
    return Cap.PLAN_VIEW, Cap.PLAN_ACCEPT


def writers_of_draft(plan: ImplementationPlan) -> Iterable[int] | None:
    """Return who alone sees a draft: those who write the plans of its organization."""
    if plan.state != PlanState.DRAFT:
        return None
    held = RoleAssignment.objects.on(clock.today()).filter(
        role__in=roles_with(Cap.PLAN_WRITE), organization=plan.organization_id
    )
    return set(held.values_list("user_id", flat=True))


kinds.register(
    ObjectKind(
        "plan",
        ImplementationPlan,
        "plan_detail",
        (Cap.PLAN_WRITE, Cap.PLAN_ACCEPT),
        seen_by=of_plan,
        only=writers_of_draft,
    )
)
