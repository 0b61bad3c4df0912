"""What is voted on: a ballot with its questionnaire, its classes of raters, and whom it rates."""

from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet, grants_for
from campaign.common.capabilities import Cap, Role
from campaign.common.models import TimeStamped, choice_check
from campaign.models import Audience, Standard
from orgs.models import Member, Organization

if TYPE_CHECKING:
    from campaign.ballots.models.results import Result

WHOLE = 10_000
"""One hundred percent in hundredths of a percent."""
SMALLEST_K = 3
DEFAULT_K = 5
MORE_THAN_HALF = 5_000


class BallotState(models.TextChoices):
    DRAFT = "draft", _("Being prepared")
    OPEN = "open", pgettext_lazy("ballot", "Open")
    SEALED = "sealed", _("Sealed")
    CANCELLED = "cancelled", _("Cancelled")


class Ballot(TimeStamped):
    """One vote that is held: a questionnaire, subjects, rater classes, papers, from `opens_at` until before `closes_at`."""

    state = models.CharField(_("state"), max_length=9, choices=BallotState.choices, default=BallotState.DRAFT)
    opens_at = models.DateTimeField(_("opens at"))
    closes_at = models.DateTimeField(_("closes at"))
    k = models.PositiveSmallIntegerField(_("smallest number of ballots shown on its own"), default=DEFAULT_K)
    minimum_turnout = models.PositiveSmallIntegerField(_("turnout must exceed"), default=MORE_THAN_HALF)
    """In hundredths of a percent; the turnout of a subject must be more than this."""
    leave_out_empty = models.BooleanField(_("leave out classes without raters"), default=False)
    uniform_refused = models.BooleanField(
        _("papers with one and the same answer throughout are handed back"), default=False
    )
    """Abstaining throughout is no answer, and is taken."""
    best_most = models.PositiveSmallIntegerField(
        _("how many may get the best mark in a question"), null=True, blank=True
    )
    """None: as many as one likes. Both rules are checked while the paper is in hand: nothing is marked when it comes back."""
    asks_remarks = models.BooleanField(_("asks for remarks"), default=False)
    slots = models.PositiveSmallIntegerField(default=1, editable=False)
    """How many rows a tally is spread over while open, so that voters do not queue for one row; merged at sealing."""
    roll_digest = models.CharField(max_length=64, blank=True, editable=False)
    opened_at = models.DateTimeField(_("opened at"), null=True, editable=False)
    sealed_at = models.DateTimeField(_("sealed at"), null=True, editable=False)
    cleaned_at = models.DateTimeField(null=True, editable=False)
    """When the emptied storage had been cleaned in the database's files as well."""
    marks_deleted_at = models.DateTimeField(null=True, editable=False)
    """When the sealed papers were deleted, the time for objections being over; their numbers stay with the tallies."""
    turnout = models.JSONField(default=dict, editable=False)
    turnout_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("ballot")
        constraints = (
            choice_check("state", BallotState, "ballot_state"),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="ballot_times"),
            models.CheckConstraint(condition=Q(k__gte=SMALLEST_K), name="ballot_k"),
            models.CheckConstraint(condition=Q(minimum_turnout__lt=WHOLE), name="ballot_minimum_turnout"),
            models.CheckConstraint(
                condition=~Q(state__in=(BallotState.OPEN, BallotState.SEALED))
                | (Q(opened_at__isnull=False) & ~Q(roll_digest="")),
                name="ballot_opened",
            ),
            models.CheckConstraint(
                condition=Q(state=BallotState.SEALED, sealed_at__isnull=False)
                | (~Q(state=BallotState.SEALED) & Q(sealed_at=None)),
                name="ballot_sealed",
            ),
        )

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    def is_running(self) -> bool:
        """Tell whether votes are taken now."""
        return self.state == BallotState.OPEN and self.opens_at <= clock.now() < self.closes_at


class Item(models.Model):
    """A question of the questionnaire; each is answered for each subject by one choice, or abstention."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="items")
    order = models.PositiveSmallIntegerField(_("order"))
    text = models.CharField(_("text"), max_length=200)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)
    standard = models.ForeignKey(
        Standard,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=pgettext_lazy("of a question", "standard"),
    )

    class Meta:
        verbose_name = _("item")
        ordering = ("ballot", "order")
        constraints = (
            models.UniqueConstraint(fields=("ballot", "order"), name="ballot_item_order"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="ballot_item_weight"),
        )

    def __str__(self) -> str:
        return self.text


class Choice(models.Model):
    """An answer that every item offers. `worth` is in whole points; abstention is no choice and has none."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="choices")
    order = models.PositiveSmallIntegerField(_("order"))
    label = models.CharField(_("label"), max_length=30)
    worth = models.PositiveSmallIntegerField(_("worth"))
    is_satisfied = models.BooleanField(_("counts as satisfied"))

    class Meta:
        verbose_name = _("choice")
        ordering = ("ballot", "order")
        constraints = (
            models.UniqueConstraint(fields=("ballot", "order"), name="ballot_choice_order"),
            models.CheckConstraint(condition=Q(worth__lte=100), name="ballot_choice_worth"),
        )

    def __str__(self) -> str:
        return self.label


class RaterClass(models.Model):
    """A kind of rater (A, B, C …). The weights of a ballot's classes, in hundredths of a percent, add up to 100 %."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="classes")
    order = models.PositiveSmallIntegerField(_("order"))
    key = models.CharField(_("key"), max_length=10)
    name = models.CharField(_("name"), max_length=30)
    weight = models.PositiveSmallIntegerField(_("weight"))

    class Meta:
        verbose_name = _("rater class")
        ordering = ("ballot", "order")
        constraints = (
            models.UniqueConstraint(fields=("ballot", "key"), name="ballot_class_key"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=WHOLE), name="ballot_class_weight"),
        )

    def __str__(self) -> str:
        return self.name


class SubjectQuerySet(ScopedQuerySet["Subject"]):
    """Subjects by whether their results may be seen; that they are published is the caller's to ask."""

    view_capability: ClassVar[Cap] = Cap.ROUND_RESULTS

    def allowed(self, user: Person, capability: Cap) -> Self:
        """Keep what `user` may use `capability` on; people meet nobody's result but their own through membership alone."""
        reached = Q(member=None) | Q(member__user=user.pk)
        for reach, grant in grants_for(user, capability):
            if grant.role is not Role.MEMBER:
                reached |= self._place_condition(reach, grant, self.org_lookup)
        return super().allowed(user, capability).filter(reached)


class Subject(models.Model):
    """Who or what is rated. `organization` is the place: the subject itself, or the member's branch at the time."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="subjects")
    audience = models.CharField(_("subject"), max_length=12, choices=Audience.choices)
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("party organization")
    )
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("party member"))
    name = models.CharField(_("name"), max_length=150)
    counted_with = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="pooled", verbose_name=_("counted together with")
    )
    """The first of the subjects whose ballots are counted together with these, and which share one result."""
    classes_pooled = models.BooleanField(_("classes counted together"), default=False)

    objects = SubjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("subject of a ballot")
        ordering = ("ballot", "pk")
        constraints = (
            choice_check("audience", Audience, "ballot_subject_audience"),
            models.CheckConstraint(
                condition=Q(audience=Audience.MEMBER, member__isnull=False)
                | Q(audience=Audience.ORGANIZATION, member__isnull=True),
                name="ballot_subject_kind",
            ),
            models.UniqueConstraint(
                fields=("ballot", "organization"), condition=Q(member=None), name="ballot_subject_organization"
            ),
            models.UniqueConstraint(
                fields=("ballot", "member"), condition=Q(member__isnull=False), name="ballot_subject_member"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def group(self) -> int:
        """The subject under which this one is counted: itself, unless it is pooled with another."""
        return int(self.counted_with_id or self.pk)

    if TYPE_CHECKING:
        result: "Result"
