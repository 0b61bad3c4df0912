"""What people enter beside the figures (2-domain b.15): bonus, deduction, ceiling and veto, each with its evidence and
confirmed by a second person."""

import datetime as dt
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.attachments.models import Attachment
from campaign.audit.selectors import done_for
from campaign.common.access import Person, ScopedQuerySet, actor_ids, own_member_ids
from campaign.common.capabilities import Cap
from campaign.common.models import Versioned, choice_check
from campaign.models import Campaign, Period
from orgs.models import Member, Organization

MOST = 100_00
"""No entry is worth more than all the marks of a sheet (hundredths)."""


class EntryKind(models.TextChoices):
    BONUS = "bonus", pgettext_lazy("score entry", "Bonus")
    DEDUCTION = "deduction", pgettext_lazy("score entry", "Deduction")
    CEILING = "ceiling", pgettext_lazy("score entry", "Highest grade")
    VETO = "veto", pgettext_lazy("score entry", "Veto")


class EntryState(models.TextChoices):
    ENTERED = "entered", pgettext_lazy("score entry", "Waiting for a second person")
    CONFIRMED = "confirmed", pgettext_lazy("score entry", "Confirmed")
    REFUSED = "refused", pgettext_lazy("score entry", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("score entry", "Withdrawn")
    RECALLED = "recalled", pgettext_lazy("score entry", "To be taken back")
    REVOKED = "revoked", pgettext_lazy("score entry", "Taken back")


MARKED = (EntryKind.BONUS, EntryKind.DEDUCTION)
COUNTED = (EntryState.CONFIRMED, EntryState.RECALLED)
"""It counts until a second person has agreed to take it back."""
UNDECIDED = (EntryState.ENTERED, EntryState.RECALLED)


class ScoreEntryQuerySet(ScopedQuerySet["ScoreEntry"]):
    view_capability: ClassVar[Cap] = Cap.SCORE_RUN

    def confirmed(self) -> Self:
        return self.filter(state__in=COUNTED)

    def counted(self, period: Period, as_of: dt.datetime) -> Self:
        """Keep those that counted in what was computed of `period` as of a moment, though they were taken back later."""
        then = Q(state__in=COUNTED) | Q(state=EntryState.REVOKED, revoked_at__gt=as_of)
        return self.filter(then).of_period(period, as_of)

    def of_period(self, period: Period, as_of: dt.datetime) -> Self:
        days = (period.starts_on, period.ends_on)
        return self.filter(campaign=period.campaign_id, happened_on__range=days, decided_at__lte=as_of)

    def waiting(self) -> Self:
        return self.filter(state=EntryState.ENTERED)

    def recalled(self) -> Self:
        return self.filter(state=EntryState.RECALLED)

    def undecided(self) -> Self:
        """Keep those that wait for a second person: to count, or to count no more."""
        return self.filter(state__in=UNDECIDED)

    def of_others(self, user: Person) -> Self:
        """Leave out what `user` or a deputy in their stead asked for, and what concerns `user`: nobody decides on their own."""
        entered = Q(state=EntryState.ENTERED) & self.entered(user)
        recalled = Q(state=EntryState.RECALLED) & self.asked_back(user)
        return self.exclude(entered | recalled).exclude(member__in=own_member_ids(user))

    @staticmethod
    def entered(user: Person) -> Q:
        """Return the condition "entered by `user`, or by a deputy in their stead"."""
        return Q(entered_by__in=actor_ids(user)) | Q(done_for(ScoreEntry, user, "entry_add"))

    @staticmethod
    def asked_back(user: Person) -> Q:
        """Return the condition "recalled by `user`, or by a deputy in their stead"."""
        return Q(recalled_by__in=actor_ids(user)) | Q(done_for(ScoreEntry, user, "entry_recall"))

    def counting(self, period: Period, as_of: dt.datetime) -> Self:
        """Keep those that count in `period`: confirmed by `as_of` and dated within it."""
        return self.confirmed().of_period(period, as_of)


class ScoreEntry(Versioned):
    """One entry for an organization, or for a member in the branch of that time.

    It counts in every period of the campaign that holds `happened_on`. `points` are hundredths; `work` names what was honoured:
    the same work honoured at several levels counts once, at the highest. `origin` names the record of another part that
    proposed it (`registry.merits`); what a person entered has none.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="score_entries", verbose_name=_("campaign"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="score_entries", verbose_name=_("party organization")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="score_entries", verbose_name=_("party member")
    )
    kind = models.CharField(_("kind"), max_length=9, choices=EntryKind.choices)
    points = models.PositiveIntegerField(_("marks"), default=0)
    grade = models.CharField(_("grade"), max_length=20, blank=True)
    work = models.CharField(_("work honoured"), max_length=100, blank=True)
    happened_on = models.DateField(_("date"))
    reason = models.CharField(_("reason"), max_length=500)
    basis = models.CharField(_("evidence"), max_length=200)
    attachment = models.OneToOneField(
        Attachment, models.PROTECT, null=True, related_name="+", verbose_name=_("document")
    )
    state = models.CharField(_("state"), max_length=9, choices=EntryState.choices, default=EntryState.ENTERED)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("score", "decided by"),
    )
    decided_at = models.DateTimeField(pgettext_lazy("score", "decided at"), null=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    recalled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("recalled by")
    )
    recall_reason = models.CharField(_("reason to take it back"), max_length=500, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("score entry", "taken back by"),
    )
    revoked_at = models.DateTimeField(pgettext_lazy("score entry", "taken back at"), null=True)
    origin = models.CharField(max_length=60, blank=True, editable=False)

    objects = ScoreEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("bonus, deduction or veto")
        verbose_name_plural = _("bonuses, deductions and vetoes")
        ordering = ("-happened_on", "-pk")
        constraints = (
            choice_check("kind", EntryKind, "score_entry_kind"),
            choice_check("state", EntryState, "score_entry_state"),
            models.UniqueConstraint(fields=("campaign", "origin"), condition=~Q(origin=""), name="score_entry_origin"),
            models.CheckConstraint(
                condition=(Q(kind__in=MARKED, points__gt=0, points__lte=MOST, grade=""))
                | (Q(kind=EntryKind.CEILING, points=0) & ~Q(grade=""))
                | Q(kind=EntryKind.VETO, points=0, grade=""),
                name="score_entry_worth",
            ),
            models.CheckConstraint(
                condition=Q(state__in=(EntryState.ENTERED, EntryState.REFUSED, EntryState.WITHDRAWN))
                | ~Q(entered_by=F("decided_by")),
                name="score_entry_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state=EntryState.REVOKED)
                | (
                    Q(recalled_by__isnull=False, revoked_by__isnull=False, revoked_at__isnull=False)
                    & ~Q(recalled_by=F("revoked_by"))
                ),
                name="score_entry_revoked_by_two",
            ),
            models.CheckConstraint(
                condition=Q(state=EntryState.ENTERED, decided_at=None)
                | (~Q(state=EntryState.ENTERED) & Q(decided_at__isnull=False)),
                name="score_entry_decided",
            ),
        )
        indexes = (models.Index(fields=("campaign", "happened_on"), name="score_entry_of_campaign"),)

    def __str__(self) -> str:
        return f"{self.subject} · {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("entry_detail", args=[self.pk])

    @property
    def subject(self) -> Member | Organization:
        return self.member or self.organization

    @property
    def is_open(self) -> bool:
        return self.state == EntryState.ENTERED
