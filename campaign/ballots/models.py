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


class Slate(models.Model):
    """A list of subjects that many papers share."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="slates")
    subjects: "models.ManyToManyField[Subject, Any]" = models.ManyToManyField(Subject, related_name="slates")

    class Meta:
        verbose_name = _("list of subjects")


class Channel(models.TextChoices):
    SLIP = "slip", _("Slips with a code")
    PAPER = "paper", _("Paper ballots")


class Batch(models.Model):
    """Ballot papers for people without an account: so many for one class in one unit, as slips with a code, each of which is
    a `Paper`, or on paper, of which only `PaperCount` will tell. Who gets which is not known."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="batches")
    channel = models.CharField(_("how they vote"), max_length=5, choices=Channel.choices)
    rater_class = models.ForeignKey(RaterClass, models.CASCADE, related_name="batches")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("unit"))
    slate = models.ForeignKey(Slate, models.CASCADE, related_name="batches")
    count = models.PositiveIntegerField(_("number"))
    cipher = models.TextField(blank=True, editable=False)
    """The codes as they will be printed, encrypted; gone with the first download."""
    printed_at = models.DateTimeField(_("printed at"), null=True, editable=False)
    blocked_at = models.DateTimeField(_("blocked at"), null=True, editable=False)

    class Meta:
        verbose_name = _("batch of ballot papers")
        ordering = ("ballot", "organization__path", "rater_class__order", "channel")
        constraints = (
            choice_check("channel", Channel, "batch_channel"),
            models.CheckConstraint(condition=Q(count__gte=1), name="batch_count"),
            models.CheckConstraint(
                condition=Q(channel=Channel.SLIP) | (Q(cipher="") & Q(blocked_at=None) & Q(printed_at=None)),
                name="batch_codes",
            ),
            models.UniqueConstraint(fields=("ballot", "channel", "rater_class", "organization"), name="batch_once"),
        )

    def __str__(self) -> str:
        return f"{self.organization} {self.rater_class}"


class PaperQuerySet(ScopedQuerySet["Paper"]):
    """Everybody meets their own papers, nobody another's."""

    view_capability: ClassVar[Cap] = Cap.VOTE
    person_lookup: ClassVar[str | None] = "voter"

    def running(self) -> Self:
        """Keep those of ballots that take votes now, without those that were struck before they were cast."""
        moment = clock.now()
        running = self.filter(
            ballot__state=BallotState.OPEN, ballot__opens_at__lte=moment, ballot__closes_at__gt=moment
        )
        return running.exclude(struck=True, marked=False)


class Entitlement(models.Model):
    """One ballot paper: one rater of one class, for the subjects of a slate without the rater's own. No time, no answer.

    It is held by an account (`voter`), or by whoever has a slip of the `batch`.
    """

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="%(class)ss")
    rater_class = models.ForeignKey(RaterClass, models.CASCADE, related_name="%(class)ss")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="%(class)ss")
    batch = models.ForeignKey(Batch, models.CASCADE, null=True, related_name="%(class)ss")
    slate = models.ForeignKey(Slate, models.CASCADE, related_name="%(class)ss")
    own = models.ForeignKey(Subject, models.CASCADE, null=True, related_name="+")
    """The subject that is the rater, left out: nobody rates themselves."""
    marked = models.BooleanField(default=False)

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.UniqueConstraint(fields=("ballot", "voter"), name="%(class)s_once"),
            models.CheckConstraint(
                condition=Q(voter__isnull=False, batch=None) | Q(voter=None, batch__isnull=False, own=None),
                name="%(class)s_held",
            ),
        )


class Paper(Entitlement):
    """A paper of a ballot that is not sealed yet."""

    digest = models.CharField(max_length=64, null=True, unique=True, editable=False)
    """The keyed hash of a slip's code; None for an account's paper and for a slip that was blocked. Not kept after sealing."""
    struck = models.BooleanField(default=False)
    """Its voter left while voting went on: it cannot be cast any more. It stays in the roll, whether it was cast or not."""

    objects = PaperQuerySet.as_manager()

    class Meta(Entitlement.Meta):
        verbose_name = _("ballot paper")
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            *Entitlement.Meta.constraints,
            models.CheckConstraint(condition=Q(digest=None) | Q(batch__isnull=False), name="paper_code"),
        )

    @property
    def sheet(self) -> Sheet:
        """What is on the paper: subjects, items and choices; read once where the ballot's digest says that it is fixed."""
        digest = self.ballot.roll_digest
        found = fixed_sheet(digest, self.ballot_id, self.slate_id) if digest else _sheet(self.ballot_id, self.slate_id)
        return found if self.own_id is None else found.without(self.own_id)


def _sheet(ballot_id: int, slate_id: int) -> Sheet:
    rules = Ballot.objects.values_list("uniform_refused", "best_most", "asks_remarks").get(pk=ballot_id)
    return Sheet(
        subjects=tuple(Subject.objects.filter(slates=slate_id).order_by("pk").values_list("pk", "name")),
        items=tuple(Item.objects.filter(ballot=ballot_id).order_by("order").values_list("text", flat=True)),
        choices=tuple(Choice.objects.filter(ballot=ballot_id).order_by("order").values_list("label", flat=True)),
        uniform_refused=rules[0],
        best_most=rules[1],
        asks_remarks=rules[2],
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


class CountsField(models.JSONField):
    """A list of numbers: an array on PostgreSQL, where adding to it is cheapest, else JSON."""

    def get_internal_type(self) -> str:
        return type(self).__name__  # Django would put a column of arrays into UNNEST, which flattens them

    def db_type(self, connection: Any) -> str:
        return "bigint[]" if connection.vendor == "postgresql" else "text"

    def db_check(self, connection: Any) -> str | None:
        check = connection.data_type_check_constraints.get("JSONField")
        return check % self.db_type_parameters(connection) if check else None

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if connection.vendor == "postgresql":
            return value
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value if connection.vendor == "postgresql" else super().from_db_value(value, expression, connection)


class Counts(models.Model):
    """How often each answer was given to a subject by a class: `counts` holds, item after item, one number for each choice
    in order and one for abstention."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="+")
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="+")
    rater_class = models.ForeignKey(RaterClass, models.CASCADE, related_name="+")
    counts = CountsField()

    class Meta:
        abstract = True


class Tally(Counts):
    """Counts of an open ballot. Nothing reads them but the statement that adds to them, and sealing."""

    slot = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("tally")
        constraints = (models.UniqueConstraint(fields=("rater_class", "subject", "slot"), name="tally_slot"),)


class SealedTally(Counts):
    """Counts after sealing, electronic and on paper together. Pages never read them: they show `Result`, in which what is
    too small is left out. The numbers of papers stay here when the marks themselves are deleted."""

    entitled = models.PositiveIntegerField(default=0)
    marked = models.PositiveIntegerField(default=0)
    """Electronic papers that were cast, by account or slip; `issued`, `valid` and `invalid` are those on paper."""
    issued = models.PositiveIntegerField(default=0)
    valid = models.PositiveIntegerField(default=0)
    invalid = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("sealed tally")
        constraints = (models.UniqueConstraint(fields=("rater_class", "subject"), name="sealed_tally_once"),)


class RemarkText(models.Model):
    """What somebody wrote about a subject: whose it is, and of which class, is not kept."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="+")
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="+")
    text = models.TextField(_("remark"))

    class Meta:
        abstract = True


class Remark(RemarkText):
    """A remark of an open ballot. Nothing reads it but sealing."""

    class Meta:
        verbose_name = _("remark")


class SealedRemark(RemarkText):
    """A remark after sealing; shown only where a subject has at least k of them."""

    class Meta:
        verbose_name = _("sealed remark")


class PaperCount(models.Model):
    """What one of two people counted of the ballots on paper, of one class for one subject, from their own sheet. It holds
    when both say the same. At sealing the counts go into the tally and are emptied here."""

    ballot = models.ForeignKey(Ballot, models.CASCADE, related_name="paper_counts")
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="paper_counts")
    rater_class = models.ForeignKey(RaterClass, models.CASCADE, related_name="paper_counts")
    counter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    issued = models.PositiveIntegerField(_("issued"))
    returned = models.PositiveIntegerField(_("returned"))
    valid = models.PositiveIntegerField(_("valid"))
    invalid = models.PositiveIntegerField(_("invalid"))
    counts = models.JSONField(default=list)

    class Meta:
        verbose_name = _("count of ballots on paper")
        constraints = (
            models.UniqueConstraint(fields=("subject", "rater_class", "counter"), name="paper_count_once"),
            models.CheckConstraint(condition=Q(returned=F("valid") + F("invalid")), name="paper_count_sum"),
        )

    @property
    def figures(self) -> tuple[Any, ...]:
        """All that was counted, to compare with what another person has counted."""
        return self.issued, self.returned, self.valid, self.invalid, *self.counts


class Verdict(models.TextChoices):
    VALID = "valid", _("Valid")
    INVALID = "invalid", _("Invalid")


class Invalidity(models.TextChoices):
    """Why a result is invalid (2-domain b.7)."""

    TURNOUT = "turnout", _("The turnout was too low")
    OVERFULL = "overfull", _("More ballots were returned than issued")


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
    reason = models.CharField(max_length=8, choices=Invalidity.choices, blank=True)
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
            choice_check("reason", Invalidity, "result_reason", blank=True),
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
