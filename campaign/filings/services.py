"""What people do with implementation plans: write, file, accept, return, withdraw."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from campaign.attachments.services import attachment_discard, attachment_store
from campaign.audit.services import Changes, audit_record
from campaign.common import clock
from campaign.common.access import ancestors_and_self, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.filings.models import ImplementationPlan, PlanAttachment
from campaign.filings.workflow import PLANS
from campaign.models import Campaign, CampaignState
from orgs.models import Organization

TAKEN = _("This organization has a plan for this campaign already. Open that one, or withdraw it first.")


def plan_receiver(campaign: Campaign, organization: Organization) -> Organization:
    """Return with whom `organization` files: the nearest active organization above that takes part in the campaign.

    Raises DomainError for the organization that holds the campaign, which has nobody above it there, and for others that
    take no part.
    """
    top = campaign.organization.path
    if not organization.path.startswith(top) or organization.path == top:
        raise DomainError(_("This organization files no plan here: only those below the holder of the campaign do."))
    above = ancestors_and_self(organization.path)[:-1]
    found: Organization | None = (
        Organization.objects.active().filter(path__in=[path for path in above if path.startswith(top)]).last()
    )
    if found is None:
        raise DomainError(_("There is no active organization above with which this plan could be filed."))
    return found


def plan_create(
    *,
    actor: Any,
    campaign: Campaign,
    organization: Organization,
    title: str,
    summary: str = "",
    documents: "Sequence[UploadedFile[Any]]" = (),
) -> ImplementationPlan:
    """Write the draft of a plan. `actor` None is the system.

    Raises NotAllowed, or DomainError when the campaign is not running, the organization has a plan already or takes no
    part, or a file is not permitted.
    """
    if actor is not None and not (
        reaches(actor, Cap.PLAN_WRITE, organization.path)
        and Campaign.objects.visible_to(actor).filter(pk=campaign.pk).exists()
    ):
        raise NotAllowed
    _refuse_closed(campaign)
    receiver = plan_receiver(campaign, organization)
    try:
        with transaction.atomic():
            plan = ImplementationPlan.objects.create(
                campaign=campaign, organization=organization, receiver=receiver, title=title.strip(), summary=summary
            )
            names = _attach(plan, documents, actor)
            changes: Changes = {"title": ["", plan.title], "attachments": [[], names]}
            audit_record(action="plan_create", actor=actor, target=plan, changes=changes)
    except IntegrityError as error:
        raise DomainError(TAKEN) from error
    return plan


def plan_update(
    *,
    actor: Any,
    plan: ImplementationPlan,
    version: int,
    title: str,
    summary: str = "",
    documents: "Sequence[UploadedFile[Any]]" = (),
) -> ImplementationPlan:
    """Change a draft or returned plan and add `documents`. Raises NotAllowed, EditConflict, or DomainError for a plan that was
    handed in or a file that is not permitted."""
    _may_edit(actor, plan)
    with transaction.atomic():
        old = {"title": plan.title, "summary": plan.summary}
        plan.save_version(version, title=title.strip(), summary=summary)
        names = _attach(plan, documents, actor)
        given: dict[str, Any] = {"title": title.strip(), "summary": summary}
        changes = {name: [old[name], value] for name, value in given.items() if old[name] != value}
        changes |= {"attachments": [[], names]} if names else {}
        audit_record(action="plan_update", actor=actor, target=plan, changes=changes)
    return plan


def plan_attachment_remove(*, actor: Any, attached: PlanAttachment) -> None:
    """Take a file out of a draft or returned plan. Raises NotAllowed, or DomainError for a plan that was handed in."""
    plan, attachment = attached.plan, attached.attachment
    _may_edit(actor, plan)
    with transaction.atomic():
        attached.delete()
        attachment_discard(attachment=attachment)
        changes: Changes = {"attachments": [[attachment.name], []]}
        audit_record(action="plan_update", actor=actor, target=plan, changes=changes)


def plan_step(*, actor: Any, plan: ImplementationPlan, step: str, reason: str = "") -> ImplementationPlan:
    """Take a step of the workflow: file, accept, return with a reason, withdraw.

    Raises NotAllowed, StateConflict, or DomainError when the step's checks refuse or the campaign is closed.
    """
    if step not in PLANS.steps:
        raise NotAllowed
    _refuse_closed(plan.campaign)
    updates: dict[str, Any] = {"version": F("version") + 1}
    if step == "plan_file":
        receiver = plan_receiver(plan.campaign, plan.organization)
        updates |= {"filed_at": clock.now(), "filed_by": actor, "receiver": receiver, "return_reason": ""}
    elif step in ("plan_accept", "plan_return"):
        said = reason.strip() if step == "plan_return" else ""
        updates |= {"decided_at": clock.now(), "decided_by": actor, "return_reason": said[:500]}
    return PLANS.take(plan, step, actor=actor, reason=reason, **updates)


def _refuse_closed(campaign: Campaign) -> None:
    if campaign.state != CampaignState.RUNNING:
        raise DomainError(_("This campaign is not running."))


def _may_edit(actor: Any, plan: ImplementationPlan) -> None:
    if actor is not None and not reaches(actor, Cap.PLAN_WRITE, plan.organization.path):
        raise NotAllowed
    if not plan.is_editable:
        raise DomainError(
            _("The plan has been handed in. Withdraw it, or ask the office above to return it, to change it.")
        )


def _attach(plan: ImplementationPlan, documents: "Sequence[UploadedFile[Any]]", actor: Any) -> list[str]:
    if plan.attachments.count() + len(documents) > settings.ATTACHMENT_MAX_COUNT:
        raise DomainError(_("At most %(most)s files.") % {"most": settings.ATTACHMENT_MAX_COUNT})
    stored = [attachment_store(file=file, actor=actor) for file in documents]
    PlanAttachment.objects.bulk_create(PlanAttachment(plan=plan, attachment=attachment) for attachment in stored)
    return [attachment.name for attachment in stored]
