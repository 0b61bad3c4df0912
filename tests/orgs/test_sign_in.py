"""Signing in: codes good once, names, lockout, rules of passwords, sessions, help when a password is forgotten."""

import datetime as dt
import re
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core import mail
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed
from orgs.devices import device_name
from orgs.lockout import locked_until
from orgs.models import Delegation, Member, OneTimeCode, PastPassword, Session, SignInPolicy, User
from orgs.services import (
    accounts_create,
    code_issue,
    password_change,
    password_choose,
    policy_update,
    sessions_end,
    user_create,
    user_reset_password,
    user_unlock,
)
from orgs.services.one_time import code_fits, normalized
from orgs.services.two_factor import prove
from tests.orgs.deputies import handed
from tests.orgs.test_organizations import signed_in
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db
NEW = "Another-horse-7"


def sign_in(name: str, password: str, client: Client | None = None, **extra: Any) -> Any:
    return (client or Client()).post(reverse("login"), {"username": name, "password": password}, **extra)


def rules(**changed: int) -> None:
    SignInPolicy.objects.update_or_create(pk=1, defaults=changed)


# -- one-time codes ------------------------------------------------------------------------------------------------


def test_a_code_leads_to_one_s_own_password_once(world: World) -> None:
    made = user_reset_password(actor=world.user("system_admin", "root"), user=world.user("member", "east_one"))
    name, first, second = made.user.username, Client(), Client()
    assert sign_in(name, PASSWORD).status_code == 200  # the old password is gone
    typed = f" {made.password.upper().replace('-', ' ')} "
    assert sign_in(name, typed, first).status_code == 302
    assert sign_in(name, made.password, second).status_code == 302
    assert first.get("/")["Location"] == reverse("password_change")
    page = first.get(reverse("password_change")).content.decode()
    assert "old_password" not in page
    assert "至少10个字符" in page  # the rules stand there before anything is typed
    chosen = {"new_password": NEW, "repeated": NEW}
    assert (
        first.post(reverse("password_change"), {"new_password": made.password, "repeated": made.password}).status_code
        == 200
    )
    assert first.post(reverse("password_change"), chosen)["Location"] == reverse("home")
    assert first.get("/").status_code == 200
    # The code is spent: the other session has ended, and nobody gets in with it.
    assert second.get("/")["Location"].startswith(reverse("login"))
    assert sign_in(name, made.password).status_code == 200
    assert sign_in(name, NEW).status_code == 302
    assert not OneTimeCode.objects.exists()


def test_a_code_ends_and_is_replaced_by_a_newer_one(world: World) -> None:
    admin, user = world.user("system_admin", "root"), world.user("member", "east_one")
    first = user_reset_password(actor=admin, user=user)
    second = user_reset_password(actor=admin, user=user)
    assert not code_fits(user, first.password)
    assert code_fits(user, second.password)
    with clock.at(clock.now() + dt.timedelta(hours=25)):
        assert not code_fits(user, second.password)
        with pytest.raises(DomainError):
            password_choose(user=user, new_password=NEW)
    assert not code_fits(world.user("member", "west_one"), second.password)
    stored = str(list(OneTimeCode.objects.values())) + str(list(AuditEntry.objects.values()))
    assert second.password not in stored
    assert normalized(second.password) not in stored


def test_accounts_for_many_members_at_once(world: World, django_assert_num_queries: Any) -> None:
    admin, east = world.user("system_admin", "root"), world.orgs["east_one"]

    def newcomers(count: int, first: int) -> list[Member]:
        people = [
            Member(personnel_no=f"T{first + n}", name="新人", sex="male", organization=east) for n in range(count)
        ]
        return list(Member.objects.bulk_create(people))

    counts = []
    for count, first in ((1, 100), (300, 1000)):
        members = newcomers(count, first)
        with CaptureQueriesContext(connection_of_tests()) as captured:
            made = accounts_create(actor=admin, members=members)
        counts.append(len([query for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]))
        assert [new.user.member_id for new in made] == [member.pk for member in members]
        assert len({new.password for new in made}) == count
        assert all(new.user.must_change_password and not new.user.has_usable_password() for new in made)
    # Batches of SQLite's parameters aside, the number of statements does not grow with the members.
    assert counts[1] <= counts[0] + 12
    assert AuditEntry.objects.filter(action="user_create", actor=admin).count() == 301
    assert accounts_create(actor=admin, members=members) == []  # who has one is passed over


def connection_of_tests() -> Any:
    from django.db import connection

    return connection


def test_account_names_that_are_taken_get_a_number(world: World) -> None:
    taken, other = (
        Member.objects.create(personnel_no=number, name="新人", sex="male", organization=world.orgs["east_one"])
        for number in ("staff-east", "T2")
    )
    made = accounts_create(actor=None, members=[taken, other], usernames={other.pk: "staff-west"})
    assert [new.user.username for new in made] == ["staff-east-2", "staff-west-2"]


@pytest.mark.parametrize("role", ["security_admin", "office", "staff"])
def test_nobody_else_makes_many_accounts(world: World, role: str) -> None:
    member = Member.objects.create(personnel_no="T1", name="新人", sex="male", organization=world.orgs["east_one"])
    with pytest.raises(NotAllowed):
        accounts_create(actor=world.user(role, "root"), members=[member])
    assert not User.objects.filter(member=member).exists()


# -- the secretary's help ------------------------------------------------------------------------------------------


def test_the_secretary_helps_a_member_and_nobody_else(world: World) -> None:
    secretary, member = world.user("secretary", "east_one"), world.user("member", "east_one")
    client = signed_in(secretary)
    listed = client.get(reverse("code_member_list")).content.decode()
    assert member.username in listed
    assert world.user("member", "east_two").username not in listed
    answer = client.post(reverse("code_issue", args=[member.pk]))
    (code,) = re.findall(r"<code[^>]*>([^<]+)</code>", answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert sign_in(member.username, code).status_code == 302
    entry = AuditEntry.objects.get(action="code_issue")
    assert (entry.actor, entry.target_id) == (secretary, str(member.pk))
    for stranger in (world.user("member", "west_one"), world.user("staff", "east"), world.user("system_admin", "root")):
        assert client.post(reverse("code_issue", args=[stranger.pk])).status_code == 404
    assert client.post(reverse("code_issue", args=[secretary.pk])).status_code == 404


def helped_by_others(secretary: User) -> int:
    page = signed_in(secretary).get(reverse("code_member_list")).content.decode()
    return page.count('<span class="text-secondary">由系统管理员办理')


def test_whoever_holds_a_role_is_not_helped_by_a_secretary(world: World) -> None:
    secretary, member = world.user("secretary", "east_one"), world.user("member", "east_one")
    day = clock.today()
    member.assignments.create(role="staff", organization=world.orgs["east"], starts_on=day + dt.timedelta(days=9))
    with pytest.raises(DomainError):
        code_issue(actor=secretary, user=User.objects.get(pk=member.pk))
    assert helped_by_others(secretary) == 1
    assert User.objects.get(pk=member.pk).check_password(PASSWORD)


@pytest.mark.parametrize("begins_in", [0, 9])
def test_who_stands_in_for_a_role_is_not_helped_by_a_secretary(world: World, begins_in: int) -> None:
    """Neither now nor before it begins: the code would still be good then."""
    day = clock.today() + dt.timedelta(days=begins_in)
    handed(world, "staff@east", "member@east_one", starts_on=day, ends_on=day + dt.timedelta(days=3))
    secretary, member = world.user("secretary", "east_one"), world.user("member", "east_one")
    with pytest.raises(DomainError):
        code_issue(actor=secretary, user=member)
    assert helped_by_others(secretary) == 1
    Delegation.objects.update(ended_at=clock.now())
    assert code_issue(actor=secretary, user=member).password
    assert helped_by_others(secretary) == 0


def test_the_number_of_statements_does_not_grow_with_the_members(world: World) -> None:
    client = signed_in(world.user("secretary", "east_one"))
    counts = []
    for shown in (1, 3):
        User.objects.filter(member__organization=world.orgs["east_one"]).exclude(
            username__startswith="secretary"
        ).update(is_active=False)
        keys = list(
            User.objects.filter(member__in=world.members["east_one"][1 : 1 + shown]).values_list("pk", flat=True)
        )
        User.objects.filter(pk__in=keys).update(is_active=True)
        with CaptureQueriesContext(connection_of_tests()) as captured:
            assert client.get(reverse("code_member_list")).content.decode().count("发放一次性密码</button>") == shown
        counts.append(len(captured.captured_queries))
    assert counts[0] == counts[1]


# -- names ---------------------------------------------------------------------------------------------------------


def test_a_phone_is_a_name_of_one_active_account_alone(world: World) -> None:
    first, second = world.user("member", "east_one"), world.user("member", "west_one")
    for user in (first, second):
        user.member.phone = "13812345678"
        user.member.save(update_fields=["phone"])
    assert sign_in("13812345678", PASSWORD).status_code == 200
    User.objects.filter(pk=second.pk).update(is_active=False)
    for typed in ("13812345678", " 138 1234 5678", "+8613812345678"):
        assert sign_in(typed, PASSWORD).status_code == 302


def test_an_account_name_comes_before_a_number_of_somebody_else(world: World) -> None:
    staff = world.user("staff", "east")
    Member.objects.filter(pk=world.members["east_one"][1].pk).update(personnel_no=staff.username)
    client = Client()
    assert sign_in(staff.username, PASSWORD, client).status_code == 302
    assert client.session["_auth_user_id"] == str(staff.pk)


def test_the_answer_is_the_same_for_names_that_nobody_has(world: World) -> None:
    known, closed = world.user("member", "east_one"), world.user("member", "west_one")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    answers, counts = set(), set()
    for name in (known.username, closed.username, "nobody-at-all"):
        with CaptureQueriesContext(connection_of_tests()) as captured:
            text = sign_in(name, "wrong-Horse-1").content.decode()
        answers.add(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text.replace(name, "NAME")))
        counts.add(len([query for query in captured.captured_queries if "orgs_user" in query["sql"]]))
    assert len(answers) == 1
    assert len(counts) == 1


# -- lockout -------------------------------------------------------------------------------------------------------


def test_an_account_is_locked_whichever_of_its_names_is_tried(world: World) -> None:
    user, admin = world.user("member", "east_one"), world.user("system_admin", "root")
    user.member.phone = "13812345678"
    user.member.save(update_fields=["phone"])
    names = [user.username, user.member.personnel_no, "13812345678", user.username, user.member.personnel_no]
    for name in names:
        last = sign_in(name, "wrong")
    assert last.status_code == 429
    assert "锁定15分钟" in last.content.decode()
    assert "支部书记" in last.content.decode()
    assert sign_in("13812345678", PASSWORD).status_code == 429
    assert AuditEntry.objects.get(action="login_lock").target_id == str(user.pk)
    assert user.username not in str(list(AccessAttempt.objects.values("username", "post_data")))
    # Somebody else at the same address is not kept out by one person's failures.
    assert sign_in(world.user("staff", "west").username, PASSWORD).status_code == 302
    page = signed_in(admin)
    assert "已锁定" in page.get(reverse("user_edit", args=[user.pk])).content.decode()
    assert page.post(reverse("user_unlock", args=[user.pk])).status_code == 302
    assert sign_in(user.username, PASSWORD).status_code == 302
    assert AuditEntry.objects.get(action="user_unlock").actor == admin
    with pytest.raises(NotAllowed):
        user_unlock(actor=world.user("security_admin", "root"), user=user)


def test_a_lock_opens_by_itself_and_is_not_prolonged(world: World) -> None:
    user = world.user("member", "east_one")
    for _time in range(7):
        sign_in(user.username, "wrong")
    until = locked_until(user)
    assert until is not None
    assert AccessAttempt.objects.get().failures_since_start == 5
    AccessAttempt.objects.update(attempt_time=clock.now() - dt.timedelta(minutes=15, seconds=1))
    assert locked_until(user) is None
    assert sign_in(user.username, PASSWORD).status_code == 302


def test_an_address_is_locked_when_several_accounts_fail_from_it(world: World) -> None:
    names = [user.username for user in list(world.users.values())[:4]]
    here = {"REMOTE_ADDR": "10.1.1.1"}
    for name in (*names, "nobody-at-all"):
        last = sign_in(name, "wrong", **here)
    assert last.status_code == 429
    other = world.user("staff", "west").username
    assert sign_in(other, PASSWORD, **here).status_code == 429
    assert sign_in(other, PASSWORD, REMOTE_ADDR="10.1.1.2").status_code == 302
    rules(address_failures=0)
    assert sign_in(other, PASSWORD, **here).status_code == 302


def test_who_gets_in_after_mistyping_does_not_count_against_the_address(world: World) -> None:
    for user in list(world.users.values())[:8]:
        assert sign_in(user.username, "wrong").status_code == 200
        assert sign_in(user.username, PASSWORD).status_code == 302


@override_settings(BEHIND_PROXY=True)
def test_behind_a_proxy_the_address_is_the_one_the_proxy_saw(world: World) -> None:
    user = world.user("staff", "east")
    client = Client()
    sign_in(user.username, PASSWORD, client, HTTP_X_FORWARDED_FOR="6.6.6.6, 10.2.2.2")
    assert AuditEntry.objects.get(action="login").address == "10.2.2.2"
    client.get("/", HTTP_X_FORWARDED_FOR="nonsense")
    assert Session.objects.get().address == "10.2.2.2"


# -- passwords -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "weak",
    ["Short-1a", "nodigitsatall", "12345678901", "Member-East-One-1", "Ab-13812345678", "Xy-19800102-z", "password1!"],
)
def test_a_password_against_the_rules_is_refused(world: World, weak: str) -> None:
    user = world.user("member", "east_one")
    Member.objects.filter(pk=user.member_id).update(phone="13812345678")
    with pytest.raises(DomainError):
        password_change(user=User.objects.get(pk=user.pk), old_password=PASSWORD, new_password=weak)
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_the_last_five_passwords_are_not_used_again(world: World) -> None:
    user, old = world.user("member", "east_one"), PASSWORD
    used = [PASSWORD]
    for number in range(5):
        with pytest.raises(DomainError):
            password_change(user=user, old_password=old, new_password=used[0] if number < 5 else NEW)
        new = f"Riding-horse-{number}x"
        password_change(user=user, old_password=old, new_password=new)
        used.append(new)
        old = new
    for forbidden in used[1:]:
        with pytest.raises(DomainError):
            password_change(user=user, old_password=old, new_password=forbidden)
    password_change(user=user, old_password=old, new_password=used[0])  # the sixth last
    assert PastPassword.objects.filter(user=user).count() == 6


def test_a_password_that_is_too_old_is_changed_first(world: World) -> None:
    user = world.user("member", "east_one")
    User.objects.filter(pk=user.pk).update(password_changed_at=clock.now() - dt.timedelta(days=91))
    assert sign_in(user.username, PASSWORD)["Location"] == reverse("home")
    rules(max_days=90)
    client = Client()
    sign_in(user.username, PASSWORD, client)
    assert client.get("/")["Location"] == reverse("password_change")
    assert "使用期限" in client.get(reverse("password_change")).content.decode()
    data = {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}
    assert client.post(reverse("password_change"), data)["Location"] == reverse("home")
    assert client.get("/").status_code == 200
    again = Client()
    sign_in(user.username, NEW, again)
    assert again.get("/").status_code == 200


def test_the_security_administrator_at_the_top_sets_the_rules(world: World) -> None:
    client = signed_in(world.user("security_admin", "root"))
    assert client.get(reverse("policy_edit")).status_code == 200
    data = {name: getattr(SignInPolicy(), name) for name in (
        "min_length", "kinds", "history", "max_days", "code_days", "reset_hours", "lock_failures", "lock_minutes",
        "address_failures", "version",
    )}  # fmt: skip
    assert client.post(reverse("policy_edit"), data | {"min_length": 4}).status_code == 200  # below what is sensible
    assert client.post(reverse("policy_edit"), data | {"min_length": 14, "lock_failures": 3}).status_code == 302
    assert AuditEntry.objects.get(action="policy_update").changes == {"min_length": [10, 14], "lock_failures": [5, 3]}
    assert client.post(reverse("policy_edit"), data | {"min_length": 9}).status_code == 200  # made from an old version
    assert SignInPolicy.current().min_length == 14
    user = world.user("member", "east_one")
    with pytest.raises(DomainError):
        password_change(user=user, old_password=PASSWORD, new_password="Riding-horse1")
    for _time in range(3):
        last = sign_in(user.username, "wrong")
    assert last.status_code == 429
    for role in ("system_admin", "audit_admin", "office"):
        with pytest.raises(NotAllowed):
            policy_update(actor=world.user(role, "root"), version=2, min_length=8)


# -- sessions ------------------------------------------------------------------------------------------------------

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"


def test_where_one_is_signed_in_and_signing_out_elsewhere(world: World) -> None:
    user, here, there = world.user("member", "east_one"), Client(), Client()
    sign_in(user.username, PASSWORD, here, HTTP_USER_AGENT=WINDOWS)
    sign_in(user.username, PASSWORD, there, REMOTE_ADDR="10.3.3.3")
    here.get("/", HTTP_USER_AGENT=WINDOWS)
    there.get("/", REMOTE_ADDR="10.3.3.3")
    page = here.get(reverse("my_security")).content.decode()
    assert "Chrome · Windows" in page
    assert "10.3.3.3" in page
    assert here.post(reverse("my_sessions_end"))["Location"] == reverse("my_security")
    assert there.get("/")["Location"].startswith(reverse("login"))
    assert here.get("/").status_code == 200
    assert AuditEntry.objects.get(action="sessions_end").changes == {"sessions": [1, 0]}


def test_an_administrator_ends_somebody_s_sessions(world: World) -> None:
    user, client = world.user("member", "east_one"), Client()
    sign_in(user.username, PASSWORD, client)
    with pytest.raises(NotAllowed):
        sessions_end(actor=world.user("office", "root"), user=user)
    assert client.get("/").status_code == 200
    admin = signed_in(world.user("system_admin", "root"))
    assert admin.post(reverse("user_sessions_end", args=[user.pk])).status_code == 302
    assert client.get("/")["Location"].startswith(reverse("login"))
    assert not Session.objects.filter(user=user).exists()


def test_changing_the_password_ends_the_other_sessions(world: World) -> None:
    user, here, there = world.user("member", "east_one"), Client(), Client()
    for client in (here, there):
        sign_in(user.username, PASSWORD, client)
    data = {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}
    assert here.post(reverse("password_change"), data).status_code == 302
    assert here.get("/").status_code == 200
    assert there.get("/")["Location"].startswith(reverse("login"))
    assert Session.objects.filter(user=user).count() == 1


def test_a_poll_is_no_activity_and_a_click_is(world: World) -> None:
    client = Client()
    sign_in(world.user("member", "east_one").username, PASSWORD, client)
    client.get("/")
    early = clock.now() + dt.timedelta(minutes=5)
    Session.objects.update(expire_date=early)
    client.get("/", headers={"X-Background": "1"})
    assert Session.objects.get().expire_date == early
    client.get("/")
    assert Session.objects.get().expire_date > early + dt.timedelta(minutes=20)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (WINDOWS, "Chrome · Windows"),
        (WINDOWS + " Edg/120.0", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 13) Chrome/110.0 Mobile Safari/537.36 MicroMessenger/8.0", "微信 · Android"),
        ("curl/8", ""),
    ],
)
def test_a_device_has_a_name_that_people_know(agent: str, name: str) -> None:
    assert device_name(agent) == name


# -- forgotten passwords -------------------------------------------------------------------------------------------

MAIL = {"EMAIL_URL": "smtp://mail.example.com", "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend"}


def test_without_mail_the_page_says_whom_to_ask(world: World) -> None:
    page = Client().get(reverse("password_forgotten")).content.decode()
    assert "支部书记" in page
    assert 'name="name"' not in page
    assert reverse("password_forgotten") in Client().get(reverse("login")).content.decode()


@override_settings(**MAIL)
def test_a_link_by_mail_sets_the_password_once(world: World, django_capture_on_commit_callbacks: Any) -> None:
    user = world.user("member", "east_one")
    User.objects.filter(pk=user.pk).update(email="zhang@example.com")
    texts = set()
    for name in (user.username, world.user("staff", "east").username, "nobody-at-all"):
        answer = Client().post(reverse("password_forgotten"), {"name": name})
        texts.add(re.sub(r'value="\w+"', "", answer.content.decode()))
    assert len(texts) == 1
    (message,) = mail.outbox
    assert message.to == ["zhang@example.com"]
    (link,) = re.findall(r"http://testserver(\S+)", message.body)
    client = Client()
    assert client.get(link).status_code == 200
    assert client.post(link, {"new_password": "short", "repeated": "short"}).status_code == 200
    assert client.post(link, {"new_password": NEW, "repeated": NEW})["Location"] == reverse("login")
    assert sign_in(user.username, NEW).status_code == 302
    assert client.get(link).status_code == 410
    assert client.post(link, {"new_password": f"{NEW}8", "repeated": f"{NEW}8"}).status_code == 410
    # Asked again at once, no second mail.
    Client().post(reverse("password_forgotten"), {"name": user.username})
    assert len(mail.outbox) == 1


@override_settings(**MAIL, PASSWORD_RESET_TIMEOUT=-1)
def test_a_link_that_is_too_old_is_refused(world: World) -> None:
    user = world.user("member2", "east_one")
    User.objects.filter(pk=user.pk).update(email="li@example.com")
    Client().post(reverse("password_forgotten"), {"name": user.username})
    (link,) = re.findall(r"http://testserver(\S+)", mail.outbox[0].body)
    assert Client().get(link).status_code == 410
    assert Client().get(reverse("password_link", args=["xx", "yy-zz"])).status_code == 410


def test_an_account_made_for_the_demo_needs_no_code(world: World) -> None:
    made = user_create(actor=None, name="演示", organization=world.orgs["root"], password=PASSWORD)
    assert made.user.check_password(PASSWORD)
    assert not OneTimeCode.objects.filter(user=made.user).exists()


@pytest.mark.parametrize("page", ["password_change", "two_factor_off"])
def test_nobody_guesses_the_present_password_in_a_session_left_open(world: World, page: str) -> None:
    user, client = world.user("member", "east_one"), Client()
    sign_in(user.username, PASSWORD, client)
    User.objects.filter(pk=user.pk).update(two_factor_since=clock.now())
    user.refresh_from_db()
    session = client.session
    prove(session, user)
    session.save()

    def post(password: str) -> Any:
        data = {"old_password": password, "password": password, "new_password": NEW, "repeated": NEW}
        return client.post(reverse(page), data)

    assert [post(f"Guess-{number}-horse").status_code for number in range(5)] == [200, 200, 200, 200, 429]
    assert post(PASSWORD).status_code == 429
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert user.two_factor_since is not None
    assert sign_in(user.username, PASSWORD).status_code == 429
    AccessAttempt.objects.update(attempt_time=clock.now() - dt.timedelta(minutes=16))
    assert post(PASSWORD).status_code == 302
