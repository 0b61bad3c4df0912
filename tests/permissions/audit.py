"""Cases of the audit log: an auditor reads what the people of the own organization and below have done."""

from campaign.audit.models import AuditEntry
from campaign.audit.services import audit_record
from campaign.common.capabilities import Cap
from orgs.models import User
from tests.permissions.cases import Case, Listed, Target, case, lists, mark
from tests.world import World


def entry(world: World, at: str) -> Target:
    actor = User.objects.create(username=f"acting-{at}", name="经办人", organization=world.orgs[at])
    audit_record(action="login", actor=actor, target=actor, reason=mark(at))
    return Target(AuditEntry.objects.latest("pk"), marker=mark(at))


def object_of(world: World, at: str) -> Target:
    """The page of an object is open to every auditor; of its entries each sees the reach alone."""
    target = entry(world, at)
    return Target(
        target.record, {"kind": "orgs-user", "pk": target.record.target_id}, marker=target.marker, rule=auditor
    )


def auditor(actor: str, _capability: Cap) -> bool:
    return actor.startswith("audit_admin")


case("audit_export", Case(payload={}))
case("audit_object", Case(make=object_of, places=("east_one", "east")))
case("audit_list", Case(payload={"person": "张"}, changes=False))
lists.append(Listed("audit_list", entry, Cap.AUDIT_VIEW))
