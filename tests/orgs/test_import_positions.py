"""Positions and accounts from workbooks."""

import datetime as dt
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed
from campaign.jobs.services import job_run
from orgs.models import CodePart, ImportBatch, ImportState, Member, OneTimeCode, Position, User
from orgs.services import import_apply, import_upload
from orgs.services.imports import plan_of, plan_store
from orgs.services.undoing import import_undo
from tests.orgs.test_accounts import system_admin_of
from tests.orgs.test_imports import send
from tests.orgs.test_organizations import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
ONE, TWO, EAST = "东山公司采掘一区党支部", "东山公司采掘二区党支部", "中共华岭集团东山公司委员会"
HEAD = ["序号", "姓名", "人员编号", "任职党组织", "党内职务", "任职时间", "免职时间"]


def sheet(*rows: list[Any], head: list[str] = HEAD) -> bytes:
    book = Workbook()
    page: Any = book.active
    page.append(["党内任职情况表"])
    page.append(head)
    for number, row in enumerate(rows, start=1):
        page.append([number, *row])
    page.append(["注：以上为本届委员会。"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def plan(source: bytes, actor: Any = None, kind: str = "positions", base: Any = None) -> Any:
    return plan_of(kind=kind, source=source, actor=actor, base=base)


def told(source: bytes, actor: Any = None) -> list[str]:
    return [problem.code for problem in plan(source, actor).problems]


def test_positions_with_dates_are_stored_and_lists_follow(world: World) -> None:
    name = world.members["east_one"][1].name
    source = sheet(
        [name, "east_one-1", ONE, "组织委员", "2021.3.1", ""],
        [name, "east_one-1", EAST, "委员", dt.date(2022, 5, 4), "2024年5月4日"],
        [world.members["east_two"][0].name, "", TWO, "支部书记", "20200501", "—"],
    )
    found = plan(source)
    # The secretary is known already, but not since when.
    assert (list(found.problems), len(found.new), len(found.changed)) == ([], 2, 1)
    plan_store(kind="positions", plan=found, actor=None)
    member = Member.objects.get(personnel_no="east_one-1")
    assert member.party_post == "organization_member"
    ended = Position.objects.get(organization__name=EAST)
    assert (ended.starts_on, ended.ends_on, ended.post) == (
        dt.date(2022, 5, 4),
        dt.date(2024, 5, 4),
        "committee_member",
    )
    assert AuditEntry.objects.filter(action="position_begin").count() == 2
    again = plan(source)
    assert (again.unchanged, again.new, again.changed) == (3, [], [])
    ending = plan(sheet([name, "east_one-1", ONE, "组织委员", "2021.3.1", "2025.1.1"]))
    (changed,) = ending.changed
    assert changed.changes == {"ends_on": (None, dt.date(2025, 1, 1))}
    plan_store(kind="positions", plan=ending, actor=None)
    member.refresh_from_db()
    assert member.party_post == ""


def test_the_page_names_whom_a_complete_list_misses(world: World) -> None:
    name, staff = world.members["east_one"][1].name, signed_in(world.user("staff", "east"))
    source = sheet([name, "east_one-1", ONE, "组织委员", "2021.3.1", ""])
    file = SimpleUploadedFile("x.xlsx", source)
    staff.post(reverse("import_upload"), {"kind": "positions", "file": file, "is_full": "on"})
    batch = ImportBatch.objects.get()
    assert batch.figures["missing"] == 2  # the two secretaries
    page = staff.get(reverse("import_detail", args=[batch.pk])).content.decode()
    held = Position.objects.get(member=world.members["east_two"][0])
    assert f"{held.member.name} · {held}" in page
    edit = reverse("member_position_edit", args=[held.pk])
    assert edit in page
    assert staff.get(edit).status_code == 200


def test_mistakes_of_positions(world: World) -> None:
    name = world.members["east_one"][1].name
    good = [name, "east_one-1", ONE, "委员", "2021-01-01", ""]
    assert told(sheet([*good[:3], "书记、委员", *good[4:]])) == ["position.several"]
    assert told(sheet([*good[:3], "普通党员", *good[4:]])) == ["position.missing"]
    assert told(sheet([*good[:5], "2020-01-01"])) == ["position.ends_before"]
    assert told(sheet(good, good)) == ["position.twice"]
    assert told(sheet(["没有此人", "", ONE, "委员", "", ""])) == ["person.unknown"]
    assert told(sheet(["没有此人", "east_one-1", ONE, "委员", "", ""])) == ["person.name_differs"]
    # The same name stands in every branch of the world.
    assert told(sheet([name, "", EAST, "委员", "", ""])) == ["person.ambiguous"]
    staff = world.user("staff", "west")
    assert set(told(sheet(good), staff)) == {"person.unknown", "organization.unknown"}


def test_an_import_of_positions_is_undone(world: World) -> None:
    client = signed_in(world.user("staff", "east"))
    member, before = Member.objects.get(personnel_no="east_one-1"), Position.objects.count()
    batch = send(client, sheet([member.name, "east_one-1", ONE, "组织委员", "2021.3.1", ""]), "positions")
    assert "组织委员" in client.get(reverse("import_detail", args=[batch.pk])).content.decode()
    job_run(job_id=str(import_apply(batch=batch, actor=world.user("staff", "east")).job.pk))
    batch.refresh_from_db()
    assert batch.state == ImportState.APPLIED
    import_undo(batch=batch, actor=world.user("staff", "east"))
    member.refresh_from_db()
    assert (Position.objects.count(), member.party_post) == (before, "")


ACCOUNTS = ["序号", "姓名", "人员编号", "账号", "邮箱"]


def newcomers(world: World) -> list[Member]:
    return [
        Member.objects.create(
            personnel_no=f"N{number}", name=f"新党员{number}", sex="male", organization=world.orgs["east_one"]
        )
        for number in (1, 2)
    ]


def test_accounts_come_with_codes_on_a_sheet(world: World) -> None:
    people = newcomers(world)
    admin = world.user("system_admin", "root")
    source = sheet(
        [people[0].name, "N1", "", "new@example.cn"],
        [people[1].name, "N2", "xindangyuan", ""],
        [world.members["east_one"][1].name, "east_one-1", "", ""],
        head=ACCOUNTS,
    )
    file = SimpleUploadedFile("x.xlsx", source)
    client = signed_in(admin)
    answer = client.post(reverse("account_import"), {"kind": "accounts", "file": file})
    assert answer.status_code == 302, answer.content.decode()
    batch = ImportBatch.objects.get()
    assert (batch.figures["new"], batch.figures["unchanged"]) == (2, 1)
    job_run(job_id=str(import_apply(batch=batch, actor=admin).job.pk))
    batch.refresh_from_db()
    batch.job.refresh_from_db()
    assert batch.state == ImportState.APPLIED, batch.job.message
    made = set(User.objects.filter(member__in=people).values_list("username", "email"))
    assert made == {("N1", "new@example.cn"), ("xindangyuan", "")}
    assert CodePart.objects.get().count == 2
    assert "codes" in batch.job.result_url
    import_undo(batch=batch, actor=admin)
    assert not User.objects.filter(member__in=people).exists()
    assert not OneTimeCode.objects.filter(user__member__in=people).exists()


def test_mails_of_accounts_are_changed_and_given_back(world: World) -> None:
    member, admin = world.members["east_one"][1], world.user("system_admin", "root")
    account = User.objects.get(member=member)
    User.objects.filter(pk=account.pk).update(email="old@example.cn", last_login=clock.now())
    client = signed_in(admin)

    def sent(mail: str) -> ImportBatch:
        source = sheet([member.name, member.personnel_no, "", mail], head=ACCOUNTS)
        file = SimpleUploadedFile("x.xlsx", source)
        assert client.post(reverse("account_import"), {"kind": "accounts", "file": file}).status_code == 302
        batch = ImportBatch.objects.order_by("-created_at")[0]
        job_run(job_id=str(import_apply(batch=batch, actor=admin).job.pk))
        batch.refresh_from_db()
        assert batch.state == ImportState.APPLIED, batch.job.message
        return batch

    first = sent("new@example.cn")
    assert User.objects.get(pk=account.pk).email == "new@example.cn"
    assert not CodePart.objects.exists()  # nobody new, so no sheet of codes
    entry = AuditEntry.objects.get(action="user_update")
    assert (entry.target_id, entry.changes) == (str(account.pk), {"email": ["•", "•"]})
    assert str(first.pk) in client.get(reverse("account_import_history")).content.decode()
    page = client.get(reverse("import_detail", args=[first.pk])).content.decode()
    for shown in (
        "old@example.cn",
        "new@example.cn",
        reverse("user_edit", args=[account.pk]),
        reverse("import_undo", args=[first.pk]),
    ):
        assert shown in page
    second = sent("third@example.cn")
    with pytest.raises(DomainError):  # changed since, by the second one
        import_undo(batch=first, actor=admin)
    client.post(reverse("import_undo", args=[second.pk]))
    assert User.objects.get(pk=account.pk).email == "new@example.cn"
    assert AuditEntry.objects.filter(action="import_undo_change", target_type="orgs.user").count() == 1


def test_the_mail_of_somebody_with_rights_elsewhere_is_not_changed_by_a_list(world: World) -> None:
    """A link to set the password goes there: as on the page of the account."""
    office, admin = world.user("office", "root"), system_admin_of(world, "east")
    member = world.members["east_one"][1]
    User.objects.filter(member=member).delete()
    User.objects.filter(pk=office.pk).update(member=member, organization=member.organization)
    found = plan(sheet([member.name, member.personnel_no, "", "new@example.cn"], head=ACCOUNTS), admin, "accounts")
    assert [problem.code for problem in found.problems] == ["account.mail_beyond"]


def test_who_may_not_make_accounts_imports_none(world: World) -> None:
    file = SimpleUploadedFile("x.xlsx", sheet(["新党员1", "N1", "", ""], head=ACCOUNTS))
    for role, at in (("staff", "east"), ("office", "root"), ("secretary", "east_one")):
        actor = world.user(role, at)
        assert signed_in(actor).get(reverse("account_import")).status_code == 404
        with pytest.raises(NotAllowed):
            import_upload(actor=actor, kind="accounts", organization=world.orgs["east"], file=file)
    admin = world.user("system_admin", "root")
    with pytest.raises(NotAllowed):
        import_upload(actor=admin, kind="members", organization=world.orgs["east"], file=file)


def test_mistakes_of_accounts(world: World) -> None:
    newcomers(world)
    codes = [
        problem.code
        for problem in plan(
            sheet(
                ["新党员1", "N1", "有 空格!", "a@b"],
                ["新党员2", "N2", "staff-east", ""],
                ["新党员2", "N2", "", ""],
                head=ACCOUNTS,
            ),
            kind="accounts",
        ).problems
    ]
    assert codes == ["account.name", "mail.unknown", "account.twice", "account.name_taken"]
