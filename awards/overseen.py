"""Objects of this part whose readers and history can be looked at."""

from typing import Any

from awards.blueprints import batch_plans
from awards.models import AwardBatch, BatchState, Nomination
from campaign.audit.labels import Noted, noted
from campaign.common.capabilities import Cap
from campaign.common.oversight import ObjectKind, kinds


def of_batch(batch: AwardBatch) -> tuple[Cap, ...]:
    """In preparation it is seen by those who hold it alone."""
    return (Cap.AWARD_MANAGE,) if batch.state == BatchState.DRAFT else (Cap.AWARD_VIEW,)


def of_nomination(nomination: Nomination) -> tuple[Cap, ...]:
    """A draft stays with who nominates."""
    return (Cap.NOMINATE,) if nomination.is_draft else (Cap.NOMINATION_VIEW,)


kinds.register(ObjectKind("batch", AwardBatch, "batch_detail", (Cap.AWARD_MANAGE,), seen_by=of_batch))
kinds.register(
    ObjectKind("nomination", Nomination, "nomination_detail", (Cap.NOMINATE, Cap.AWARD_MANAGE), seen_by=of_nomination)
)


def _template(value: Any) -> str:
    return str(batch_plans.get(value).label) if value in batch_plans else str(value or "—")


noted.register(Noted("awards.awardbatch template", _template))
