"""Who may vote and has voted: papers of accounts and of slips, while the ballot is open and after sealing."""

from functools import lru_cache
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.ballots.models.ballots import Ballot, BallotState, Choice, Item, RaterClass, Subject
from campaign.ballots.sheet import Sheet
from campaign.common import clock
from campaign.common.access import ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import choice_check
from orgs.models import Organization


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
