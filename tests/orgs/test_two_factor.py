"""The second factor: required of administrators, set up, asked for, recovered from, reset."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.crypto import decrypt
from campaign.common.errors import DomainError, NotAllowed
from orgs.models import RecoveryCode, SecondFactor, User
from orgs.services import two_factor_reset
from orgs.services.two_factor import SETTING_UP
from tests.orgs.test_organizations import signed_in
from tests.orgs.test_sign_in import sign_in
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def required(settings: Any) -> None:
    settings.TWO_FACTOR_REQUIRED = True


def code_now(secret: bytes, steps: int = 0) -> str:
    """Return what the phone shows, `steps` of half a minute from now."""
    return f"{totp(secret, drift=steps):06d}"


def set_up(client: Client) -> tuple[bytes, list[str]]:
    """Set the second factor up; return its secret and the recovery codes."""
    client.get(reverse("two_factor_setup"), {"begin": ""})
    secret = bytes.fromhex(decrypt(client.session[SETTING_UP]))
    page = client.post(reverse("two_factor_setup"), {"token": code_now(secret)}).content.decode()
    return secret, re.findall(r"<li><code>([^<]+)</code>", page)


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "audit_admin"])
def test_administrators_set_it_up_before_anything_else(world: World, required: None, role: str) -> None:
    user, client = world.user(role, "root"), Client()
    sign_in(user.username, PASSWORD, client)
    for page in ("home", "user_list", "jobs_list", "my_security"):
        assert client.get(reverse(page))["Location"] == reverse("two_factor_setup")
    shown = client.get(reverse("two_factor_setup"))
    assert "data:image/svg" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert client.post(reverse("two_factor_setup"), {"token": "000000"}).status_code == 200
    assert not SecondFactor.objects.exists()
    secret, recovery = set_up(client)
    assert len(set(recovery)) == 10
    assert client.get(reverse("home")).status_code == 200
    stored = str(list(SecondFactor.objects.values())) + str(list(RecoveryCode.objects.values()))
    assert secret.hex() not in stored
    assert not any(code in stored for code in recovery)


def test_others_may_but_need_not(world: World, required: None) -> None:
    client = Client()
    sign_in(world.user("member", "east_one").username, PASSWORD, client)
    assert client.get("/").status_code == 200
    set_up(client)
    assert client.get("/").status_code == 200
    assert client.post(reverse("two_factor_off"), {"password": "wrong"}).status_code == 200
    assert client.post(reverse("two_factor_off"), {"password": PASSWORD})["Location"] == reverse("my_security")
    assert not SecondFactor.objects.exists()


def test_nobody_is_asked_where_it_is_not_required(world: World) -> None:
    client = Client()
    sign_in(world.user("system_admin", "root").username, PASSWORD, client)
    assert client.get("/").status_code == 200


def test_a_password_alone_does_not_get_in(world: World, required: None) -> None:
    user, first = world.user("system_admin", "root"), Client()
    sign_in(user.username, PASSWORD, first)
    secret, _recovery = set_up(first)
    client = Client()
    sign_in(user.username, PASSWORD, client)
    wanted = client.get(reverse("user_list"))["Location"]
    assert wanted == f"{reverse('two_factor_verify')}?next=%2Faccounts%2F"
    assert client.get(reverse("user_list"), headers={"HX-Request": "true"}).status_code == 204
    assert client.post(reverse("user_create"), {"name": "某人"})["Location"] == reverse("two_factor_verify")
    assert not User.objects.filter(name="某人").exists()
    # The code that set it up is used already: the next one counts.
    assert client.post(wanted, {"token": code_now(secret)}).status_code == 200
    assert client.post(wanted, {"token": code_now(secret, 1)})["Location"] == reverse("user_list")
    assert client.get(reverse("user_list")).status_code == 200
    again = Client()
    sign_in(user.username, PASSWORD, again)
    assert again.post(wanted, {"token": code_now(secret, 1)}).status_code == 200  # good once
    outward = again.post(f"{reverse('two_factor_verify')}?next=https://evil.example/", {"token": "000000"})
    assert outward.status_code == 200


def test_the_way_back_never_leads_elsewhere(world: World) -> None:
    client = signed_in(world.user("staff", "east"))
    assert client.get(f"{reverse('two_factor_verify')}?next=https://evil.example/")["Location"] == reverse("home")


def test_wrong_codes_lock_it_even_when_the_password_is_right(world: World, required: None) -> None:
    user, first = world.user("system_admin", "root"), Client()
    sign_in(user.username, PASSWORD, first)
    secret, _recovery = set_up(first)
    url = reverse("two_factor_verify")
    for _time in range(5):
        client = Client()
        assert sign_in(user.username, PASSWORD, client).status_code == 302  # forgets no failure of the factor
        last = client.post(url, {"token": "000000"})
    assert last.status_code == 429
    assert client.post(url, {"token": code_now(secret, 1)}).status_code == 429
    assert client.get("/")["Location"] == url


def test_a_recovery_code_is_good_once(world: World, required: None) -> None:
    user, first = world.user("system_admin", "root"), Client()
    sign_in(user.username, PASSWORD, first)
    _secret, recovery = set_up(first)
    for expected in (302, 200):
        client = Client()
        sign_in(user.username, PASSWORD, client)
        typed = recovery[0].upper().replace("-", "")
        assert client.post(reverse("two_factor_verify"), {"token": typed}).status_code == expected
    assert RecoveryCode.objects.filter(user=user).count() == 9
    assert AuditEntry.objects.get(action="two_factor_recover").changes == {"left": [10, 9]}
    renewed = first.post(reverse("two_factor_codes")).content.decode()
    assert len(re.findall(r"<li><code>", renewed)) == 10
    client = Client()
    sign_in(user.username, PASSWORD, client)
    assert client.post(reverse("two_factor_verify"), {"token": recovery[1]}).status_code == 200


def test_another_system_administrator_resets_it(world: World, required: None) -> None:
    user, client = world.user("security_admin", "root"), Client()
    sign_in(user.username, PASSWORD, client)
    set_up(client)
    admin = world.user("system_admin", "root")
    user = User.objects.get(pk=user.pk)
    for actor, refusal in ((world.user("office", "root"), NotAllowed), (user, NotAllowed)):
        with pytest.raises(refusal):
            two_factor_reset(actor=actor, user=user, reason="手机丢失")
    with pytest.raises(DomainError):
        two_factor_reset(actor=admin, user=user, reason=" ")
    with pytest.raises(DomainError):
        two_factor_reset(actor=admin, user=admin, reason="手机丢失")
    two_factor_reset(actor=admin, user=user, reason="手机丢失,已当面核实")
    assert AuditEntry.objects.get(action="two_factor_reset").reason == "手机丢失,已当面核实"
    assert client.get("/")["Location"].startswith(reverse("login"))
    again = Client()
    sign_in(user.username, PASSWORD, again)
    assert again.get("/")["Location"] == reverse("two_factor_setup")


def test_an_administrator_cannot_switch_it_off(world: World, required: None) -> None:
    client = Client()
    sign_in(world.user("audit_admin", "root").username, PASSWORD, client)
    set_up(client)
    assert client.post(reverse("two_factor_off"), {"password": PASSWORD}).status_code == 200
    assert SecondFactor.objects.exists()


def test_the_break_glass_account_needs_it_too(world: World, required: None) -> None:
    user = User.objects.create_superuser(username="breakglass", password=PASSWORD)
    client = Client()
    client.force_login(user, backend="orgs.authentication.AccountBackend")
    assert client.get("/admin/")["Location"] == reverse("two_factor_setup")
    assert user.password_changed_at is None
    assert clock.now()
