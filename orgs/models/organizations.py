"""Party organizations as a tree (2-domain b.2): supervision follows the party tree, not the company's."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

from campaign.common.access import ScopedQuerySet, ancestors_and_self, under
from campaign.common.capabilities import Cap
from campaign.common.models import Versioned, choice_check


class OrganizationType(models.TextChoices):
    COMMITTEE = "committee", _("Party committee")
    WORKING_COMMITTEE = "working_committee", _("Party working committee")
    LEADING_PARTY_GROUP = "leading_party_group", _("Party leadership group")
    GENERAL_BRANCH = "general_branch", _("General party branch")
    BRANCH = "branch", _("Party branch")
    JOINT_BRANCH = "joint_branch", _("Joint party branch")
    CELL = "cell", _("Party group (cell)")


BRANCH_TYPES = (OrganizationType.BRANCH, OrganizationType.JOINT_BRANCH)
"""The types in which members are enrolled."""


class Category(models.TextChoices):
    """The "three types" of organization (seed 003)."""

    INNOVATION = "innovation", _("Innovation and results (front line)")
    SUPPORT = "support", _("Support and guarantee (auxiliary)")
    MANAGEMENT = "management", _("Management and service (offices)")


class UnitKind(models.TextChoices):
    """How the organization relates to a legal unit (2-domain d.2)."""

    SAME_AS_PARENT = "same_as_parent", _("Same as the organization above")
    LEGAL_UNIT = "legal_unit", _("Legal unit")
    JOINT = "joint", _("Joint branch of several units")


class OrganizationQuerySet(ScopedQuerySet["Organization"], MP_NodeQuerySet):  # type: ignore[misc]
    view_capability: ClassVar[Cap] = Cap.ORG_VIEW
    org_lookup: ClassVar[str] = ""

    def active(self) -> "OrganizationQuerySet":
        return self.filter(is_active=True)

    def in_subtree(self, organization: "Organization") -> "OrganizationQuerySet":
        """Keep `organization` and everything below it."""
        return self.filter(under(organization.path))

    def branches(self) -> "OrganizationQuerySet":
        return self.filter(type__in=BRANCH_TYPES)

    def children_of(self, organization: "Organization") -> "OrganizationQuerySet":
        """Keep what hangs directly below `organization`."""
        return self.filter(under(organization.path), depth=organization.depth + 1)


class OrganizationManager(MP_NodeManager.from_queryset(OrganizationQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> OrganizationQuerySet:
        return OrganizationQuerySet(self.model, using=self._db).order_by("path")


class Organization(Versioned, MP_Node):  # type: ignore[misc]
    steplen = 4

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("full name"), max_length=150, db_index=True)
    short_name = models.CharField(_("short name"), max_length=60, blank=True)
    pinyin = models.CharField(max_length=200, blank=True, editable=False)
    initials = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    type = models.CharField(_("type"), max_length=20, choices=OrganizationType.choices)
    category = models.CharField(_("category"), max_length=12, choices=Category.choices, blank=True)
    unit_kind = models.CharField(_("unit"), max_length=16, choices=UnitKind.choices, blank=True)
    established_on = models.DateField(_("established on"), null=True, blank=True)
    term_started_on = models.DateField(_("present term elected on"), null=True, blank=True)
    term_ends_on = models.DateField(_("term ends on"), null=True, blank=True)
    contact_name = models.CharField(_("contact person"), max_length=60, blank=True)
    contact_phone = models.CharField(_("contact phone"), max_length=20, blank=True)
    contact_email = models.EmailField(_("contact mail"), blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    # Dual relation (seed 004): led by its line, guided by the party organization of the locality.
    guided_by = models.CharField(_("guided by (locality)"), max_length=150, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("merged into")
    )
    # Which units a joint branch covers: its rule counts them (2-domain b.2).
    covered_units = models.CharField(_("units covered"), max_length=500, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    objects = OrganizationManager()

    class Meta:
        verbose_name = _("party organization")
        verbose_name_plural = _("party organizations")
        constraints = (
            choice_check("type", OrganizationType, "organization_type"),
            choice_check("category", Category, "organization_category", blank=True),
            choice_check("unit_kind", UnitKind, "organization_unit_kind", blank=True),
            models.CheckConstraint(
                condition=Q(term_ends_on=None) | Q(term_started_on=None) | Q(term_ends_on__gt=F("term_started_on")),
                name="organization_term",
            ),
        )
        indexes = (models.Index(fields=("term_ends_on",), condition=Q(is_active=True), name="organization_term_end"),)

    if TYPE_CHECKING:
        path: str
        depth: int
        numchild: int

    def __str__(self) -> str:
        return self.name

    @property
    def display_name(self) -> str:
        return self.short_name or self.name

    @property
    def parent_path(self) -> str:
        """The path of the organization above; empty for a root."""
        return self.path[: -self.steplen]

    @property
    def is_branch(self) -> bool:
        return self.type in BRANCH_TYPES

    @property
    def paths_above(self) -> list[str]:
        """The paths of all organizations above, the highest first."""
        return ancestors_and_self(self.path, self.steplen)[:-1]

    def higher(self) -> Any:
        """Return the organization above, or None for the root."""
        return Organization.objects.filter(path=self.parent_path).first() if self.parent_path else None
