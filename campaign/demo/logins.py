"""The demo's accounts: one per role, and what `make run` prints of them."""

from campaign.common.capabilities import Role
from orgs.models import User

PASSWORD = "Chuangxian-2026"  # noqa: S105 — made up, for the demo group alone
USERNAMES: dict[Role, str] = {
    Role.OFFICE: "office",
    Role.STAFF: "staff",
    Role.SECRETARY: "secretary",
    Role.MEMBER: "member",
    Role.LEADER: "leader",
    Role.COMMITTEE: "committee",
    Role.SYSTEM_ADMIN: "system",
    Role.SECURITY_ADMIN: "security",
    Role.AUDIT_ADMIN: "audit",
}


def demo_logins() -> list[tuple[str, str, str]]:
    """Return (role, account name, password) for each role of the demo; empty where there is no demo."""
    present = set(User.objects.filter(username__in=USERNAMES.values()).values_list("username", flat=True))
    if len(present) < len(USERNAMES):
        return []
    return [(str(role.label), username, PASSWORD) for role, username in USERNAMES.items()]
