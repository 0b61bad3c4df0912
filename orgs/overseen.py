"""Objects of this part whose readers and history can be looked at."""

from campaign.common.capabilities import Cap
from campaign.common.oversight import ObjectKind, kinds
from orgs.models import ContactPoint, Member, Organization, Transfer, User

OF_ORGANIZATION = (("orgs.LeadershipPost", "organization"), ("orgs.HeadCount", "organization"))
OF_MEMBER = (("orgs.Position", "member"), ("orgs.Enrolment", "member"), ("orgs.Transfer", "member"))
kinds.register(
    ObjectKind("organization", Organization, "organization_detail", (Cap.ORG_MANAGE,), parts=OF_ORGANIZATION)
)
kinds.register(ObjectKind("member", Member, "member_detail", (Cap.MEMBER_MANAGE,), parts=OF_MEMBER))
kinds.register(ObjectKind("account", User, "user_edit", (Cap.ACCOUNT_MANAGE, Cap.ROLE_GRANT)))


def of_transfer(_transfer: Transfer) -> tuple[Cap, ...]:
    """Both sides see it: the branch that releases, and the one that accepts."""
    return Cap.TRANSFER_VIEW, Cap.TRANSFER_ACCEPT


kinds.register(
    ObjectKind(
        "transfer", Transfer, "transfer_detail", (Cap.TRANSFER_RELEASE, Cap.TRANSFER_ACCEPT), seen_by=of_transfer
    )
)
VISITS = (("orgs.ContactVisit", "contact_point"),)
kinds.register(ObjectKind("point", ContactPoint, "contact_detail", (Cap.CONTACT_MANAGE,), parts=VISITS))
