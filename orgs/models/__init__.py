from orgs.models.accounts import RoleAssignment, User
from orgs.models.imports import Counter, ImportBatch, ImportKind, ImportState
from orgs.models.members import Member, MemberQuerySet, MembershipKind, MembershipStatus, PartyPost, Sex
from orgs.models.organizations import (
    BRANCH_TYPES,
    Category,
    Organization,
    OrganizationQuerySet,
    OrganizationType,
    UnitKind,
)

__all__ = [
    "BRANCH_TYPES",
    "Category",
    "Counter",
    "ImportBatch",
    "ImportKind",
    "ImportState",
    "Member",
    "MemberQuerySet",
    "MembershipKind",
    "MembershipStatus",
    "Organization",
    "OrganizationQuerySet",
    "OrganizationType",
    "PartyPost",
    "RoleAssignment",
    "Sex",
    "UnitKind",
    "User",
]
