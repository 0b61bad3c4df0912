"""What the matrix of docs/roles.md means, told by the names of places and people alone: no path, no query.

    root ── east ── east_one, east_two
        └── west ── west_one, west_two

Every role is held at `east` or `east_one`, so that an object at one of PLACES is its own, lies below, above, beside or
elsewhere.
"""

from campaign.common.capabilities import MATRIX, Cap, Reach, Role
from tests.world import TREE

BESIDE = "east_two"
PLACES = ("east_one", "east", "root", BESIDE, "west_one")
VISITORS = (
    "member@east_one", "member2@east_one", "secretary@east_one", "secretary@east", "staff@east", "office@east",
    "leader@east", "committee@east", "system_admin@east", "security_admin@east", "audit_admin@east", "office@root",
    "committee@root", "former@east",
)  # fmt: skip
"""`former` held a role until yesterday and is no member: somebody who may sign in and nothing else."""
ACTORS = (*VISITORS, "staff@root", "leader@root")
"""Who stands at the top sees from there what others see from `east`: tried on the gate and on lists, not on every address."""
PARENTS = {key: parent for key, parent, _name, _type in TREE}
BRANCHES = tuple(key for key, _parent, _name, kind in TREE if kind == "branch")


def below(place: str) -> str:
    """Name a new organization directly below `place`."""
    return f"below {place}"


def lineage(place: str) -> list[str]:
    """Return the place and all above it, by key."""
    above = place.removeprefix("below ") if place.startswith("below ") else PARENTS.get(place, "")
    return [place, *lineage(above)] if place else []


def held_roles(actor: str) -> list[tuple[Role, str]]:
    """Return the roles of somebody with the places where they are held: "member2@east_one" is a member there, and so
    is the secretary of a branch."""
    name, at = actor.split("@")
    if name == "former":
        return []
    if name.startswith("member"):
        return [(Role.MEMBER, at)]
    own = [(Role(name), at)]
    return [(Role.MEMBER, at), *own] if name == "secretary" and at in BRANCHES else own


def covers(reach: Reach, held: str, place: str, *, own: bool) -> bool:
    """Tell whether a role held at `held` reaches an object at `place`, or one that is one's own."""
    return {
        Reach.SELF: own,
        Reach.UNIT: place == held,
        Reach.SUBTREE: held in lineage(place),
        Reach.BELOW: held in lineage(place) and held != place,
        Reach.UPWARD: place in lineage(held),
    }[reach]


def expected(actor: str, capability: Cap, place: str, *, own: bool = False) -> bool:
    """Tell from the matrix alone whether `actor` may use `capability` on an object at `place`."""
    roles = MATRIX[capability]
    return any(role in roles and covers(roles[role], held, place, own=own) for role, held in held_roles(actor))


def holds_somewhere(actor: str, capability: Cap) -> bool:
    return any(role in MATRIX[capability] for role, _held in held_roles(actor))
