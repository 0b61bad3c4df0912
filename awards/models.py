"""Selection and commendation 评选表彰 (2-domain b.10): batches with categories and quotas, nominations, honours."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import TimeStamped, Versioned, choice_check
from campaign.models import Audience, Campaign
from orgs.models import Member, Organization, User


class BatchState(models.TextChoices):
    DRAFT = "draft", _("In preparation")
    OPEN = "open", _("Nominations open")
    CLOSED = "closed", _("Nominations closed")
    ANNOUNCED = "announced", _("Announced")


class AwardBatchQuerySet(ScopedQuerySet["AwardBatch"]):
    """A batch is seen from its organization downward, once it is no longer in preparation."""

    view_capability: ClassVar[Cap] = Cap.AWARD_VIEW

    def allowed(self, user: Person, capability: Cap) -> Self:
        found = super().allowed(user, capability)
        if capability != Cap.AWARD_VIEW:
            return found
        return found.filter(~Q(state=BatchState.DRAFT) | Q(pk__in=super().allowed(user, Cap.AWARD_MANAGE).values("pk")))

    def open_on(self, day: Any) -> Self:
        """Keep those that take nominations on `day`."""
        return self.filter(state=BatchState.OPEN, opens_on__lte=day, closes_on__gte=day)


class AwardBatch(Versioned):
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="award_batches", verbose_name=_("campaign"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="award_batches", verbose_name=_("held by")
    )
    name = models.CharField(_("name"), max_length=100)
    opens_on = models.DateField(_("nominations from"))
    closes_on = models.DateField(_("nominations until"))
    state = models.CharField(_("state"), max_length=10, choices=BatchState.choices, default=BatchState.DRAFT)
    announced_on = models.DateField(_("announced on"), null=True, editable=False)

    objects = AwardBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("award batch")
        verbose_name_plural = _("award batches")
        ordering = ("-opens_on", "-pk")
        constraints = (
            choice_check("state", BatchState, "award_batch_state"),
            models.CheckConstraint(condition=Q(closes_on__gte=F("opens_on")), name="award_batch_dates"),
            models.CheckConstraint(
                condition=Q(state=BatchState.ANNOUNCED, announced_on__isnull=False)
                | (~Q(state=BatchState.ANNOUNCED) & Q(announced_on=None)),
                name="award_batch_announced",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def takes_nominations(self) -> bool:
        return self.state == BatchState.OPEN and self.opens_on <= clock.today() <= self.closes_on


class AwardKind(models.TextChoices):
    """What is awarded (2-domain b.10: 两优一先; seed 003: 标杆)."""

    EXCELLENT_MEMBER = "excellent_member", _("Excellent Communist Party member")
    EXCELLENT_WORKER = "excellent_worker", _("Excellent party-affairs worker")
    ADVANCED_ORGANIZATION = "advanced_organization", _("Advanced grass-roots party organization")
    BENCHMARK_MEMBER = "benchmark_member", _("Benchmark member")
    BENCHMARK_BRANCH = "benchmark_branch", _("Benchmark branch")


class AwardCategory(models.Model):
    """What is awarded how often. `approved` counts the places given away: a conditional update and a constraint keep it
    within the quota, however many decide at once."""

    batch = models.ForeignKey(AwardBatch, models.CASCADE, related_name="categories", verbose_name=_("award batch"))
    kind = models.CharField(_("kind"), max_length=24, choices=AwardKind.choices)
    audience = models.CharField(_("for"), max_length=12, choices=Audience.choices)
    name = models.CharField(_("name"), max_length=60)
    quota = models.PositiveSmallIntegerField(_("quota"))
    approved = models.PositiveSmallIntegerField(_("approved"), default=0, editable=False)
    order = models.PositiveSmallIntegerField(_("order"))

    class Meta:
        verbose_name = _("award category")
        verbose_name_plural = _("award categories")
        ordering = ("batch", "order")
        constraints = (
            choice_check("kind", AwardKind, "award_category_kind"),
            choice_check("audience", Audience, "award_category_audience"),
            models.UniqueConstraint(fields=("batch", "kind"), name="award_category_once"),
            models.CheckConstraint(condition=Q(approved__lte=F("quota")), name="award_category_quota"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def left(self) -> int:
        """Places still to be given away."""
        return self.quota - self.approved


class NominationState(models.TextChoices):
    """The names of 2-domain b.10; the steps between nomination and approval stand between these."""

    DRAFT = "draft", _("Draft")
    NOMINATED = "nominated", _("Nominated")
    APPROVED = "approved", pgettext_lazy("award", "Approved")
    REJECTED = "rejected", _("Not approved")
    AWARDED = "awarded", _("Awarded")
    WITHDRAWN = "withdrawn", _("Withdrawn")


STANDING = (NominationState.NOMINATED, NominationState.APPROVED, NominationState.AWARDED)
"""Nobody stands twice in a batch."""
DECIDED = (NominationState.APPROVED, NominationState.REJECTED, NominationState.AWARDED)


class NominationQuerySet(ScopedQuerySet["Nomination"]):
    """Seen from the nominating organization upward; decided where the batch is held; a draft stays with who nominates."""

    view_capability: ClassVar[Cap] = Cap.NOMINATION_VIEW
    org_lookups: ClassVar[dict[Cap, str]] = {
        Cap.AWARD_DECIDE: "batch__organization",
        Cap.AWARD_MANAGE: "batch__organization",
    }

    def allowed(self, user: Person, capability: Cap) -> Self:
        found = super().allowed(user, capability)
        if capability != Cap.NOMINATION_VIEW:
            return found
        return found.filter(
            ~Q(state=NominationState.DRAFT) | Q(pk__in=super().allowed(user, Cap.NOMINATE).values("pk"))
        )


class Nomination(Versioned):
    """A member or an organization put forward. `organization` nominates; `nominee_organization` is the nominated
    organization, or the branch of the nominated member at that time."""

    batch = models.ForeignKey(AwardBatch, models.PROTECT, related_name="nominations", verbose_name=_("award batch"))
    category = models.ForeignKey(
        AwardCategory, models.PROTECT, related_name="nominations", verbose_name=_("award category")
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="nominations_made", verbose_name=_("nominated by")
    )
    audience = models.CharField(max_length=12, choices=Audience.choices)
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="nominations", verbose_name=_("party member")
    )
    nominee_organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="nominations", verbose_name=_("party organization")
    )
    deeds = models.TextField(_("account of deeds"), blank=True)
    snapshot = models.JSONField(_("record at the time of nomination"), default=dict, editable=False)
    state = models.CharField(_("state"), max_length=16, choices=NominationState.choices, default=NominationState.DRAFT)
    nominated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    nominated_at = models.DateTimeField(_("nominated at"), null=True, editable=False)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    decision = models.CharField(_("reason of the decision"), max_length=500, blank=True, editable=False)

    objects = NominationQuerySet.as_manager()

    class Meta:
        verbose_name = _("nomination")
        verbose_name_plural = _("nominations")
        ordering = ("category__order", "organization__path", "pk")
        constraints = (
            choice_check("state", NominationState, "nomination_state"),
            models.CheckConstraint(
                condition=Q(audience=Audience.MEMBER, member__isnull=False)
                | Q(audience=Audience.ORGANIZATION, member__isnull=True),
                name="nomination_nominee",
            ),
            models.CheckConstraint(
                condition=Q(state__in=(NominationState.DRAFT, NominationState.WITHDRAWN))
                | (Q(nominated_by__isnull=False, nominated_at__isnull=False) & ~Q(deeds="")),
                name="nomination_complete",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DECIDED, decided_by__isnull=False, decided_at__isnull=False)
                | (~Q(state__in=DECIDED) & Q(decided_by=None, decided_at=None)),
                name="nomination_decided",
            ),
            # Who nominates does not decide (2-domain (e)).
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("nominated_by")), name="nomination_two_people"
            ),
            models.UniqueConstraint(
                fields=("batch", "member"),
                condition=Q(state__in=STANDING, audience=Audience.MEMBER),
                name="nomination_of_member_once",
            ),
            models.UniqueConstraint(
                fields=("batch", "nominee_organization"),
                condition=Q(state__in=STANDING, audience=Audience.ORGANIZATION),
                name="nomination_of_organization_once",
            ),
            models.UniqueConstraint(
                fields=("category", "organization", "member"),
                condition=Q(state=NominationState.DRAFT, audience=Audience.MEMBER),
                name="nomination_draft_of_member",
            ),
            models.UniqueConstraint(
                fields=("category", "organization", "nominee_organization"),
                condition=Q(state=NominationState.DRAFT, audience=Audience.ORGANIZATION),
                name="nomination_draft_of_organization",
            ),
        )
        indexes = (models.Index(fields=("batch", "state"), name="nomination_of_batch"),)

    def __str__(self) -> str:
        return self.nominee_name

    @property
    def nominee(self) -> Member | Organization:
        """Who is nominated."""
        return self.member if self.member is not None else self.nominee_organization

    @property
    def nominee_name(self) -> str:
        return str(self.snapshot.get("name") or self.nominee)

    @property
    def is_draft(self) -> bool:
        return self.state == NominationState.DRAFT


class HonourQuerySet(ScopedQuerySet["Honour"]):
    """Announced honours: those of batches held above, and those of one's own organizations, whoever held the batch."""

    view_capability: ClassVar[Cap] = Cap.AWARD_VIEW
    org_lookups: ClassVar[dict[Cap, str]] = {Cap.AWARD_VIEW: "batch__organization"}

    def visible_to(self, user: Person) -> Self:
        return self.allowed(user, Cap.AWARD_VIEW) | self.allowed(user, Cap.ORG_VIEW)


class Honour(TimeStamped):
    """What was awarded. `organization` is the honoured organization, or the branch of the honoured member then; the names
    are those of that day."""

    batch = models.ForeignKey(AwardBatch, models.PROTECT, related_name="honours", verbose_name=_("award batch"))
    nomination = models.OneToOneField(Nomination, models.PROTECT, related_name="honour")
    audience = models.CharField(max_length=12, choices=Audience.choices)
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="honours", verbose_name=_("party member")
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="honours", verbose_name=_("party organization")
    )
    title = models.CharField(_("honour"), max_length=60)
    name = models.CharField(_("honoured"), max_length=150)
    organization_name = models.CharField(_("party organization"), max_length=150)
    number = models.CharField(_("certificate number"), max_length=12)
    decided_on = models.DateField(_("decided on"))

    objects = HonourQuerySet.as_manager()

    class Meta:
        verbose_name = _("honour")
        verbose_name_plural = _("honours")
        ordering = ("-decided_on", "batch", "number")
        constraints = (
            choice_check("audience", Audience, "honour_audience"),
            models.CheckConstraint(
                condition=Q(audience=Audience.MEMBER, member__isnull=False)
                | Q(audience=Audience.ORGANIZATION, member__isnull=True),
                name="honour_holder",
            ),
            models.UniqueConstraint(fields=("batch", "number"), name="honour_number"),
        )
        indexes = (
            models.Index(fields=("member",), name="honour_of_member"),
            models.Index(fields=("organization", "audience"), name="honour_of_organization"),
        )

    def __str__(self) -> str:
        return f"{self.title} · {self.name}"
