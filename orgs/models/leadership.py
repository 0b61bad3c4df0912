"""Who leads the campaign in an organization, and which leader looks after which branch (2-domain b.1, seeds 001, 002, 004)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import Versioned, choice_check
from orgs.models.history import span_check
from orgs.models.members import Member
from orgs.models.organizations import Organization


class LeadershipFunction(models.TextChoices):
    """Functions of the leading group (领导小组) and its office, and the two responsible persons."""

    FIRST_RESPONSIBLE = "first_responsible", _("First responsible person")
    DIRECTLY_RESPONSIBLE = "directly_responsible", _("Directly responsible person")
    GROUP_HEAD = "group_head", _("Head of the leading group")
    GROUP_DEPUTY = "group_deputy", _("Deputy head of the leading group")
    GROUP_MEMBER = "group_member", _("Member of the leading group")
    OFFICE_DIRECTOR = "office_director", _("Director of the campaign office")
    OFFICE_MEMBER = "office_member", _("Member of the campaign office")


SINGLE = (
    LeadershipFunction.FIRST_RESPONSIBLE,
    LeadershipFunction.DIRECTLY_RESPONSIBLE,
    LeadershipFunction.GROUP_HEAD,
    LeadershipFunction.OFFICE_DIRECTOR,
)
"""Functions that one person holds at a time."""


class LeadershipQuerySet(ScopedQuerySet["LeadershipPost"]):
    view_capability: ClassVar[Cap] = Cap.ORG_VIEW


class LeadershipPost(Versioned):
    """A function of one person; `member` where the person is in the register, `name` as it is shown in any case."""

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="leadership", verbose_name=_("party organization")
    )
    function = models.CharField(_("function"), max_length=20, choices=LeadershipFunction.choices)
    member = models.ForeignKey(
        Member, models.SET_NULL, null=True, blank=True, related_name="leadership", verbose_name=_("party member")
    )
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    duty = models.CharField(_("office held"), max_length=60, blank=True)
    starts_on = models.DateField(_("from"), default=clock.today)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = LeadershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("function in the campaign")
        verbose_name_plural = _("leading group and office")
        ordering = ("organization__path", "pk")
        constraints = (
            choice_check("function", LeadershipFunction, "leadership_function"),
            span_check("leadership_dates"),
            models.UniqueConstraint(
                fields=("organization", "function"),
                condition=Q(ends_on=None, function__in=SINGLE),
                name="leadership_single",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_function_display()} {self.name}"


class ContactPointQuerySet(ScopedQuerySet["ContactPoint"]):
    """A contact point belongs to the branch; the leader sees and records visits to his own."""

    view_capability: ClassVar[Cap] = Cap.CONTACT_VIEW
    person_lookup: ClassVar[str | None] = "leader__user"


class ContactPoint(Versioned):
    """联系点: a leader looks after a branch (seeds 002, 003)."""

    leader = models.ForeignKey(Member, models.PROTECT, related_name="contact_points", verbose_name=_("leader"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="contact_points", verbose_name=_("party organization")
    )
    starts_on = models.DateField(_("from"), default=clock.today)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    task = models.CharField(_("task"), max_length=200, blank=True)

    objects = ContactPointQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        ordering = ("organization__path", "pk")
        constraints = (
            span_check("contact_point_dates"),
            models.UniqueConstraint(
                fields=("leader", "organization"), condition=Q(ends_on=None), name="contact_point_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.leader} ↔ {self.organization}"


class VisitMode(models.TextChoices):
    """How a visit was made (2-domain b.11)."""

    REPORT = "report", _("Heard a report")
    TALK = "talk", _("Talked with people")
    RECORDS = "records", _("Looked through records")
    SITE = "site", _("Walked the site")
    LECTURE = "lecture", _("Gave a party lecture")


class ContactVisitQuerySet(ScopedQuerySet["ContactVisit"]):
    view_capability: ClassVar[Cap] = Cap.CONTACT_VIEW
    org_lookup: ClassVar[str] = "contact_point__organization"
    person_lookup: ClassVar[str | None] = "contact_point__leader__user"


class ContactVisit(Versioned):
    contact_point = models.ForeignKey(
        ContactPoint, models.CASCADE, related_name="visits", verbose_name=_("contact point")
    )
    visited_on = models.DateField(_("visited on"))
    mode = models.CharField(_("kind of visit"), max_length=10, choices=VisitMode.choices)
    summary = models.TextField(_("what was seen and said"), max_length=2000)
    problems = models.TextField(_("problems raised"), max_length=2000, blank=True)
    follow_up = models.TextField(_("what became of them"), max_length=2000, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = ContactVisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ("-visited_on", "-pk")
        constraints = (choice_check("mode", VisitMode, "contact_visit_mode"),)

    def __str__(self) -> str:
        return f"{self.contact_point} {self.visited_on:%Y-%m-%d}"
