"""The pages "who can see this" and "what was done", and the search and export of the log (that the first tells the truth:
tests/permissions/test_readers.py)."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.oversight import kinds
from orgs.models import User
from orgs.readers import NAMED, readers_of
from orgs.services import member_update, organization_update
from orgs.services.leadership import leadership_appoint
from orgs.services.positions import enrolment_add, position_begin, position_remove
from tests.orgs.deputies import acting, handed
from tests.orgs.test_organizations import signed_in
from tests.world import World

# -- the pages -----------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def page(world: World, who: str, name: str, kind: str, record: Any) -> Any:
    return signed_in(world.users[who]).get(reverse(name, args=[kind, record.pk]))


def test_a_member_reads_who_sees_the_own_record_and_why(world: World) -> None:
    member = world.members["east_one"][1]
    answer = page(world, "member@east_one", "oversight_readers", "member", member)
    text = answer.content.decode()
    for words in ("支部书记", "看到本组织及全部下级", "东山公司采掘一区党支部", "east staff", "root office"):
        assert words in text
    assert "west staff" not in text
    assert page(world, "member@east_one", "oversight_history", "member", member).status_code == 404
    assert page(world, "member2@east_one", "oversight_readers", "member", member).status_code == 404
    assert (
        reverse("oversight_readers", args=["member", member.pk])
        in signed_in(world.users["member@east_one"]).get(reverse("member_detail", args=[member.pk])).content.decode()
    )


def test_a_deputy_and_an_acting_holder_are_named_as_such(world: World) -> None:
    handed(world, "staff@east", "secretary@east_one")
    world.users["leader@east"].assignments.update(is_interim=True)
    text = page(
        world, "secretary@east_two", "oversight_readers", "member", world.members["east_two"][1]
    ).content.decode()
    assert "张建国代行至" in text
    assert "领导（主持工作）" in text


def test_many_holders_are_counted_not_named(world: World) -> None:
    people = [User(username=f"u{number}", name=f"办公室{number}") for number in range(NAMED + 5)]
    User.objects.bulk_create(people)
    root = world.orgs["root"]
    for user in User.objects.filter(username__startswith="u"):
        user.assignments.create(role="office", organization=root)
    organization_kind = kinds.get("organization")
    (group,) = [each for each in readers_of(organization_kind, world.orgs["east"]) if each.role == "office"]
    assert (len(group.people), group.more) == (NAMED, "6")


def test_the_auditor_reads_both_without_opening_the_object(world: World) -> None:
    place = world.orgs["east_one"]
    organization_update(
        actor=world.user("staff", "east"), organization=place, version=place.version, contact_phone="13912345678",
        short_name="采掘一区",
    )  # fmt: skip
    text = page(world, "audit_admin@root", "oversight_history", "organization", place).content.decode()
    assert "east staff" in text
    assert "采掘一区" in text
    assert "13912345678" not in text
    link = reverse("organization_detail", args=[place.pk])
    assert link not in text
    assert page(world, "audit_admin@root", "oversight_readers", "organization", place).status_code == 200
    assert signed_in(world.users["audit_admin@root"]).get(link).status_code == 404
    for who in ("secretary@west_one", "system_admin@root"):
        assert page(world, who, "oversight_history", "organization", place).status_code == (
            200 if who.startswith("system") else 404
        )


def test_history_names_on_whose_behalf_and_pages(world: World) -> None:
    deputy = acting(world, handed(world, "staff@east", "secretary@east_one"))
    member = world.members["east_two"][2]
    for number in range(35):
        member = member_update(actor=deputy, member=member, version=member.version, job=f"工种{number}")
    client = signed_in(world.users["staff@east"])
    address = reverse("oversight_history", args=["member", member.pk])
    first = client.get(address).content.decode()
    assert "张建国（代east staff）" in first
    assert "岗位" in first
    assert "工种33 → 工种34" in first
    assert "工种1 →" not in first
    assert "工种0 → 工种1" in client.get(address, {"page": 2}).content.decode()


def test_history_holds_what_was_done_to_the_parts_of_an_object(world: World) -> None:
    """Positions and branches of a member, those taken out again too; the leading group of an organization; visits."""
    staff, member, east = world.user("staff", "east"), world.members["east_one"][2], world.orgs["east"]
    position = position_begin(actor=staff, member=member, organization=east, post="committee_member")
    position_remove(actor=staff, position=position, reason="录入有误")
    kept = position_begin(actor=staff, member=member, organization=east, post="deputy_secretary")
    earlier = enrolment_add(
        actor=staff,
        member=member,
        organization=world.orgs["east_two"],
        starts_on=dt.date(2008, 1, 1),
        ends_on=dt.date(2009, 1, 1),
    )
    other = position_begin(actor=staff, member=world.members["east_one"][3], organization=east, post="publicity_member")
    post = leadership_appoint(
        actor=staff, organization=east, function="group_head", member=member, duty="党委书记", starts_on=clock.today()
    )
    client = signed_in(staff)
    page = client.get(reverse("oversight_history", args=["member", member.pk])).content.decode()
    for said in ("录入有误", str(kept), str(earlier)):
        assert said in page
    assert str(other) not in page
    # One's own history is read by who keeps the organization: the office above.
    office = signed_in(world.user("office", "root"))
    page = office.get(reverse("oversight_history", args=["organization", east.pk])).content.decode()
    assert str(post) in page
    assert (
        signed_in(world.user("staff", "west")).get(reverse("oversight_history", args=["member", member.pk])).status_code
        == 404
    )


def test_a_kind_or_object_that_does_not_exist(world: World) -> None:
    client = signed_in(world.users["office@root"])
    for kind, pk in (("nothing", 1), ("member", 10**9), ("job", 1)):
        for name in ("oversight_readers", "oversight_history"):
            assert client.get(reverse(name, args=[kind, pk])).status_code == 404


def test_pages_cost_as_many_statements_for_three_as_for_one(world: World) -> None:
    member, counts = world.members["east_one"][1], []
    for number in range(3):
        made = User.objects.create(username=f"s{number}", name=f"干部{number}")
        made.assignments.create(role="staff", organization=world.orgs["east"])
        member = member_update(
            actor=world.user("staff", "east"), member=member, version=member.version, job=f"工种{number}"
        )
        client = signed_in(world.users["staff@east"])
        for name in ("oversight_readers", "oversight_history"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(name, args=["member", member.pk])).status_code == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:4] == counts[4:]


# -- searching and exporting the log -------------------------------------------------------------------------------


def searched(client: Any, **search: Any) -> set[str]:
    assert client.post(reverse("audit_list"), search).status_code == 302
    return {row.record.target_name for row in client.get(reverse("audit_list")).context["table"].page.object_list}


def test_search_by_kind_organization_words_and_whom_it_was_for(world: World) -> None:
    for place, who in (("east_one", "staff@east"), ("west_one", "staff@west")):
        organization = world.orgs[place]
        organization_update(
            actor=world.user(*who.split("@")),
            organization=organization,
            version=organization.version,
            short_name="新简称",
        )
    deputy = acting(world, handed(world, "staff@west", "secretary@west_one"))
    member = world.members["west_two"][2]
    member_update(actor=deputy, member=member, version=member.version, job="钳工")
    client = signed_in(world.users["audit_admin@root"])
    east, west = "东山公司采掘一区党支部", "西河公司选矿车间党支部"
    assert searched(client, kind="orgs.organization") == {east, west}
    assert searched(client, organization="东山公司") == {east}
    assert searched(client, organization="xhgs", kind="orgs.member") == {member.name}
    assert searched(client, words="选矿") == {west}
    assert member.name in searched(client, person="west staff")  # the deputy did it for them
    assert searched(client, words="没有这样的") == set()


def test_the_export_holds_what_is_searched_for_and_is_logged_itself(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    from pathlib import Path

    from django.conf import settings
    from openpyxl import load_workbook

    from campaign.jobs.models import Job

    place = world.orgs["east_one"]
    organization_update(
        actor=world.user("staff", "east"),
        organization=place,
        version=place.version,
        short_name="=1+1",
        contact_phone="139",
    )
    client = signed_in(world.users["audit_admin@root"])
    searched(client, words="采掘")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("audit_export"))
    job = Job.objects.get()
    assert answer["Location"] == reverse("jobs_detail", args=[job.pk])
    assert "采掘" not in str(job.parameters)
    assert job.state == "succeeded", job.message
    sheet = load_workbook(Path(settings.MEDIA_ROOT) / job.file_path).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    text = str(rows)
    assert "east staff" in text
    assert "修改党组织" in text
    assert "139" not in text.replace(str(place.pk), "")
    assert sum("east staff" in str(row) for row in rows) == 1
    entry = AuditEntry.objects.get(action="audit_export")
    assert (entry.actor, entry.changes) == (world.users["audit_admin@root"], {"rows": [None, 1]})


def test_nobody_else_exports_the_log(world: World) -> None:
    for who in ("office@root", "system_admin@root", "security_admin@root", "member@east_one"):
        assert signed_in(world.users[who]).post(reverse("audit_export")).status_code == 404


def test_the_history_of_an_object_that_is_gone_stays_readable(world: World) -> None:
    place = world.orgs["east_one"]
    organization_update(
        actor=world.user("staff", "east"), organization=place, version=place.version, short_name="新简称"
    )
    client = signed_in(world.users["audit_admin@root"])
    found = client.get(reverse("audit_object", args=["orgs-organization", place.pk]))
    assert "新简称" in found.content.decode()
    assert reverse("oversight_readers", args=["organization", place.pk]) in found.content.decode()
    gone = client.get(reverse("audit_object", args=["orgs-organization", 10**9]))
    assert (gone.status_code, "oversight" in gone.content.decode()) == (200, False)
