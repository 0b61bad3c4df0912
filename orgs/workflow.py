"""The steps of a transfer between branches: asked for, released by the old one, accepted by the new one."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.workflow import Step, Workflow
from orgs.models import Organization, Transfer
from orgs.models import TransferState as S
from orgs.models.transfers import OPEN


def still_there(transfer: Transfer, _actor: Any) -> None:
    """Raise DomainError when the member does not belong to the old branch any more, or the new one was closed."""
    if transfer.member.organization_id != transfer.source_id or not transfer.member.is_present:
        raise DomainError(_("The member does not belong to the old branch any more. Withdraw this transfer."))
    if not Organization.objects.active().filter(pk=transfer.target_id).exists():
        raise DomainError(_("The new branch is deactivated. Withdraw this transfer and ask for another."))


workflow: Workflow[Transfer] = Workflow(
    Transfer,
    [
        Step(
            "transfer_release",
            (S.REQUESTED,),
            S.RELEASED,
            Cap.TRANSFER_RELEASE,
            pgettext_lazy("transfer", "Release"),
            checks=(still_there,),
        ),
        Step(
            "transfer_accept",
            (S.RELEASED,),
            S.ACCEPTED,
            Cap.TRANSFER_ACCEPT,
            pgettext_lazy("transfer", "Accept"),
            checks=(still_there,),
        ),
        Step(
            "transfer_keep",
            (S.REQUESTED,),
            S.REFUSED,
            Cap.TRANSFER_RELEASE,
            pgettext_lazy("transfer", "Refuse release"),
            needs_reason=True,
        ),
        Step(
            "transfer_refuse",
            (S.RELEASED,),
            S.REFUSED,
            Cap.TRANSFER_ACCEPT,
            pgettext_lazy("transfer", "Refuse acceptance"),
            needs_reason=True,
        ),
        Step(
            "transfer_withdraw",
            tuple(OPEN),
            S.WITHDRAWN,
            Cap.TRANSFER_REQUEST,
            pgettext_lazy("transfer", "Withdraw"),
            undoes=True,
        ),
    ],
)
