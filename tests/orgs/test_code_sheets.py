"""Sheets of one-time codes: made by a job that may die anywhere, encrypted until printed, their maker's alone."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.jobs.services import job_run
from orgs.models import CodePart, CodePurpose, CodeSheet, Member, OneTimeCode, Organization, Session, User
from orgs.services import code_sheet_delete, code_sheet_request, code_sheets, part_print, password_choose
from orgs.services.one_time import code_fits
from tests.orgs.test_organizations import signed_in
from tests.orgs.test_sign_in import NEW, sign_in
from tests.world import World

pytestmark = pytest.mark.django_db


def newcomers(organization: Organization, count: int, prefix: str) -> None:
    Member.objects.bulk_create(
        Member(
            personnel_no=f"{prefix}{n:03d}", name=f"新人{n}", sex="male", organization=organization, pinyin=f"x{n:03d}"
        )
        for n in range(count)
    )


def made_sheet(world: World, actor: User, at: str = "root", purpose: str = CodePurpose.NEW) -> CodeSheet:
    sheet = code_sheet_request(actor=actor, organization=world.orgs[at], purpose=purpose)
    job_run(job_id=str(sheet.job_id))
    return CodeSheet.objects.get(pk=sheet.pk)


def test_from_the_numbers_to_the_first_sign_in(world: World, django_capture_on_commit_callbacks: Any) -> None:
    newcomers(world.orgs["east_one"], 3, "A")
    newcomers(world.orgs["west_two"], 2, "B")
    client = signed_in(world.user("system_admin", "root"))
    asked = {"organization": world.orgs["root"].pk, "purpose": "new"}
    preview = client.get(reverse("code_sheet_create"), asked).content.decode()
    assert "5个账号" in preview
    assert world.orgs["east_one"].name in preview
    assert world.orgs["east_two"].name not in preview
    assert not CodeSheet.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("code_sheet_create"), asked)
    sheet = CodeSheet.objects.get()
    assert answer["Location"] == reverse("code_sheet_detail", args=[sheet.pk])
    page = client.get(answer["Location"]).content.decode()
    assert reverse("code_sheet_print", args=[sheet.pk, 1]) in page
    printed = client.post(reverse("code_sheet_print", args=[sheet.pk, 1]))
    assert "no-store" in printed["Cache-Control"]
    text = printed.content.decode()
    values = re.findall(r'<dd class="slip-code">([^<]+)</dd>', text)
    codes = dict(zip(values[::2], values[1::2], strict=True))
    assert sorted(codes) == ["A000", "A001", "A002", "B000", "B001"]
    assert text.count('class="slips"') == 2  # one pile for each branch
    assert "http://testserver/" in text
    own = Client()
    assert sign_in("A001", codes["A001"], own).status_code == 302
    assert own.post(reverse("password_change"), {"new_password": NEW, "repeated": NEW}).status_code == 302
    # What is spent is not printed again, and every opening is in the log.
    again = client.post(reverse("code_sheet_print", args=[sheet.pk, 1])).content.decode()
    assert codes["A001"] not in again
    assert codes["A000"] in again
    assert [
        entry.changes["codes"][1] for entry in AuditEntry.objects.filter(action="code_sheet_print").order_by("id")
    ] == [5, 4]


def test_the_clear_codes_are_nowhere_in_the_database(world: World) -> None:
    newcomers(world.orgs["east_one"], 3, "A")
    admin = world.user("system_admin", "root")
    sheet = made_sheet(world, admin)
    (part,) = sheet.parts.select_related("sheet__organization")
    slips = part_print(actor=admin, part=part)
    stored = "".join(
        str(list(model.objects.values())) for model in (CodePart, CodeSheet, OneTimeCode, AuditEntry, User)
    )
    assert len(slips) == 3
    for slip in slips:
        assert slip.code not in stored
        assert slip.code.replace("-", "") not in stored


def test_a_button_pressed_twice_makes_one_sheet(world: World) -> None:
    newcomers(world.orgs["east_one"], 2, "A")
    client = signed_in(world.user("system_admin", "root"))
    asked = {"organization": world.orgs["root"].pk, "purpose": "new"}
    first, second = (client.post(reverse("code_sheet_create"), asked) for _time in range(2))
    assert (first.status_code, second.status_code) == (302, 200)
    assert "正在生成" in second.content.decode()
    sheet = CodeSheet.objects.get()
    job_run(job_id=str(sheet.job_id))
    newcomers(world.orgs["east_one"], 1, "B")
    assert client.post(reverse("code_sheet_create"), asked).status_code == 302


def test_who_was_given_rights_beyond_the_sheet_is_not_printed(world: World) -> None:
    """Else the administrator of a company would sign in as the office of the group with a code that nobody has used."""
    newcomers(world.orgs["east_one"], 3, "A")
    admin = User.objects.create(username="local", name="本地管理员", organization=world.orgs["east"])
    admin.assignments.create(role="system_admin", organization=world.orgs["east"])
    sheet = made_sheet(world, admin, at="east")
    part = sheet.parts.select_related("sheet__organization").get()
    raised, local = (User.objects.get(username=name) for name in ("A000", "A001"))
    raised.assignments.create(role="office", organization=world.orgs["root"])
    local.assignments.create(role="staff", organization=world.orgs["east"])
    assert [slip.username for slip in part_print(actor=admin, part=part)] == ["A001", "A002"]


def test_only_its_maker_opens_a_sheet_while_entitled(world: World) -> None:
    newcomers(world.orgs["east_one"], 1, "A")
    admin = world.user("system_admin", "root")
    sheet = made_sheet(world, admin)
    part = sheet.parts.select_related("sheet__organization").get()
    other = User.objects.create(username="other-admin", name="另一个", organization=world.orgs["root"])
    other.assignments.create(role="system_admin", organization=world.orgs["root"])
    for url in (reverse("code_sheet_detail", args=[sheet.pk]), reverse("code_sheet_print", args=[sheet.pk, 1])):
        assert signed_in(other).get(url).status_code in (404, 405)
        assert signed_in(other).post(url).status_code in (404, 405)
    with pytest.raises(NotAllowed):
        part_print(actor=other, part=part)
    with pytest.raises(NotAllowed):
        code_sheet_delete(actor=other, sheet=sheet)
    admin.assignments.update(ends_on=clock.today() - dt.timedelta(days=1))
    with pytest.raises(NotAllowed):
        part_print(actor=User.objects.get(pk=admin.pk), part=part)


def test_a_sheet_is_deleted_after_printing_and_by_time(world: World) -> None:
    newcomers(world.orgs["east_one"], 1, "A")
    admin = world.user("system_admin", "root")
    sheet = made_sheet(world, admin)
    part = sheet.parts.select_related("sheet__organization").get()
    with clock.at(sheet.expires_at + dt.timedelta(seconds=1)):
        with pytest.raises(StateConflict):
            part_print(actor=admin, part=part)
        assert code_sheets.code_sheets_expire() == 1
        with pytest.raises(DomainError):
            code_sheets.job_check(admin, {"sheet": str(sheet.pk)})  # nobody could print what it would make
    sheet = made_sheet(world, admin, purpose=CodePurpose.AGAIN)
    client = signed_in(admin)
    assert client.post(reverse("code_sheet_delete", args=[sheet.pk])).status_code == 302
    assert not CodePart.objects.exists()
    assert OneTimeCode.objects.count() == 1  # what was printed stays valid
    assert "已不在系统中保存" in client.get(reverse("code_sheet_detail", args=[sheet.pk])).content.decode()
    with pytest.raises(StateConflict):
        code_sheet_delete(actor=admin, sheet=sheet)


def test_new_codes_replace_those_that_nobody_used(world: World) -> None:
    newcomers(world.orgs["east_one"], 3, "A")
    admin = world.user("system_admin", "root")
    first = made_sheet(world, admin)
    old = {slip.username: slip.code for slip in part_print(actor=admin, part=first.parts.get())}
    user = User.objects.get(username="A000")
    password_choose(user=user, new_password=NEW)
    second = made_sheet(world, admin, purpose=CodePurpose.AGAIN)
    new = {slip.username: slip.code for slip in part_print(actor=admin, part=second.parts.get())}
    assert sorted(new) == ["A001", "A002"]
    assert code_fits(User.objects.get(username="A001"), new["A001"])
    assert not code_fits(User.objects.get(username="A001"), old["A001"])
    assert part_print(actor=admin, part=first.parts.get()) == []
    assert AuditEntry.objects.filter(action="code_renew").count() == 2


def test_parts_end_between_two_branches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_sheets, "PART", 10)
    for key, count in (("east_one", 7), ("east_two", 6), ("west_one", 25)):
        newcomers(world.orgs[key], count, key[:6])
    sheet = made_sheet(world, world.user("system_admin", "root"))
    parts = [(part.first, part.last, part.count) for part in sheet.parts.all()]
    one, two, three = (world.orgs[key].display_name for key in ("east_one", "east_two", "west_one"))
    assert parts == [(one, one, 7), (two, two, 6), (three, three, 10), (three, three, 10), (three, three, 5)]
    assert sheet.total == 38


def test_a_job_that_died_goes_on_and_loses_no_code(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_sheets, "STEP", 4)
    newcomers(world.orgs["east_one"], 10, "A")
    admin = world.user("system_admin", "root")
    sheet = code_sheet_request(actor=admin, organization=world.orgs["root"], purpose=CodePurpose.NEW)
    store, calls = code_sheets.sheet_store, []

    def dying(**given: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt  # the worker is stopped in the middle of its second step
        store(**given)

    with monkeypatch.context() as patched:
        patched.setattr(code_sheets, "sheet_store", dying)
        with pytest.raises(KeyboardInterrupt):
            job_run(job_id=str(sheet.job_id))
    assert User.objects.filter(name__startswith="新人").count() == 4
    type(sheet.job).objects.filter(pk=sheet.job_id).update(lease_until=clock.now() - dt.timedelta(seconds=1))
    job_run(job_id=str(sheet.job_id))
    sheet.refresh_from_db()
    slips = [slip for part in sheet.parts.all() for slip in part_print(actor=admin, part=part)]
    assert sorted(slip.username for slip in slips) == [f"A{n:03d}" for n in range(10)]
    assert sheet.total == 10
    assert all(code_fits(User.objects.get(username=slip.username), slip.code) for slip in slips)


def test_nobody_to_make_codes_for(world: World) -> None:
    admin = world.user("system_admin", "root")
    with pytest.raises(DomainError):
        code_sheet_request(actor=admin, organization=world.orgs["root"], purpose=CodePurpose.NEW)
    assert not CodeSheet.objects.exists()
    page = signed_in(admin).get(reverse("code_sheet_create"), {"organization": world.orgs["root"].pk, "purpose": "new"})
    assert "都已有账号" in page.content.decode()
    with pytest.raises(NotAllowed):
        code_sheet_request(
            actor=world.user("staff", "east"), organization=world.orgs["east"], purpose=CodePurpose.AGAIN
        )


def test_the_desk_of_the_system_administrator_shows_accounts_not_used(world: World) -> None:
    admin = world.user("system_admin", "root")
    client = signed_in(admin)
    assert "尚未启用的账号" not in client.get("/").content.decode()
    newcomers(world.orgs["east_one"], 2, "A")
    made_sheet(world, admin)
    assert "尚未启用的账号" in client.get("/").content.decode()
    assert "尚未启用的账号" not in signed_in(world.user("office", "root")).get("/").content.decode()


def test_old_sessions_are_cleared(world: World) -> None:
    signed_in(world.user("staff", "east")).get("/")
    assert Session.objects.count() == 1
    Session.objects.update(expire_date=clock.now() - dt.timedelta(minutes=1))
    call_command("clearsessions")
    assert not Session.objects.exists()
