"""Party members (2-domain b.3, form d.1)."""

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Right
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common.access import ScopedQuerySet, under
from campaign.common.capabilities import Cap
from campaign.common.crypto import decrypt, digest, digest_each
from campaign.common.models import Versioned, choice_check
from orgs.models.organizations import Organization


class Sex(models.TextChoices):
    MALE = "male", _("Male")
    FEMALE = "female", _("Female")


class MembershipKind(models.TextChoices):
    FULL = "full", _("Full member")
    PROBATIONARY = "probationary", _("Probationary member")


class MembershipStatus(models.TextChoices):
    NORMAL = "normal", _("Normal")
    LOST_CONTACT = "lost_contact", _("Lost contact")
    SUSPENDED = "suspended", _("Suspended")
    LEFT = "left", _("Left the organization")
    DECEASED = "deceased", _("Deceased")


PRESENT = (MembershipStatus.NORMAL, MembershipStatus.LOST_CONTACT, MembershipStatus.SUSPENDED)
PHONE_TAIL = 4
"""So many last digits of a phone stay readable when it is masked; by these anybody may search who sees the member."""


class PartyPost(models.TextChoices):
    """Position inside the party organization (党内职务)."""

    SECRETARY = "secretary", _("Secretary")
    DEPUTY_SECRETARY = "deputy_secretary", _("Deputy secretary")
    ORGANIZATION_MEMBER = "organization_member", _("Organization committee member")
    PUBLICITY_MEMBER = "publicity_member", _("Publicity committee member")
    DISCIPLINE_MEMBER = "discipline_member", _("Discipline committee member")
    COMMITTEE_MEMBER = "committee_member", _("Committee member")
    GROUP_LEADER = "group_leader", _("Party group leader")


PROBATION_MONTHS = 12
"""How long probation lasts unless it is extended (2-domain b.3)."""


def months_after(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later (or before); the last of the month where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(day.day, last))


def id_digest(id_number: str) -> str | None:
    """Return the keyed hash under which a member is found by id number; None for none."""
    return digest(id_number.upper(), purpose="id_number") if id_number else None


def id_digests(id_numbers: Sequence[str]) -> list[str | None]:
    """Return the `id_digest` of each of many id numbers."""
    return digest_each([number.upper() for number in id_numbers], purpose="id_number")


class MemberQuerySet(ScopedQuerySet["Member"]):
    view_capability: ClassVar[Cap] = Cap.MEMBER_VIEW
    person_lookup: ClassVar[str | None] = "user"

    def present(self) -> "MemberQuerySet":
        """Keep those who are members of the organization now."""
        return self.filter(status__in=PRESENT)

    def in_subtree(self, organization: Organization) -> "MemberQuerySet":
        """Keep the members of `organization` and everything below it."""
        return self.filter(under(organization.path, "organization__path"))

    def on_probation(self) -> "MemberQuerySet":
        """Keep present probationary members."""
        return self.present().filter(kind=MembershipKind.PROBATIONARY)

    def probation_ending(self, until: dt.date) -> "MemberQuerySet":
        """Keep those whose probation ends on `until` or before (see `Member.probation_end`)."""
        by_rule = Q(probation_ends_on=None, joined_on__lte=months_after(until, -PROBATION_MONTHS))
        return self.on_probation().filter(Q(probation_ends_on__lte=until) | by_rule)


class Member(Versioned):
    personnel_no = models.CharField(_("personnel number"), max_length=30)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    pinyin = models.CharField(max_length=200, blank=True, editable=False)
    initials = models.CharField(max_length=64, blank=True, editable=False)
    sex = models.CharField(_("sex"), max_length=6, choices=Sex.choices)
    ethnicity = models.CharField(_("ethnic group"), max_length=20, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    id_number_cipher = models.TextField(blank=True, editable=False)
    id_number_digest = models.CharField(max_length=64, null=True, editable=False)
    native_place = models.CharField(_("native place"), max_length=60, blank=True)
    education = models.CharField(_("education"), max_length=20, blank=True)
    degree = models.CharField(_("degree"), max_length=20, blank=True)
    started_work_on = models.DateField(_("started work on"), null=True, blank=True)
    joined_on = models.DateField(_("joined the party on"), null=True, blank=True)
    full_member_on = models.DateField(_("full member since"), null=True, blank=True)
    kind = models.CharField(_("membership"), max_length=12, choices=MembershipKind.choices, default=MembershipKind.FULL)
    status = models.CharField(
        _("status"), max_length=12, choices=MembershipStatus.choices, default=MembershipStatus.NORMAL
    )
    status_since = models.DateField(_("status since"), null=True, blank=True)
    probation_ends_on = models.DateField(_("probation ends on"), null=True, blank=True)
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        related_name="members",
        db_index=False,  # `member_roll` begins with it
        verbose_name=_("party organization"),
    )
    cell = models.CharField(_("party group"), max_length=60, blank=True)
    party_post = models.CharField(_("party position"), max_length=20, choices=PartyPost.choices, blank=True)
    admin_post = models.CharField(_("administrative position"), max_length=60, blank=True)
    job = models.CharField(pgettext_lazy("of a member", "job"), max_length=60, blank=True)
    technical_title = models.CharField(_("technical title"), max_length=60, blank=True)
    is_frontline = models.BooleanField(_("front line"), default=False)
    is_party_worker = models.BooleanField(_("party-affairs worker"), default=False)
    is_mobile = models.BooleanField(_("mobile member"), default=False)
    is_exempt = models.BooleanField(_("exempt from pledging"), default=False)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    phone_tail = models.GeneratedField(
        expression=Right("phone", PHONE_TAIL),
        output_field=models.CharField(max_length=20),
        db_persist=True,
    )
    remarks = models.CharField(_("remarks"), max_length=200, blank=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("party member")
        verbose_name_plural = _("party members")
        ordering = ("organization__path", "pinyin", "pk")
        constraints = (
            choice_check("sex", Sex, "member_sex"),
            choice_check("kind", MembershipKind, "member_kind"),
            choice_check("status", MembershipStatus, "member_status"),
            choice_check("party_post", PartyPost, "member_party_post", blank=True),
            models.CheckConstraint(
                condition=Q(joined_on=None) | Q(full_member_on=None) | Q(full_member_on__gte=F("joined_on")),
                name="member_joined_before_full",
            ),
            models.UniqueConstraint(fields=("personnel_no",), name="member_personnel_no"),
            models.UniqueConstraint(fields=("id_number_digest",), name="member_id_number"),
        )
        # Named here and not at the fields, which would add a second index for searches by a beginning: every index makes a
        # long roster slower to store. Initials are looked for by their beginning alone.
        indexes = (
            models.Index(fields=("initials",), opclasses=("varchar_pattern_ops",), name="member_initials"),
            models.Index(fields=("organization", "pinyin", "id"), name="member_roll"),
            models.Index(fields=("phone",), name="member_phone"),
            models.Index(fields=("phone_tail",), name="member_phone_tail"),
            # What the checks of the data look for (orgs/quality.py): the work grows with the findings, not with the whole.
            models.Index(fields=("name", "birth_date"), name="member_double"),
            models.Index(fields=("organization",), condition=Q(id_number_digest=None), name="member_no_id_number"),
            models.Index(fields=("organization",), condition=Q(phone=""), name="member_no_phone"),
            models.Index(fields=("organization",), condition=Q(birth_date=None), name="member_no_birth_date"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def id_number(self) -> str:
        """The id number in the clear: only for those entitled, see `selectors.member_personal`."""
        return decrypt(self.id_number_cipher)

    @property
    def probation_end(self) -> dt.date | None:
        """The last day of probation: what was fixed, else a year after joining (2-domain b.3); None without either."""
        if self.kind != MembershipKind.PROBATIONARY:
            return None
        if self.probation_ends_on or self.joined_on is None:
            return self.probation_ends_on
        return months_after(self.joined_on, PROBATION_MONTHS)

    @property
    def is_present(self) -> bool:
        return self.status in PRESENT

    @property
    def is_secretary(self) -> bool:
        return self.party_post == PartyPost.SECRETARY
