"""What reviewers do: write a review, hand it over, take it back (2-domain b.6)."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record, audit_record_many
from campaign.common import clock
from campaign.common.access import Grant, grants_for
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Audience, Campaign, Period
from orgs.models import Member, Organization, User
from reviews.models.leader import LeaderReview, ReviewMode, ReviewState
from reviews.selectors.leader import SUBJECTS, period_on, review_period, review_refusal
from reviews.workflow.leader import LEADER_REVIEWS

MAX_TEXT = 2000
"""Characters in each of the three texts."""
WRITTEN = ("mode", "held_on", "achievements", "problems", "direction")
BATCH = 500


def leader_review_create(
    *,
    actor: User,
    campaign: Campaign,
    subject: Organization | Member,
    mode: ReviewMode,
    held_on: dt.date,
    achievements: str = "",
    problems: str = "",
    direction: str = "",
) -> LeaderReview:
    """Begin a review of `subject`, as a draft that only `actor` sees; `held_on` decides the half-year it counts in.

    Raises NotAllowed, or DomainError: oneself or the own organization (2-domain b.6), a day outside the campaign or in the
    future, an organization that takes no part, a text over MAX_TEXT characters, a draft that exists already.
    """
    if refusal := review_refusal(actor, subject):
        raise refusal
    place = subject.organization if isinstance(subject, Member) else subject
    if not place.path.startswith(campaign.organization.path):
        raise DomainError(_("This organization takes no part in the campaign."))
    texts = _texts(achievements=achievements, problems=problems, direction=direction)
    period = _period(campaign, held_on)
    review = _begun(actor, campaign, subject, period=period, mode=mode, held_on=held_on, **texts)
    try:
        with transaction.atomic():
            review.save(force_insert=True)
            audit_record(action="leader_review_create", actor=actor, target=review)
    except IntegrityError as error:
        raise DomainError(_("You have begun a review of the same subject already. Open that one and go on.")) from error
    return review


def _begun(actor: User, campaign: Campaign, subject: Organization | Member, **said: Any) -> LeaderReview:
    place = subject.organization if isinstance(subject, Member) else subject
    grant = _grant_used(actor, subject, place)
    return LeaderReview(
        campaign=campaign,
        organization=place,
        audience=Audience.MEMBER if isinstance(subject, Member) else Audience.ORGANIZATION,
        member=subject if isinstance(subject, Member) else None,
        reviewer=actor,
        reviewer_name=actor.name,
        reviewer_post=_post(actor, grant),
        reviewing_organization_id=grant.organization_id,
        **said,
    )


def leader_reviews_write(
    *,
    actor: User,
    campaign: Campaign,
    new: Iterable[tuple[Organization | Member, Mapping[str, Any]]],
    changed: Iterable[tuple[LeaderReview, Mapping[str, Any]]] = (),
    gone: Sequence[LeaderReview] = (),
) -> None:
    """Write many drafts at once: begin those of `new` (subjects that `actor` may review, from `candidate_members` and
    `candidate_organizations`), save `changed` and throw `gone` away, drafts of `actor` that the transaction has locked.

    Days lie in the campaign. Raises NotAllowed for a draft of somebody else, IntegrityError where one was begun meanwhile.
    """
    periods = list(campaign.periods.all())
    begun = [
        _begun(actor, campaign, subject, period=period_on(periods, said["held_on"]), **said) for subject, said in new
    ]
    saved = list(changed)
    for review in [*(review for review, _said in saved), *gone]:
        _own_draft(review, actor)
    for review, said in saved:
        for name, value in said.items():
            setattr(review, name, value)
        review.period = period_on(periods, review.held_on) or review.period
        review.version += 1
        review.updated_at = clock.now()
    with transaction.atomic():
        made = LeaderReview.objects.bulk_create(begun, batch_size=BATCH)
        kept = [review for review, _said in saved]
        LeaderReview.objects.bulk_update(kept, [*WRITTEN, "period", "version", "updated_at"], batch_size=BATCH)
        audit_record_many(action="leader_review_create", actor=actor, targets=made)
        audit_record_many(action="leader_review_update", actor=actor, targets=kept)
        audit_record_many(action="leader_review_discard", actor=actor, targets=gone)
        LeaderReview.objects.filter(pk__in=[review.pk for review in gone]).delete()


def leader_review_update(
    *,
    review: LeaderReview,
    version: int,
    actor: User,
    mode: ReviewMode,
    held_on: dt.date,
    achievements: str,
    problems: str,
    direction: str,
) -> LeaderReview:
    """Save the draft `review` as edited from `version`.

    Raises NotAllowed for anybody but its writer, StateConflict when it was handed over, EditConflict when it was saved
    meanwhile, or DomainError as in `leader_review_create`.
    """
    _own_draft(review, actor)
    texts = _texts(achievements=achievements, problems=problems, direction=direction)
    period = _period(review.campaign, held_on)
    with transaction.atomic():
        review.save_version(version, mode=mode, held_on=held_on, period=period, **texts)
        audit_record(action="leader_review_update", actor=actor, target=review)
    return review


def leader_review_submit(*, review: LeaderReview, actor: User) -> LeaderReview:
    """Hand the review over: from now on the reviewed and those above see it, and it counts.

    Raises NotAllowed, StateConflict, or DomainError: a text is missing, the stage has no reviews, the place of the
    reviewed or of the reviewer has changed so that the review is not theirs to give.
    """
    if refusal := review_refusal(actor, review.subject):
        raise refusal
    # The version counts on, so that a form opened before cannot overwrite what was handed over.
    return LEADER_REVIEWS.take(
        review, "leader_review_submit", actor=actor, submitted_at=clock.now(), version=F("version") + 1
    )


def leader_review_withdraw(*, review: LeaderReview, actor: User) -> LeaderReview:
    """Take a review back within a day; it is a draft again. Raises NotAllowed, StateConflict, or DomainError: too late."""
    try:
        with transaction.atomic():
            return LEADER_REVIEWS.take(review, "leader_review_withdraw", actor=actor, submitted_at=None)
    except IntegrityError as error:
        raise DomainError(_("You have begun a review of the same subject already. Open that one and go on.")) from error


def leader_review_discard(*, review: LeaderReview, actor: User) -> None:
    """Throw a draft away. Raises NotAllowed for anybody but its writer, StateConflict when it was handed over."""
    _own_draft(review, actor)
    with transaction.atomic():
        audit_record(action="leader_review_discard", actor=actor, target=review)
        gone, _by_model = LeaderReview.objects.filter(pk=review.pk, state=ReviewState.DRAFT).delete()
        if gone != 1:
            raise StateConflict


def _own_draft(review: LeaderReview, actor: User) -> None:
    if review.reviewer_id != actor.pk:
        raise NotAllowed
    if not review.is_draft:
        raise StateConflict


def _texts(**texts: str) -> dict[str, str]:
    tidy = {name: text.strip() for name, text in texts.items()}
    if any(len(text) > MAX_TEXT for text in tidy.values()):
        raise DomainError(_("Each text may have up to %(n)s characters. Please shorten it.") % {"n": MAX_TEXT})
    return tidy


def _period(campaign: Campaign, held_on: dt.date) -> Period:
    if held_on > clock.today():
        raise DomainError(_("The day of the review cannot lie in the future."))
    period = review_period(campaign, held_on)
    if period is None:
        raise DomainError(_("The day of the review lies outside the campaign."))
    return period


def _grant_used(actor: User, subject: Organization | Member, place: Organization) -> Grant:
    """Return the role through which `actor` reviews: the one held nearest to the subject."""
    grants = [
        grant for _reach, grant in grants_for(actor, SUBJECTS[type(subject)]) if place.path.startswith(grant.path)
    ]
    return max(grants, key=lambda grant: len(grant.path))


def _post(actor: User, grant: Grant) -> str:
    """Return the position printed with a reviewer's name (form d.4), as it is now."""
    member = actor.member
    if member is None:
        return str(grant.role.label)
    return member.admin_post or str(member.get_party_post_display()) or str(grant.role.label)
