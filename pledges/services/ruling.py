"""What a campaign asks of a pledge: set by whoever sets the campaign up."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.models import Campaign, CampaignState
from pledges.models import FULL_MARK, PledgeRules

MOST_ITEMS = 20
"""No pledge has more items: few words, a figure, a day."""
FIELDS = (
    "organization_items_min", "organization_items_max", "member_items_min", "member_items_max",
    "mark_fulfilled", "mark_basic", "mark_unfulfilled",
)  # fmt: skip


def pledge_rules_update(*, campaign: Campaign, actor: Any, version: int, **given: int) -> PledgeRules:
    """Set how many items a pledge has and what mark (hundredths of a mark of 100) a result earns.

    What was handed in or appraised before stays as it is; drafts are measured by the new numbers when they are handed in.
    Raises NotAllowed, EditConflict, or DomainError (closed, numbers that do not fit). Source: 2-domain b.5.
    """
    if not reaches(actor, Cap.CAMPAIGN_MANAGE, campaign.organization.path):
        raise NotAllowed
    if campaign.state == CampaignState.CLOSED:
        raise DomainError(_("The campaign is closed. Its rules can no longer be changed."))
    _check(given)
    with transaction.atomic():
        rules, _made = PledgeRules.objects.get_or_create(campaign=campaign)
        before = {field: getattr(rules, field) for field in FIELDS}
        rules.save_version(version, **{field: given[field] for field in FIELDS})
        changes = {field: [before[field], given[field]] for field in FIELDS if before[field] != given[field]}
        audit_record(action="pledge_rules_update", actor=actor, target=rules, changes=changes)
    return rules


def _check(given: dict[str, int]) -> None:
    for kind in ("organization", "member"):
        if not 1 <= given[f"{kind}_items_min"] <= given[f"{kind}_items_max"] <= MOST_ITEMS:
            raise DomainError(
                _("The fewest items are at least 1 and not more than the most, which are at most %(most)s.")
                % {"most": MOST_ITEMS}
            )
    if not FULL_MARK >= given["mark_fulfilled"] >= given["mark_basic"] >= given["mark_unfulfilled"] >= 0:
        raise DomainError(_("A better result earns no lower mark, and no mark is above 100."))
