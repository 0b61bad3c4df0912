"""Leader reviews 领导点评 (2-domain b.6): what is affirmed, what is wrong, where to go, half-year by half-year."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.common.access import Person, ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import Versioned, choice_check
from campaign.models import Audience, Campaign, Period
from orgs.models import Member, Organization, User


class ReviewMode(models.TextChoices):
    """The four ways of reviewing (seed 003: 集中、个别、现场、随机)."""

    ASSEMBLED = "assembled", _("Assembled")
    INDIVIDUAL = "individual", _("Individual")
    ONSITE = "onsite", _("On site")
    RANDOM = "random", _("Random")


class ReviewState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Handed over")


class LeaderReviewQuerySet(ScopedQuerySet["LeaderReview"]):
    view_capability: ClassVar[Cap] = Cap.REVIEW_VIEW
    person_lookup: ClassVar[str | None] = "member__user"
    person_lookups: ClassVar[dict[Cap, str]] = {Cap.REVIEW_OWN: "reviewer"}

    def allowed(self, user: Person, capability: Cap) -> Self:
        """Keep what `user` may use `capability` on; nobody but its writer meets a draft."""
        return super().allowed(user, capability).filter(Q(state=ReviewState.SUBMITTED) | Q(reviewer=user.pk))

    def submitted(self) -> Self:
        return self.filter(state=ReviewState.SUBMITTED)

    def during(self, period: Period) -> Self:
        """Keep the reviews of the period's campaign that were held in it, whatever kind of period it is."""
        return self.filter(campaign=period.campaign_id, held_on__gte=period.starts_on, held_on__lte=period.ends_on)


class LeaderReview(Versioned):
    """One review of one organization or one member. `organization` is the place: the reviewed organization, or the branch
    in which the member was enrolled then; what is written of people stays in their branch of that time."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="leader_reviews", verbose_name=_("campaign"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="leader_reviews", verbose_name=_("half-year"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="leader_reviews", verbose_name=_("party organization")
    )
    audience = models.CharField(_("subject"), max_length=12, choices=Audience.choices)
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="leader_reviews", verbose_name=_("party member")
    )
    reviewer = models.ForeignKey(
        User, models.PROTECT, related_name="leader_reviews", verbose_name=_("review written by")
    )
    reviewer_name = models.CharField(_("review written by"), max_length=60)
    reviewer_post = models.CharField(_("reviewer's position"), max_length=60, blank=True)
    reviewing_organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("reviewing organization")
    )
    mode = models.CharField(_("mode of review"), max_length=10, choices=ReviewMode.choices)
    held_on = models.DateField(_("reviewed on"))
    achievements = models.TextField(_("achievements affirmed"), blank=True)
    problems = models.TextField(_("problems found"), blank=True)
    direction = models.TextField(_("direction for improvement"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ReviewState.choices, default=ReviewState.DRAFT)
    submitted_at = models.DateTimeField(_("handed over at"), null=True, editable=False)

    objects = LeaderReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("leader review")
        verbose_name_plural = _("leader reviews")
        ordering = ("-held_on", "-pk")
        constraints = (
            choice_check("mode", ReviewMode, "leader_review_mode"),
            choice_check("state", ReviewState, "leader_review_state"),
            models.CheckConstraint(
                condition=Q(audience=Audience.MEMBER, member__isnull=False)
                | Q(audience=Audience.ORGANIZATION, member__isnull=True),
                name="leader_review_subject",
            ),
            models.CheckConstraint(
                condition=Q(state=ReviewState.DRAFT, submitted_at=None)
                | (
                    Q(state=ReviewState.SUBMITTED, submitted_at__isnull=False)
                    & ~Q(achievements="")
                    & ~Q(problems="")
                    & ~Q(direction="")
                ),
                name="leader_review_complete",
            ),
            # One draft at a time of a reviewer on a subject: a double click or a second tablet opens the same one.
            models.UniqueConstraint(
                fields=("reviewer", "member"),
                condition=Q(state=ReviewState.DRAFT, audience=Audience.MEMBER),
                name="leader_review_draft_of_member",
            ),
            models.UniqueConstraint(
                fields=("reviewer", "organization"),
                condition=Q(state=ReviewState.DRAFT, audience=Audience.ORGANIZATION),
                name="leader_review_draft_of_organization",
            ),
        )
        indexes = (
            models.Index(fields=("organization", "held_on"), name="leader_review_of_organization"),
            models.Index(fields=("member", "held_on"), name="leader_review_of_member"),
        )

    def __str__(self) -> str:
        return f"{self.subject_name} · {self.period}"

    @property
    def is_draft(self) -> bool:
        return self.state == ReviewState.DRAFT

    @property
    def subject(self) -> Member | Organization:
        """Whom the review is about."""
        return self.member if self.member is not None else self.organization

    @property
    def subject_name(self) -> str:
        return str(self.subject)
