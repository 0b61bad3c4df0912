"""Evaluation rounds 群众评议 (2-domain b.7): a secret ballot that an organization holds on those below it."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.ballots.models import Ballot
from campaign.common.access import ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import Versioned, choice_check
from campaign.models import Audience, Campaign
from orgs.models import Organization


class RoundState(models.TextChoices):
    DRAFT = "draft", _("Being prepared")
    OPEN = "open", pgettext_lazy("ballot", "Open")
    SEALED = "sealed", _("Sealed, not published")
    PUBLISHED = "published", _("Results published")
    CANCELLED = "cancelled", _("Cancelled")


class PublicationScope(models.TextChoices):
    UNITS = "units", _("The units evaluated, with their members")
    LEADERS = "leaders", _("Secretaries, staff and leaders only")


class RoundQuerySet(ScopedQuerySet["EvaluationRound"]):
    """A round lies where it is held; its results are reached from the places of its subjects as well."""

    view_capability: ClassVar[Cap] = Cap.ROUND_VIEW
    org_lookups: ClassVar[dict[Cap, str]] = {Cap.ROUND_RESULTS: "ballot__subjects__organization"}

    def published(self) -> "RoundQuerySet":
        return self.filter(state=RoundState.PUBLISHED)


def default_bands() -> list[list[int | str]]:
    """The grades of a total: the lowest hundredths of each, the best first (4-scoring)."""
    return [[9000, "优秀"], [8000, "良好"], [6000, "合格"], [0, "不合格"]]


class EvaluationRound(Versioned):
    """The ballot's id is the round's: `manage.py verify_round` takes the number in the address."""

    ballot = models.OneToOneField(Ballot, models.PROTECT, primary_key=True, related_name="round")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="rounds", verbose_name=_("campaign"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="rounds", verbose_name=_("held by"))
    name = models.CharField(_("name"), max_length=100)
    audience = models.CharField(_("evaluates"), max_length=12, choices=Audience.choices)
    template = models.CharField(_("questionnaire"), max_length=30)
    scope = models.CharField(
        _("published to"), max_length=7, choices=PublicationScope.choices, default=PublicationScope.UNITS
    )
    state = models.CharField(_("state"), max_length=9, choices=RoundState.choices, default=RoundState.DRAFT)
    left_out_confirmed = models.BooleanField(_("classes without ballots left out"), default=False)
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    decision = models.CharField(pgettext_lazy("of a publication", "decision"), max_length=200, blank=True)
    """What the publication rests on: who decided it, and when."""
    bands = models.JSONField(_("grades"), default=default_bands)
    """[[hundredths from which it is given, name], …], the best first."""
    electorate = models.JSONField(default=dict)
    """Who rates in which class: {key of the class: `electorate.Source`}."""
    chosen_by = models.JSONField(default=dict)
    """How the subjects were chosen: {"which": "all" | "types" | "chosen", …}; read again when the round is copied."""
    previous = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("compared with")
    )
    repeats = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="repeated_by", verbose_name=_("repeats")
    )

    objects = RoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("evaluation round")
        verbose_name_plural = _("evaluation rounds")
        ordering = ("-ballot__closes_at", "-pk")
        constraints = (
            choice_check("state", RoundState, "round_state"),
            choice_check("audience", Audience, "round_audience"),
            choice_check("scope", PublicationScope, "round_scope"),
            models.CheckConstraint(
                condition=Q(state=RoundState.PUBLISHED, published_at__isnull=False)
                | (~Q(state=RoundState.PUBLISHED) & Q(published_at=None)),
                name="round_published",
            ),
        )
        indexes = (models.Index(fields=("organization", "state"), name="round_of_organization"),)

    def __str__(self) -> str:
        return self.name

    @property
    def last_day(self) -> dt.date:
        """The last day of voting: a round that ends at midnight ends with the day before."""
        return timezone.localtime(self.ballot.closes_at - dt.timedelta(seconds=1)).date()

    @property
    def is_of_appraisal(self) -> bool:
        """Whether this is the ballot of an appraisal of members or of secretaries, which says who votes on whom."""
        return hasattr(self, "member_appraisal") or hasattr(self, "secretary_appraisal")

    @property
    def is_published(self) -> bool:
        return self.state == RoundState.PUBLISHED

    @property
    def has_results(self) -> bool:
        """Whether there is anything to see for those who hold the round."""
        return self.state in (RoundState.SEALED, RoundState.PUBLISHED)
