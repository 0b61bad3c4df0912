"""How often each answer was given, what was remarked, and what two people counted on paper."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaign.ballots.models.ballots import Ballot, RaterClass, Subject


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
