"""Pages of the frame: desk, gallery, errors, language, what polling does to the session."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.csrf import csrf_failure
from django.views.defaults import server_error

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.access import holds
from campaign.common.middleware import came_from
from campaign.common.navigation import Entry, menu
from orgs.models import Session, User
from tests.world import PASSWORD, World


def signed_in(world: World, role: str, at: str) -> Client:
    client = Client()
    client.force_login(world.user(role, at), backend="orgs.authentication.AccountBackend")
    return client


def body(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("role", "at"),
    [
        ("member", "east_one"), ("secretary", "east_one"), ("staff", "east"), ("office", "root"), ("leader", "root"),
        ("committee", "root"), ("system_admin", "root"), ("security_admin", "root"), ("audit_admin", "root"),
    ],
)  # fmt: skip
def test_the_desk_opens_for_every_role(world: World, role: str, at: str) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC), tick=False):
        world.campaign(theme="主题甲")
        page = body(signed_in(world, role, at), "/")
    assert world.user(role, at).name in page
    administers = role.endswith("admin")
    assert ("主题甲" in page) is not administers
    assert ("第1/3阶段" in page) is not administers


def test_the_desk_tells_of_the_next_stage_and_of_the_end(world: World) -> None:
    client = signed_in(world, "office", "root")
    world.campaign(starts_on=dt.date(2026, 5, 1))
    for day, expected in ((dt.date(2026, 4, 1), "下一阶段"), (dt.date(2030, 1, 1), "均已结束")):
        with time_machine.travel(dt.datetime.combine(day, dt.time(4), dt.UTC), tick=False):
            client = signed_in(world, "office", "root")
            assert expected in body(client, "/")


def test_the_desk_without_a_campaign(world: World) -> None:
    assert "hero" not in body(signed_in(world, "office", "root"), "/")


def test_the_menu_shows_only_what_one_may_open(world: World) -> None:
    office, auditor = body(signed_in(world, "office", "root"), "/"), body(signed_in(world, "audit_admin", "root"), "/")
    audit, campaigns = f'href="{reverse("audit_list")}"', f'href="{reverse("campaign_list")}"'
    assert campaigns in office
    assert audit not in office
    assert audit in auditor
    assert campaigns not in auditor
    assert office.count('aria-current="page"') == 1


def test_the_menu_is_put_together_once_for_a_page_and_never_for_a_refusal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def shown_to(entry: Entry, user: Any) -> bool:
        asked.append(entry.key)
        return entry.capability is None or holds(user, entry.capability)

    monkeypatch.setattr(Entry, "shown_to", shown_to)
    client = signed_in(world, "system_admin", "root")
    assert (
        body(client, reverse("user_list")).count("<tr") > 10
    )  # a cell of each row is drawn from a template of its own
    assert len(asked) == len(menu)
    asked.clear()
    assert client.delete(reverse("user_list")).status_code == 405
    assert asked == []


def test_the_gallery_shows_every_component(world: World) -> None:
    page = body(signed_in(world, "member", "east_one"), "/gallery/")
    for part in (
        "state-gold", "note-error", "table-cards", "pagination", "empty-state", "data-unsaved", "data-confirm-reason",
        "meter-bar", "course-current", 'class="tree"', "nav-tabs", "stat-red", 'role="alert"', "is-invalid",
    ):  # fmt: skip
        assert part in page, part


def test_a_page_that_is_not_there_says_what_to_do(world: World) -> None:
    for client in (signed_in(world, "member", "east_one"), Client()):
        response = client.get("/no-such-page/")
        assert response.status_code == 404
        assert "没有这个页面" in response.content.decode()
        assert reverse("home") in response.content.decode()


def test_a_fault_of_ours_shows_a_page_without_database_or_session() -> None:
    response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "没有保存" in response.content.decode()


def test_a_form_that_was_open_too_long(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.user("office", "root"), backend="orgs.authentication.AccountBackend")
    response = client.post(reverse("campaign_create"), {"code": "X"})
    assert response.status_code == 403
    assert "没有保存" in response.content.decode()
    request = HttpRequest()
    assert csrf_failure(request).status_code == 403


def test_the_language_is_switched_back_and_forth(world: World) -> None:
    client = signed_in(world, "office", "root")
    assert "我的工作台" in body(client, "/")
    for language, expected in (("en", "My desk"), ("zh-hans", "我的工作台")):
        assert client.post(reverse("set_language"), {"language": language, "next": "/"})["Location"] == "/"
        assert expected in body(client, "/")
    away = client.post(reverse("set_language"), {"language": "en", "next": "https://elsewhere.example/"})
    assert "elsewhere" not in away["Location"]


def test_the_appearance_is_applied_by_the_server(world: World) -> None:
    client = signed_in(world, "office", "root")
    assert 'data-bs-theme="light" data-appearance="auto"' in body(client, "/")
    client.cookies["appearance"] = "dark"
    assert 'data-bs-theme="dark" data-appearance="dark"' in body(client, "/")


def test_only_the_reader_puts_the_idle_logout_off(world: World) -> None:
    client = signed_in(world, "office", "root")

    def expiry(**headers: Any) -> dt.datetime:
        client.get("/", headers=headers)
        return Session.objects.get().expire_date

    now = clock.now()
    with time_machine.travel(now + dt.timedelta(minutes=1), tick=False):
        first = expiry()
    with time_machine.travel(now + dt.timedelta(minutes=9), tick=False):
        assert expiry(x_background="1") == first
        assert expiry() > first


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/awards/?page=2", "/awards/?page=2"),
        ("//elsewhere.example/", "/"),
        ("/\\\\elsewhere.example/", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_stays_on_this_site(path: str, back: str) -> None:
    """A page of this site may have an address that a browser takes for another site once it stands alone."""
    request = RequestFactory().get("/", headers={"referer": f"http://testserver{path}"})
    assert came_from(request) == back


def test_the_look_only_admin_changes_no_password_and_signs_nobody_out_unlogged(world: World) -> None:
    """Django's own pages know neither the rules of passwords here nor the audit log."""
    user = User.objects.create_superuser(username="breakglass", password=PASSWORD)
    client = Client()
    client.force_login(user, backend="orgs.authentication.AccountBackend")
    new = {"old_password": PASSWORD, "new_password1": "Another-2026-word", "new_password2": "Another-2026-word"}
    assert client.get(reverse("admin:password_change"))["Location"] == reverse("password_change")
    assert client.post(reverse("admin:password_change"), new).status_code == 405
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    client.post(reverse("admin:logout"))
    assert AuditEntry.objects.filter(action="logout", actor=user).count() == 1
    assert "_auth_user_id" not in client.session
