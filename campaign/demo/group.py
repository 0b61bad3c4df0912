"""The group itself: organizations, members, accounts and roles, made through the services."""

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any

from campaign.common.capabilities import Role
from campaign.common.excel.problems import ProblemList
from campaign.demo.logins import PASSWORD, USERNAMES
from campaign.demo.people import ROOT_NAME, SIZES, Person, branch_name, company_name, people
from campaign.demo.story import Story, on
from orgs.importers.plan import NO_ROW, New, Plan
from orgs.models import Category, Member, MembershipKind, Organization, OrganizationType, PartyPost, UnitKind, User
from orgs.services import member_create, organization_create, role_grant, user_create, users_create_for_members
from orgs.services.storing import members_store

POSTS = (PartyPost.SECRETARY, PartyPost.DEPUTY_SECRETARY, PartyPost.ORGANIZATION_MEMBER, PartyPost.PUBLICITY_MEMBER)
LARGE, SELDOM = 1000, 20
FOUNDED = dt.date(2008, 7, 1)


@dataclass
class Group:
    """What was made; `secretaries`, `staff` and `leaders` by the id of their organization."""

    root: Organization
    companies: list[Organization] = field(default_factory=list)
    branches: list[Organization] = field(default_factory=list)
    secretaries: dict[int, User] = field(default_factory=dict)
    staff: dict[int, User] = field(default_factory=dict)
    leaders: dict[int, User] = field(default_factory=dict)
    office: User = field(init=False)
    second: User = field(init=False)
    """Another one of the office: what two people must do is done by both."""
    committee: User = field(init=False)

    def company_of(self, branch: Organization) -> Organization:
        return next(company for company in self.companies if branch.path.startswith(company.path))

    def branches_of(self, company: Organization) -> list[Organization]:
        return [branch for branch in self.branches if branch.path.startswith(company.path)]

    def roll(self, branch: Organization) -> list[Member]:
        """Return the members of a branch with their accounts, the secretary first; read anew, since a large group does
        not fit into memory."""
        return list(Member.objects.filter(organization=branch).select_related("organization", "user").order_by("pk"))


def writes_one_by_one(group: Group, number: int) -> bool:
    """In the large group only the members of every twentieth branch write, as many as there are in the medium one: all
    of them one after the other would take an hour."""
    return len(group.branches) < LARGE or number % SELDOM == 0


def make_group(story: Story, size: str, chance: random.Random) -> Group:
    """Make the group as it stood when the campaign began."""
    with on(story.begin):
        group = Group(_organization(None, ROOT_NAME, OrganizationType.COMMITTEE, story, chance))
        for place in range(SIZES[size].companies):
            _company(group, place, size, story, chance)
        _roll(group, size, story, chance)
        _accounts(group)
    return group


def _organization(
    parent: Organization | None, name: str, kind: OrganizationType, story: Story, chance: random.Random, **fields: str
) -> Organization:
    elected = story.begin - dt.timedelta(days=chance.randint(100, 900))
    years = 5 if kind == OrganizationType.COMMITTEE else 3
    return organization_create(
        actor=None,
        parent=parent,
        name=name,
        type=kind,
        established_on=FOUNDED + dt.timedelta(days=chance.randint(0, 3000)),
        term_started_on=elected,
        term_ends_on=elected.replace(day=min(elected.day, 28), year=elected.year + years),
        **fields,
    )


def _company(group: Group, place: int, size: str, story: Story, chance: random.Random) -> None:
    name = company_name(place)
    company = _organization(
        group.root,
        f"中共华岭集团{name}公司委员会",
        OrganizationType.COMMITTEE,
        story,
        chance,
        short_name=f"{name}公司党委",
        unit_kind=UnitKind.LEGAL_UNIT,
    )
    group.companies.append(company)
    for number in range(SIZES[size].branches):
        title = branch_name(name, number)
        category = Category.INNOVATION if "车间" in title or "采掘" in title else Category.MANAGEMENT
        branch = _organization(
            company, title, OrganizationType.BRANCH, story, chance, category=category, unit_kind=UnitKind.SAME_AS_PARENT
        )
        group.branches.append(branch)


def _roll(group: Group, size: str, story: Story, chance: random.Random) -> None:
    """Store the members company by company, as an import does: in a constant number of statements per thousand."""
    supply = people(chance, story.begin)
    mean = SIZES[size].members
    for company in group.companies:
        new: list[New[Member]] = []
        for branch in group.branches_of(company):
            count = chance.randint(mean - mean // 4, mean + mean // 4)
            new += [New(NO_ROW, _values(branch, next(supply), place)) for place in range(count)]
        members_store(plan=Plan(ProblemList(), new=new), actor=None)


def _values(branch: Organization, person: Person, place: int) -> dict[str, Any]:
    return {
        "organization": branch,
        "id_number": person.id_number,
        "name": person.name,
        "sex": person.sex,
        "ethnicity": person.ethnicity,
        "birth_date": person.birth_date,
        "education": person.education,
        "started_work_on": person.started_work_on,
        "joined_on": person.joined_on,
        "full_member_on": person.full_member_on,
        "kind": MembershipKind.FULL if person.full_member_on else MembershipKind.PROBATIONARY,
        "party_post": POSTS[place] if place < len(POSTS) else "",
        "job": person.job,
        "phone": person.phone,
        "is_frontline": person.is_frontline,
        "is_party_worker": place < 2,
        "is_mobile": place % 12 == 11,
        "cell": f"第{place % 3 + 1}党小组",
    }


def _accounts(group: Group) -> None:
    """Everybody on the roll has an account; the first branch's secretary and a member have the demo's names."""
    first = group.roll(group.branches[0])
    named = {first[0].pk: USERNAMES[Role.SECRETARY], first[4].pk: USERNAMES[Role.MEMBER]}
    for company in group.companies:
        members = Member.objects.in_subtree(company)
        users_create_for_members(actor=None, members=members, usernames=named, password=PASSWORD)
    for branch in group.branches:
        secretary = group.roll(branch)[0].user
        role_grant(actor=None, user=secretary, role=Role.SECRETARY, organization=branch)
        group.secretaries[branch.pk] = secretary
    group.office = _officer(group.root, Role.OFFICE, "集团创先办", USERNAMES[Role.OFFICE])
    group.second = _officer(group.root, Role.OFFICE, "集团创先办副主任", "office-second")
    group.committee = _officer(group.root, Role.COMMITTEE, "集团评审委员", USERNAMES[Role.COMMITTEE])
    leading = people(random.Random(len(group.companies)), FOUNDED)  # noqa: S311 — a story, not a secret
    group.leaders[group.root.pk] = _officer(
        group.root,
        Role.LEADER,
        "集团领导",
        USERNAMES[Role.LEADER],
        _leader(group.branches[0], next(leading), "党委书记"),
    )
    group.staff[group.root.pk] = _officer(group.root, Role.STAFF, "集团党建工作部", "staff-group")
    for number, company in enumerate(group.companies, start=1):
        name = company.display_name
        suffix = "" if number == 1 else str(number)
        group.staff[company.pk] = _officer(company, Role.STAFF, f"{name}党务干部", f"staff{suffix}")
        member = _leader(group.branches_of(company)[0], next(leading), "公司党委书记")
        group.leaders[company.pk] = _officer(company, Role.LEADER, f"{name}书记", f"leader-{number}", member)
    for role, name in (
        (Role.SYSTEM_ADMIN, "系统管理员"),
        (Role.SECURITY_ADMIN, "安全管理员"),
        (Role.AUDIT_ADMIN, "审计管理员"),
    ):
        _officer(group.root, role, name, USERNAMES[role])


def _leader(branch: Organization, person: Person, post: str) -> Member:
    """Leaders are members like others, enrolled in a branch, and look after branches as their contact points."""
    return member_create(
        actor=None,
        organization=branch,
        name=person.name,
        sex=person.sex,
        birth_date=person.birth_date,
        joined_on=person.joined_on,
        full_member_on=person.full_member_on or person.joined_on,
        phone=person.phone,
        admin_post=post,
        is_party_worker=True,
    )


def _officer(organization: Organization, role: Role, name: str, username: str, member: Member | None = None) -> User:
    made = user_create(
        actor=None, name=name, organization=organization, username=username, password=PASSWORD, member=member
    )
    role_grant(actor=None, user=made.user, role=role, organization=organization)
    return made.user
