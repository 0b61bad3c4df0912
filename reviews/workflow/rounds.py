"""The states of an evaluation round as a table. What happens to the ballot with each step is in `services.rounds`."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.ballots.models import Shown
from campaign.ballots.selectors import blockers
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.workflow import Step, Workflow
from campaign.models import Action
from campaign.selectors import action_allowed
from reviews.models.rounds import EvaluationRound, RoundState


def stage_allows(evaluation_round: EvaluationRound, actor: Any) -> None:
    if not action_allowed(evaluation_round.campaign, Action.EVALUATE):
        raise DomainError(_("The present stage of the campaign has no mass evaluation. Ask the campaign office."))


def nothing_blocks(evaluation_round: EvaluationRound, actor: Any) -> None:
    for blocker in blockers(evaluation_round.ballot):
        raise DomainError(blocker)


def results_there(evaluation_round: EvaluationRound, actor: Any) -> None:
    if not evaluation_round.ballot.results.exclude(total_kind=Shown.EMPTY).exists():
        raise DomainError(_("No subject has a valid result, so there is nothing to publish. Hold the round again."))


ROUNDS: Workflow[EvaluationRound] = Workflow(
    EvaluationRound,
    [
        Step(
            "round_open",
            (RoundState.DRAFT,),
            RoundState.OPEN,
            Cap.ROUND_MANAGE,
            _("Open for voting"),
            checks=(stage_allows, nothing_blocks),
        ),
        Step("round_close", (RoundState.OPEN,), RoundState.SEALED, Cap.ROUND_MANAGE, _("Close and seal")),
        Step(
            "round_publish",
            (RoundState.SEALED,),
            RoundState.PUBLISHED,
            Cap.ROUND_MANAGE,
            _("Publish the results"),
            checks=(results_there,),
        ),
        Step(
            "round_cancel",
            (RoundState.DRAFT, RoundState.OPEN),
            RoundState.CANCELLED,
            Cap.ROUND_MANAGE,
            _("Cancel the round"),
            needs_reason=True,
        ),
    ],
)
