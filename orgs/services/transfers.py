"""Transfers of members between branches (2-domain, feature 4): what happened in the old branch stays there."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from orgs.models import Enrolment, EnrolmentOrigin, Member, Organization, Transfer, TransferState
from orgs.services.enrolments import enrolments_move
from orgs.services.roles import roles_leave
from orgs.workflow import workflow

UNDER_WAY = _("A transfer of this member is under way already.")


def transfer_request(*, actor: Any, member: Member, target: Organization, reason: str) -> Transfer:
    """Ask that `member` be moved to the branch `target`; `reason` is read by both sides. `actor` None is the system.

    Raises NotAllowed, or DomainError for a member who has left or is under way already, and for a branch that is the
    member's own, deactivated, or none.
    """
    if actor is not None and not reaches(actor, Cap.TRANSFER_REQUEST, member.organization.path):
        raise NotAllowed
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    if not member.is_present:
        raise DomainError(_("This member has left. Only present members are transferred."))
    if target.pk == member.organization_id:
        raise DomainError(_("The member belongs to this branch already."))
    if not Organization.objects.active().branches().filter(pk=target.pk).exists():
        raise DomainError(_("Choose a branch that is in use."))
    if Transfer.objects.open().filter(member=member).exists():
        raise DomainError(UNDER_WAY)
    with transaction.atomic():
        try:
            with transaction.atomic():
                transfer = Transfer.objects.create(
                    member=member,
                    source_id=member.organization_id,
                    target=target,
                    reason=reason.strip(),
                    requested_by=actor,
                    requested_at=clock.now(),
                )
        except IntegrityError:
            raise DomainError(UNDER_WAY) from None
        changes = {"source": ["", member.organization.name], "target": ["", target.name]}
        audit_record(action="transfer_request", actor=actor, target=transfer, reason=reason, changes=changes)
    return transfer


def transfer_step(*, transfer: Transfer, step: str, actor: Any, reason: str = "") -> Transfer:
    """Take a step of the workflow other than accepting: release, refuse (`reason` needed), withdraw.

    Raises what `Workflow.take` raises.
    """
    if step == "transfer_accept":
        raise ValueError("accepting is transfer_accept()")
    moment = clock.now()
    if step == "transfer_release":
        return workflow.take(transfer, step, actor=actor, reason=reason, released_by=actor, released_at=moment)
    return workflow.take(transfer, step, actor=actor, reason=reason, closed_by=actor, closed_at=moment, note=reason)


def transfer_accept(*, transfer: Transfer, actor: Any, effective_on: dt.date | None = None, cell: str = "") -> Transfer:
    """Accept a released member: from `effective_on` (today) on the member belongs to the new branch, in the party group
    `cell`. Positions in the old branch and roles of the account there end. Who holds both sides accepts what was only
    asked for: it is released with it.

    Raises NotAllowed, StateConflict, or DomainError for a day that lies in the future or before the member came into
    the old branch.
    """
    day = effective_on or clock.today()
    with transaction.atomic():
        _check_day(transfer, day)
        if transfer.state == TransferState.REQUESTED:
            transfer_step(transfer=transfer, step="transfer_release", actor=actor)
        workflow.take(
            transfer, "transfer_accept", actor=actor, closed_by=actor, closed_at=clock.now(), effective_on=day
        )
        _move(transfer, day, cell, actor)
    return transfer


def _check_day(transfer: Transfer, day: dt.date) -> None:
    if day > clock.today():
        raise DomainError(_("The transfer cannot take effect in the future."))
    open_one = Enrolment.objects.filter(member=transfer.member_id, ends_on=None).first()
    if open_one is not None and open_one.starts_on is not None and day <= open_one.starts_on:
        text = _("The member belongs to the old branch since %(day)s. Choose a later day.")
        raise DomainError(text % {"day": open_one.starts_on})


def _move(transfer: Transfer, day: dt.date, cell: str, actor: Any) -> None:
    member = Member.objects.select_for_update(of=("self",)).select_related("organization").get(pk=transfer.member_id)
    old_post = member.party_post
    member.save_version(member.version, organization=transfer.target, cell=cell, party_post="")
    enrolments_move([member], moved_on=day, origin=EnrolmentOrigin.TRANSFERRED)
    changes = {
        "organization": [transfer.source.name, transfer.target.name],
        **({"party_post": [old_post, ""]} if old_post else {}),
    }
    audit_record(action="member_transfer", actor=actor, target=member, changes=changes)
    roles_leave(left={member.pk: transfer.source_id}, reason=gettext("Transferred to another branch."))
