"""What an import means for history: events of members and organizations, roles of who is moved, and the undo of all that."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError
from campaign.common.excel.problems import Severity
from campaign.jobs.models import Job
from campaign.jobs.services import GivenUp, RunningJob, job_request
from orgs.models import Enrolment, Member, MemberEvent, Organization, OrganizationEvent, RoleAssignment
from orgs.records import RecordRequest
from orgs.services import member_update, role_end, role_grant
from orgs.services import records as recording
from orgs.services.roles import roles_leave
from orgs.services.undoing import import_dependants, import_undo
from tests.orgs.books import MEMBER_HEADINGS, roster, unit, units
from tests.orgs.test_import_organizations import plan as plan_of_units
from tests.orgs.test_import_organizations import store as store_units
from tests.orgs.test_import_undo import applied, state
from tests.orgs.test_organizations import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
ROOT, EAST, ONE, TWO = (
    "中共华岭集团委员会", "中共华岭集团东山公司委员会", "东山公司采掘一区党支部", "东山公司采掘二区党支部"
)  # fmt: skip
HEADINGS = (*MEMBER_HEADINGS, "人员编号", "党籍状态")


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world.user("staff", "east"))


def line(member: Member, **changes: Any) -> dict[str, Any]:
    """Return the row of a roster that means `member` and says nothing new but `changes`."""
    sex = {"male": "男", "female": "女"}[member.sex]
    return {
        "姓 名": member.name,
        "性别": sex,
        "人员编号": member.personnel_no,
        "所在党组织": member.organization.name,
        **changes,
    }


def source(*rows: dict[str, Any]) -> bytes:
    return roster(*rows, headings=[heading for heading in HEADINGS if heading != "党内职务"])


# -- organizations -------------------------------------------------------------------------------------------------


def test_a_name_or_type_changed_by_import_stands_in_the_history_until_it_is_undone(staff: Client, world: World) -> None:
    book = units(
        unit("采掘一区联合党支部", EAST, 组织类别="联合党支部", 党组织编码="EAST_ONE"),
        unit(TWO, EAST, 党组织编码="EAST_TWO"),
        headings=("序号", "党组织名称", "组织类别", "上级党组织", "党组织编码"),
    )
    before = state(Organization, OrganizationEvent)
    batch = applied(staff, world, book, "organizations")
    events = OrganizationEvent.objects.order_by("pk").values_list("organization__code", "kind", "old_name", "old_type")
    assert list(events) == [("EAST_ONE", "renamed", ONE, ""), ("EAST_ONE", "converted", "", "branch")]
    assert {event.recorded_by for event in OrganizationEvent.objects.all()} == {world.user("staff", "east")}
    import_undo(batch=batch, actor=world.user("staff", "east"))
    assert state(Organization, OrganizationEvent) == before


def test_an_unusual_place_is_a_note_that_names_its_rule(world: World) -> None:
    found = plan_of_units(
        units(
            unit("某党小组", EAST, 组织类别="党小组"),
            unit("采掘党总支", EAST, 组织类别="党总支"),
            unit("某某委员会", "采掘党总支", 组织类别="党委"),
            unit(ONE, EAST, 组织类别="党小组"),
            unit("好的党支部", EAST),
        )
    )
    folds = [fold for fold in found.problems.folded() if fold.problem.code == "organization.unusual_place"]
    assert [fold.rows for fold in folds] == [(5, 8), (7,)], folds
    assert "《中国共产党支部工作条例" in str(folds[0])
    assert "“党委”一般不直接设在“党总支”之下" in str(folds[1])
    assert all(fold.problem.mistake.severity is Severity.WARNING for fold in folds)
    store_units(units(unit("某党小组", EAST, 组织类别="党小组")))
    assert Organization.objects.get(name="某党小组").higher() == world.orgs["east"]


def test_the_type_of_the_one_above_may_be_wrong_itself(world: World) -> None:
    found = plan_of_units(units(unit("某某办公室", EAST, 组织类别=""), unit("甲党支部", "某某办公室")))
    assert [fold.problem.code for fold in found.problems.folded()] == ["cell.missing"]


# -- members -------------------------------------------------------------------------------------------------------


def test_a_status_changed_by_import_is_dated_and_stands_in_the_history(staff: Client, world: World) -> None:
    gone, lost, same = world.members["east_one"][1:4]
    before = state(Member, MemberEvent, Enrolment)
    batch = applied(staff, world, source(line(gone, 党籍状态="转出"), line(lost, 党籍状态="失联"), line(same)))
    today = clock.today()
    events = MemberEvent.objects.order_by("pk").values_list("member", "status", "happened_on", "organization")
    place = world.orgs["east_one"].pk
    assert list(events) == [(gone.pk, "left", today, place), (lost.pk, "lost_contact", today, place)]
    assert set(Member.objects.filter(status_since=today).values_list("pk", flat=True)) == {gone.pk, lost.pk}
    assert Enrolment.objects.get(member=gone).ends_on == today - dt.timedelta(days=1)
    assert AuditEntry.objects.get(action="member_update", target_id=str(gone.pk)).changes["status_since"][0] is None
    import_undo(batch=batch, actor=world.user("staff", "east"))
    assert state(Member, MemberEvent, Enrolment) == before


def test_days_of_leaving_and_coming_back_never_lie_within_the_time_in_a_branch(world: World) -> None:
    member = world.members["east_one"][1]
    with pytest.raises(DomainError, match="2010-01-01"):
        member_update(actor=None, member=member, version=1, status="left", status_since=dt.date(2009, 5, 1))
    member_update(actor=None, member=member, version=1, status="left", status_since=dt.date(2026, 6, 1))
    member = Member.objects.get(pk=member.pk)
    for day in (dt.date(2026, 3, 1), dt.date(2026, 5, 31)):
        with pytest.raises(DomainError, match="2026-05-31"):
            member_update(actor=None, member=member, version=2, status="normal", status_since=day)
    member = Member.objects.get(pk=member.pk)
    member_update(actor=None, member=member, version=2, status="normal", status_since=dt.date(2026, 7, 1))
    spans = Enrolment.objects.filter(member=member).order_by("pk").values_list("starts_on", "ends_on")
    assert list(spans) == [(dt.date(2010, 1, 1), dt.date(2026, 5, 31)), (dt.date(2026, 7, 1), None)]


def test_who_left_today_by_mistake_comes_back_today(world: World) -> None:
    member = world.members["east_one"][1]
    member_update(actor=None, member=member, version=1, status="left")
    member = Member.objects.get(pk=member.pk)
    member_update(actor=None, member=member, version=2, status="normal")
    assert Enrolment.objects.filter(member=member, ends_on=None).count() == 1


# -- roles ---------------------------------------------------------------------------------------------------------


def held(world: World) -> list[tuple[str, str]]:
    """Return the roles that the secretary of the first branch holds: role, code of the place."""
    roles = RoleAssignment.objects.on(clock.today()).filter(user=world.user("secretary", "east_one"))
    return list(roles.order_by("pk").values_list("role", "organization__code"))


def test_a_roster_that_moves_a_secretary_ends_the_role_there_and_its_undo_gives_it_back(
    staff: Client, world: World
) -> None:
    security, user = world.user("security_admin", "root"), world.user("secretary", "east_one")
    role_grant(actor=security, user=user, role="committee", organization=world.orgs["east"])
    later = clock.today() + dt.timedelta(days=10)
    role_grant(actor=security, user=user, role="leader", organization=world.orgs["east_one"], starts_on=later)
    mover = world.members["east_one"][0]
    batch = applied(staff, world, source(line(mover, 所在党组织=TWO)))
    assert held(world) == [("committee", "EAST")]
    assert not RoleAssignment.objects.filter(user=user, role="leader").exists()
    entries = AuditEntry.objects.filter(action="role_end", target_id=str(user.pk))
    assert [entry.reason for entry in entries] == ["已编入其他党支部。"] * 2
    # The role in the old branch is open to another, and one in the new branch is for the security administrator to grant.
    import_undo(batch=batch, actor=world.user("staff", "east"))
    assert held(world) == [("secretary", "EAST_ONE"), ("committee", "EAST")]


def test_a_role_granted_again_since_stops_the_undo(staff: Client, world: World) -> None:
    security, user = world.user("security_admin", "root"), world.user("secretary", "east_one")
    batch = applied(staff, world, source(line(world.members["east_one"][0], 所在党组织=TWO)))
    assert not import_dependants(batch)
    role_grant(actor=security, user=user, role="secretary", organization=world.orgs["east_one"])
    assert "重新授予" in str(import_dependants(batch)[0])
    with pytest.raises(DomainError, match="重新授予"):
        import_undo(batch=batch, actor=world.user("staff", "east"))


def test_a_correction_that_moves_a_secretary_ends_the_role_there(world: World) -> None:
    member = world.members["east_one"][0]
    member_update(actor=None, member=member, version=1, organization=world.orgs["east_two"])
    assert held(world) == []
    ended = RoleAssignment.objects.get(user=world.user("secretary", "east_one"))
    assert ended.ends_on == clock.today() - dt.timedelta(days=1)
    with pytest.raises(DomainError):
        role_end(actor=None, assignment=ended)


def test_the_number_of_statements_does_not_grow_with_roles(world: World, django_assert_num_queries: Any) -> None:
    left = {world.members[key][0].pk: world.orgs[key].pk for key in ("east_one", "east_two", "west_one", "west_two")}
    first = dict([left.popitem()])
    with CaptureQueriesContext(connection) as one:
        assert len(roles_leave(left=first, reason="调整")) == 1
    with django_assert_num_queries(len(one)):
        assert len(roles_leave(left=left, reason="调整")) == 3


# -- records -------------------------------------------------------------------------------------------------------


def test_an_attempt_at_a_record_that_was_given_up_leaves_no_entry(world: World, monkeypatch: Any) -> None:
    office = world.user("office", "root")
    request = RecordRequest(office)
    parameters = recording.job_parameters(world.orgs["east"], request)
    job = job_request(kind=recording.JOB, actor=office, parameters=parameters)
    Job.objects.filter(pk=job.pk).update(state="running", attempt=2)
    job.refresh_from_db()
    with pytest.raises(GivenUp):
        recording.job_run(RunningJob(job, 1))
    assert not AuditEntry.objects.filter(action="record_export").exists()
    recording.job_run(RunningJob(job, 2))
    assert AuditEntry.objects.filter(action="record_export").count() == 1
