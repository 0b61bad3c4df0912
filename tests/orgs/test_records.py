"""Reading personal values in full, searching by them, and taking out the whole record of a member or an organization."""

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed
from campaign.jobs.models import Job
from campaign.jobs.services import job_run
from orgs.guessing import MISSES
from orgs.models import Member
from orgs.records import RecordRequest, records
from orgs.selectors import members_matching
from orgs.services import member_update
from orgs.services import records as recording
from orgs.services.personal import personal_unmask
from orgs.timeline import PER_PAGE, TimelineEntry, TimelineSource, course_of, sources
from pledges.services import pledge_start
from tests.orgs.books import id_number
from tests.orgs.test_organizations import signed_in, statements
from tests.world import World

pytestmark = pytest.mark.django_db
PHONE = "13812345678"
NUMBER = id_number(8, born="19800102", male=False)


@pytest.fixture
def member(world: World) -> Member:
    found = world.members["east_one"][1]
    member_update(actor=None, member=found, version=1, phone=PHONE, id_number=NUMBER)
    return found


# -- unmasking -----------------------------------------------------------------------------------------------------


def test_unmasking_asks_for_the_right_and_a_reason_and_is_logged(world: World, member: Member) -> None:
    office = world.user("office", "root")
    shown = personal_unmask(actor=office, member=member, reason=" 办理转接手续 ")
    assert (shown.id_number, shown.phone, shown.birth) == (NUMBER, PHONE, "1980-01-02")
    entry = AuditEntry.objects.get(action="personal_unmask")
    assert (entry.actor, entry.reason, entry.target_id) == (office, "办理转接手续", str(member.pk))
    assert NUMBER not in str(entry.changes)
    with pytest.raises(DomainError):
        personal_unmask(actor=office, member=member, reason="  ")
    for actor in (world.user("staff", "root"), world.user("secretary", "east_one"), world.user("member", "east_one")):
        with pytest.raises(NotAllowed):
            personal_unmask(actor=actor, member=member, reason="办理转接手续")
    assert AuditEntry.objects.filter(action="personal_unmask").count() == 1


def test_unmasked_values_stand_in_one_answer_only(world: World, member: Member) -> None:
    client, url = signed_in(world.user("office", "root")), reverse("member_unmask", args=[member.pk])
    asked = client.get(url)
    refused = client.post(url, {"reason": ""})
    shown = client.post(url, {"reason": "办理转接手续"})
    assert (NUMBER in asked.content.decode(), NUMBER in refused.content.decode()) == (False, False)
    assert NUMBER in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert NUMBER not in client.get(url).content.decode()
    assert NUMBER not in str(client.session.items())
    assert signed_in(world.user("staff", "root")).get(url).status_code == 404


# -- searching -----------------------------------------------------------------------------------------------------

FOUND = {
    # what is typed: by whom it finds the member
    "5678": {"secretary@east_one", "staff@east", "office@root", "leader@root", "member@east_one"},
    "45678": {"secretary@east_one", "member@east_one"},
    PHONE: {"secretary@east_one", "member@east_one"},
    "1234": set(),
    NUMBER: {"secretary@east_one", "staff@east", "office@root", "member@east_one"},
    NUMBER[:-1]: set(),
    "李秀英": {"secretary@east_one", "staff@east", "office@root", "leader@root", "member@east_one"},
    "lxy": {"secretary@east_one", "staff@east", "office@root", "leader@root", "member@east_one"},
}


@pytest.mark.parametrize("typed", FOUND)
def test_a_search_tells_no_more_than_the_page(world: World, member: Member, typed: str) -> None:
    for actor in ("secretary@east_one", "staff@east", "office@root", "leader@root", "member@east_one"):
        viewer = world.user(*actor.split("@"))
        found = members_matching(Member.objects.visible_to(viewer), typed, viewer)
        assert (member in found) == (actor in FOUND[typed]), actor


def found(world: World, actor: str, typed: str) -> bool:
    viewer = world.user(*actor.split("@"))
    return bool(members_matching(Member.objects.visible_to(viewer), typed, viewer).exists())


def test_an_id_number_is_found_by_who_keeps_the_record_only(world: World, member: Member) -> None:
    assert found(world, "secretary@east_one", NUMBER.lower())
    for actor in ("secretary@east_two", "staff@west", "leader@root"):
        assert not found(world, actor, NUMBER), actor


def test_id_numbers_are_not_tried_out(world: World, member: Member) -> None:
    """Thirty misses in an hour; what was tried before is not counted again, and a hit never."""
    tries = [f"1101011980{number:07d}X" for number in range(MISSES + 1)]
    for typed in [NUMBER, *tries[:MISSES], *tries[:3]]:
        assert found(world, "secretary@east_one", typed) == (typed == NUMBER)
    for typed in (NUMBER, tries[MISSES]):
        with pytest.raises(DomainError):
            found(world, "secretary@east_one", typed)
    assert found(world, "secretary@east_one", "lxy")
    assert found(world, "staff@east", NUMBER)  # counted by account
    client = signed_in(world.user("secretary", "east_one"))
    assert client.post(reverse("member_list"), {"q": NUMBER}).status_code == 302
    page = client.get(reverse("member_list")).content.decode()
    assert page.count("一小时后再试") == 1
    assert reverse("member_detail", args=[member.pk]) not in page
    assert client.post(reverse("member_choose"), {"q": NUMBER}).json() == {"results": []}


def test_a_short_phone_that_is_masked_wholly_is_not_found_by_its_end(world: World, member: Member) -> None:
    member_update(actor=None, member=member, version=2, phone="6655678")
    for actor, finds in (("secretary@east_one", True), ("staff@east", False)):
        viewer = world.user(*actor.split("@"))
        assert members_matching(Member.objects.visible_to(viewer), "5678", viewer).exists() is finds


def test_what_is_searched_for_stays_out_of_addresses_and_the_log(world: World, member: Member, caplog: Any) -> None:
    client, url = signed_in(world.user("office", "root")), reverse("member_list")
    answer = client.post(url, {"q": NUMBER})
    body = client.get(url).content.decode()
    assert answer["Location"] == url
    assert reverse("member_detail", args=[member.pk]) in body
    assert NUMBER not in caplog.text
    assert not AuditEntry.objects.filter(changes__icontains=NUMBER).exists()


# -- one timeline --------------------------------------------------------------------------------------------------


def test_the_timeline_is_filtered_by_kind_and_paged(world: World, member: Member, monkeypatch: Any) -> None:
    entries = [
        TimelineEntry(dt.date(2026, 1, 1) + dt.timedelta(days=day), f"第{day}项", "") for day in range(PER_PAGE + 5)
    ]
    many = TimelineSource("many", "许多", lambda *_: entries, lambda *_: [])
    monkeypatch.setitem(sources._items, "many", many)
    viewer = world.user("secretary", "east_one")
    everything = course_of(member, viewer)
    days = [entry.on for entry in everything.page.object_list]
    assert (len(days), days) == (PER_PAGE, sorted(days, reverse=True))
    second = course_of(member, viewer, kind="many", page="2")
    assert [entry.label for entry in second.page.object_list] == [f"第{day}项" for day in (4, 3, 2, 1, 0)]
    assert [tab["count"] for tab in second.tabs if tab["active"]] == [PER_PAGE + 5]
    unknown = course_of(member, viewer, kind="nothing", page="99")
    assert unknown.page.number == unknown.page.paginator.num_pages
    body = signed_in(viewer).get(reverse("member_detail", args=[member.pk]), {"kind": "many"}).content.decode()
    assert ("第24项" in body, "第1项" in body) == (True, False)


def test_a_member_sees_the_own_record_and_no_other(world: World, member: Member) -> None:
    client = signed_in(world.user("member", "east_one"))
    assert client.get(reverse("member_mine"))["Location"] == reverse("member_detail", args=[member.pk])
    body = client.get(reverse("member_detail", args=[member.pk])).content.decode()
    assert PHONE in body
    assert reverse("member_edit", args=[member.pk]) not in body
    assert client.get(reverse("member_detail", args=[world.members["east_one"][2].pk])).status_code == 404
    assert signed_in(world.user("office", "root")).get(reverse("member_mine")).status_code == 302


# -- the whole record ----------------------------------------------------------------------------------------------


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def texts(found: dict[str, list[list[Any]]]) -> str:
    return str(found)


def test_every_part_is_there_masked_and_logged(world: World, member: Member) -> None:
    with clock.at(clock.start_of(dt.date(2026, 3, 10)) + dt.timedelta(hours=9)):
        pledge_start(campaign=world.campaign(), actor=world.user("member", "east_one"), member=member)
    client = signed_in(world.user("staff", "east"))
    answer = client.post(reverse("member_export", args=[member.pk]), {})
    found = sheets(b"".join(answer.streaming_content))
    assert {part.key for part in records} == {"record", "pledges", "reviews", "appraisals", "honours", "scores"}
    assert set(found) == {
        "基本情况", "党内任职", "所在党组织", "组织关系转接", "公开承诺", "践诺记录", "领导点评", "群众评议",
        "民主评议党员", "表彰奖励", "党员等次",
    }  # fmt: skip
    assert "138****5678" in texts(found)
    assert PHONE not in texts(found)
    assert NUMBER not in texts(found)
    assert "东山公司采掘一区党支部" in str(found["所在党组织"])
    entry = AuditEntry.objects.get(action="record_export")
    assert (entry.target_id, entry.changes["unmasked"]) == (str(member.pk), [None, False])


def test_unmasked_only_with_the_right_and_a_reason(world: World, member: Member) -> None:
    url = reverse("member_export", args=[member.pk])
    staff, office = signed_in(world.user("staff", "east")), signed_in(world.user("office", "root"))
    plain = sheets(b"".join(staff.post(url, {"unmasked": "on", "reason": "年度考核"}).streaming_content))
    assert NUMBER not in texts(plain)  # there is no such choice for staff
    assert office.post(url, {"unmasked": "on"}).status_code == 200
    full = sheets(b"".join(office.post(url, {"unmasked": "on", "reason": "年度考核"}).streaming_content))
    assert NUMBER in texts(full)
    assert PHONE in texts(full)
    assert AuditEntry.objects.filter(action="record_export").latest("pk").reason == "年度考核"
    with pytest.raises(NotAllowed):
        recording.record_check(
            subject=member, request=RecordRequest(world.user("staff", "east"), unmasked=True, reason="年度考核")
        )
    with pytest.raises(NotAllowed):
        recording.record_check(subject=member, request=RecordRequest(world.user("leader", "root")))


def test_the_record_of_an_organization_of_a_period(world: World, member: Member) -> None:
    with clock.at(clock.start_of(dt.date(2026, 3, 10)) + dt.timedelta(hours=9)):
        pledge_start(campaign=world.campaign(), actor=world.user("member", "east_one"), member=member)
    client, url = signed_in(world.user("staff", "east")), reverse("organization_record", args=[world.orgs["east"].pk])
    found = sheets(b"".join(client.post(url, {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}).streaming_content))
    assert {"基本情况", "党员名册", "公开承诺", "综合得分"} <= {name.replace("花", "") for name in found}
    assert "东山公司采掘二区党支部" in texts(found)
    assert "西河" not in texts(found)
    # The cell of the month of birth shows the month and holds no more.
    born = [row[4] for row in found["党员花名册"] if isinstance(row[0], int)]
    assert {day.day for day in born} == {1}
    refused = client.post(url, {"starts_on": "2026-12-31", "ends_on": "2026-01-01"})
    assert refused.status_code == 200
    assert client.get(reverse("organization_record", args=[world.orgs["west"].pk])).status_code == 404


def test_a_large_record_is_written_by_a_job(world: World, member: Member, monkeypatch: Any) -> None:
    monkeypatch.setattr(recording, "AT_ONCE", 1)
    client = signed_in(world.user("staff", "east"))
    answer = client.post(reverse("organization_record", args=[world.orgs["east"].pk]), {"starts_on": "2026-01-01"})
    job = Job.objects.get(kind=recording.JOB)
    assert answer["Location"] == reverse("jobs_detail", args=[job.pk])
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.file_name.endswith(".xlsx")) == ("succeeded", True)
    found = sheets(b"".join(client.get(reverse("jobs_download", args=[job.pk])).streaming_content))
    assert "138****5678" in texts(found)
    with pytest.raises(NotAllowed):
        recording.job_check(world.user("staff", "west"), job.parameters)


def test_the_printed_record_needs_a_fixed_number_of_statements(world: World, member: Member) -> None:
    client, url = signed_in(world.user("secretary", "east_one")), reverse("member_print", args=[member.pk])
    body = client.get(url).content.decode()
    assert PHONE in body
    assert NUMBER not in body
    counts = []
    for name in ("甲", "乙"):
        counts.append(statements(client, url))
        member.refresh_from_db()
        member_update(actor=None, member=member, version=member.version, cell=name)
        member.positions.create(
            organization=world.orgs["east_one"], post="publicity_member", ends_on=dt.date(2020, 1, 1)
        )
    assert len(set(counts)) == 1
