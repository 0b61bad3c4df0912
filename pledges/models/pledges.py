"""Public pledges: 承诺 → 审诺 → 示诺 → 督诺 → 评诺 (2-domain b.5, form d.3)."""

from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.audit.selectors import done_for
from campaign.common import clock
from campaign.common.access import Grant, Person, ScopedQuerySet, actor_ids, own_paths, under
from campaign.common.capabilities import Cap, Reach
from campaign.common.models import TimeStamped, Versioned, choice_check
from campaign.models import Audience, Campaign, Standard
from orgs.models import Member, Organization

if TYPE_CHECKING:
    from pledges.models.publishing import BoardLink

TEXT_LENGTH = 200
"""The longest item, target and production task, in characters."""
FULL_MARK = 10_000
"""A mark of 100, in hundredths."""


class PledgeState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("pledge", "Draft")
    SUBMITTED = "submitted", pgettext_lazy("pledge", "Waiting for review")
    RETURNED = "returned", pgettext_lazy("pledge", "Returned")
    APPROVED = "approved", pgettext_lazy("pledge", "Approved")
    PUBLISHED = "published", pgettext_lazy("pledge", "Published")
    IN_PROGRESS = "in_progress", pgettext_lazy("pledge", "Being fulfilled")
    APPRAISED = "appraised", pgettext_lazy("pledge", "Appraised")
    WITHDRAWN = "withdrawn", pgettext_lazy("pledge", "Withdrawn")


EDITABLE = (PledgeState.DRAFT, PledgeState.RETURNED)
PUBLIC = (PledgeState.PUBLISHED, PledgeState.IN_PROGRESS, PledgeState.APPRAISED)
"""The states in which a pledge hangs on the board."""
ACTIVE = (PledgeState.DRAFT, PledgeState.SUBMITTED, PledgeState.RETURNED, PledgeState.APPROVED, *PUBLIC)
"""The states of which a subject has at most one pledge a year."""


class ItemKind(models.TextChoices):
    """The three kinds of item: 共性、岗位、实事."""

    COMMON = "common", _("Common pledge")
    POST = "post", _("Pledge of the post")
    PRACTICAL = "practical", _("Practical deed")


class ItemResult(models.TextChoices):
    """How an item was fulfilled (2-domain b.5, result grades)."""

    PENDING = "pending", pgettext_lazy("pledge", "Not yet appraised")
    FULFILLED = "fulfilled", pgettext_lazy("pledge", "Fulfilled")
    BASIC = "basic", pgettext_lazy("pledge", "Mostly fulfilled")
    UNFULFILLED = "unfulfilled", pgettext_lazy("pledge", "Not fulfilled")
    ADJUSTED = "adjusted", pgettext_lazy("pledge", "Adjusted for objective reasons")


KEPT = (ItemResult.FULFILLED, ItemResult.BASIC)
"""The results that count as kept in the fulfilment rate."""


class PledgeRules(Versioned):
    """What a campaign asks of a pledge: how many items, and what mark a result earns (hundredths of a mark of 100).

    The defaults are those of 2-domain b.5; a campaign without a row has them.
    """

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="pledge_rules", verbose_name=_("campaign"))
    organization_items_min = models.PositiveSmallIntegerField(_("fewest items of an organization"), default=1)
    organization_items_max = models.PositiveSmallIntegerField(_("most items of an organization"), default=5)
    member_items_min = models.PositiveSmallIntegerField(_("fewest items of a member"), default=1)
    member_items_max = models.PositiveSmallIntegerField(_("most items of a member"), default=3)
    mark_fulfilled = models.PositiveIntegerField(_("mark of a fulfilled item"), default=FULL_MARK)
    mark_basic = models.PositiveIntegerField(_("mark of a mostly fulfilled item"), default=8_000)
    mark_unfulfilled = models.PositiveIntegerField(_("mark of an item not fulfilled"), default=0)

    class Meta:
        verbose_name = _("rules for pledges")
        constraints = (
            models.CheckConstraint(
                condition=Q(organization_items_min__gte=1, organization_items_max__gte=F("organization_items_min")),
                name="pledge_rules_organization_items",
            ),
            models.CheckConstraint(
                condition=Q(member_items_min__gte=1, member_items_max__gte=F("member_items_min")),
                name="pledge_rules_member_items",
            ),
            models.CheckConstraint(
                condition=Q(
                    mark_fulfilled__lte=FULL_MARK,
                    mark_basic__lte=F("mark_fulfilled"),
                    mark_unfulfilled__lte=F("mark_basic"),
                ),
                name="pledge_rules_marks",
            ),
        )

    def __str__(self) -> str:
        return str(self.campaign)

    def bounds(self, kind: str) -> tuple[int, int]:
        """Return the fewest and the most items of a pledge of this kind of subject."""
        if kind == Audience.MEMBER:
            return self.member_items_min, self.member_items_max
        return self.organization_items_min, self.organization_items_max

    def mark_of(self, result: str) -> int | None:
        """Return the mark (hundredths) that a result earns; None for one that earns none."""
        marks: dict[str, int] = {
            ItemResult.FULFILLED: self.mark_fulfilled,
            ItemResult.BASIC: self.mark_basic,
            ItemResult.UNFULFILLED: self.mark_unfulfilled,
        }
        return marks.get(result)


class PledgeQuerySet(ScopedQuerySet["Pledge"]):
    """A pledge lies in the organization that made it; it is reviewed, published and appraised by `reviewing_organization`."""

    view_capability: ClassVar[Cap] = Cap.PLEDGE_VIEW
    org_lookups: ClassVar[dict[Cap, str]] = {
        Cap.PLEDGE_REVIEW: "reviewing_organization",
        Cap.PLEDGE_PUBLISH: "reviewing_organization",
        Cap.PLEDGE_APPRAISE: "reviewing_organization",
    }
    person_lookup: ClassVar[str | None] = "member__user"

    def allowed(self, user: Person, capability: Cap) -> Self:
        """As the matrix says; writing the pledge of an organization is a capability of its own."""
        if capability == Cap.PLEDGE_WRITE:
            return (
                super().allowed(user, capability).of_members()
                | super().allowed(user, Cap.PLEDGE_WRITE_ORG).of_organizations()
            )
        if capability == Cap.PLEDGE_WRITE_ORG:
            return super().allowed(user, capability).of_organizations()
        return super().allowed(user, capability)

    def within(self, reach: Reach, grant: Grant) -> Self:
        """Keep what a role reaches from where it is held (never one's own)."""
        return self.filter(self._place_condition(reach, grant, self.org_lookup))

    def of_members(self) -> Self:
        return self.filter(subject_kind=Audience.MEMBER)

    def of_organizations(self) -> Self:
        return self.filter(subject_kind=Audience.ORGANIZATION)

    def active(self) -> Self:
        return self.filter(state__in=ACTIVE)

    def public(self) -> Self:
        """Keep what hangs on the board."""
        return self.filter(state__in=PUBLIC)

    def on_display(self) -> Self:
        """Keep what hangs on the board today: published, and its period of display has begun and is not over."""
        today = clock.today()
        begun = Q(display_from__isnull=True) | Q(display_from__lte=today)
        return self.public().filter(begun, Q(display_until__isnull=True) | Q(display_until__gte=today))

    def of_link(self, link: "BoardLink") -> Self:
        """Keep what a link to a board shows: the pledges of its organization, and of those below where it says so."""
        place = link.organization
        return self.filter(under(place.path, "organization__path") if link.with_below else Q(organization=place))

    def waiting(self) -> Self:
        return self.filter(state=PledgeState.SUBMITTED)

    def not_own(self, user: Person) -> Self:
        """Leave out what `user` may not review: the own pledge, what `user` handed in, and the pledge of an organization
        that `user` writes for (2-domain (e): submitter ≠ approver). Where nobody is above, the submitter alone is left out.
        With a deputy, what is either one's own, or was handed in for either, is left out.
        """
        own_organization = Q(
            subject_kind=Audience.ORGANIZATION, organization__path__in=own_paths(user, Cap.PLEDGE_WRITE_ORG)
        ) & ~Q(organization=F("reviewing_organization"))
        mine = actor_ids(user)
        kept = self.exclude(own_organization).exclude(submitted_by__in=mine).exclude(member__user__in=mine)
        return kept.exclude(done_for(Pledge, user, "pledge_submit"))


class Pledge(Versioned):
    """The pledge of an organization, or of a member in the branch of that time, for one year of a campaign."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="pledges", verbose_name=_("campaign"))
    subject_kind = models.CharField(_("pledge of"), max_length=12, choices=Audience.choices)
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="pledges", verbose_name=_("party organization")
    )
    member = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="pledges",
        verbose_name=_("party member"),
        db_index=False,
    )
    year = models.PositiveSmallIntegerField(_("year"))
    reviewing_organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="pledges_to_review", verbose_name=_("reviewed by")
    )
    state = models.CharField(_("state"), max_length=12, choices=PledgeState.choices, default=PledgeState.DRAFT)

    # What stood on the paper: a later change of name, post or branch changes no pledge.
    subject_name = models.CharField(_("name"), max_length=150)
    organization_name = models.CharField(_("organization"), max_length=150)
    post = models.CharField(_("post"), max_length=60, blank=True)

    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("submitted by"),
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("reviewed by"),
    )
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    display_from = models.DateField(_("on display from"), null=True, blank=True)
    display_until = models.DateField(_("on display until"), null=True, blank=True)

    objects = PledgeQuerySet.as_manager()

    class Meta:
        verbose_name = _("public pledge")
        verbose_name_plural = _("public pledges")
        ordering = ("-year", "-pk")
        constraints = (
            choice_check("state", PledgeState, "pledge_state"),
            choice_check("subject_kind", Audience, "pledge_subject_kind"),
            models.CheckConstraint(
                condition=Q(subject_kind=Audience.MEMBER, member__isnull=False)
                | Q(subject_kind=Audience.ORGANIZATION, member__isnull=True),
                name="pledge_subject",
            ),
            models.CheckConstraint(
                condition=Q(state__in=(PledgeState.DRAFT, PledgeState.WITHDRAWN)) | Q(submitted_at__isnull=False),
                name="pledge_submitted",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(PledgeState.APPROVED, *PUBLIC)) | Q(reviewed_at__isnull=False),
                name="pledge_reviewed",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PUBLIC, published_at__isnull=False)
                | (~Q(state__in=PUBLIC) & Q(published_at__isnull=True)),
                name="pledge_published",
            ),
            models.CheckConstraint(
                condition=Q(display_until__isnull=True) | Q(display_until__gte=F("display_from")), name="pledge_display"
            ),
            models.UniqueConstraint(
                fields=("campaign", "member", "year"),
                condition=Q(member__isnull=False, state__in=ACTIVE),
                name="pledge_once_member",
            ),
            models.UniqueConstraint(
                fields=("campaign", "organization", "year"),
                condition=Q(member__isnull=True, state__in=ACTIVE),
                name="pledge_once_organization",
            ),
        )
        indexes = (
            models.Index(fields=("organization", "state", "-year", "-id"), name="pledge_of_organization"),
            models.Index(fields=("reviewing_organization", "state", "submitted_at"), name="pledge_queue"),
            models.Index(fields=("campaign", "year", "state"), name="pledge_of_campaign"),
            # With fewer columns SQLite would rather read the whole campaign to find one member's.
            models.Index(fields=("member", "campaign", "year"), name="pledge_of_member"),
        )

    def __str__(self) -> str:
        return f"{self.subject_name} {self.year}"

    @property
    def is_of_member(self) -> bool:
        return self.subject_kind == Audience.MEMBER

    @property
    def is_editable(self) -> bool:
        return self.state in EDITABLE

    @property
    def is_public(self) -> bool:
        return self.state in PUBLIC


class PledgeItem(TimeStamped):
    """One promise: what, measured how, by when; and what became of it."""

    pledge = models.ForeignKey(Pledge, models.CASCADE, related_name="items", verbose_name=_("pledge"))
    order = models.PositiveSmallIntegerField(_("order"))
    kind = models.CharField(_("kind"), max_length=10, choices=ItemKind.choices)
    text = models.CharField(_("what is promised"), max_length=TEXT_LENGTH)
    baseline = models.CharField(_("baseline"), max_length=TEXT_LENGTH, blank=True)
    target = models.CharField(_("target"), max_length=TEXT_LENGTH, blank=True)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    standard = models.ForeignKey(
        Standard, models.PROTECT, null=True, blank=True, related_name="pledge_items", verbose_name=_("standard")
    )
    production_task = models.CharField(_("production task it serves"), max_length=TEXT_LENGTH, blank=True)
    result = models.CharField(_("fulfilment"), max_length=12, choices=ItemResult.choices, default=ItemResult.PENDING)
    mark = models.PositiveIntegerField(
        _("mark"), null=True, blank=True, validators=(MinValueValidator(0), MaxValueValidator(FULL_MARK))
    )
    appraised_at = models.DateTimeField(_("appraised at"), null=True, blank=True)
    explanation = models.CharField(_("explanation to the masses"), max_length=500, blank=True)
    """What whoever pledged says to everybody about an item that is late or was not kept."""

    class Meta:
        verbose_name = _("pledge item")
        verbose_name_plural = _("pledge items")
        ordering = ("pledge", "order")
        constraints = (
            choice_check("kind", ItemKind, "pledge_item_kind"),
            choice_check("result", ItemResult, "pledge_item_result"),
            models.UniqueConstraint(fields=("pledge", "order"), name="pledge_item_order"),
            models.CheckConstraint(
                condition=Q(result=ItemResult.PENDING, appraised_at__isnull=True, mark__isnull=True)
                | Q(result=ItemResult.ADJUSTED, appraised_at__isnull=False, mark__isnull=True)
                | Q(result__in=(*KEPT, ItemResult.UNFULFILLED), appraised_at__isnull=False, mark__lte=FULL_MARK),
                name="pledge_item_appraised",
            ),
        )
        indexes = (models.Index(fields=("result", "due_on"), name="pledge_item_due"),)

    def __str__(self) -> str:
        return self.text

    @property
    def is_overdue(self) -> bool:
        """Nobody has appraised it and its day is over. Computed, never stored."""
        return self.result == ItemResult.PENDING and self.due_on is not None and self.due_on < clock.today()

    @property
    def needs_explanation(self) -> bool:
        """It is late, or was judged as not kept: whoever pledged may say why to everybody."""
        return self.is_overdue or self.result in (ItemResult.UNFULFILLED, ItemResult.ADJUSTED)
