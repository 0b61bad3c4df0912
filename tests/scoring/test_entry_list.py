"""Bonuses and deductions by workbook: taken out, edited, sent back, stored whole or not at all, taken back."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.models import Period
from campaign.scoring.models import EntryKind, ScoreEntry
from campaign.scoring.services import entry_add, entry_change, entry_confirm
from tests.lists.case import Book, codes
from tests.scoring.conftest import As
from tests.scoring.test_entries import DAY, given, later, period
from tests.world import World

__all__ = ["period"]
pytestmark = pytest.mark.django_db


def book(as_: As, period: Period, who: str = "staff@east") -> Book:
    return Book(as_(who), "entry_import", period.campaign_id)


def bonus(world: World, period: Period, **changes: Any) -> ScoreEntry:
    values = {"points": 1_00, "subject": world.orgs["east_one"], **given(period, **changes)}
    return entry_add(actor=world.user("staff", "east"), kind=EntryKind.BONUS, **values)


ROW = {"类别": "加分", "分值": 2, "日期": DAY, "事由": "获集团表彰", "依据": "集团表彰决定"}


def test_rows_are_added_changed_and_left(world: World, period: Period, as_: As) -> None:
    first, second = bonus(world, period, reason="甲"), bonus(world, period, reason="乙")
    sent_out, member = book(as_, period), world.members["east_one"][1]
    assert len(sent_out.rows) == 2
    number = sent_out.row(事由="乙")
    assert (sent_out.at(number, "编码"), sent_out.at(number, "分值")) == ("EAST_ONE", "1.00")
    sent_out.write(number, 类别="扣分", 分值="2.5", 事由="迟报")
    sent_out.add(编码=member.personnel_no, **ROW)
    sent_out.add(对象=world.orgs["east_two"].name, **{**ROW, "类别": "一票否决", "分值": "—"})
    sent, page = sent_out.send()
    assert sent.state == "checked", codes(sent)
    assert "迟报" in page.content.decode()
    assert ScoreEntry.objects.count() == 2
    sent_out.store(sent)
    assert set(ScoreEntry.objects.values_list("reason", "kind", "points", "member", "organization__code", "state")) == {
        ("甲", "bonus", 1_00, None, "EAST_ONE", "entered"),
        ("迟报", "deduction", 2_50, None, "EAST_ONE", "entered"),
        ("获集团表彰", "bonus", 2_00, member.pk, "EAST_ONE", "entered"),
        ("获集团表彰", "veto", 0, None, "EAST_TWO", "entered"),
    }
    assert set(ScoreEntry.objects.values_list("entered_by", flat=True)) == {world.users["staff@east"].pk}
    assert AuditEntry.objects.filter(action="entry_add").count() == 4
    assert AuditEntry.objects.filter(action="entry_change").count() == 1
    sent_out.undo(sent)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.reason, second.reason, second.kind, second.points) == ("甲", "乙", "bonus", 1_00)
    assert ScoreEntry.objects.filter(state="withdrawn").count() == 2


def test_a_blank_cell_leaves_and_a_dash_empties(world: World, period: Period, as_: As) -> None:
    entry = bonus(world, period, work="抢险", reason="甲")
    sheet = book(as_, period)
    sheet.write(sheet.rows[0], 事由=None, 受表彰工作="—", 依据="9号文")
    sent, _page = sheet.send()
    sheet.store(sent)
    entry.refresh_from_db()
    # A bonus without a named work is for its reason.
    assert (entry.reason, entry.work, entry.basis) == ("甲", "甲", "9号文")


def test_what_nobody_edited_stays_whatever_happened_since(world: World, period: Period, as_: As) -> None:
    entry = bonus(world, period, reason="甲")
    sheet = book(as_, period)
    with later():
        entry_change(
            entry=entry, version=1, actor=world.user("staff", "east"), kind=EntryKind.BONUS, points=3_00,
            **{key: value for key, value in given(period, reason="丙").items() if key != "campaign"},
        )  # fmt: skip
    sent, _page = sheet.send()
    sheet.store(sent)
    entry.refresh_from_db()
    assert (entry.points, entry.reason) == (3_00, "丙")
    sheet.write(sheet.rows[0], 事由="丁")
    with later():
        sent, _page = sheet.send()
    assert codes(sent) == ["list.changed_since"]


def test_what_was_decided_cannot_be_written_and_stays_after_an_undo(world: World, period: Period, as_: As) -> None:
    entry = bonus(world, period, reason="甲")
    sheet = book(as_, period)
    sheet.write(sheet.rows[0], 事由="乙")
    sheet.add(编码="EAST_TWO", **ROW)
    sent, _page = sheet.send()
    sheet.store(sent)
    entry_confirm(entry=ScoreEntry.objects.get(reason="乙"), actor=world.user("office", "root"))
    sheet.undo(sent)
    assert set(ScoreEntry.objects.values_list("reason", "state")) == {("乙", "confirmed"), ("获集团表彰", "withdrawn")}
    with later():
        again, _page = sheet.send()
    assert "list.not_of_the_list" in codes(again)
    entry.refresh_from_db()
    assert entry.reason == "乙"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"编码": "WEST_ONE"}, "list.nobody"),
        ({"编码": "NOBODY"}, "list.nobody"),
        ({"编码": "EAST_ONE", "对象": "别的党支部"}, "list.nobody"),
        ({"类别": "奖励"}, "choice.unknown"),
        ({"类别": None}, "list.needed"),
        ({"分值": "很多"}, "score_entry.marks"),
        ({"分值": "1.555"}, "score_entry.marks"),
        ({"分值": None}, "score_entry.not_possible"),
        ({"分值": 101}, "score_entry.not_possible"),
        ({"类别": "等次上限", "最高等次": "没有的"}, "score_entry.not_possible"),
        ({"日期": "1999-01-01"}, "score_entry.not_possible"),
        ({"依据": None}, "list.needed"),
    ],
    ids=str,
)
def test_a_wrong_row_is_told_and_nothing_is_stored(
    world: World, period: Period, as_: As, wrong: dict[str, Any], code: str
) -> None:
    sheet = book(as_, period)
    sheet.add(**{"编码": "EAST_ONE", **ROW})
    sheet.add(**{"编码": "EAST_TWO", **ROW, **wrong})
    sent, _page = sheet.send()
    assert codes(sent) == [code]
    assert sent.state == "rejected"
    sheet.store(sent)
    assert not ScoreEntry.objects.exists()


def test_nobody_writes_for_oneself_nor_what_others_entered(world: World, period: Period, as_: As) -> None:
    bonus(world, period, reason="甲")
    assert book(as_, period, "office@root").rows == []
    staff = world.users["staff@east"]
    member = world.members["east_one"][1]
    type(staff).objects.filter(member=member).update(member=None)
    staff.member = member
    staff.save()
    sheet = book(as_, period)
    sheet.add(编码=member.personnel_no, **ROW)
    sent, _page = sheet.send()
    assert codes(sent) == ["score_entry.about_oneself"]
    assert as_("member@east_one").get(reverse("entry_import", args=[period.campaign_id])).status_code == 404
    assert as_("staff@east").get(reverse("entry_import", args=[10**6])).status_code == 404


def test_as_many_statements_for_many_rows_as_for_one(world: World, period: Period, as_: As) -> None:
    counts = []
    for names in (["east_one"], ["east_one", "east_two", "east"] * 4):
        sheet = book(as_, period)
        for place, key in enumerate(names):
            sheet.add(编码=world.orgs[key].code, **{**ROW, "事由": f"事由{len(names)}-{place}"})
        with clock.at(clock.now() + dt.timedelta(minutes=len(names))):
            sent, _page = sheet.send()
        assert sent.state == "checked", codes(sent)
        with CaptureQueriesContext(connection) as queries:
            sheet.store(sent)
        counts.append(len(queries))
        ScoreEntry.objects.all().delete()
    assert counts[0] == counts[1]
