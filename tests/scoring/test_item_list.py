"""Items of a draft of a score sheet by workbook: they go out, are edited, moved, get rows, and come back whole or not at all."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError
from campaign.lists.models import SentState
from campaign.lists.services import list_send, list_store, list_undo
from campaign.scoring.builtin import BRANCHES
from campaign.scoring.forms.sheets import MOST_ITEMS
from campaign.scoring.importers.items import ITEM_LIST
from campaign.scoring.models import ScoreSheet
from campaign.scoring.services import definition_of, sheet_begin, sheet_use
from tests.lists.case import Book, codes, signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
LABELS = [item.label for item in BRANCHES.items]
NEW = {
    "评分项目": "满意率", "满分": "5", "取用数据": "群众评议满意率", "计分方法": "分档得分",
    "目标值、分档或扣分": "60:60；90:100", "无可计量内容时": "该项不计", "计入栏目": "群众评议",
}  # fmt: skip


@pytest.fixture
def sheet(world: World) -> ScoreSheet:
    return sheet_begin(actor=world.user("office", "root"), campaign=world.campaign(), definition=BRANCHES)


@pytest.fixture
def office(world: World) -> Client:
    return signed_in(world.user("office", "root"))


def labels(sheet: ScoreSheet) -> list[str]:
    return list(sheet.items.order_by("order").values_list("label", flat=True))


def test_the_items_go_out_get_rows_and_come_back(sheet: ScoreSheet, office: Client) -> None:
    before = definition_of(sheet)
    book = Book(office, "item_import", sheet.pk)
    assert [book.at(number, "评分项目") for number in book.rows] == LABELS
    assert (book.at(book.rows[0], "满分"), book.at(book.rows[0], "取用数据")) == ("25.00", "承诺兑现率")
    book.write(book.rows[0], 满分=20, 对应标准="—")
    book.write(book.rows[2], 排序=1)
    book.add(**NEW, 排序=2)
    sent, page = book.send()
    plan = page.context["plan"]
    assert (codes(sent), len(plan.new), len(plan.changed), plan.unchanged) == ([], 1, 2, len(LABELS) - 2)
    assert definition_of(sheet) == before, "nothing is stored yet"
    book.store(sent)
    assert labels(sheet) == [LABELS[2], "满意率", LABELS[0], LABELS[1], *LABELS[3:]]
    items = {item.label: item for item in definition_of(sheet).items}
    assert (items[LABELS[0]].full_marks, items[LABELS[0]].standard, items[LABELS[0]].key) == (
        20_00,
        "",
        "org_fulfilment",
    )
    assert items["满意率"].method.parameters() == {"bands": [[6000, 6000], [9000, 10_000]]}
    assert items[LABELS[1]] == before.items[1]
    entry = AuditEntry.objects.filter(action="sheet_change").latest("pk")
    assert "满意率 5.00" in str(entry.changes["items"][1])
    book.undo(sent)
    assert definition_of(sheet) == before


def test_a_book_of_one_draft_is_none_of_another(sheet: ScoreSheet, office: Client, world: World) -> None:
    other = sheet_begin(
        actor=world.user("office", "root"), campaign=sheet.campaign, definition=replace(BRANCHES, key="other")
    )
    book = Book(office, "item_import", sheet.pk)
    book.write(book.rows[0], 满分=20)
    book.place = other.pk
    sent, _page = book.send()
    assert set(codes(sent)) == {"list.not_of_the_list"}


def test_what_is_wrong_is_told_by_cell_and_nothing_is_stored(sheet: ScoreSheet, office: Client) -> None:
    before = definition_of(sheet)
    book = Book(office, "item_import", sheet.pk)
    book.write(book.rows[0], 满分="—", 取用数据="没有这个")
    book.write(book.rows[1], 对应标准="没有这个", 满分="0")
    book.write(book.rows[2], 满分="120")
    book.write(book.rows[3], **{"计分方法": "分档得分", "目标值、分档或扣分": "90:60; 60:90"})
    book.write(book.rows[4], 满分="很多")
    book.write(book.rows[5], 评分项目="—")
    sent, page = book.send()
    assert sent.state == SentState.REJECTED
    assert {
        "list.needed", "sheet_item.standard", "score_entry.not_possible", "score_entry.marks"
    } == set(codes(sent))  # fmt: skip
    assert "60：60；80：85；90：100" in page.content.decode(), "the page says what to write"
    book.store(sent)
    assert definition_of(sheet) == before


def test_a_figure_that_does_not_exist_and_too_many_items(sheet: ScoreSheet, office: Client) -> None:
    book = Book(office, "item_import", sheet.pk)
    book.write(book.rows[0], 取用数据="党员平均得分率")
    for number in range(MOST_ITEMS - len(LABELS) + 1):
        book.add(**{**NEW, "评分项目": f"第{number}项"})
    sent, _page = book.send()
    assert sorted(codes(sent)) == ["sheet_item.metric", "sheet_item.too_many"]
    assert labels(sheet) == LABELS


def test_what_changed_since_is_not_written_over(sheet: ScoreSheet, office: Client, world: World) -> None:
    first, second = Book(office, "item_import", sheet.pk), Book(office, "item_import", sheet.pk)
    first.write(first.rows[0], 满分=20)
    mine, _page = first.send()
    first.store(mine)
    second.write(second.rows[0], 满分=10)
    second.write(second.rows[1], 满分=10)
    yours = second.send()[1].context["sent"]
    assert codes(yours) == ["list.changed_since"]
    actor = world.user("office", "root")
    third = Book(office, "item_import", sheet.pk)
    third.write(third.rows[0], 满分=30)
    third.store(third.send()[1].context["sent"])
    assert list_undo(sent=mine, actor=actor) == (0, 1), "somebody went on from it: it stays"
    assert definition_of(sheet).items[0].full_marks == 30_00


def test_only_a_draft_takes_a_workbook(sheet: ScoreSheet, office: Client, world: World) -> None:
    actor = world.user("office", "root")
    book = Book(office, "item_import", sheet.pk)
    book.write(book.rows[0], 评分项目="支部承诺兑现率")
    stored, _page = book.send()
    book.store(stored)
    book = Book(office, "item_import", sheet.pk)
    book.write(book.rows[0], 满分=20)
    waiting = book.send()[1].context["sent"]
    assert waiting.state == SentState.CHECKED
    assert (
        reverse("item_import", args=[sheet.pk]) in office.get(reverse("sheet_edit", args=[sheet.pk])).content.decode()
    )
    sheet.refresh_from_db()
    sheet_use(actor=actor, sheet=sheet, revision=sheet.revision, period=sheet.campaign.periods.latest("starts_on"))
    for refused in (lambda: list_store(sent=waiting, actor=actor), lambda: list_undo(sent=stored, actor=actor)):
        with pytest.raises(DomainError):
            refused()
    assert labels(sheet) == ["支部承诺兑现率", *LABELS[1:]]
    assert definition_of(sheet).items[0].full_marks == 25_00


def test_only_who_sets_the_campaign_up_takes_it(sheet: ScoreSheet, world: World) -> None:
    address = reverse("item_import", args=[sheet.pk])
    for role, at, status in (
        ("office", "root", 200), ("staff", "root", 404), ("leader", "root", 404), ("secretary", "east_one", 404)
    ):  # fmt: skip
        assert signed_in(world.user(role, at)).get(address).status_code == status, (role, at)


def test_storing_costs_the_same_for_one_and_for_three(sheet: ScoreSheet, world: World) -> None:
    actor = world.user("office", "root")
    assert actor.grants

    def cost(*names: str) -> tuple[int, int]:
        rows = [",".join([name, *list(NEW.values())[1:]]) for name in names]
        content = "\n".join([",".join(NEW), *rows]).encode()
        with CaptureQueriesContext(connection) as sending:
            sent = list_send(kind=ITEM_LIST, place=sheet.pk, actor=actor, content=content, file_name="x.csv")
        with CaptureQueriesContext(connection) as storing:
            list_store(sent=sent, actor=actor)
        assert len(sent.problems) == 0
        return len(sending), len(storing)

    assert cost("一") == cost("二", "三", "四")
    assert sheet.items.count() == len(LABELS) + 4
