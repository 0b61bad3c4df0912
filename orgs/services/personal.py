"""Reading personal values in full: with the right, for a reason, and never without a trace."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from orgs.models import Member


@dataclass(frozen=True)
class Unmasked:
    """Personal values in the clear: shown once, kept nowhere."""

    id_number: str
    phone: str
    birth: str


def personal_unmask(*, actor: Any, member: Member, reason: str) -> Unmasked:
    """Return the personal values of `member` in full and write down who read them and why (2-domain b.16).

    Raises NotAllowed, or DomainError without a reason.
    """
    if not reaches(actor, Cap.PERSONAL_UNMASK, member.organization.path):
        raise NotAllowed
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    shown = Unmasked(
        member.id_number, member.phone, f"{member.birth_date:%Y-%m-%d}" if member.birth_date is not None else ""
    )
    changes = {"fields": ["", "、".join(name for name, value in vars(shown).items() if value)]}
    audit_record(action="personal_unmask", actor=actor, target=member, reason=reason.strip(), changes=changes)
    return shown
