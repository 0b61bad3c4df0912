"""The quality of data: each check finds what is wrong and nothing else; doubles are parted or resolved."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.capabilities import Role
from campaign.common.desk import tiles_for
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from campaign.jobs.models import Job
from orgs.doubles import doubles, pairs_of
from orgs.models import DistinctPair, Enrolment, HeadCount, Member, Organization, RoleAssignment, User, Worker
from orgs.quality import Check, checks, checks_for, findings, gaps
from orgs.services.doubles import double_resolve
from orgs.services.quality import double_dismiss, double_restore
from tests.orgs.test_leadership import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
YESTERDAY = dt.timedelta(days=1)


def found(key: str, user: Any) -> list[Any]:
    return list(checks.get(key).find(user))


# -- every check ---------------------------------------------------------------------------------------------------


def test_organizations_are_checked(world: World) -> None:
    staff = world.user("staff", "east")
    one = Organization.objects.filter(pk=world.orgs["east_one"].pk)
    Organization.objects.update(contact_name="联系人", contact_phone="0300", term_ends_on=clock.today())
    for key in ("term", "contact", "secretary"):
        assert found(key, staff) == [], key
    one.update(term_ends_on=clock.today() - YESTERDAY, contact_phone="")
    Organization.objects.filter(pk=world.orgs["west_one"].pk).update(contact_phone="")  # out of sight
    Member.objects.filter(organization__in=one).update(party_post="")
    for key in ("term", "contact", "secretary"):
        assert found(key, staff) == [one.get()], key
    one.update(is_active=False)
    for key in ("term", "contact", "secretary"):
        assert found(key, staff) == [], key


def test_sizes_follow_the_rules_of_each_type(world: World) -> None:
    office = world.user("office", "root")
    assert set(found("size", office)) == {world.orgs[key] for key in ("root", "east", "west")}  # below 100
    one = world.orgs["east_one"]
    Member.objects.filter(organization=one).update(kind="probationary")
    assert one in found("size", office)  # not three full members
    Member.objects.filter(organization=one).update(kind="full")
    filled(one, 45)
    assert one in found("size", office)  # over 50
    Organization.objects.filter(pk=world.orgs["east"].pk).update(type="general_branch")
    assert world.orgs["east"] not in found("size", office)  # 50 … 99 below it
    filled(world.orgs["east_two"], 44)
    assert world.orgs["east"] in found("size", office)  # 100 and more
    assert world.orgs["root"] not in found("size", office)


def filled(organization: Organization, count: int) -> None:
    start = Member.objects.count()
    Member.objects.bulk_create(
        Member(personnel_no=f"F{start + n}", name=f"增{start + n}", sex="male", organization=organization)
        for n in range(count)
    )


def test_head_counts_are_missing_until_counted_or_listed(world: World) -> None:
    staff = world.user("staff", "east")
    assert found("head_count", staff) == [world.orgs["east_one"], world.orgs["east_two"]]
    HeadCount.objects.create(organization=world.orgs["east_one"], workers=20)
    Worker.objects.create(organization=world.orgs["east_two"], name="职工")
    assert found("head_count", staff) == []


def test_members_are_checked(world: World) -> None:
    staff = world.user("staff", "east")
    one, two, three, four, five = world.members["east_one"][:5]
    Member.objects.filter(organization__in=[world.orgs[key] for key in world.members]).update(
        phone="13800000000", birth_date=dt.date(1980, 1, 1)
    )
    Member.objects.filter(pk=one.pk).update(phone="")
    Member.objects.filter(pk=two.pk).update(birth_date=None)
    Member.objects.filter(pk=three.pk).update(kind="probationary", probation_ends_on=clock.today() - YESTERDAY)
    Member.objects.filter(pk=four.pk).update(kind="probationary", probation_ends_on=clock.today())
    Member.objects.filter(pk=five.pk).update(organization=world.orgs["east"])
    for number, member in enumerate(Member.objects.exclude(pk=one.pk)):
        Member.objects.filter(pk=member.pk).update(id_number_digest=f"digest{number}")
    Enrolment.objects.all().delete()
    Enrolment.objects.create(member=one, organization=one.organization, starts_on=None)
    Enrolment.objects.create(member=two, organization=two.organization, starts_on=dt.date(2020, 1, 1))
    expected = {
        "phone": [one], "birth_date": [two], "id_number": [one], "probation": [three], "no_branch": [five],
        "branch_date": [one],
    }  # fmt: skip
    for key, members in expected.items():
        assert found(key, staff) == members, key
    Member.objects.update(status="left")
    for key in expected:
        assert found(key, staff) == [], key


def test_accounts_are_checked_for_who_administers_them(world: World) -> None:
    system = world.user("system_admin", "root")
    long_ago = clock.now() - dt.timedelta(days=40)
    User.objects.update(last_login=clock.now())
    idle = User.objects.create(username="idle", name="闲置", organization=world.orgs["east"])
    User.objects.filter(pk=idle.pk).update(created_at=long_ago)
    assert found("no_role", system) == [idle]
    assert found("never_used", system) == [idle]
    RoleAssignment.objects.create(user=idle, role=Role.STAFF, organization=world.orgs["east"], starts_on=clock.today())
    User.objects.filter(pk=idle.pk).update(last_login=clock.now())
    assert found("no_role", system) == []
    assert found("never_used", system) == []


def test_everybody_is_shown_the_checks_of_the_own_work(world: World) -> None:
    def keys(role: str, at: str) -> set[str]:
        return {check.key for check in checks_for(world.user(role, at))}

    everything = {check.key for check in checks}
    assert keys("office", "root") == everything - {"no_role", "never_used"}
    assert keys("system_admin", "root") == {"secretary", "term", "contact", "size", "no_role", "never_used"}
    assert keys("member", "east_one") == keys("audit_admin", "root") == set()


# -- doubles -------------------------------------------------------------------------------------------------------


def twin(world: World, of: Member, at: str = "east_two", **given: Any) -> Member:
    values = {"personnel_no": f"T{Member.objects.count()}", "name": of.name, "sex": of.sex, **given}
    return Member.objects.create(organization=world.orgs[at], **values)


def test_the_same_name_with_birth_or_phone_is_suspected(world: World) -> None:
    Member.objects.all().update(birth_date=None, phone="")
    one, two = Member.objects.filter(organization=world.orgs["east_one"]).order_by("pk")[:2]
    Member.objects.filter(pk=one.pk).update(birth_date=dt.date(1970, 5, 5))
    Member.objects.filter(pk=two.pk).update(phone="13911112222")
    office = world.user("office", "root")
    twin(world, one, birth_date=dt.date(1971, 5, 5))
    twin(world, two)  # no phone
    assert list(doubles(office)) == []
    by_birth, by_phone = twin(world, one, birth_date=dt.date(1970, 5, 5)), twin(world, two, phone="13911112222")
    pairs = pairs_of(doubles(office), office)
    assert {(pair.first, pair.second, pair.same_birth, pair.same_phone) for pair in pairs} == {
        (one, by_birth, True, False), (two, by_phone, False, True),
    }  # fmt: skip
    assert list(doubles(world.user("secretary", "east_one"))) == []  # the other is out of sight
    Member.objects.filter(pk=by_phone.pk).update(status="left")
    assert list(doubles(office)) == [one]


def test_two_persons_are_not_suspected_again_until_that_is_taken_back(world: World) -> None:
    staff = world.user("staff", "east")
    one = world.members["east_one"][1]
    Member.objects.filter(pk=one.pk).update(birth_date=dt.date(1971, 7, 1))
    one.refresh_from_db()
    other = twin(world, one, birth_date=one.birth_date)
    before = set(doubles(staff))
    assert one in before
    double_dismiss(actor=staff, first=other, second=one)
    assert set(doubles(staff)) == before - {one}
    with pytest.raises(StateConflict):
        double_dismiss(actor=staff, first=one, second=other)
    with pytest.raises(DomainError):
        double_dismiss(actor=staff, first=one, second=world.members["east_one"][2])
    with pytest.raises(NotAllowed):
        double_restore(actor=world.user("staff", "west"), pair=DistinctPair.objects.get())
    double_restore(actor=staff, pair=DistinctPair.objects.get())
    assert set(doubles(staff)) == before
    assert AuditEntry.objects.filter(action__startswith="double_").count() == 2


def test_one_record_is_kept_and_the_other_ends_with_its_reason(world: World) -> None:
    staff, one = world.user("staff", "east"), world.members["east_one"][1]
    other = twin(world, one, birth_date=one.birth_date)
    client, address = signed_in(staff), reverse("double_resolve", args=[one.pk, other.pk])
    versions = {f"version_{one.pk}": 1, f"version_{other.pk}": 1}
    assert client.post(address, {"keep": one.pk, "reason": "", **versions}).status_code == 200
    assert client.post(address, {"keep": 999, "reason": "重复", **versions}).status_code == 200
    assert Member.objects.get(pk=other.pk).status == "normal"
    with pytest.raises(EditConflict):
        double_resolve(actor=staff, keep=one, drop=other, version=7, keep_version=1, reason="重复")
    with pytest.raises(EditConflict):
        double_resolve(actor=staff, keep=one, drop=other, version=1, keep_version=7, reason="重复")
    with pytest.raises(NotAllowed):
        double_resolve(
            actor=world.user("secretary", "east_one"), keep=one, drop=other, version=1, keep_version=1, reason="重复"
        )
    assert client.post(address, {"keep": one.pk, "reason": "重复录入", **versions}).status_code == 302
    other.refresh_from_db()
    assert (other.status, one.personnel_no in other.remarks) == ("left", True)
    assert AuditEntry.objects.get(action="double_resolve").reason == "重复录入"
    assert client.get(address).status_code in (200, 404)
    with pytest.raises(DomainError):  # settled already
        double_resolve(
            actor=staff, keep=one, drop=other, version=other.version, keep_version=one.version, reason="重复"
        )


# -- pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", list(checks), ids=lambda check: check.key)
def test_each_list_names_its_findings_at_a_constant_cost(world: World, check: Check) -> None:
    user = world.user("system_admin" if check.key in ("no_role", "never_used") else "office", "root")
    client, counts = signed_in(user), []
    address = reverse("quality_check", args=[check.key])
    for size in (1, 3):
        spoiled(world, size)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address, follow=True)
        assert answer.status_code == 200
        counts.append(len(queries))
    assert len(found(check.key, user)) >= 3
    assert counts[0] == counts[1]


def spoiled(world: World, size: int) -> None:
    """Make `size` of everything that a check looks for."""
    gone = dt.date(2020, 1, 1)
    below = Organization.objects.get(pk=world.orgs["east"].pk)
    for number in range(size):
        key = f"{size}-{number}"
        place = below.add_child(code=key, name=f"缺项支部{key}", type="branch", term_ends_on=gone)
        for one in ("a", "b"):
            given = {"birth_date": gone, "kind": "probationary", "probation_ends_on": gone} if one == "a" else {}
            made = [
                Member.objects.create(
                    personnel_no=f"{one}{copy}{key}", name=f"缺{one}{key}", sex="male", organization=spot, **given
                )
                for copy, spot in enumerate((place, world.orgs["east"]))
            ]
            Enrolment.objects.create(member=made[0], organization=place)
        made = User.objects.create(username=key, name=key, organization=below)
        User.objects.filter(pk=made.pk).update(created_at=clock.now() - dt.timedelta(days=60))
        below.refresh_from_db()


def test_the_overview_counts_in_one_statement_for_each_check(world: World) -> None:
    office = world.user("office", "root")
    client = signed_in(office)
    client.get(reverse("quality_list"))
    counts = []
    for size in (1, 3):
        spoiled(world, size)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("quality_list")).content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert "数据检查" in page
    concerned = len(checks_for(office))
    with CaptureQueriesContext(connection) as queries:
        assert len(findings(office, None)) == concerned
    assert len(queries) == concerned
    with CaptureQueriesContext(connection) as queries:
        number = gaps(office)
    assert len(queries) == 1
    assert number == sum(bool(found(check.key, office)) for check in checks_for(office) if check.quick)
    tile = next(tile for tile in tiles_for(office) if tile.url == reverse("quality_list"))
    assert tile.count == number


def test_a_line_leads_to_the_page_that_mends_it(world: World) -> None:
    one = world.orgs["east_one"]
    address = reverse("quality_check", args=["contact"])
    edit = reverse("organization_edit", args=[one.pk])
    assert edit in signed_in(world.user("staff", "east")).get(address).content.decode()
    secretary = signed_in(world.user("secretary", "east_one")).get(address).content.decode()
    assert one.name in secretary
    assert edit not in secretary
    narrowed = signed_in(world.user("office", "root")).get(f"{address}?organization={world.orgs['west'].pk}")
    assert one.name not in narrowed.content.decode()


def test_findings_are_taken_out_as_a_workbook(
    world: World, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    Member.objects.all().update(phone="13800000000")
    one, west = world.members["east_one"][0], world.members["west_one"][0]
    Member.objects.filter(pk__in=[one.pk, west.pk]).update(phone="")
    client = signed_in(world.user("staff", "east"))
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("list_export", args=[world.orgs["east"].pk, "quality-phone"]))
    assert answer.status_code == 302
    rows = load_workbook(Path(settings.MEDIA_ROOT) / Job.objects.get().file_path).active.values
    texts = [str(cell) for row in rows for cell in row if cell]
    assert one.personnel_no in texts
    assert west.personnel_no not in texts
