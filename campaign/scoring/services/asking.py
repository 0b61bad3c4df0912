"""Putting a result before a second person."""

from typing import Any

from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.common.errors import DomainError
from campaign.models import Period
from campaign.scoring.models import FreezeState, ScoreFreeze, ScoreRun


def freeze_ask(*, actor: Any, period: Period, run: ScoreRun, version: int, reason: str) -> ScoreFreeze:
    """Ask for the scores of `period` to be frozen as `run` left them. Raises DomainError while another request is open."""
    if ScoreFreeze.objects.filter(period=period, state=FreezeState.REQUESTED).exists():
        raise DomainError(_("Somebody has asked for this already: a second person is to confirm it."))
    freeze = ScoreFreeze.objects.create(period=period, run=run, version=version, reason=reason, requested_by=actor)
    audit_record(
        action="freeze_request", actor=actor, target=freeze, reason=reason, changes={"digest": ["", run.digest]}
    )
    return freeze
