"""Steps of large rounds as background jobs: opening and sealing a hundred thousand papers takes longer than a page may."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.ballots.models import Paper
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.jobs.models import Job
from campaign.jobs.registry import JobKind, Outcome, Progress, kinds
from campaign.jobs.services import job_request
from reviews.models.rounds import EvaluationRound
from reviews.services import rounds as services

LARGE = 2_000
"""From so many papers on a step is done in the background."""
STEPS = ("round_open", "round_close", "round_publish", "round_cancel", "round_leave_out")
KIND = "rounds.step"


def is_large(evaluation_round: EvaluationRound) -> bool:
    return Paper.objects.filter(ballot=evaluation_round.ballot_id)[LARGE : LARGE + 1].exists()


def step_request(evaluation_round: EvaluationRound, step: str, actor: Any, given: Mapping[str, str]) -> Job:
    """Ask for a step of a large round; `given` is what was posted with it."""
    parameters = {"round": evaluation_round.pk, "step": step, **given}
    return job_request(kind=KIND, actor=actor, parameters=parameters)


def _round(parameters: Mapping[str, Any]) -> EvaluationRound:
    found = EvaluationRound.objects.select_related("ballot", "organization", "campaign")
    one = found.filter(pk=parameters.get("round") or 0).first()
    if one is None or parameters.get("step") not in STEPS:
        raise DomainError(_("There is no such round."))
    return one


def check(user: Any, parameters: Mapping[str, Any]) -> None:
    if not reaches(user, Cap.ROUND_MANAGE, _round(parameters).organization.path):
        raise NotAllowed


def run(progress: Progress) -> Outcome:
    found = _round(progress.parameters)
    step = progress.parameters["step"]
    given = {name: value for name, value in progress.parameters.items() if name not in ("round", "step")}
    if "leave_out" in given:
        given["leave_out"] = bool(given["leave_out"])
    progress.step(_("Working through the papers"))
    getattr(services, step)(evaluation_round=found, actor=progress.user, **given)
    return Outcome(message=str(_("Done.")), url=reverse("round_detail", args=[found.pk]))


def register() -> None:
    kinds.register(JobKind(KIND, gettext_lazy("Open, seal or publish a round"), run, check))
