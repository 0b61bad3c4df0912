"""Cases of leading groups, contact points, visits, exported lists and the quality of data."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.text import initials, pinyin
from campaign.lists.registry import ListKind
from campaign.lists.services import list_send, list_store
from orgs.importers.contacts import CONTACT_LIST
from orgs.importers.leadership import LEADERSHIP_LIST
from orgs.importers.visits import VISIT_LIST
from orgs.models import ContactPoint, ContactVisit, DistinctPair, LeadershipPost, Member, Organization, User
from tests.permissions.cases import Case, Listed, Make, Scoped, Target, case, lists, mark, number, scoped
from tests.permissions.oracle import holds_somewhere
from tests.permissions.orgs import member
from tests.permissions.orgs import organization as named
from tests.world import World

START = dt.date(2026, 1, 1)


# -- leading group and office --------------------------------------------------------------------------------------


def post(world: World, at: str) -> Target:
    made = LeadershipPost.objects.create(
        organization=world.orgs[at], function="group_head", name=mark(at), starts_on=START
    )
    payload = {"duty": "书记", "starts_on": "2026-01-02", "version": made.version}
    return Target(made, {"pk": made.pk}, payload, marker=mark(at))


def led(world: World, at: str) -> Target:
    """An organization whose leading group has somebody."""
    post(world, at)
    payload = {"function": "office_director", "name": "新主任", "starts_on": "2026-01-01"}
    return Target(world.orgs[at], {"pk": world.orgs[at].pk}, payload, marker=mark(at))


def vacant(world: World, at: str) -> Target:
    """An organization with a secretary and no leading group."""
    place = world.orgs[at]
    person = Member.objects.create(personnel_no=number("S"), name="新书记", sex="male", organization=place)
    person.positions.create(organization=place, post="secretary")
    return Target(place, {"pk": place.pk})


def own_place(world: World, at: str) -> Target:
    return Target(world.orgs[at], {"pk": world.orgs[at].pk, "key": "leadership"})


case("leadership_detail", Case(make=led))
case("leadership_list", Case(make=led))
case("leadership_appoint", Case(make=led, names=False))
case("leadership_take_suggested", Case(make=vacant))
case("leadership_edit", Case(make=post))
case("leadership_end", Case(make=post))
case("list_export", Case(make=own_place))
case("member_choose", Case(payload={"q": "张"}, changes=False))
lists.append(Listed("member_choose", member, Cap.MEMBER_VIEW, payload={"q": "标记"}))
scoped.append(Scoped(post))


# -- contact points ------------------------------------------------------------------------------------------------


def point(world: World, at: str) -> Target:
    """A branch that is the contact point of somebody enrolled far away; the owner is nobody of the cast."""
    named(world, at)
    leader = Member.objects.create(
        personnel_no=number("L"), name="联系领导", sex="male", organization=world.orgs["west_two"]
    )
    made = ContactPoint.objects.create(
        leader=leader, organization=world.orgs[at], starts_on=START, task=mark(at, "任务")
    )
    payload = {
        "task": "改过的任务", "starts_on": "2026-01-01", "version": made.version, "visited_on": clock.today().isoformat(),
        "mode": "site", "summary": "走访",
    }  # fmt: skip
    return Target(made, {"pk": made.pk}, payload, marker=mark(at), owner="nobody of the cast")


def own_point(world: World, at: str) -> Target:
    """The same, of a member of the cast."""
    target = point(world, at)
    leader = world.users["member@east_one"].member
    # Nobody looks after a branch twice at a time.
    ContactPoint.objects.filter(leader=leader, organization=world.orgs[at], ends_on=None).update(ends_on=START)
    ContactPoint.objects.filter(pk=target.kwargs["pk"]).update(leader=leader)
    target.owner = "member@east_one"
    return target


def visit(world: World, at: str) -> Target:
    target = own_point(world, at)
    made = ContactVisit.objects.create(
        contact_point_id=target.kwargs["pk"], visited_on=clock.today(), mode="site", summary=mark(at, "所见")
    )
    payload = {**dict(target.data), "version": 1, "reason": "误登"}
    return Target(made, {"pk": made.pk}, payload, marker=mark(at), owner="member@east_one")


def assignment(world: World, at: str) -> Target:
    """A leader and a branch of the same place."""
    leader = Member.objects.create(personnel_no=number("L"), name="联系领导", sex="male", organization=world.orgs[at])
    return Target(
        payload={"leader": leader.pk, "organizations": [world.orgs[at].pk], "starts_on": "2026-01-01", "task": ""}
    )


case("contact_list", Case(payload={"q": "张"}, changes=False))
case("contact_mine", Case())
case("contact_coverage", Case())
case("contact_assign", Case(make=assignment, named_in_form=True))
case("contact_detail", Case(make=point), Case(make=own_point))
case("contact_edit", Case(make=point))
case("contact_end", Case(make=point))
case("contact_visit", Case(make=point), Case(make=own_point))
case("contact_visit_edit", Case(make=visit))
case("contact_visit_remove", Case(make=visit))
lists += [
    Listed("contact_list", point, Cap.CONTACT_VIEW),
    Listed("contact_list", own_point, Cap.CONTACT_VIEW),
    Listed("contact_coverage", named, Cap.CONTACT_VIEW, ("east_one", "east_two", "west_one")),
]
scoped += [Scoped(point), Scoped(own_point), Scoped(visit)]


# -- lists by workbook ---------------------------------------------------------------------------------------------

Book = Callable[[World, str], bytes]


def leadership_book(world: World, at: str) -> bytes:
    """Somebody of no register who is to be a member of the leading group at the place."""
    return f"党组织,职责,姓名,开始日期\n{world.orgs[at].name},领导小组成员,钱部长,2026-01-01\n".encode()


def contact_book(world: World, at: str) -> bytes:
    """A contact point at the place, of a leader enrolled there."""
    leader = Member.objects.create(personnel_no=number("L"), name="联系领导", sex="male", organization=world.orgs[at])
    return (
        f"党组织,联系领导,人员编号,开始日期\n{world.orgs[at].name},联系领导,{leader.personnel_no},2026-01-01\n".encode()
    )


def visit_book(world: World, at: str) -> bytes:
    """A visit to a contact point at the place, of a leader enrolled there."""
    contact = ContactPoint.objects.get(pk=point(world, at).kwargs["pk"])
    row = f"{contact.organization.name},{contact.leader.personnel_no},{clock.today()},基层走访,看了现场"
    return f"党组织,人员编号,联系日期,联系方式,联系情况\n{row}\n".encode()


def own_visits(world: World, at: str) -> Target:
    """The list of a leader of the cast, with a visit to his contact point there."""
    target = own_point(world, at)
    contact = ContactPoint.objects.get(pk=target.kwargs["pk"])
    row = f"{contact.organization.name},{contact.leader.name},{clock.today()},基层走访,看了现场"

    def payload() -> dict[str, Any]:
        book = f"党组织,联系领导,联系日期,联系方式,联系情况\n{row}\n".encode()
        return {"file": SimpleUploadedFile("名单.csv", book)}

    return Target(target.record, {"pk": world.orgs[at].pk}, payload, owner="member@east_one")


def to_send(book: Book) -> Make:
    def make(world: World, at: str) -> Target:
        def payload() -> dict[str, Any]:
            return {"file": SimpleUploadedFile("名单.csv", book(world, at))}

        return Target(kwargs={"pk": world.orgs[at].pk}, payload=payload)

    return make


def sent_in(kind: ListKind, book: Book, state: str) -> Make:
    """Only who sent a workbook reaches it."""

    def make(world: World, at: str) -> Target:
        actor, place = world.user("office", "root"), world.orgs[at].pk
        sent = list_send(kind=kind, place=place, actor=actor, content=book(world, at), file_name="名单.csv")
        if state == "stored":
            list_store(sent=sent, actor=actor)
        return Target(sent, {"pk": sent.pk}, rule=lambda who, _capability: who == "office@root")

    return make


for kind, book in ((LEADERSHIP_LIST, leadership_book), (CONTACT_LIST, contact_book), (VISIT_LIST, visit_book)):
    own = [Case(make=own_visits)] if kind is VISIT_LIST else []
    case(kind.key, Case(make=to_send(book)), *own)
    case(f"{kind.key}_template", Case(make=to_send(book)), *own)
    for address, state in (("detail", "checked"), ("annotated", "checked"), ("store", "checked"), ("undo", "stored")):
        case(f"{kind.key}_{address}", Case(make=sent_in(kind, book, state)))


# -- quality of data -----------------------------------------------------------------------------------------------


def unborn(world: World, at: str) -> Target:
    target = member(world, at)
    Member.objects.filter(pk=target.kwargs["pk"]).update(birth_date=None)
    return target


def unused(world: World, at: str) -> Target:
    made = User.objects.create(username=f"unused-{at}", name=mark(at), organization=world.orgs[at])
    return Target(made, {"pk": made.pk}, marker=mark(at), owner="nobody of the cast")


def twins(world: World, at: str) -> Target:
    """Two records of one person in one organization."""
    name = mark(at)
    given: dict[str, Any] = {
        "name": name, "pinyin": pinyin(name), "initials": initials(name), "sex": "female", "birth_date": START,
        "organization": Organization.objects.get(pk=world.orgs[at].pk),
    }  # fmt: skip
    first, second = (Member.objects.create(personnel_no=number("T"), **given) for _twin in (1, 2))
    payload = {"keep": str(first.pk), "reason": "重复录入", f"version_{first.pk}": 1, f"version_{second.pk}": 1}
    return Target(first, {"first": first.pk, "second": second.pk}, payload, marker=name)


def parted(world: World, at: str) -> Target:
    target = twins(world, at)
    made = DistinctPair.objects.create(first_id=target.kwargs["first"], second_id=target.kwargs["second"])
    return Target(made, {"pk": made.pk}, marker=target.marker)


def both(capability: Cap) -> Any:
    """Who checks the data, and holds what the check is about."""

    def rule(actor: str, _capability: Any = None) -> bool:
        return holds_somewhere(actor, Cap.DATA_QUALITY) and holds_somewhere(actor, capability)

    return rule


def check(key: str, capability: Cap) -> Any:
    def make(_world: World, _at: str) -> Target:
        return Target(kwargs={"key": key}, rule=both(capability))

    return make


case("quality_list", Case())
case(
    "quality_check",
    *(
        Case(make=check(key, capability), places=("east",))
        for key, capability in (
            ("contact", Cap.DATA_QUALITY), ("birth_date", Cap.MEMBER_MANAGE), ("no_role", Cap.ACCOUNT_MANAGE),
        )
    ),
)  # fmt: skip
case("quality_doubles", Case())
case("double_dismiss", Case(make=twins))
case("double_resolve", Case(make=twins))
case("double_restore", Case(make=parted))
lists += [
    Listed("quality_check", named, Cap.DATA_QUALITY, page=lambda: {"key": "contact"}, opened=both(Cap.DATA_QUALITY)),
    Listed(
        "quality_check", unborn, Cap.MEMBER_MANAGE, page=lambda: {"key": "birth_date"}, opened=both(Cap.MEMBER_MANAGE)
    ),
    Listed(
        "quality_check", unused, Cap.ACCOUNT_MANAGE, page=lambda: {"key": "no_role"}, opened=both(Cap.ACCOUNT_MANAGE)
    ),
    Listed("quality_doubles", twins, Cap.MEMBER_MANAGE),
]
