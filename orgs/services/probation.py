"""Probation and its end (2-domain b.3): a year, extended by six to twelve months at most, then full membership."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from orgs.models import Member, MemberEvent, MemberEventKind, MembershipKind
from orgs.models.members import PROBATION_MONTHS, months_after

EXTENSIONS = range(6, 13)
"""Months by which probation may be extended, and at most in all."""


def probation_extend(*, actor: Any, member: Member, version: int, months: int, reason: str) -> Member:
    """Put the end of probation off by `months` (6 … 12 in all). Raises NotAllowed, EditConflict, or DomainError for who is
    no present probationary member, an end that is not known, months beyond the rule, and without a reason."""
    end = _check(actor, member).probation_end
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    if end is None:
        raise DomainError(_("Enter when the person joined the party first."))
    later = months_after(end, months)
    if months not in EXTENSIONS or (
        member.joined_on and later > months_after(member.joined_on, PROBATION_MONTHS + EXTENSIONS[-1])
    ):
        raise DomainError(_("Probation is extended by six months at least and by one year at most in all."))
    with transaction.atomic():
        member.save_version(version, probation_ends_on=later)
        MemberEvent.objects.create(
            member=member,
            organization_id=member.organization_id,
            kind=MemberEventKind.PROBATION_EXTENDED,
            happened_on=clock.today(),
            until=later,
            reason=reason.strip(),
            recorded_by=actor,
        )
        changes = {"probation_ends_on": [end, later]}
        audit_record(action="probation_extend", actor=actor, target=member, reason=reason, changes=changes)
    return member


def probation_finish(*, actor: Any, member: Member, version: int, full_member_on: dt.date) -> Member:
    """Make a probationary member a full one (转正) from `full_member_on` on. Raises NotAllowed, EditConflict, or DomainError
    for who is no present probationary member and for a day in the future or before joining."""
    _check(actor, member)
    if full_member_on > clock.today():
        raise DomainError(_("A day in the future cannot be entered."))
    if member.joined_on and full_member_on < member.joined_on:
        raise DomainError(_("Full membership begins before joining the party."))
    with transaction.atomic():
        values: dict[str, Any] = {"kind": MembershipKind.FULL, "full_member_on": full_member_on}
        changes = {field: [getattr(member, field), value] for field, value in values.items()}
        member.save_version(version, **values)
        audit_record(action="probation_finish", actor=actor, target=member, changes=changes)
    return member


def _check(actor: Any, member: Member) -> Member:
    if actor is not None and not reaches(actor, Cap.MEMBER_MANAGE, member.organization.path):
        raise NotAllowed
    if not member.is_present or member.kind != MembershipKind.PROBATIONARY:
        raise DomainError(_("This is no probationary member."))
    return member
