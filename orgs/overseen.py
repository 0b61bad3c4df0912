"""Objects of this part whose readers and history can be looked at."""

from campaign.common.capabilities import Cap
from campaign.common.oversight import ObjectKind, kinds
from orgs.models import Member, Organization, User

kinds.register(ObjectKind("organization", Organization, "organization_detail", (Cap.ORG_MANAGE,)))
kinds.register(ObjectKind("member", Member, "member_detail", (Cap.MEMBER_MANAGE,)))
kinds.register(ObjectKind("account", User, "user_edit", (Cap.ACCOUNT_MANAGE, Cap.ROLE_GRANT)))
