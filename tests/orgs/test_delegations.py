"""Deputies: what is handed over, to whom, for how long, what it gives, and what it never gives."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.access import holds, reaches
from campaign.common.capabilities import Cap, Role
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from orgs.models import Delegation, Member, Organization, RoleAssignment, User
from orgs.services import (
    delegation_act,
    delegation_end,
    delegation_give,
    member_update,
    role_end,
    role_grant,
    user_deactivate,
)
from tests.orgs.deputies import acting, handed, role_of
from tests.orgs.test_organizations import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


# -- handing over --------------------------------------------------------------------------------------------------


def test_a_deputy_acts_with_the_role_alone_and_in_both_names(world: World) -> None:
    delegation = handed(world, "staff@east", "secretary@east_one")
    deputy = world.user("secretary", "east_one")
    assert {grant.role for grant in deputy.grants} == {Role.SECRETARY, Role.MEMBER}
    assert not reaches(deputy, Cap.MEMBER_MANAGE, world.orgs["east_two"].path)
    deputy = acting(world, delegation)
    assert [grant.role for grant in deputy.grants] == [Role.STAFF]
    assert reaches(deputy, Cap.MEMBER_MANAGE, world.orgs["east_two"].path)
    assert not holds(deputy, Cap.VOTE)  # the own membership rests, that of the other is not handed over
    member = world.members["east_two"][2]
    member_update(actor=deputy, member=member, version=member.version, job="钳工")
    entry = AuditEntry.objects.get(action="member_update")
    assert (entry.actor, entry.on_behalf_of) == (deputy, world.users["staff@east"])
    assert entry.on_behalf_name == "east staff"
    own = AuditEntry.objects.get(action="delegation_give")
    assert (own.actor, own.on_behalf_of, own.on_behalf_name) == (world.users["staff@east"], None, "")
    assert own.reason == "出差"


def test_the_holder_keeps_the_role(world: World) -> None:
    handed(world, "staff@east", "secretary@east_one")
    assert [grant.role for grant in world.user("staff", "east").grants] == [Role.STAFF]


@pytest.mark.parametrize(
    ("first", "last", "counts"),
    [(0, 13, True), (0, 29, True), (0, 30, False), (-1, 5, False), (3, 2, False), (5, 34, True)],
)
def test_how_long(world: World, first: int, last: int, counts: bool) -> None:
    today = clock.today()
    span = {"starts_on": today + first * DAY, "ends_on": today + last * DAY}
    if counts:
        handed(world, "staff@east", "secretary@east_one", **span)
        return
    with pytest.raises(DomainError):
        handed(world, "staff@east", "secretary@east_one", **span)
    assert not Delegation.objects.exists()


def test_the_longest_span_is_a_setting(world: World, settings: Any) -> None:
    settings.DELEGATION_MAX_DAYS = 3
    with pytest.raises(DomainError, match="3"):
        handed(world, "staff@east", "secretary@east_one", days=4)
    handed(world, "staff@east", "secretary@east_one", days=3)


def test_it_begins_and_ends_by_itself(world: World) -> None:
    today = clock.today()
    delegation = handed(world, "staff@east", "secretary@east_one", starts_on=today + 2 * DAY, ends_on=today + 4 * DAY)
    for days, has in ((0, False), (1, False), (2, True), (4, True), (5, False)):
        with clock.at(clock.start_of(today + days * DAY)):
            assert bool(acting(world, delegation).grants) is has
            assert bool(world.user("secretary", "east_one").held.offered) is has


def test_nobody_hands_on_what_was_handed_to_them(world: World) -> None:
    delegation = handed(world, "staff@east", "secretary@east_one")
    deputy, third = acting(world, delegation), world.users["leader@east"]
    wanted = {"deputy": third, "ends_on": clock.today(), "reason": "出差"}
    with pytest.raises(DomainError):  # while acting
        delegation_give(actor=deputy, assignment=delegation.assignment, **wanted)
    with pytest.raises(DomainError):  # not even the own role
        delegation_give(actor=deputy, assignment=role_of(world, "secretary@east_one"), **wanted)
    with pytest.raises(NotAllowed):  # nor as oneself
        delegation_give(actor=world.user("secretary", "east_one"), assignment=delegation.assignment, **wanted)
    assert Delegation.objects.count() == 1


def test_to_whom(world: World) -> None:
    for deputy in ("staff@east", "staff@west", "secretary@west_one"):  # oneself, and elsewhere
        with pytest.raises(DomainError):
            handed(world, "staff@east", deputy)
    user_deactivate(actor=world.user("system_admin", "root"), user=world.users["leader@east"])
    with pytest.raises(DomainError):
        handed(world, "staff@east", "leader@east")
    with pytest.raises(DomainError, match="理由"):
        handed(world, "staff@east", "member@east_one", reason="  ")
    for deputy in ("member@east_one", "staff@root"):  # below, and above
        delegation_end(
            actor=world.user("staff", "east"), delegation=handed(world, "staff@east", deputy), reason="回来了"
        )
    role_grant(actor=None, user=world.users["member@east_two"], role=Role.STAFF, organization=world.orgs["east"])
    with pytest.raises(DomainError):  # holds it already
        handed(world, "staff@east", "member@east_two")


def test_one_deputy_at_a_time(world: World) -> None:
    first = handed(world, "staff@east", "secretary@east_one")
    with pytest.raises(DomainError):
        handed(world, "staff@east", "secretary@east_two")
    delegation_end(actor=world.user("staff", "east"), delegation=first)
    handed(world, "staff@east", "secretary@east_two")


def test_not_beyond_the_role_itself(world: World) -> None:
    today = clock.today()
    RoleAssignment.objects.filter(user=world.users["staff@east"]).update(ends_on=today + 3 * DAY)
    with pytest.raises(DomainError):
        handed(world, "staff@east", "secretary@east_one", days=5)
    delegation = handed(world, "staff@east", "secretary@east_one", days=4)
    role_end(actor=world.user("security_admin", "root"), assignment=role_of(world, "staff@east"), reason="调离")
    assert acting(world, delegation).grants == ()
    assert Delegation.objects.get().state == "revoked"


def test_taken_back_at_once_by_both_and_the_security_administrator(world: World) -> None:
    for by in ("staff@east", "secretary@east_one", "security_admin@root"):
        delegation = handed(world, "staff@east", "secretary@east_one")
        delegation_end(actor=world.user(*by.split("@")), delegation=delegation, reason="提前返回")
        assert acting(world, delegation).grants == ()
        delegation.refresh_from_db()
        with pytest.raises(StateConflict):
            delegation_end(actor=world.user(*by.split("@")), delegation=delegation)
    delegation = handed(world, "staff@east", "secretary@east_one")
    for by in ("leader@east", "office@root", "member@east_one", "system_admin@root"):
        with pytest.raises(NotAllowed):
            delegation_end(actor=world.user(*by.split("@")), delegation=delegation)
    with pytest.raises(NotAllowed):  # nor the deputy in the other's name
        delegation_end(actor=acting(world, delegation), delegation=delegation)


def test_a_closed_account_hands_nothing_over(world: World) -> None:
    delegation = handed(world, "staff@east", "secretary@east_one")
    user_deactivate(actor=world.user("system_admin", "root"), user=world.users["staff@east"])
    assert acting(world, delegation).grants == ()
    with pytest.raises(StateConflict):
        delegation_act(actor=world.user("secretary", "east_one"), delegation=delegation)


def test_another_person_s_deputyship_gives_nothing(world: World) -> None:
    delegation = handed(world, "staff@east", "secretary@east_one")
    stranger = world.user("member", "east_two")
    stranger.act(delegation.pk)
    assert (stranger.grants, stranger.acting_for) == ((), None)
    with pytest.raises(StateConflict):
        delegation_act(actor=world.user("member", "east_two"), delegation=delegation)


def test_the_database_keeps_its_dates(world: World) -> None:
    fields = {"assignment": role_of(world, "staff@east"), "deputy": world.users["leader@east"]}
    for wrong in ({"ends_on": clock.today() - DAY, "reason": "x"}, {"ends_on": clock.today(), "reason": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delegation.objects.create(**fields, **wrong)


# -- separation ----------------------------------------------------------------------------------------------------


def test_an_administrator_s_deputy_is_no_other_administrator(world: World) -> None:
    root = world.orgs["root"]
    with pytest.raises(DomainError):
        handed(world, "security_admin@root", "audit_admin@root")
    delegation = handed(world, "security_admin@root", "leader@root", days=5)
    security = acting(world, delegation)
    deputy, principal = world.users["leader@root"], world.users["security_admin@root"]
    for one in (deputy, principal):  # neither to the deputy nor to whom it acts for
        with pytest.raises(DomainError):
            role_grant(actor=security, user=one, role=Role.STAFF, organization=root)
    with pytest.raises(DomainError):
        role_end(actor=security, assignment=role_of(world, "security_admin@root"))
    for ends_on in (None, clock.today(), clock.today() + 9 * DAY):
        with pytest.raises(DomainError):  # the deputy becomes no administrator meanwhile
            role_grant(actor=None, user=deputy, role=Role.AUDIT_ADMIN, organization=root, ends_on=ends_on)
    with pytest.raises(DomainError):
        handed(
            world, "audit_admin@root", "leader@root", starts_on=clock.today() + 4 * DAY, ends_on=clock.today() + 6 * DAY
        )
    handed(world, "audit_admin@root", "leader@root", starts_on=clock.today() + 5 * DAY, ends_on=clock.today() + 6 * DAY)
    role_grant(actor=security, user=world.users["member@east_one"], role=Role.LEADER, organization=world.orgs["east"])
    entry = AuditEntry.objects.filter(action="role_grant").latest("pk")
    assert (entry.actor, entry.on_behalf_of) == (deputy, principal)


def test_an_acting_holder_counts_like_any_other(world: World) -> None:
    security = world.user("security_admin", "root")
    made = role_grant(
        actor=security, user=world.users["member@east_one"], role=Role.SECRETARY, organization=world.orgs["east_two"],
        is_interim=True,
    )  # fmt: skip
    holder = world.user("member", "east_one")
    assert [grant.title for grant in holder.grants if grant.is_interim] == ["党支部书记（主持工作）"]
    assert reaches(holder, Cap.PLEDGE_REVIEW, world.orgs["east_two"].path)
    assert "主持工作" in str(made)
    with pytest.raises(DomainError):
        role_grant(
            actor=security, user=world.users["audit_admin@root"], role=Role.SYSTEM_ADMIN, organization=world.orgs["root"],
            is_interim=True,
        )  # fmt: skip


# -- the pages -----------------------------------------------------------------------------------------------------


def deputy_client(world: World, delegation: Delegation) -> Client:
    client = signed_in(delegation.deputy)
    assert client.post(reverse("delegation_act", args=[delegation.pk])).status_code == 302
    return client


def test_switching_in_the_session(world: World) -> None:
    delegation = handed(world, "staff@east", "secretary@east_one")
    client, far = signed_in(delegation.deputy), reverse("organization_detail", args=[world.orgs["east_two"].pk])
    home = client.get("/").content.decode()
    assert "代east staff办理（党务干部）" in home
    assert client.get(far).status_code == 404
    client = deputy_client(world, delegation)
    page = client.get(far)
    assert page.status_code == 200
    assert "您正在代east staff办理" in page.content.decode()
    assert client.get(reverse("pledge_mine")).context["user"].acting_for.name == "east staff"
    assert client.post(reverse("delegation_rest")).status_code == 302
    assert client.get(far).status_code == 404
    assert "您正在代" not in client.get("/").content.decode()
    actions = AuditEntry.objects.filter(actor=delegation.deputy).order_by("pk").values_list("action", "on_behalf_name")
    assert [pair for pair in actions if pair[0].startswith("delegation")] == [
        ("delegation_act", "east staff"),
        ("delegation_rest", "east staff"),
    ]


def test_a_post_after_the_end_is_not_done_in_the_deputy_s_own_name(world: World) -> None:
    delegation = handed(world, "secretary@east_one", "staff@east")
    client = deputy_client(world, delegation)
    delegation_end(actor=world.user("secretary", "east_one"), delegation=delegation)
    place = world.orgs["east_two"]
    data = {"name": "改名", "code": place.code, "type": place.type, "version": place.version}
    answer = client.post(reverse("organization_edit", args=[place.pk]), data)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert Organization.objects.get(pk=place.pk).name == place.name
    assert "代理已经结束" in client.get("/").content.decode()
    assert client.post(reverse("organization_edit", args=[place.pk]), data).status_code == 302
    assert Organization.objects.get(pk=place.pk).name == "改名"  # and from then on as oneself


def test_handing_over_on_the_page(world: World) -> None:
    client, today = signed_in(world.users["staff@east"]), clock.today()
    form = client.get(reverse("delegation_give")).context["form"]
    assert form.initial["ends_on"] == today + 13 * DAY
    assert client.post(reverse("deputy_search"), {"q": "west"}).json()["results"] == []
    names = client.post(reverse("deputy_search"), {"q": "张建国"}).json()["results"]
    assert {each["text"] for each in names} == {"张建国（东山公司采掘一区党支部）", "张建国（东山公司采掘二区党支部）"}
    data = {
        "assignment": role_of(world, "staff@east").pk, "deputy": world.users["secretary@east_one"].pk,
        "starts_on": today, "ends_on": today + 40 * DAY, "reason": "学习",
    }  # fmt: skip
    refused = client.post(reverse("delegation_give"), data)
    assert "最多" in refused.content.decode()
    assert not Delegation.objects.exists()
    assert client.post(reverse("delegation_give"), {**data, "ends_on": today + 2 * DAY}).status_code == 302
    delegation = Delegation.objects.get()
    for who in ("staff@east", "secretary@east_one"):
        assert "学习" in signed_in(world.users[who]).get(reverse("delegation_list")).content.decode()
    assert client.post(reverse("delegation_end", args=[delegation.pk]), {"reason": "回来"}).status_code == 302
    assert not Delegation.objects.standing().exists()


def test_a_role_of_somebody_else_is_no_choice(world: World) -> None:
    data = {
        "assignment": role_of(world, "staff@west").pk, "deputy": world.users["secretary@east_one"].pk,
        "starts_on": clock.today(), "ends_on": clock.today(), "reason": "学习",
    }  # fmt: skip
    answer = signed_in(world.users["staff@east"]).post(reverse("delegation_give"), data)
    assert answer.context["form"].errors["assignment"]
    assert (
        "没有可以委托的角色"
        in signed_in(world.users["member@east_one"]).get(reverse("delegation_give")).content.decode()
    )


def test_the_security_administrator_sees_and_ends_it(world: World) -> None:
    delegation = handed(world, "staff@east", "secretary@east_one")
    client = signed_in(world.users["security_admin@root"])
    assert "张建国" in client.get(reverse("role_deputies")).content.decode()
    for when, count in (("now", 1), ("later", 0), ("over", 0)):
        client.post(reverse("role_deputies"), {"when": when})
        assert len(client.get(reverse("role_deputies")).context["table"].rows) == count
    client.post(reverse("role_deputy_end", args=[delegation.pk]), {"reason": "不妥"})
    assert AuditEntry.objects.get(action="delegation_end").reason == "不妥"


def test_rights_cost_one_statement(world: World) -> None:
    delegation = handed(world, "staff@east", "secretary@east_one")
    for user in (world.user("secretary", "east_one"), acting(world, delegation)):
        with CaptureQueriesContext(connection) as queries:
            assert user.grants
            assert user.interests
            assert user.held
            assert user.has_deputies
            _ = user.acting_for
        assert len(queries) == 1


@pytest.mark.parametrize("name", ["role_deputies", "role_vacancies", "delegation_list"])
def test_lists_cost_as_many_statements_for_three_as_for_one(world: World, name: str) -> None:
    counts = []
    client = signed_in(world.users["security_admin@root" if name.startswith("role") else "staff@east"])
    for number in range(3):
        with clock.at(clock.start_of(dt.date(2026, 3, 1) + number * DAY)):
            handed(world, "staff@east", "secretary@east_one", days=1)
        fields = {"name": f"新{number}", "code": f"N{number}", "type": "branch"}
        Organization.objects.add_child(Organization.objects.get(code="EAST"), create_kwargs=fields)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(name)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2]
    assert counts[0] <= 8


def test_nothing_is_personal_in_the_address_of_the_search(world: World) -> None:
    assert signed_in(world.users["staff@east"]).get(reverse("deputy_search"), {"q": "张"}).status_code == 405


# -- vacancies -----------------------------------------------------------------------------------------------------


def vacant(client: Client, **search: str) -> dict[str, str]:
    rows = client.get(reverse("role_vacancies"), search).context["table"].rows
    return {row.record.code: row.record.vacant for row in rows}


def test_vacancies_and_what_fills_them(world: World) -> None:
    security = world.user("security_admin", "root")
    client = signed_in(security)
    assert vacant(client) == {}  # the office of the whole group does the work of its staff
    role_end(actor=security, assignment=role_of(world, "staff@root"))
    assert vacant(client) == {}
    role_end(actor=security, assignment=role_of(world, "staff@east"))
    role_end(actor=security, assignment=role_of(world, "secretary@west_one"), reason="退休")
    assert vacant(client) == {"EAST": "staff", "WEST_ONE": "secretary"}
    assert vacant(client, role="secretary") == {"WEST_ONE": "secretary"}
    assert vacant(client, q="东山") == {"EAST": "staff"}
    page = client.get(reverse("role_vacancies"), {"role": "secretary"}).content.decode()
    assert "张建国（" in page  # held last by
    link = f"{reverse('role_grant')}?organization={world.orgs['west_one'].pk}&amp;role=secretary&amp;user="
    assert link in page
    form = client.get(reverse("role_grant"), {"organization": world.orgs["west_one"].pk, "role": "secretary"})
    assert form.context["form"].initial["role"] == "secretary"
    user_deactivate(actor=world.user("system_admin", "root"), user=world.users["secretary@west_two"])
    assert set(vacant(client)) == {"EAST", "WEST_ONE", "WEST_TWO"}
    for key, role in (("west_one", "secretary"), ("west_two", "secretary"), ("east", "staff")):
        role_grant(
            actor=security,
            user=world.users["member@west_one"],
            role=role,
            organization=world.orgs[key],
            is_interim=True,
        )
    assert vacant(client) == {}


def test_the_desk_tells_the_security_administrator(world: World) -> None:
    security = world.user("security_admin", "root")
    role_end(actor=security, assignment=role_of(world, "staff@east"))
    tiles = {str(tile.label): tile.count for tile in signed_in(security).get("/").context["tiles"]}
    assert tiles["角色空缺"] == 1


def test_a_role_is_ended_with_a_reason_and_stays_in_the_list(world: World) -> None:
    client, role = signed_in(world.users["security_admin@root"]), role_of(world, "staff@east")
    client.post(reverse("role_end", args=[role.pk]), {"reason": "工作调动"})
    assert AuditEntry.objects.get(action="role_end").reason == "工作调动"
    client.post(reverse("role_list"), {"when": "ended"})
    rows = client.get(reverse("role_list")).context["table"].rows
    assert [row.record.pk for row in rows] == [role.pk]


def test_granting_an_acting_secretary_on_the_page(world: World) -> None:
    client = signed_in(world.users["security_admin@root"])
    page = client.get(reverse("role_grant")).content.decode()
    assert "牵头" in page  # each role is explained in a sentence
    data = {
        "user": world.users["member@east_one"].pk, "role": "secretary", "organization": world.orgs["east_two"].pk,
        "is_interim": "on", "ends_on": clock.today() + 60 * DAY,
    }  # fmt: skip
    assert client.post(reverse("role_grant"), data).status_code == 302
    made = RoleAssignment.objects.get(user=world.users["member@east_one"])
    assert (made.is_interim, made.ends_on) == (True, clock.today() + 60 * DAY)
    assert "党支部书记（主持工作）" in client.get(reverse("role_list")).content.decode()


def test_members_are_untouched(world: World) -> None:
    """A deputy reads the phone of nobody by the membership that rests."""
    delegation = handed(world, "staff@east", "secretary@east_one")
    assert User.objects.get(pk=delegation.deputy_id).member in Member.objects.visible_to(acting(world, delegation))
    leader = handed(world, "committee@east", "member@east_one")
    assert not Member.objects.allowed(acting(world, leader), Cap.VOTE).exists()
