"""A small group to test in: one committee above two companies of two branches each, people in every place and role.

    root ── east ── east_one, east_two
        └── west ── west_one, west_two

Seen from `east_one`: own = east_one, superior = east and root, sibling = east_two, foreign = west and below.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password

from campaign.common.capabilities import Role
from campaign.common.text import initials, pinyin
from campaign.models import Campaign
from campaign.services import campaign_create
from orgs.models import EnrolmentOrigin, Member, Organization, PartyPost, RoleAssignment, User
from orgs.services.enrolments import enrolments_open
from orgs.services.tree import tree_insert

PASSWORD = "Correct-horse-9"


@dataclass
class World:
    """`orgs` by key, `members` by organization key (the first is the secretary), `users` by "role@key"."""

    orgs: dict[str, Organization] = field(default_factory=dict)
    members: dict[str, list[Member]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    def user(self, role: str, at: str) -> User:
        """Return a fresh copy, so that grants are read anew."""
        return User.objects.get(pk=self.users[f"{role}@{at}"].pk)

    def campaign(self, **options: Any) -> Campaign:
        """Make a campaign of the whole group, from the built-in template, running since the start of the year."""
        given: dict[str, Any] = {"code": "C1", "starts_on": dt.date(2026, 1, 1), **options}
        return campaign_create(actor=None, organization=self.orgs["root"], template="wujiang", **given)


TREE = (
    ("root", "", "中共华岭集团委员会", "committee"),
    ("east", "root", "中共华岭集团东山公司委员会", "committee"),
    ("west", "root", "中共华岭集团西河公司委员会", "committee"),
    ("east_one", "east", "东山公司采掘一区党支部", "branch"),
    ("east_two", "east", "东山公司采掘二区党支部", "branch"),
    ("west_one", "west", "西河公司选矿车间党支部", "branch"),
    ("west_two", "west", "西河公司机电车间党支部", "branch"),
)
NAMES = ("张建国", "李秀英", "王立新", "赵春梅", "孙志强", "周小红")


def make_world(members_per_branch: int = 6) -> World:
    """Build the group directly in the database: what is under test goes through services, its ground need not."""
    world = World()
    for key, _parent, name, kind in TREE:
        fields = {"code": key.upper(), "name": name, "type": kind, "pinyin": pinyin(name), "initials": initials(name)}
        world.orgs[key] = Organization(**fields)
    tree_insert([(world.orgs[key], world.orgs.get(parent)) for key, parent, _name, _kind in TREE])
    for key, _parent, _name, kind in TREE:
        if kind == "branch":
            world.members[key] = [_member(world.orgs[key], key, place) for place in range(members_per_branch)]
    # At once: a thousand tests start from here.
    everybody = Member.objects.bulk_create(member for members in world.members.values() for member in members)
    enrolments_open(everybody, starts_on=dt.date(2010, 1, 1), origin=EnrolmentOrigin.ENTERED)
    _people(world)
    return world


def _member(organization: Organization, key: str, place: int) -> Member:
    name = f"{NAMES[place % len(NAMES)]}{place // len(NAMES) or ''}"
    return Member(
        personnel_no=f"{key}-{place}",
        name=name,
        pinyin=pinyin(name),
        initials=initials(name),
        sex="female" if place % 2 else "male",
        ethnicity="汉族",
        birth_date=dt.date(1980, 1, 1 + place),
        joined_on=dt.date(2005, 7, 1),
        full_member_on=dt.date(2006, 7, 1),
        organization=organization,
        party_post=PartyPost.SECRETARY if place == 0 else "",
    )


def _account(world: World, key: str, role: str, name: str, member: Member | None = None) -> User:
    user = User(
        username=f"{role}-{key}".replace("_", "-"),
        password=_hashed(),
        name=name,
        member=member,
        organization=world.orgs[key],
    )
    world.users[f"{role}@{key}"] = user
    return user


@cache
def _hashed() -> str:
    return make_password(PASSWORD)


def _people(world: World) -> None:
    posts = list(_posts(world))
    User.objects.bulk_create(world.users.values())
    RoleAssignment.objects.bulk_create(
        RoleAssignment(user=user, role=role, organization=world.orgs[key], starts_on=dt.date(2020, 1, 1))
        for user, role, key in posts
    )


def _posts(world: World) -> Iterator[tuple[User, Role, str]]:
    """Make everybody's account, and yield the roles that go with some of them."""
    for key, members in world.members.items():
        yield _account(world, key, "secretary", members[0].name, members[0]), Role.SECRETARY, key
        for place, member in enumerate(members[1:], start=1):
            _account(world, key, "member" if place == 1 else f"member{place}", member.name, member)
    for key in ("root", "east", "west"):
        for role in (Role.STAFF, Role.LEADER, Role.COMMITTEE):
            yield _account(world, key, role.value, f"{key} {role.value}"), role, key
    for role in (Role.OFFICE, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
        yield _account(world, "root", role.value, f"root {role.value}"), role, "root"
