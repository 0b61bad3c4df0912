"""Undoing an import: everything is as it was before, or the reason is named and nothing is touched."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import job_run
from orgs.models import Enrolment, ImportBatch, ImportState, ImportTrace, Member, Organization, Position
from orgs.services import import_apply, member_update, undoing, user_create
from orgs.services.imports import import_files_expire
from orgs.services.undoing import import_dependants, import_undo, import_undo_request
from tests.orgs.books import id_number, person, roster, unit, units
from tests.orgs.test_import_members import store
from tests.orgs.test_imports import send
from tests.orgs.test_organizations import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
EAST = "中共华岭集团东山公司委员会"


def state(*models: Any) -> dict[str, list[dict[str, Any]]]:
    """Everything in the tables but the marks of when it was written."""
    passing = {"updated_at", "version"}
    return {
        model.__name__: [
            {name: value for name, value in row.items() if name not in passing}
            for row in model.objects.order_by("pk").values()
        ]
        for model in models
    }


def applied(client: Client, world: World, source: bytes, kind: str = "members") -> ImportBatch:
    batch = send(client, source, kind)
    job_run(job_id=str(import_apply(batch=batch, actor=world.user("staff", "east")).job.pk))
    batch.refresh_from_db()
    assert batch.state == ImportState.APPLIED, batch.folds
    return batch


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world.user("staff", "east"))


def test_new_and_changed_members_are_as_before(staff: Client, world: World) -> None:
    store(roster(person(1, 党内职务="书记"), person(2)))
    before = state(Member, Enrolment, Position)
    changed = person(1, 学历="研究生", 所在党组织="东山公司采掘二区党支部", 联系电话="13912345678", 姓_名="")
    batch = applied(staff, world, roster(changed, person(2, 党内职务="委员"), person(3, 党内职务="宣传委员")))
    assert state(Member, Enrolment, Position) != before
    page = staff.get(reverse("import_detail", args=[batch.pk])).content.decode()
    assert reverse("import_undo", args=[batch.pk]) in page
    answer = staff.post(reverse("import_undo", args=[batch.pk]))
    assert answer.status_code == 302
    assert state(Member, Enrolment, Position) == before
    batch.refresh_from_db()
    assert (batch.state, batch.undone_by) == (ImportState.UNDONE, world.users["staff@east"])
    assert not batch.traces.exists()
    assert AuditEntry.objects.filter(action="import_undo", target_id=str(batch.pk)).count() == 1
    assert AuditEntry.objects.filter(action="import_undo_change").count() == 2
    page = staff.get(reverse("import_detail", args=[batch.pk])).content.decode()
    assert reverse("import_undo", args=[batch.pk]) not in page
    # What was undone can be imported again.
    assert send(staff, roster(changed, person(2), person(3))).figures["new"] == 1


def test_new_and_changed_organizations_are_as_before(staff: Client, world: World) -> None:
    before = state(Organization)
    source = units(
        unit("新并入公司党支部", "中共新并入公司委员会"),
        unit("中共新并入公司委员会", EAST, 组织类别="党委"),
        unit("东山公司采掘一区党支部", EAST, 成立时间="2001-07-01"),
    )
    batch = applied(staff, world, source, "organizations")
    assert Organization.objects.count() == len(before["Organization"]) + 2
    import_undo(batch=batch, actor=world.user("staff", "east"))
    assert state(Organization) == before
    assert Organization.objects.find_problems() == ([], [], [], [], [])


def test_old_values_are_never_in_the_clear(staff: Client, world: World) -> None:
    store(roster(person(1)))
    applied(staff, world, roster(person(1, 联系电话="13912345678", 备注="独一无二的备注")))
    (content,) = ImportTrace.objects.values_list("content", flat=True)
    for secret in ("13300000001", id_number(1), "remarks", "phone"):
        assert secret.encode() not in bytes(content)


@pytest.mark.parametrize("what", ["changed", "account", "position", "member", "child"])
def test_what_depends_on_it_is_named_and_nothing_is_touched(staff: Client, world: World, what: str) -> None:
    actor: Any = None
    if what in ("member", "child"):
        batch = applied(
            staff, world, units(unit("新设党支部", EAST), unit("新设党总支", EAST, 组织类别="党总支")), "organizations"
        )
        place = Organization.objects.get(name="新设党支部" if what == "member" else "新设党总支")
        if what == "member":
            Member.objects.create(personnel_no="N1", name="新来的", sex="male", organization=place)
        else:
            Organization.objects.add_child(place, create_kwargs={"code": "N2", "name": "下级", "type": "branch"})
    else:
        batch = applied(staff, world, roster(person(1)))
        member = Member.objects.exclude(id_number_digest=None).get()
        if what == "changed":
            member_update(actor=actor, member=member, version=member.version, job="安全员")
        elif what == "account":
            user_create(actor=actor, name=member.name, organization=member.organization, member=member)
        else:
            Position.objects.create(member=member, organization=member.organization, post="secretary")
    before = state(Member, Enrolment, Position, Organization)
    expected = {
        "changed": "修改", "account": "账号", "position": "党内职务", "member": "党员", "child": "下级"
    }[what]  # fmt: skip
    assert import_dependants(batch)
    with pytest.raises(DomainError) as refusal:
        import_undo(batch=batch, actor=world.user("staff", "east"))
    assert expected in str(refusal.value)
    assert state(Member, Enrolment, Position, Organization) == before
    batch.refresh_from_db()
    assert batch.state == ImportState.APPLIED
    assert (
        reverse("import_undo", args=[batch.pk])
        not in staff.get(reverse("import_detail", args=[batch.pk])).content.decode()
    )


def test_a_large_one_is_undone_by_a_job_once(staff: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "UNDONE_AT_ONCE", 2)
    before = state(Member, Enrolment)
    batch = applied(staff, world, roster(*(person(number) for number in range(1, 6))))
    staff.post(reverse("import_undo", args=[batch.pk]))
    assert Member.objects.count() == len(before["Member"]) + 5
    job = Job.objects.get(kind=undoing.UNDO_JOB)
    job_run(job_id=str(job.pk))
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    assert state(Member, Enrolment) == before


def test_only_who_imports_there_undoes_and_sees_the_history(staff: Client, world: World) -> None:
    batch = applied(staff, world, roster(person(1)))
    for role, at, sees in (
        ("staff", "root", True),
        ("office", "root", True),
        ("staff", "west", False),
        ("leader", "east", False),
    ):
        client = signed_in(world.user(role, at))
        assert client.get(reverse("import_detail", args=[batch.pk])).status_code == (200 if sees else 404)
        history = client.get(reverse("import_history"))
        assert (str(batch.pk) in history.content.decode()) == sees
        if not sees:
            assert client.post(reverse("import_undo", args=[batch.pk])).status_code == 404
            with pytest.raises(NotAllowed):
                import_undo_request(batch=batch, actor=world.user(role, at))
    assert signed_in(world.user("office", "root")).post(reverse("import_undo", args=[batch.pk])).status_code == 302
    batch.refresh_from_db()
    assert batch.state == ImportState.UNDONE
    with pytest.raises(StateConflict):
        import_undo_request(batch=batch, actor=world.user("staff", "east"))


def test_after_a_month_it_is_final(staff: Client, world: World) -> None:
    batch = applied(staff, world, roster(person(1)))
    ImportBatch.objects.update(finished_at=batch.finished_at - dt.timedelta(days=31))
    import_files_expire()
    assert not ImportTrace.objects.exists()
    assert not batch.rows.exists()
    batch.refresh_from_db()
    with pytest.raises(DomainError):
        import_undo_request(batch=batch, actor=world.user("staff", "east"))
