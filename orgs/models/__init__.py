from orgs.models.accounts import User
from orgs.models.credentials import (
    CodePart,
    CodePurpose,
    CodeSheet,
    OneTimeCode,
    PastPassword,
    RecoveryCode,
    SecondFactor,
    Session,
    SignInPolicy,
)
from orgs.models.history import Enrolment, EnrolmentOrigin, OrganizationEvent, OrganizationEventKind, Position
from orgs.models.imports import Counter, ImportBatch, ImportKind, ImportState
from orgs.models.leadership import ContactPoint, ContactVisit, LeadershipFunction, LeadershipPost, VisitMode
from orgs.models.members import Member, MemberQuerySet, MembershipKind, MembershipStatus, PartyPost, Sex
from orgs.models.organizations import (
    BRANCH_TYPES,
    Category,
    Organization,
    OrganizationQuerySet,
    OrganizationType,
    UnitKind,
)
from orgs.models.roles import Delegation, DelegationQuerySet, RoleAssignment, RoleAssignmentQuerySet
from orgs.models.transfers import Transfer, TransferQuerySet, TransferState
from orgs.models.workers import HeadCount, Worker

__all__ = [
    "BRANCH_TYPES",
    "Category",
    "CodePart",
    "CodePurpose",
    "CodeSheet",
    "ContactPoint",
    "ContactVisit",
    "Counter",
    "Delegation",
    "DelegationQuerySet",
    "Enrolment",
    "EnrolmentOrigin",
    "HeadCount",
    "ImportBatch",
    "ImportKind",
    "ImportState",
    "LeadershipFunction",
    "LeadershipPost",
    "Member",
    "MemberQuerySet",
    "MembershipKind",
    "MembershipStatus",
    "OneTimeCode",
    "Organization",
    "OrganizationEvent",
    "OrganizationEventKind",
    "OrganizationQuerySet",
    "OrganizationType",
    "PartyPost",
    "PastPassword",
    "Position",
    "RecoveryCode",
    "RoleAssignment",
    "RoleAssignmentQuerySet",
    "SecondFactor",
    "Session",
    "Sex",
    "SignInPolicy",
    "Transfer",
    "TransferQuerySet",
    "TransferState",
    "UnitKind",
    "User",
    "VisitMode",
    "Worker",
]
