"""The first start without the demo."""

import io
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from campaign.common.capabilities import Role
from orgs.models import Organization, RoleAssignment, User
from orgs.services.one_time import code_fits

pytestmark = pytest.mark.django_db
NAME = "中共华岭矿业集团有限公司委员会"


def test_root_and_three_administrators_with_passwords_shown_once() -> None:
    out = io.StringIO()
    call_command("bootstrap", name=NAME, code="HL", stdout=out)
    root = Organization.objects.get()
    assert (root.name, root.code, root.type, root.depth) == (NAME, "HL", "committee", 1)
    held = {(assignment.user.username, assignment.role) for assignment in RoleAssignment.objects.select_related("user")}
    assert held == {("system", Role.SYSTEM_ADMIN), ("security", Role.SECURITY_ADMIN), ("audit", Role.AUDIT_ADMIN)}
    passwords = dict(re.findall(r"^(\w+)\t(\S+)\t", out.getvalue(), re.MULTILINE))
    assert set(passwords) == {"system", "security", "audit"}
    client = Client()
    assert client.post(reverse("login"), {"username": "system", "password": passwords["system"]}).status_code == 302
    assert client.get("/")["Location"] == reverse("password_change")
    with pytest.raises(CommandError):
        call_command("bootstrap", name=NAME)
    assert User.objects.count() == 3


def test_passwords_into_a_file_of_the_owner_alone(tmp_path: Path) -> None:
    file, out = tmp_path / "passwords", io.StringIO()
    call_command("bootstrap", name=NAME, password_file=file, stdout=out)
    assert file.stat().st_mode & 0o777 == 0o600
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    for line in lines:
        name, password, _title = line.split("\t")
        assert code_fits(User.objects.get(username=name), password)
        assert password not in out.getvalue()


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("bootstrap", name=NAME, password_file=file)
    assert file.read_text(encoding="utf-8") == "mine"
    assert not Organization.objects.exists()
