"""What people say of suspected doubles: two persons after all. One record too many: `orgs.services.doubles`."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import Changes, audit_record
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from orgs.doubles import pair_made
from orgs.models import DistinctPair, Member


def double_dismiss(*, actor: Any, first: Member, second: Member) -> DistinctPair:
    """Note that the two are not the same person: the pair is not suspected again.

    Raises NotAllowed, StateConflict when that was said already, or DomainError for two who do not look alike.
    """
    first, second = pair_checked(actor, first, second)
    try:
        with transaction.atomic():
            pair = DistinctPair.objects.create(
                first=first, second=second, decided_by=actor if actor is not None and actor.pk else None
            )
            audit_record(action="double_dismiss", actor=actor, target=first, changes=_other(second))
    except IntegrityError as error:
        raise StateConflict from error
    return pair


def double_restore(*, actor: Any, pair: DistinctPair) -> None:
    """Take that back: the pair is suspected again. Raises NotAllowed."""
    _may(actor, pair.first, pair.second)
    with transaction.atomic():
        audit_record(action="double_restore", actor=actor, target=pair.first, changes=_other(pair.second))
        pair.delete()


def pair_checked(actor: Any, first: Member, second: Member) -> tuple[Member, Member]:
    """Return the two, the earlier first. Raises NotAllowed, or DomainError for two who do not look alike or have left."""
    _may(actor, first, second)
    if first.pk == second.pk or not pair_made(first, second) or not (first.is_present and second.is_present):
        raise DomainError(_("These two records do not look like one person."))
    return (first, second) if first.pk < second.pk else (second, first)


def _may(actor: Any, *members: Member) -> None:
    for member in members:
        if actor is not None and not reaches(actor, Cap.MEMBER_MANAGE, member.organization.path):
            raise NotAllowed


def _other(member: Member) -> Changes:
    return {"personnel_no": ["", member.personnel_no]}
