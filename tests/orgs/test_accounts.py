"""Accounts, one-time passwords, signing in, and roles kept in separate hands."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.capabilities import ADMINISTRATORS, Role
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from orgs.models import Delegation, RoleAssignment, User
from orgs.services import (
    role_end,
    role_grant,
    user_activate,
    user_create,
    user_deactivate,
    user_reset_password,
    user_update,
)
from orgs.services.accounts_many import accounts_create
from orgs.services.code_sheets import accounts_not_used
from orgs.services.one_time import DIGITS, LETTERS, code_fits, codes_issue, one_time_password
from orgs.services.two_factor import two_factor_reset
from tests.orgs.deputies import handed
from tests.orgs.test_organizations import signed_in, statements
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db
NEW = "Another-horse-7"


# -- accounts ------------------------------------------------------------------------------------------------------


def test_the_system_administrator_makes_an_account(world: World) -> None:
    admin = world.user("system_admin", "root")
    made = user_create(actor=admin, name="钱文书", organization=world.orgs["east"])
    again = user_create(actor=admin, name="钱文书", organization=world.orgs["east"])
    assert (made.user.username, again.user.username) == ("qianwenshu", "qianwenshu2")
    assert not made.user.has_usable_password()
    assert code_fits(made.user, made.password)
    assert not code_fits(again.user, made.password)
    assert made.user.must_change_password
    assert made.user.grants == ()
    entry = AuditEntry.objects.filter(action="user_create").latest("id")
    assert entry.actor == admin
    assert made.password not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("role", ["security_admin", "audit_admin", "office", "staff", "leader"])
def test_nobody_else_makes_accounts(world: World, role: str) -> None:
    with pytest.raises(NotAllowed):
        user_create(actor=world.user(role, "root"), name="钱文书", organization=world.orgs["east"])
    assert not User.objects.filter(name="钱文书").exists()


def test_a_member_s_account_bears_the_personnel_number(world: World) -> None:
    member = world.members["east_one"][2]
    member.user.delete()
    admin = world.user("system_admin", "root")
    made = user_create(actor=admin, name=member.name, organization=member.organization, member=member)
    assert made.user.username == member.personnel_no
    with pytest.raises(DomainError):
        user_create(actor=admin, name=member.name, organization=member.organization, member=member)
    assert [grant.role for grant in made.user.grants] == [Role.MEMBER]


def test_passwords_are_random_and_readable() -> None:
    made = {one_time_password() for _time in range(200)}
    assert len(made) == 200
    for password in made:
        assert re.fullmatch(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}", password)
        assert set(password) <= set(LETTERS + DIGITS + "-")
        assert set(password) & set(LETTERS)
        assert set(password) & set(DIGITS)


def test_an_account_is_changed_closed_and_opened(world: World) -> None:
    admin, user = world.user("system_admin", "root"), world.user("staff", "east")
    user_update(actor=admin, user=user, name="新名", email="a@b.cn", organization=world.orgs["west"])
    assert (user.name, user.organization) == ("新名", world.orgs["west"])
    user_deactivate(actor=admin, user=user)
    assert signed_in(user).get("/").status_code == 302
    with pytest.raises(StateConflict):
        user_deactivate(actor=admin, user=user)
    with pytest.raises(DomainError):
        user_reset_password(actor=admin, user=user)
    assert user_activate(actor=admin, user=user).is_active
    with pytest.raises(NotAllowed):
        user_deactivate(actor=world.user("security_admin", "root"), user=user)
    with pytest.raises(DomainError):
        user_deactivate(actor=admin, user=admin)


def test_the_last_administrator_stays(world: World) -> None:
    admin, security = world.user("system_admin", "root"), world.user("security_admin", "root")
    with pytest.raises(DomainError):
        user_deactivate(actor=admin, user=security)
    with pytest.raises(DomainError):
        role_end(actor=security, assignment=admin.assignments.get())
    second = user_create(actor=admin, name="副手", organization=world.orgs["root"]).user
    role_grant(actor=security, user=second, role=Role.SYSTEM_ADMIN, organization=world.orgs["root"])
    role_end(actor=security, assignment=admin.assignments.get())
    assert User.objects.get(pk=admin.pk).grants == ()


# -- roles ---------------------------------------------------------------------------------------------------------


def test_the_security_administrator_grants_and_ends(world: World) -> None:
    security, user = world.user("security_admin", "root"), world.user("member", "east_one")
    assignment = role_grant(actor=security, user=user, role=Role.LEADER, organization=world.orgs["east"])
    assert {grant.role for grant in User.objects.get(pk=user.pk).grants} == {Role.MEMBER, Role.LEADER}
    assert AuditEntry.objects.get(action="role_grant").changes["role"][1] == "leader · 中共华岭集团东山公司委员会"
    with pytest.raises(DomainError):
        role_grant(actor=security, user=user, role=Role.LEADER, organization=world.orgs["east"])
    role_end(actor=security, assignment=assignment, reason="误授")
    assert not RoleAssignment.objects.filter(pk=assignment.pk).exists()  # begun and ended on one day
    assert AuditEntry.objects.get(action="role_end").reason == "误授"
    old = world.user("staff", "east").assignments.get()
    role_end(actor=security, assignment=old)
    old.refresh_from_db()
    assert old.ends_on == clock.today() - dt.timedelta(days=1)
    assert world.user("staff", "east").grants == ()
    with pytest.raises(DomainError):
        role_end(actor=security, assignment=old)


@pytest.mark.parametrize("role", ["system_admin", "audit_admin", "office", "staff"])
def test_nobody_else_grants_or_ends(world: World, role: str) -> None:
    actor, user = world.user(role, "root"), world.user("member", "east_one")
    with pytest.raises(NotAllowed):
        role_grant(actor=actor, user=user, role=Role.LEADER, organization=world.orgs["east"])
    with pytest.raises(NotAllowed):
        role_end(actor=actor, assignment=world.user("staff", "east").assignments.get())
    assert world.user("staff", "east").grants != ()


def test_never_to_oneself_and_never_membership(world: World) -> None:
    security = world.user("security_admin", "root")
    with pytest.raises(DomainError):
        role_grant(actor=security, user=security, role=Role.OFFICE, organization=world.orgs["root"])
    with pytest.raises(DomainError):
        role_end(actor=security, assignment=security.assignments.get())
    with pytest.raises(DomainError):
        role_grant(actor=security, user=world.user("staff", "east"), role=Role.MEMBER, organization=world.orgs["east"])


@pytest.mark.parametrize("held", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("wanted", sorted(ADMINISTRATORS))
def test_nobody_holds_two_kinds_of_administration(world: World, held: Role, wanted: Role) -> None:
    user = world.users["staff@east"]
    role_grant(actor=None, user=user, role=held, organization=world.orgs["root"])
    with pytest.raises(DomainError):
        role_grant(actor=None, user=user, role=wanted, organization=world.orgs["root"])
    # Whoever writes past the service meets the database.
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.create(user=user, role=wanted, organization=world.orgs["west"])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 20),
    st.one_of(st.none(), st.integers(0, 20)),
    st.integers(0, 20),
    st.one_of(st.none(), st.integers(0, 20)),
)
def test_two_kinds_never_overlap(first: int, first_days: int | None, second: int, second_days: int | None) -> None:
    """Whatever the dates, two administrators' roles are both granted exactly when no day lies in both."""
    from orgs.models import Organization

    day = dt.date(2030, 1, 1)

    def span(begin: int, days: int | None) -> tuple[dt.date, dt.date | None]:
        starts = day + dt.timedelta(days=begin)
        return starts, None if days is None else starts + dt.timedelta(days=days)

    (a, b), (c, d) = span(first, first_days), span(second, second_days)
    overlap = (d is None or a <= d) and (b is None or c <= b)
    with transaction.atomic():
        root = Organization.objects.add_root(create_kwargs={"code": "R", "name": "根", "type": "committee"})
        user = User.objects.create(username="u", name="人", organization=root)
        role_grant(actor=None, user=user, role=Role.SYSTEM_ADMIN, organization=root, starts_on=a, ends_on=b)
        try:
            role_grant(actor=None, user=user, role=Role.AUDIT_ADMIN, organization=root, starts_on=c, ends_on=d)
        except DomainError:
            granted = False
        else:
            granted = True
        transaction.set_rollback(True)
    assert granted == (not overlap)


# -- pages ---------------------------------------------------------------------------------------------------------


def test_an_account_from_its_making_to_its_first_day(world: World) -> None:
    system, security = (signed_in(world.user(f"{kind}_admin", "root")) for kind in ("system", "security"))
    data = {"name": "钱文书", "organization": world.orgs["east"].pk, "username": "qian"}
    shown = system.post(reverse("user_create"), data)
    (password,) = re.findall(r"<code[^>]*>([^<]+)</code>", shown.content.decode())
    assert "no-store" in shown["Cache-Control"]
    user = User.objects.get(username="qian")
    data = {"user": user.pk, "role": "staff", "organization": world.orgs["east"].pk}
    assert security.post(reverse("role_grant"), data)["Location"] == reverse("role_list")
    own = Client()
    own.post(reverse("login"), {"username": "qian", "password": password})
    # Nothing but the change of the password is open before it.
    assert own.get("/")["Location"] == reverse("password_change")
    change = {"new_password": NEW, "repeated": NEW}
    assert own.post(reverse("password_change"), {**change, "repeated": "x"}).status_code == 200
    assert (
        own.post(reverse("password_change"), {**change, "new_password": "12345", "repeated": "12345"}).status_code
        == 200
    )
    assert (
        own.post(reverse("password_change"), {**change, "new_password": password, "repeated": password}).status_code
        == 200
    )
    assert own.post(reverse("password_change"), change)["Location"] == reverse("home")
    assert own.get(reverse("organization_list")).status_code == 200
    assert list(AuditEntry.objects.filter(actor=user).values_list("action", flat=True)) == ["password_choose", "login"]
    # A reset ends the session of who is signed in.
    assert system.post(reverse("user_reset_password", args=[user.pk])).status_code == 200
    assert own.get("/")["Location"].startswith(reverse("login"))


def test_an_account_for_a_member_names_both(world: World) -> None:
    member = world.members["east_one"][2]
    member.user.delete()
    system = signed_in(world.user("system_admin", "root"))
    data = {"organization": world.orgs["east_one"].pk, "personnel_no": member.personnel_no}
    assert system.post(reverse("user_create"), {**data, "name": "别的人"}).status_code == 200
    assert not User.objects.filter(member=member).exists()
    system.post(reverse("user_create"), {**data, "name": member.name})
    assert User.objects.get(member=member).username == member.personnel_no


@pytest.mark.parametrize("name", ["username", "personnel_no", "phone"])
def test_signing_in_by_three_names(world: World, name: str) -> None:
    user = world.user("secretary", "east_one")
    user.member.phone = "13812345678"
    user.member.save(update_fields=["phone"])
    names = {"username": user.username, "personnel_no": "east_one-0", "phone": "13812345678"}
    answer = Client().post(reverse("login"), {"username": names[name], "password": PASSWORD})
    assert answer["Location"] == reverse("home")
    assert Client().post(reverse("login"), {"username": names[name], "password": "wrong"}).status_code == 200


def test_a_phone_of_two_people_signs_in_nobody(world: World) -> None:
    for key in ("secretary", "member"):
        member = world.user(key, "east_one").member
        member.phone = "13812345678"
        member.save(update_fields=["phone"])
    assert Client().post(reverse("login"), {"username": "13812345678", "password": PASSWORD}).status_code == 200


def test_five_failures_lock_the_account_and_say_so(world: World) -> None:
    cache.clear()
    user = world.user("staff", "east")
    for _time in range(5):
        last = Client().post(reverse("login"), {"username": user.username, "password": "wrong"})
    assert "锁定15分钟" in last.content.decode()
    assert Client().post(reverse("login"), {"username": user.username, "password": PASSWORD}).status_code == 429
    other = world.user("staff", "west")
    assert Client().post(reverse("login"), {"username": other.username, "password": PASSWORD}).status_code == 302


def test_signing_out(world: World) -> None:
    client = signed_in(world.user("staff", "east"))
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout"))["Location"] == reverse("login")
    assert client.get("/")["Location"].startswith(reverse("login"))


def test_searching_accounts_and_roles_is_posted(world: World) -> None:
    system, security = (signed_in(world.user(f"{kind}_admin", "root")) for kind in ("system", "security"))
    for client, name in ((system, "user_list"), (security, "role_list")):
        assert client.post(reverse(name), {"q": "east staff"}).status_code == 302
        body = client.get(reverse(name)).content.decode()
        assert "east staff" in body
        assert "west staff" not in body
    found = security.post(reverse("user_search"), {"q": "staff-east"}).json()["results"]
    assert [entry["value"] for entry in found] == [world.users["staff@east"].pk]


def test_accounts_stand_in_the_order_of_their_pinyin_and_are_found_by_initials(world: World) -> None:
    for name in ("周一鸣", "安平", "重阳", "曾毅"):  # their code points say 周 曾 安 重, or worse
        user_create(actor=None, name=name, organization=world.orgs["root"])
    client = signed_in(world.user("system_admin", "root"))

    def listed(words: str, query: str = "") -> list[str]:
        client.post(reverse("user_list"), {"q": words})
        page = client.get(reverse("user_list") + query).content.decode()
        return re.findall(r">(周一鸣|安平|重阳|曾毅)</a>", page)

    assert listed("") == listed("", "?sort=name") == ["安平", "重阳", "曾毅", "周一鸣"]
    assert listed("", "?sort=-name") == ["周一鸣", "曾毅", "重阳", "安平"]
    assert listed("zym") == ["周一鸣"]
    found = User.objects.get(name="周一鸣")
    user_update(actor=None, user=found, name="邹一鸣", email="", organization=world.orgs["root"])
    assert (found.pinyin, found.initials) == ("zou yi ming", "zym")


def test_the_number_of_statements_does_not_grow_with_the_rows(world: World) -> None:
    system, security = (signed_in(world.user(f"{kind}_admin", "root")) for kind in ("system", "security"))
    counts: list[Any] = []
    for shown in (1, 3):
        for number in range(shown):
            user = User.objects.create(username=f"x{shown}{number}", name=f"特{shown}", organization=world.orgs["east"])
            RoleAssignment.objects.create(user=user, role=Role.STAFF, organization=world.orgs["east"])
        for client, name in ((system, "user_list"), (security, "role_list")):
            client.post(reverse(name), {"q": f"特{shown}"})
            assert client.get(reverse(name)).content.decode().count(f"特{shown}</") >= shown
            counts.append(statements(client, reverse(name)))
    assert counts[:2] == counts[2:] == [4, 4]


# -- rights out of reach -------------------------------------------------------------------------------------------


@pytest.fixture
def local(world: World) -> User:
    """The system administrator of one company alone."""
    return system_admin_of(world, "east")


def system_admin_of(world: World, key: str) -> User:
    account = User.objects.create(username="local", name="本地管理员", organization=world.orgs[key])
    RoleAssignment.objects.create(user=account, role=Role.SYSTEM_ADMIN, organization=world.orgs[key])
    world.users[f"system_admin@{key}"] = account
    return account


def test_nobody_signs_in_as_somebody_with_rights_out_of_reach(world: World, local: User) -> None:
    """Else whoever looks after the accounts of a company could take over the office of the group through one of them."""
    world.members["east_one"][2].user.delete()
    made = accounts_create(actor=local, members=[world.members["east_one"][2]])[0].user
    named, stands_in = world.user("member", "east_one"), world.user("member3", "east_one")
    for user in (named, made):
        RoleAssignment.objects.create(user=user, role=Role.OFFICE, organization=world.orgs["root"])
    handed(world, "staff@root", "member3@east_one")
    assert list(accounts_not_used(world.orgs["east"])) == []
    assert list(accounts_not_used(world.orgs["root"])) == [made]
    User.objects.filter(pk=named.pk).update(two_factor_since=clock.now())
    place = world.orgs["east_one"]
    for user in (named, stands_in):
        user.refresh_from_db()
        with pytest.raises(DomainError):
            user_reset_password(actor=local, user=user)
        with pytest.raises(DomainError):
            two_factor_reset(actor=local, user=user, reason="手机丢失")
        with pytest.raises(DomainError):
            user_update(actor=local, user=user, name=user.name, email="other@example.cn", organization=place)
        user_update(actor=local, user=user, name=user.name, email=user.email, organization=place)
        assert user_reset_password(actor=world.user("system_admin", "root"), user=user).password
    # Whether it stands in today or later.
    Delegation.objects.update(starts_on=clock.today() + dt.timedelta(days=2))
    codes_issue(users=[stands_in], actor=None, lasts=dt.timedelta(days=1))
    assert stands_in not in accounts_not_used(world.orgs["east"])
    assert stands_in in accounts_not_used(world.orgs["root"])
    Delegation.objects.update(ended_at=clock.now())
    assert stands_in in accounts_not_used(world.orgs["east"])
    # A role within reach is no obstacle, nor one that has ended.
    RoleAssignment.objects.filter(user=named).update(ends_on=dt.date(2021, 1, 1), starts_on=dt.date(2020, 1, 1))
    assert user_reset_password(actor=local, user=named).password
    assert user_reset_password(actor=local, user=world.user("secretary", "east_one")).password
