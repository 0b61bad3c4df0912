"""Freezing a period: requested by one person, confirmed by another; corrections of what is frozen, with a reason, likewise."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.bulk import bulk_load
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.jobs.models import Job
from campaign.jobs.services import job_request
from campaign.models import Period, PeriodState
from campaign.scoring.choices import RunKind, RunState
from campaign.scoring.models import (
    FINISHED,
    FreezeState,
    PeriodScore,
    ScoreDrift,
    ScoreFreeze,
    ScoreRank,
    ScoreRun,
    ScoreSeal,
)
from campaign.scoring.services.asking import freeze_ask
from campaign.scoring.services.runs import KIND, run_parameters
from campaign.scoring.standing import ranks_of


def freeze_request(*, actor: Any, period: Period, reason: str = "") -> ScoreFreeze:
    """Ask for `period` to be frozen as its last run left it.

    Raises NotAllowed; DomainError while the period goes on, where something of it is being computed, or where the last run was
    not one of the whole campaign: then it is to be computed once more first.
    """
    _check_actor(actor, period)
    with transaction.atomic():
        locked = _locked(period)
        if locked.state == PeriodState.FROZEN:
            raise DomainError(_("The period %(period)s is frozen already.") % {"period": period.name})
        if locked.ends_on >= clock.today():
            raise DomainError(_("The period %(period)s is not over yet.") % {"period": period.name})
        run = _last_run(locked)
        return freeze_ask(actor=actor, period=locked, run=run, version=1, reason=reason)


def _check_actor(actor: Any, period: Period) -> None:
    if not reaches(actor, Cap.SCORE_FREEZE, period.campaign.organization.path):
        raise NotAllowed


def _locked(period: Period) -> Period:
    return Period.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign").get(pk=period.pk)


def _last_run(period: Period) -> ScoreRun:
    """Return the last run of the period, which must be one of everything."""
    if ScoreRun.objects.under_way().filter(period=period).exists():
        raise DomainError(_("Scores of this period are being computed right now. Please wait until that run is done."))
    run = ScoreRun.objects.filter(period=period, state__in=FINISHED).order_by("-pk").first()
    whole = run and run.kind == RunKind.FULL and run.organization_id == period.campaign.organization_id
    if run is None or not whole:
        raise DomainError(
            _("Compute the scores of the whole campaign once more before you ask for the period to be frozen.")
        )
    return run


def freeze_withdraw(*, freeze: ScoreFreeze, actor: Any) -> ScoreFreeze:
    """Take a request back, or refuse it; the rows of a correction are swept out by the next run.

    Raises NotAllowed, StateConflict.
    """
    _check_actor(actor, freeze.period)
    with transaction.atomic():
        _locked(freeze.period)
        _decide(freeze, actor, FreezeState.WITHDRAWN)
        ScoreRun.objects.filter(pk=freeze.run_id, state=RunState.WAITING).update(
            state=RunState.FAILED, finished_at=clock.now(), updated_at=clock.now()
        )
        audit_record(
            action="freeze_withdraw",
            actor=actor,
            target=freeze,
            changes={"state": [FreezeState.REQUESTED.value, FreezeState.WITHDRAWN.value]},
        )
    return freeze


def _decide(freeze: ScoreFreeze, actor: Any, state: FreezeState) -> None:
    changed = ScoreFreeze.objects.filter(pk=freeze.pk, state=FreezeState.REQUESTED).update(
        state=state, decided_by=actor, decided_at=clock.now(), updated_at=clock.now()
    )
    if changed != 1:
        raise StateConflict
    freeze.refresh_from_db()


def freeze_confirm(*, freeze: ScoreFreeze, actor: Any) -> ScoreSeal:
    """Freeze what was asked for: from here on the database refuses every change of it.

    Raises NotAllowed; DomainError for who asked for it (or acts for them), and where scores were computed since; StateConflict.
    """
    _check_actor(actor, freeze.period)
    if is_own(freeze, actor):
        raise DomainError(_("Nobody confirms what they asked for themselves: a second person is needed."))
    with transaction.atomic():
        period = _locked(freeze.period)
        if not freeze.is_correction and _last_run(period).pk != freeze.run_id:
            raise DomainError(
                _(
                    "Scores have been computed since this was asked for. Withdraw the request, look at them and ask again."
                )
            )
        _decide(freeze, actor, FreezeState.CONFIRMED)
        seal = _seal(period, freeze)
        audit_record(
            action="freeze_confirm",
            actor=actor,
            target=freeze,
            reason=freeze.reason,
            changes={"digest": ["", seal.digest]},
        )
    return seal


def is_own(freeze: ScoreFreeze, user: Any) -> bool:
    """Tell whether `user` asked for it, or whom `user` acts for, or a deputy in the stead of either."""
    return not ScoreFreeze.objects.filter(pk=freeze.pk).of_others(user).exists()


def _seal(period: Period, freeze: ScoreFreeze) -> ScoreSeal:
    """Publish a correction, store the ranks, close the period; the seal comes last, since nothing can be written after it."""
    if freeze.is_correction:
        changed = ScoreRun.objects.filter(pk=freeze.run_id, state=RunState.WAITING).update(
            state=RunState.PUBLISHED, finished_at=clock.now(), updated_at=clock.now()
        )
        if changed != 1:
            raise StateConflict
        ScoreDrift.objects.filter(period=period).delete()
    else:
        Period.objects.filter(pk=period.pk).update(state=PeriodState.FROZEN, updated_at=clock.now())
    scores = list(
        PeriodScore.objects.current().of_organizations().filter(period=period).defer("lines").order_by("place", "pk")
    )
    rows = ((score, *place) for score, place in ranks_of(scores).items())
    bulk_load(ScoreRank, ("score_id", "rank", "ranked"), rows, {"period_id": period.pk, "version": freeze.version})
    return ScoreSeal.objects.create(
        period=period, version=freeze.version, freeze=freeze, digest=ScoreRun.objects.get(pk=freeze.run_id).digest
    )


def correction_request(*, actor: Any, period: Period, reason: str) -> Job:
    """Ask for the scores of a frozen period to be computed once more, as its evidence is now; readers see the result once a
    second person has confirmed it.

    Raises NotAllowed; DomainError without a reason, for a period that is not frozen, and while another request is open.
    """
    _check_actor(actor, period)
    if not reason.strip():
        raise DomainError(_("Say why the frozen scores are to be corrected."))
    return job_request(
        kind=KIND,
        actor=actor,
        parameters=run_parameters(period, period.campaign.organization_id) | {"reason": reason.strip()[:500]},
    )
