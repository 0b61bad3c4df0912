"""Making and changing members, who sees what of them, and the pages."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError, EditConflict, NotAllowed
from orgs.models import Member
from orgs.selectors import member_personal, members_for, members_matching
from orgs.services import member_create, member_update
from tests.orgs.books import id_number
from tests.orgs.test_organizations import signed_in, statements
from tests.world import World

pytestmark = pytest.mark.django_db


def enrol(world: World, at: str = "east_one", actor: Any = None, **values: Any) -> Member:
    given = {"name": "钱学文", "sex": "male", "id_number": id_number(7), "phone": "13812345678", **values}
    return member_create(actor=actor, organization=world.orgs[at], **given)


# -- services ------------------------------------------------------------------------------------------------------


def test_a_secretary_enters_a_member_of_the_branch(world: World) -> None:
    member = enrol(world, actor=world.user("secretary", "east_one"), birth_date=dt.date(1980, 3, 12))
    assert (member.personnel_no, member.pinyin, member.id_number) == ("DY0000001", "qian xue wen", id_number(7))
    entry = AuditEntry.objects.get(action="member_create")
    assert entry.changes["name"] == ["", "钱学文"]
    assert entry.changes["id_number"] == ["", "•"]
    assert "13812345678" not in str(entry.changes)


@pytest.mark.parametrize(
    ("role", "at"),
    [
        ("secretary", "east_two"),
        ("staff", "west"),
        ("leader", "root"),
        ("system_admin", "root"),
        ("member", "east_one"),
    ],
)
def test_nobody_enters_members_elsewhere(world: World, role: str, at: str) -> None:
    with pytest.raises(NotAllowed):
        enrol(world, actor=world.user(role, at))
    assert not Member.objects.filter(name="钱学文").exists()


@pytest.mark.parametrize(
    "values",
    [
        {"sex": "female"},
        {"birth_date": dt.date(1980, 3, 13)},
        {"joined_on": dt.date(2005, 7, 1), "full_member_on": dt.date(2004, 7, 1)},
        {"kind": "probationary", "full_member_on": dt.date(2004, 7, 1)},
        {"personnel_no": "east_one-0"},
    ],
)
def test_values_that_contradict_each_other_are_refused(world: World, values: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        enrol(world, **values)
    assert not Member.objects.filter(name="钱学文").exists()


def test_an_id_number_belongs_to_one_member(world: World) -> None:
    enrol(world)
    with pytest.raises(DomainError):
        enrol(world, "west_one", name="另一人")
    other = world.members["west_one"][1]
    with pytest.raises(DomainError):
        member_update(actor=None, member=other, version=1, id_number=id_number(7), sex="male", birth_date=None)


def test_the_database_keeps_the_order_of_dates(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.filter(pk=world.members["east_one"][0].pk).update(full_member_on=dt.date(2001, 1, 1))


def test_a_change_is_logged_without_personal_values_and_counted(world: World) -> None:
    member = enrol(world)
    member_update(actor=None, member=member, version=1, job="安全员", phone="13900000000")
    entry = AuditEntry.objects.get(action="member_update")
    assert entry.changes == {"job": ["", "安全员"], "phone": ["•", "•"]}
    with pytest.raises(EditConflict):
        member_update(actor=None, member=member, version=1, job="别的")


def test_a_move_needs_both_ends(world: World) -> None:
    member = enrol(world)
    for actor in (world.user("secretary", "east_one"), world.user("staff", "east")):
        with pytest.raises(NotAllowed):
            member_update(actor=actor, member=member, version=1, organization=world.orgs["west_one"])
    member_update(actor=world.user("staff", "root"), member=member, version=1, organization=world.orgs["west_one"])
    assert Member.objects.get(pk=member.pk).organization == world.orgs["west_one"]
    assert AuditEntry.objects.get(action="member_update").changes["organization"][1] == "西河公司选矿车间党支部"


# -- who sees what -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "at", "phone", "birth"),
    [
        ("member", "east_one", "13812345678", "1980-01-02"),
        ("secretary", "east_one", "13812345678", "1980-01"),
        ("staff", "east", "138****5678", "1980-01"),
        ("office", "root", "138****5678", "1980-01"),
        ("leader", "root", "138****5678", "1980-01"),
    ],
)
def test_the_masking_table(world: World, role: str, at: str, phone: str, birth: str) -> None:
    member = world.members["east_one"][1]
    number = id_number(8, born="19800102", male=False)
    member_update(actor=None, member=member, version=1, phone="13812345678", id_number=number)
    viewer = world.user(role, at)
    personal = member_personal(member, viewer)
    assert (personal.id_number, personal.phone, personal.birth) == (f"130203********{number[-4:]}", phone, birth)
    client = signed_in(viewer)
    pages = [client.get(reverse("member_detail", args=[member.pk])), client.get(reverse("member_list"))]
    if role in ("secretary", "staff", "office"):
        pages.append(client.get(reverse("member_edit", args=[member.pk])))
    for page in pages:
        body = page.content.decode()
        assert page.status_code == 200
        assert number not in body
        assert ("13812345678" in body) == (phone == "13812345678")
        assert ("1980-01-02" in body) == (birth == "1980-01-02" and page is pages[0])


# -- pages ---------------------------------------------------------------------------------------------------------


def test_searching_is_posted_and_leaves_no_name_in_the_address(world: World) -> None:
    client = signed_in(world.user("staff", "east"))
    url = reverse("member_list")
    for words in ("李秀英", "lxy"):
        answer = client.post(url, {"q": words})
        assert (answer.status_code, answer["Location"]) == (302, url)
        body = client.get(url).content.decode()
        assert "李秀英" in body
        assert "王立新" not in body
    client.post(url, {"organization": world.orgs["east_two"].pk})
    assert reverse("member_detail", args=[world.members["east_one"][1].pk]) not in client.get(url).content.decode()
    # A place out of sight is no choice, and shows nothing of itself.
    client.post(url, {"organization": world.orgs["west_one"].pk})
    assert "西河" not in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lxy", True),
        ("LX", True),
        ("秀英", True),
        ("EAST_ONE-1", True),
        ("east_one-1", True),
        ("xy", False),
        ("one-1", False),
    ],
)
def test_a_search_is_led_by_an_index_where_no_chinese_is_typed(world: World, words: str, found: bool) -> None:
    """By the beginning of the initials or the whole number; a name is found by any part of it."""
    office = world.user("office", "root")
    matching = members_matching(members_for(office), words, office)
    assert (world.members["east_one"][1] in matching) == found
    asked = str(matching.query).split("WHERE", 1)[1]
    assert ('U0."name"' in asked) == (not words.isascii())


@pytest.mark.parametrize("words", ["wxy", "5678", "EAST_ONE-1", "130203198003120019"])
def test_a_search_without_chinese_goes_by_indexes(world: World, words: str) -> None:
    """On each database: where every row is read, the plan says so."""
    office = world.user("office", "root")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # else a handful of rows is read through
    plan = members_matching(Member.objects.order_by(), words, office).values("pk").explain()
    assert not re.search(r"SCAN (U0|orgs_member)\b|Seq Scan on orgs_member", plan), plan
    assert re.search(r"member_initials", plan), plan


def test_entered_and_changed_in_the_browser(world: World) -> None:
    client = signed_in(world.user("secretary", "east_one"))
    data = {"name": "钱学文", "kind": "full", "organization": world.orgs["east_one"].pk, "id_number": id_number(7)}
    assert client.post(reverse("member_create"), {**data, "id_number": "130203198003120019"}).status_code == 200
    assert client.post(reverse("member_create"), data).status_code == 302
    member = Member.objects.get(name="钱学文")
    assert (member.sex, member.birth_date) == ("male", dt.date(1980, 3, 12))
    url = reverse("member_edit", args=[member.pk])
    given = {
        "name": "钱学文", "sex": "male", "kind": "full", "status": "normal", "personnel_no": member.personnel_no,
        "organization": world.orgs["east_one"].pk, "version": 1, "job": "电工",
    }  # fmt: skip
    assert client.post(url, given).status_code == 302
    member.refresh_from_db()
    # What was left empty because it is not shown stayed as it was.
    assert (member.job, member.id_number, member.birth_date) == ("电工", id_number(7), dt.date(1980, 3, 12))
    late = client.post(url, {**given, "job": "钳工"})
    assert late.status_code == 200
    assert "钳工" in late.content.decode()
    elsewhere = client.post(url, {**given, "version": 2, "organization": world.orgs["east_two"].pk})
    assert elsewhere.status_code == 200
    member.refresh_from_db()
    assert member.organization == world.orgs["east_one"]


def test_the_number_of_statements_does_not_grow_with_the_rows(world: World) -> None:
    client, url = signed_in(world.user("secretary", "east_one")), reverse("member_list")
    everybody, counts = [member.pk for member in world.members["east_one"]], []
    for shown in (1, 3):
        Member.objects.filter(pk__in=everybody[:shown]).update(organization=world.orgs["east_one"])
        Member.objects.filter(pk__in=everybody[shown:]).update(organization=world.orgs["west_one"])
        assert client.get(url).content.decode().count('data-label="党籍状态"') == shown
        counts.append(statements(client, url))
    # The reader, what the reader holds; one counts the members, one reads them with their organizations.
    assert counts == [5, 5]
