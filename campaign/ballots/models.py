"""Secret ballots: what is stored, and what is not (docs/ballots.md).

Two halves that never meet: `Paper` says who may vote and has voted, `Tally` how often each answer was given. There is no
ballot row, no time of a vote, and no way from a paper to a tally narrower than its class. While a ballot is open both lie
in storage of their own; sealing writes them anew, in random order, into `SealedPaper` and `SealedTally` and empties it.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.ballots.sheet import Sheet
from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet, grants_for
from campaign.common.capabilities import Cap, Role
from campaign.common.models import TimeStamped, choice_check
from campaign.models import Audience, Standard
from orgs.models import Member, Organization

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
    slots = models.PositiveSmallIntegerField(default=1, editable=False)
    """How many rows a tally is spread over while open, so that voters do not queue for one row; merged at sealing."""
    roll_digest = models.CharField(max_length=64, blank=True, editable=False)
    opened_at = models.DateTimeField(_("opened at"), null=True, editable=False)
    sealed_at = models.DateTimeField(_("sealed at"), null=True, editable=False)
    cleaned_at = models.DateTimeField(null=True, editable=False)
    """When the emptied storage had been cleaned in the database's files as well."""
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


class Slate(models.Model):
    """A list of subjects that many papers share."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="slates")
    subjects: "models.ManyToManyField[Subject, Any]" = models.ManyToManyField(Subject, related_name="slates")

    class Meta:
        verbose_name = _("list of subjects")


class PaperQuerySet(ScopedQuerySet["Paper"]):
    """Everybody meets their own papers, nobody another's."""

    view_capability: ClassVar[Cap] = Cap.VOTE
    person_lookup: ClassVar[str | None] = "voter"

    def running(self) -> Self:
        """Keep those of ballots that take votes now."""
        moment = clock.now()
        return self.filter(ballot__state=BallotState.OPEN, ballot__opens_at__lte=moment, ballot__closes_at__gt=moment)


class Entitlement(models.Model):
    """One ballot paper: one rater of one class, for the subjects of a slate without the rater's own. No time, no answer."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="%(class)ss")
    rater_class = models.ForeignKey(RaterClass, models.CASCADE, related_name="%(class)ss")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="%(class)ss")
    slate = models.ForeignKey(Slate, models.CASCADE, related_name="%(class)ss")
    own = models.ForeignKey(Subject, models.CASCADE, null=True, related_name="+")
    """The subject that is the rater, left out: nobody rates themselves."""
    marked = models.BooleanField(default=False)

    class Meta:
        abstract = True
        constraints = (models.UniqueConstraint(fields=("ballot", "voter"), name="%(class)s_once"),)


class Paper(Entitlement):
    """A paper of a ballot that is not sealed yet."""

    objects = PaperQuerySet.as_manager()

    class Meta(Entitlement.Meta):
        verbose_name = _("ballot paper")

    @property
    def sheet(self) -> Sheet:
        """What is on the paper: subjects, items and choices; read once where the ballot's digest says that it is fixed."""
        digest = self.ballot.roll_digest
        found = fixed_sheet(digest, self.ballot_id, self.slate_id) if digest else _sheet(self.ballot_id, self.slate_id)
        return found if self.own_id is None else found.without(self.own_id)


def _sheet(ballot_id: int, slate_id: int) -> Sheet:
    return Sheet(
        subjects=tuple(Subject.objects.filter(slates=slate_id).order_by("pk").values_list("pk", "name")),
        items=tuple(Item.objects.filter(ballot=ballot_id).order_by("order").values_list("text", flat=True)),
        choices=tuple(Choice.objects.filter(ballot=ballot_id).order_by("order").values_list("label", flat=True)),
    )


@lru_cache(maxsize=1024)
def fixed_sheet(digest: str, ballot_id: int, slate_id: int) -> Sheet:
    """Return what the papers of a slate have in common. The digest covers questionnaire, slates and subjects: what it
    stands for never changes, so it is read from the database once per process. Nothing here speaks of a voter."""
    return _sheet(ballot_id, slate_id)


class SealedPaper(Entitlement):
    """A paper after sealing: kept for objections and the recount, then deleted."""

    class Meta(Entitlement.Meta):
        verbose_name = _("sealed ballot paper")


class Counts(models.Model):
    """How often each answer was given to a subject by a class: `counts` holds, item after item, one number for each choice
    in order and one for abstention."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="+")
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="+")
    rater_class = models.ForeignKey(RaterClass, models.CASCADE, related_name="+")
    counts = models.JSONField()

    class Meta:
        abstract = True


class Tally(Counts):
    """Counts of an open ballot. Nothing reads them but the statement that adds to them, and sealing."""

    slot = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("tally")
        constraints = (models.UniqueConstraint(fields=("rater_class", "subject", "slot"), name="tally_slot"),)


class SealedTally(Counts):
    """Counts after sealing. Pages never read them: they show `Result`, in which what is too small is left out."""

    class Meta:
        verbose_name = _("sealed tally")
        constraints = (models.UniqueConstraint(fields=("rater_class", "subject"), name="sealed_tally_once"),)


class Verdict(models.TextChoices):
    VALID = "valid", _("Valid")
    INVALID = "invalid", _("Invalid")


class Shown(models.TextChoices):
    """What there is to say of a figure: the figure, that it is hidden, or that nobody answered."""

    ANSWERED = "answered", _("Shown")
    HIDDEN = "hidden", _("Too few ballots to be shown")
    EMPTY = "empty", _("No answers")


class Result(models.Model):
    """The result of one subject, computed once at sealing. What is hidden is not in it, so no page can show it."""

    subject = models.OneToOneField(Subject, models.CASCADE, primary_key=True, related_name="result")
    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="results")
    verdict = models.CharField(_("verdict"), max_length=7, choices=Verdict.choices)
    entitled = models.PositiveIntegerField(_("entitled"))
    returned = models.PositiveIntegerField(_("returned"), null=True)
    """None where it would tell how many ballots a hidden class has."""
    total_kind = models.CharField(max_length=8, choices=Shown.choices)
    total = models.PositiveIntegerField(_("total score"), null=True)
    """In hundredths of a point, 0–10000."""
    satisfaction_kind = models.CharField(max_length=8, choices=Shown.choices)
    satisfaction = models.PositiveIntegerField(_("satisfaction"), null=True)
    """In hundredths of a percent, over the classes that are shown."""
    classes = models.JSONField(default=list)
    """`results.ClassResult` of each class, in order; see `results.load`."""

    class Meta:
        verbose_name = _("result")
        constraints = (
            choice_check("verdict", Verdict, "result_verdict"),
            choice_check("total_kind", Shown, "result_total_kind"),
            choice_check("satisfaction_kind", Shown, "result_satisfaction_kind"),
            models.CheckConstraint(
                condition=Q(total_kind=Shown.ANSWERED, total__lte=WHOLE)
                | (~Q(total_kind=Shown.ANSWERED) & Q(total=None)),
                name="result_total",
            ),
            models.CheckConstraint(
                condition=Q(satisfaction_kind=Shown.ANSWERED, satisfaction__lte=WHOLE)
                | (~Q(satisfaction_kind=Shown.ANSWERED) & Q(satisfaction=None)),
                name="result_satisfaction",
            ),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.VALID) | (Q(total=None) & Q(satisfaction=None)), name="result_invalid"
            ),
        )
