"""Cases of implementation plans: written in their organization, decided above, a draft seen by its organization alone."""

from typing import Any

from campaign.attachments.services import attachment_store
from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.filings.models import ImplementationPlan, PlanAttachment
from campaign.models import Campaign
from tests.attachments.files import pdf
from tests.permissions.cases import Case, Listed, Make, Scoped, Target, case, lists, mark, scoped
from tests.permissions.oracle import PARENTS, expected
from tests.world import World

BELOW_ROOT = ("east_one", "east", "east_two", "west_one")
"""Nobody is above the holder of the campaign."""


def plan(state: str = "filed", step: str = "", *, file: bool = False) -> Make:
    def make(world: World, at: str) -> Target:
        above = PARENTS[at]
        # Nobody has two: the one that is there already serves again.
        made, _new = ImplementationPlan.objects.update_or_create(
            campaign=Campaign.objects.get(code="C1"),
            organization=world.orgs[at],
            defaults={
                "receiver": world.orgs[above],
                "title": mark(at),
                "summary": "措施",
                "state": state,
                "filed_at": None if state == "draft" else clock.now(),
                "decided_at": clock.now() if state == "returned" else None,
            },
        )
        kwargs: dict[str, Any] = {"pk": made.pk}
        if file:
            attached = PlanAttachment.objects.create(plan=made, attachment=attachment_store(file=pdf(), actor=None))
            kwargs["attachment"] = attached.attachment_id
        payload = {"title": "改过的方案", "summary": "新", "version": 1, "step": step, "reason": "理由"}
        target = Target(made, kwargs, payload, marker=mark(at), places={Cap.PLAN_ACCEPT: above})
        if state == "draft":
            target.hidden = lambda actor, _capability: not expected(actor, Cap.PLAN_WRITE, at)
        return target

    return make


def new_plan(world: World, at: str) -> Target:
    return Target(payload={"organization": world.orgs[at].pk, "title": "新方案", "summary": "措施"})


def stepped(state: str, step: str, capability: Cap, *, above: bool) -> Make:
    """A plan that waits for a step: who sees it without the right to the step is told "not found"."""

    def make(world: World, at: str) -> Target:
        target = plan(state, step)(world, at)
        target.rule = lambda actor, _capability: expected(actor, capability, PARENTS[at] if above else at)
        return target

    return make


case("plan_list", Case())
case("plan_missing", Case())
case("plan_create", Case(make=new_plan, places=BELOW_ROOT, named_in_form=True))
case("plan_detail", Case(make=plan(), places=BELOW_ROOT), Case(make=plan("draft"), places=BELOW_ROOT))
case("plan_edit", Case(make=plan("draft"), places=BELOW_ROOT))
case(
    "plan_step",
    Case(make=stepped("filed", "plan_accept", Cap.PLAN_ACCEPT, above=True), places=BELOW_ROOT),
    Case(make=stepped("filed", "plan_return", Cap.PLAN_ACCEPT, above=True), places=BELOW_ROOT),
    Case(make=stepped("draft", "plan_file", Cap.PLAN_WRITE, above=False), places=BELOW_ROOT),
    Case(make=stepped("filed", "plan_withdraw", Cap.PLAN_WRITE, above=False), places=BELOW_ROOT),
)
case("plan_attachment", Case(make=plan(file=True), places=BELOW_ROOT, names=False))
case("plan_attachment_remove", Case(make=plan("returned", file=True), places=BELOW_ROOT))
lists += [
    Listed("plan_list", plan(), Cap.PLAN_VIEW, BELOW_ROOT),
    Listed("plan_list", plan("draft"), Cap.PLAN_VIEW, BELOW_ROOT),
]
scoped += [Scoped(plan(), BELOW_ROOT), Scoped(plan("draft"), BELOW_ROOT)]
