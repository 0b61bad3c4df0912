"""What was when: branches a member belonged to, positions held, what became of an organization.

A record made in a branch stays with that branch; these rows say who belonged where at its time (2-domain, feature 4).
"""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet, under
from campaign.common.capabilities import Cap
from campaign.common.models import TimeStamped, choice_check
from orgs.models.members import Member, MembershipStatus, PartyPost
from orgs.models.organizations import Organization, OrganizationType


class SpanQuerySet(ScopedQuerySet[Any]):
    """Rows that hold from `starts_on` (None: not known) to `ends_on` (None: still), both days included."""

    view_capability: ClassVar[Cap] = Cap.MEMBER_VIEW
    org_lookups: ClassVar[dict[Cap, str]] = {Cap.MEMBER_HISTORY: "member__organization"}
    person_lookup: ClassVar[str | None] = "member__user"

    def allowed(self, user: Person, capability: Cap) -> Any:
        """As the matrix says; a row is seen where it lies, and by those who see the member."""
        here = self.reach_condition(user, capability, "organization")
        there = self.reach_condition(user, capability, "member__organization")
        if capability != Cap.MEMBER_VIEW or here is None or there is None:
            return super().allowed(user, capability)
        # One condition on joined rows: a list of all that is in sight would be made anew for each member's page.
        return self.filter(here | there)

    def on(self, day: Any) -> Any:
        """Keep what held on `day`."""
        return self.filter(Q(starts_on=None) | Q(starts_on__lte=day), Q(ends_on=None) | Q(ends_on__gte=day))

    def open(self) -> Any:
        """Keep what has no end."""
        return self.filter(ends_on=None)

    def in_subtree(self, organization: Organization) -> Any:
        """Keep what was in `organization` or anything below it."""
        return self.filter(under(organization.path, "organization__path"))


def span_check(name: str) -> models.CheckConstraint:
    """Return the constraint that a span does not end before it begins."""
    return models.CheckConstraint(
        condition=Q(ends_on=None) | Q(starts_on=None) | Q(ends_on__gte=F("starts_on")), name=name
    )


class EnrolmentOrigin(models.TextChoices):
    """How somebody came into the branch."""

    ENTERED = "entered", _("Entered")
    IMPORTED = "imported", _("Imported")
    TRANSFERRED = "transferred", _("Transferred")
    CORRECTED = "corrected", _("Corrected")
    MERGED = "merged", _("By a merger")
    SPLIT = "split", _("By a split")


class Enrolment(TimeStamped):
    """A member's time in one organization. The open one is where `Member.organization` points."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="enrolments", verbose_name=_("party member"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="enrolments", verbose_name=_("party organization")
    )
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    origin = models.CharField(
        _("came by"), max_length=12, choices=EnrolmentOrigin.choices, default=EnrolmentOrigin.ENTERED
    )

    objects = SpanQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership in a branch")
        verbose_name_plural = _("memberships in branches")
        ordering = (F("starts_on").desc(nulls_last=True), "-pk")
        constraints = (
            choice_check("origin", EnrolmentOrigin, "enrolment_origin"),
            span_check("enrolment_dates"),
            models.UniqueConstraint(fields=("member",), condition=Q(ends_on=None), name="enrolment_one_open"),
        )

    def __str__(self) -> str:
        return f"{self.member} · {self.organization}"


class Position(TimeStamped):
    """A party position (党内职务) of a member in one organization.

    `Member.party_post` is the highest open one in the member's own organization, for lists and rosters.
    """

    member = models.ForeignKey(Member, models.CASCADE, related_name="positions", verbose_name=_("party member"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="positions", verbose_name=_("party organization")
    )
    post = models.CharField(_("party position"), max_length=20, choices=PartyPost.choices)
    is_acting = models.BooleanField(_("acting"), default=False)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = SpanQuerySet.as_manager()

    class Meta:
        verbose_name = _("party position")
        verbose_name_plural = _("party positions")
        ordering = (F("starts_on").desc(nulls_last=True), "-pk")
        constraints = (
            choice_check("post", PartyPost, "position_post"),
            span_check("position_dates"),
            models.UniqueConstraint(
                fields=("member", "organization", "post"), condition=Q(ends_on=None), name="position_once"
            ),
        )
        indexes = (models.Index(fields=("organization", "post"), name="position_place"),)

    def __str__(self) -> str:
        return f"{self.get_post_display()} · {self.organization}"

    @property
    def title(self) -> str:
        """The position as it is shown: an acting holder is always called so."""
        label = self.get_post_display()
        return gettext("%(post)s (acting)") % {"post": label} if self.is_acting else label


class MemberEventKind(models.TextChoices):
    STATUS = "status", _("Status changed")
    PROBATION_EXTENDED = "probation_extended", _("Probation extended")


class MemberEventQuerySet(ScopedQuerySet["MemberEvent"]):
    view_capability: ClassVar[Cap] = Cap.MEMBER_VIEW
    org_lookup: ClassVar[str] = "member__organization"
    person_lookup: ClassVar[str | None] = "member__user"


class MemberEvent(models.Model):
    """What became of a member, in the organization of that time; written by services, never changed.

    `until` is the new end of an extended probation, `status` the one that began.
    """

    member = models.ForeignKey(Member, models.CASCADE, related_name="events", verbose_name=_("party member"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    kind = models.CharField(_("what"), max_length=20, choices=MemberEventKind.choices)
    happened_on = models.DateField(_("on"), default=clock.today)
    until = models.DateField(_("until"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=MembershipStatus.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = MemberEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a member")
        ordering = ("-happened_on", "-pk")
        constraints = (
            choice_check("kind", MemberEventKind, "member_event_kind"),
            choice_check("status", MembershipStatus, "member_event_status", blank=True),
        )

    def __str__(self) -> str:
        return f"{self.member} · {self.get_kind_display()}"


class OrganizationEventKind(models.TextChoices):
    RENAMED = "renamed", _("Renamed")
    CONVERTED = "converted", _("Type changed")
    MOVED = "moved", _("Moved")
    RELEASED = "released", _("Gave an organization away")
    RECEIVED = "received", _("Received an organization")
    MERGED = "merged", _("Merged into another")
    ABSORBED = "absorbed", _("Took in another")
    SPLIT = "split", _("Split off a new one")
    SPLIT_OFF = "split_off", _("Split off from another")
    ELECTED = "elected", _("New term")
    EXTENDED = "extended", _("Term extended")
    DEACTIVATED = "deactivated", _("Deactivated")
    ACTIVATED = "activated", _("Activated again")


class OrganizationEventQuerySet(ScopedQuerySet["OrganizationEvent"]):
    view_capability: ClassVar[Cap] = Cap.ORG_VIEW


class OrganizationEvent(models.Model):
    """What became of an organization; written by services, never changed.

    `other` is the organization on the other side (where it moved to, what it took in), `former` the one above before a
    move; `until` is the end of a term that began or was extended.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="events")
    kind = models.CharField(_("what"), max_length=12, choices=OrganizationEventKind.choices)
    happened_on = models.DateField(_("on"), default=clock.today)
    other = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("other organization")
    )
    former = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("formerly below")
    )
    old_name = models.CharField(_("former name"), max_length=150, blank=True)
    old_type = models.CharField(_("former type"), max_length=20, choices=OrganizationType.choices, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OrganizationEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of an organization")
        ordering = ("-happened_on", "-pk")
        constraints = (
            choice_check("kind", OrganizationEventKind, "organization_event_kind"),
            choice_check("old_type", OrganizationType, "organization_event_old_type", blank=True),
        )

    def __str__(self) -> str:
        return f"{self.organization} · {self.get_kind_display()}"
