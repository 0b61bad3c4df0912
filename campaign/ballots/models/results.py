"""What came of it: what may be shown of each subject."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.ballots.models.ballots import WHOLE, Ballot, Subject
from campaign.common.models import choice_check


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
