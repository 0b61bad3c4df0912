"""What the ballots of the appraisals of members and of secretaries have in common: a round of their own kind, held once."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.ballots.models import Ballot
from campaign.ballots.services import ChoicePlan, ClassPlan, ItemPlan, ballot_create
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Audience
from reviews.models.appraisal import MemberAppraisal
from reviews.models.rounds import EvaluationRound, PublicationScope, RoundState
from reviews.models.secretaries import SecretaryAppraisal
from reviews.models.yearly import AppraisalState

Appraisal = MemberAppraisal | SecretaryAppraisal


def has_ballot(appraisal: Appraisal) -> bool:
    """Tell whether the appraisal has a ballot that was not cancelled."""
    return appraisal.round is not None and appraisal.round.state != RoundState.CANCELLED


def must_manage(actor: Any, appraisal: Appraisal, capability: Cap) -> None:
    """Raise NotAllowed where `actor` does not hold the appraisal, StateConflict once it is closed."""
    if not reaches(actor, capability, appraisal.organization.path):
        raise NotAllowed
    if not appraisal.is_open:
        raise StateConflict


def must_have_no_ballot(appraisal: Appraisal) -> None:
    """Raise DomainError where there is a ballot already."""
    if has_ballot(appraisal):
        raise DomainError(_("The ballot of this appraisal is set up already."))


def must_give_reason(reason: str) -> None:
    """Raise DomainError where there is none."""
    if not reason.strip():
        raise DomainError(_("Please give a reason."))


def ballot_leave_out(*, actor: Any, appraisal: Appraisal, capability: Cap, action: str, reason: str) -> None:
    """Note that `appraisal` does without a ballot in the portal, for a reason that is recorded (it was held elsewhere, or too few
    have an account). Raises NotAllowed, StateConflict, DomainError without a reason or when there is a ballot."""
    must_manage(actor, appraisal, capability)
    must_give_reason(reason)
    must_have_no_ballot(appraisal)
    with transaction.atomic():
        type(appraisal).objects.filter(pk=appraisal.pk).update(has_ballot=False, updated_at=clock.now())
        audit_record(action=action, actor=actor, target=appraisal, reason=reason)
    appraisal.refresh_from_db()


def ballot_begin(
    *, question: ItemPlan, choices: Sequence[ChoicePlan], raters: ClassPlan, first: dt.date, last: dt.date
) -> Ballot:
    """Make a ballot of one question for one class of raters, from the beginning of `first` to the end of `last`."""
    return ballot_create(
        opens_at=clock.start_of(first),
        closes_at=clock.start_of(last + dt.timedelta(days=1)),
        items=(question,),
        choices=tuple(choices),
        classes=(raters,),
        k=settings.BALLOT_K,
    )


def round_attach(*, actor: Any, appraisal: Appraisal, ballot: Ballot, template: str) -> EvaluationRound:
    """Make `ballot` the round of `appraisal`, within the transaction of what asks for it.

    Raises StateConflict where somebody else was quicker.
    """
    made = EvaluationRound.objects.create(
        ballot=ballot,
        campaign=appraisal.campaign,
        organization=appraisal.organization,
        name=str(_("%(name)s: ballot") % {"name": appraisal.name})[:100],
        audience=Audience.MEMBER,
        template=template,
        scope=PublicationScope.LEADERS,
    )
    free = type(appraisal).objects.filter(pk=appraisal.pk, state=AppraisalState.OPEN, round=appraisal.round_id)
    if free.update(round=made, has_ballot=True, updated_at=clock.now()) != 1:
        raise StateConflict
    audit_record(action="round_create", actor=actor, target=made, changes={"name": ["", made.name]})
    return made
