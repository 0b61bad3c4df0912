"""Members from a workbook: what is stored, what is refused, and how it is told."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError
from orgs.models import Member, Organization, PartyPost
from orgs.services import member_create, member_update, plan_of, plan_store
from orgs.services.members import id_digest
from tests.orgs.books import MEMBER_HEADINGS, id_number, person, roster
from tests.world import World

pytestmark = pytest.mark.django_db
ONE, TWO = "东山公司采掘一区党支部", "东山公司采掘二区党支部"


def plan(source: bytes, actor: Any = None) -> Any:
    return plan_of(kind="members", source=source, actor=actor, base=None)


def store(source: bytes, actor: Any = None) -> Any:
    found = plan(source, actor)
    plan_store(kind="members", plan=found, actor=actor)
    return found


def told(source: bytes, actor: Any = None) -> list[tuple[str, str, tuple[int, ...]]]:
    """Return (code, column heading, rows) of every folded message."""
    return [(fold.problem.code, fold.problem.header, fold.rows) for fold in plan(source, actor).problems.folded()]


def test_a_good_roster_is_stored_whole(world: World) -> None:
    before = Member.objects.count()
    store(roster(person(1, 所在党组织=f" {ONE}　", 党内职务="支部副书记"), person(2)))
    assert Member.objects.count() == before + 2
    member = Member.objects.get(id_number_digest=id_digest(id_number(1)))
    assert member.organization == world.orgs["east_one"]
    assert (member.sex, member.ethnicity, member.kind, member.party_post) == (
        "male",
        "汉族",
        "full",
        PartyPost.DEPUTY_SECRETARY,
    )
    assert (member.birth_date, member.joined_on) == (dt.date(1980, 3, 12), dt.date(2005, 7, 1))
    assert (member.phone, member.is_frontline, member.remarks) == ("13300000001", True, "")
    assert member.id_number == id_number(1)
    assert id_number(1) not in member.id_number_cipher
    assert member.initials.startswith("w")


def test_numbers_are_made_one_after_another_and_never_twice(world: World) -> None:
    Member.objects.filter(pk=world.members["east_one"][0].pk).update(personnel_no="DY0000002")
    store(roster(person(1), person(2), person(3)))
    made = Member.objects.exclude(id_number_digest=None).order_by("pk").values_list("personnel_no", flat=True)
    assert list(made) == ["DY0000001", "DY0000003", "DY0000004"]


def test_a_second_import_changes_nothing(world: World) -> None:
    rows = [person(number, 党内职务="书记" if number == 1 else "") for number in range(1, 6)]
    store(roster(*rows))
    stored = list(Member.objects.order_by("pk").values())
    again = store(roster(*rows))
    assert again.figures == {"rows": 5, "new": 0, "changed": 0, "unchanged": 5, "mistakes": 0}
    assert list(Member.objects.order_by("pk").values()) == stored


def test_a_changed_row_updates_and_tells_old_and_new(world: World) -> None:
    store(roster(person(1, 党内职务="书记"), person(2)))
    again = store(roster(person(1, 学历="本科", 所在党组织=TWO), person(2, 学历="")))
    (changed,) = again.changed
    assert changed.changes == {
        "education": ("大专", "本科"),
        "organization": (world.orgs["east_one"], world.orgs["east_two"]),
        # The column of positions is complete: who is not written as secretary is none.
        "party_post": (PartyPost.SECRETARY, ""),
    }
    member = Member.objects.get(id_number_digest=id_digest(id_number(1)))
    assert (member.education, member.organization, member.version) == ("本科", world.orgs["east_two"], 2)
    other = Member.objects.get(id_number_digest=id_digest(id_number(2)))
    assert other.education == "大专"  # an empty cell says nothing
    entry = AuditEntry.objects.get(action="member_update", target_id=str(member.pk))
    assert entry.changes["organization"] == [ONE, TWO]
    assert AuditEntry.objects.filter(action="member_create").count() == 2


def test_nothing_personal_reaches_the_log(world: World) -> None:
    store(roster(person(1)))
    text = str(list(AuditEntry.objects.values_list("changes", flat=True)))
    for secret in (id_number(1), "13300000001", "1980-03-12"):
        assert secret not in text


def test_without_id_number_the_name_and_birth_in_the_branch_decide(world: World) -> None:
    row = person(1, 身份证号="", 备注="甲")
    store(roster(row))
    again = store(roster({**row, "备注": "乙"}))
    assert again.figures["changed"] == 1
    other = store(roster({**row, "出生日期": "1981.03.12"}))
    assert other.figures["new"] == 1
    # The id number, given later, is taken up by the same record.
    assert store(roster(person(1))).figures["changed"] == 1
    assert Member.objects.filter(name=row["姓 名"]).count() == 2


def test_sex_and_birth_follow_from_the_id_number(world: World) -> None:
    headings = [heading for heading in MEMBER_HEADINGS if heading not in ("性别", "出生日期")]
    store(roster(person(1, 身份证号=id_number(1, male=False)), headings=headings))
    member = Member.objects.get(id_number_digest=id_digest(id_number(1, male=False)))
    assert (member.sex, member.birth_date) == ("female", dt.date(1980, 3, 12))


MISTAKES = [
    ({"身份证号": id_number(2)}, "member.id_twice", "身份证号"),
    ({"身份证号": id_number(3)[:-1] + ("0" if id_number(3)[-1] != "0" else "1")}, "id.check_digit", "身份证号"),
    ({"姓 名": ""}, "cell.missing", "姓 名"),
    ({"所在党组织": "不存在的党支部"}, "organization.unknown", "所在党组织"),
    ({"所在党组织": "东山公司采掘三区党支部"}, "organization.similar", "所在党组织"),
    ({"入党时间": "2199-01-01"}, "date.future", "入党时间"),
    ({"转正时间": "2006.13.01"}, "date.impossible", "转正时间"),
    ({"身份证号": 1.30203198003120e17}, "id.as_number", "身份证号"),
    ({"性别": "女"}, "id.other_sex", "性别"),
    ({"出生日期": "19800313"}, "id.other_birth", "出生日期"),
    ({"转正时间": "2004-07-01"}, "member.full_before_joining", "转正时间"),
    ({"人员类别": "群众代表"}, "choice.unknown", "人员类别"),
    ({"人员类别": "预备党员"}, "member.probationary_but_full", "转正时间"),
    ({"党内职务": "厂长"}, "member.post_unknown", "党内职务"),
    ({"性别": "", "身份证号": ""}, "cell.missing", "性别"),
]


@pytest.mark.parametrize(("change", "code", "header"), MISTAKES)
def test_one_mistake_is_one_message_and_stores_nothing(
    world: World, change: dict[str, Any], code: str, header: str
) -> None:
    source = roster(person(2), person(3, **change), person(4))
    assert told(source) == [(code, header, (6,))]
    before = list(Member.objects.order_by("pk").values())
    with pytest.raises(DomainError):
        store(source)
    assert list(Member.objects.order_by("pk").values()) == before


def test_the_same_wrong_branch_in_ten_rows_is_one_message(world: World) -> None:
    rows = [person(number, 所在党组织="机电分厂党支部") for number in range(1, 11)]
    assert told(roster(person(11), *rows)) == [("organization.unknown", "所在党组织", tuple(range(6, 16)))]


def test_personal_values_are_masked_in_messages(world: World) -> None:
    wrong = id_number(1)[:-1] + ("0" if id_number(1)[-1] != "0" else "1")
    (fold,) = plan(roster(person(1, 身份证号=wrong))).problems.folded()
    assert fold.problem.value == f"130203********{wrong[-4:]}"
    assert wrong not in str(fold)


def test_warnings_do_not_stop_the_import(world: World) -> None:
    source = roster(
        person(
            1,
            所在党组织="中共华岭集团东山公司委员会",
            党内职务="组织委员、宣传委员",
            入党时间="19970701",
            转正时间="19980701",
        )
    )
    assert sorted(code for code, _header, _rows in told(source)) == [
        "member.joined_under_age",
        "member.no_branch",
        "member.one_post",
    ]
    assert store(source).figures["new"] == 1


def test_staff_import_within_their_reach_alone(world: World) -> None:
    staff = world.user("staff", "east")
    assert store(roster(person(1)), staff).figures["new"] == 1
    far = roster(person(2, 所在党组织="西河公司选矿车间党支部"))
    assert [code for code, _header, _rows in told(far, staff)] == ["organization.unknown"]
    assert store(far, world.user("staff", "root")).figures["new"] == 1
    # Enrolled in the other company: neither changed nor moved, and the message names no place.
    moved = plan(roster(person(2)), staff)
    assert [problem.code for problem in moved.problems] == ["member.elsewhere"]
    assert "西河" not in str(moved.problems.folded()[0])


def test_names_are_found_without_prefix_and_by_code(world: World) -> None:
    Organization.objects.filter(pk=world.orgs["east_two"].pk).update(
        name="中共东山公司采掘二区支部委员会", short_name="采掘二区"
    )
    for number, written in enumerate(("东山公司采掘二区支部委员会", "采掘 二区", "EAST_TWO"), start=1):
        store(roster(person(number, 所在党组织=written)))
    assert Member.objects.filter(organization=world.orgs["east_two"]).exclude(id_number_digest=None).count() == 3
    Organization.objects.filter(pk=world.orgs["east_one"].pk).update(short_name="采掘二区")
    assert told(roster(person(9, 所在党组织="采掘二区"))) == [("organization.ambiguous", "所在党组织", (5,))]


def test_a_plan_does_not_overwrite_what_somebody_changed_meanwhile(world: World) -> None:
    store(roster(person(1)))
    member = Member.objects.get(id_number_digest=id_digest(id_number(1)))
    found = plan(roster(person(1, 学历="本科")))
    member_update(actor=None, member=member, version=1, job="安全员")
    with pytest.raises(DomainError):
        plan_store(kind="members", plan=found, actor=None)
    member.refresh_from_db()
    assert (member.education, member.job) == ("大专", "安全员")


def test_a_plan_does_not_double_whom_somebody_entered_meanwhile(world: World) -> None:
    found = plan(roster(person(1), person(2)))
    member_create(actor=None, organization=world.orgs["east_one"], name="王一1", sex="male", id_number=id_number(1))
    before = Member.objects.count()
    with pytest.raises(DomainError):
        plan_store(kind="members", plan=found, actor=None)
    assert Member.objects.count() == before


def statements(count: int, first: int) -> list[str]:
    source = roster(*(person(number) for number in range(first, first + count)))
    with CaptureQueriesContext(connection) as captured:
        store(source)
    return [query["sql"] for query in captured.captured_queries]


def test_no_query_per_row(world: World) -> None:
    store(roster(person(499)))  # makes the counter of personnel numbers
    ten, hundred = statements(10, 1), statements(100, 101)
    few = [sql for sql in ten if not sql.startswith("INSERT")]
    many = [sql for sql in hundred if not sql.startswith("INSERT")]
    assert len(few) == len(many)
    # SQLite takes 999 parameters a statement, so large inserts come in parts; never one by one.
    inserts = sum(sql.startswith("INSERT") for sql in hundred)
    assert inserts <= (2 if connection.vendor == "postgresql" else 100 * 50 // 999 + 3)
    again = statements(100, 101)
    assert not [sql for sql in again if sql.startswith(('INSERT INTO "orgs_member"', 'UPDATE "orgs_member"'))]


def test_a_file_that_is_no_workbook_is_one_message(world: World) -> None:
    (fold,) = plan(b"\x89PNG\r\n\x1a\n0000").problems.folded()
    assert fold.problem.is_error
    (fold,) = plan(roster(headings=("序号", "甲", "乙"))).problems.folded()
    assert fold.problem.code == "table.no_heading"
