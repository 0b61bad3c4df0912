"""承诺 by workbook: the template, what is refused, drafts in a constant number of statements, the undo, handing in at once."""

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from model_bakery import baker

from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Campaign
from pledges import services
from pledges.models import Pledge, PledgeImport, PledgeImportState, PledgeItem, PledgeState
from pledges.selectors import queue_for
from pledges.services.summarizing import summaries_refresh
from pledges.statistics import level_of
from pledges.tasks import expire_imports
from tests.pledges.conftest import NOW, item, submitted, write
from tests.world import World

Browser = Callable[[str], Client]
HEAD = ("姓名", "人员编号", "承诺类别", "承诺事项", "衡量标准", "现状基数", "完成时限", "服务的生产任务")


def workbook(*rows: tuple[Any, ...]) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    for row in (HEAD, *rows):
        sheet.append(row)
    book.save(target)
    return target.getvalue()


def row(name: str, text: str, number: str = "", **more: Any) -> tuple[Any, ...]:
    given: dict[str, Any] = {"kind": "岗位", "target": "十二次", "due_on": dt.date(2026, 6, 30), **more}
    return name, number, given["kind"], text, given["target"], "", given["due_on"], ""


def upload(world: World, campaign: Campaign, *rows: tuple[Any, ...], by: str = "secretary") -> PledgeImport:
    return services.pledge_import_upload(
        organization=world.orgs["east_one"],
        campaign=campaign,
        actor=world.user(by, "east_one"),
        content=workbook(*rows),
        file_name="承诺.xlsx",
    )


def test_the_template_comes_back_filled(world: World, campaign: Campaign, browser: Browser) -> None:
    exempt, handed_in = world.members["east_one"][4], submitted(world, campaign, "member@east_one")
    exempt.is_exempt = True
    exempt.save()
    client, place = browser("secretary@east_one"), world.orgs["east_one"].pk
    answer = client.get(reverse("pledge_import_template", args=[place]))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    sheet = book.worksheets[0]
    lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    names = [line[1] for line in lines if line[0] in (1, 2, 3, 4, 5, 6)]
    assert "王立新" in names
    assert exempt.name not in names
    assert handed_in.subject_name not in names

    for line in sheet.iter_rows():
        if line[1].value == "王立新":
            line[4].value, line[5].value, line[7].value = "每月查一次隐患", "12 次", dt.date(2026, 6, 30)
    target = io.BytesIO()
    book.save(target)
    sent = client.post(
        reverse("pledge_import", args=[place]), {"file": SimpleUploadedFile("表.xlsx", target.getvalue())}
    )
    page = client.get(sent.url)  # type: ignore[attr-defined]
    assert "每月查一次隐患" in page.content.decode()
    assert Pledge.objects.count() == 1  # nothing is stored yet
    batch = PledgeImport.objects.get()
    client.post(reverse("pledge_import_store", args=[batch.pk]))
    made = Pledge.objects.get(member__name="王立新", organization=place)
    assert (made.state, made.items.get().text) == (PledgeState.DRAFT, "每月查一次隐患")
    client.post(reverse("drafts_submit", args=[place]))
    made.refresh_from_db()
    assert made.state == PledgeState.SUBMITTED
    assert made.reviewing_organization == world.orgs["east"]  # who handed it in does not review it
    assert made not in queue_for(world.user("secretary", "east_one"))


def test_mistakes_are_told_and_nothing_is_stored(world: World, campaign: Campaign, browser: Browser) -> None:
    submitted(world, campaign, "member@east_one")
    batch = upload(
        world,
        campaign,
        row("无此人", "好好干"),
        row("李秀英", "已经提交"),
        *(row("王立新", f"第{number}项") for number in range(4)),
        row("赵春梅", "长" * 201),
        row("孙志强", "没有时限", due_on=None, target=""),
        row("周小红", ""),
    )
    assert batch.state == PledgeImportState.REJECTED
    codes = [fold.problem.code for fold in batch.folds]
    assert codes == [
        "pledge.member_unknown", "pledge.handed_in", "pledge.too_many_items", "pledge.too_long",
        "pledge.incomplete", "pledge.incomplete",
    ]  # fmt: skip
    with pytest.raises(StateConflict):
        services.pledge_import_store(batch=batch, actor=world.user("secretary", "east_one"))
    assert Pledge.objects.count() == 1
    answer = browser("secretary@east_one").get(reverse("pledge_import_annotated", args=[batch.pk]))
    marked = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert any("已经提交" in str(cell.value) for sheet in marked for line in sheet.iter_rows() for cell in line)


def test_a_file_that_is_no_workbook_is_told(world: World, campaign: Campaign) -> None:
    batch = services.pledge_import_upload(
        organization=world.orgs["east_one"], campaign=campaign, actor=world.user("secretary", "east_one"),
        content=b"PK\x03\x04broken", file_name="x.xlsx",
    )  # fmt: skip
    assert batch.state == PledgeImportState.REJECTED


def test_drafts_are_replaced_and_come_back_with_the_undo(world: World, campaign: Campaign) -> None:
    draft = write(world, campaign, "member@east_one", item("原来的"))
    secretary = world.user("secretary", "east_one")
    batch = upload(world, campaign, row("李秀英", "表里的"), row("王立新", "新的"), row("赵春梅", "改过的"))
    batch = services.pledge_import_store(batch=batch, actor=secretary)
    assert (bytes(batch.content), batch.state) == (b"", PledgeImportState.STORED)
    assert set(PledgeItem.objects.values_list("text", flat=True)) == {"表里的", "新的", "改过的"}
    changed = Pledge.objects.get(member__name="赵春梅")
    services.pledge_save(pledge=changed, actor=secretary, version=changed.version, items=[item("后来改的")])

    assert services.pledge_import_undo(batch=batch, actor=secretary) == (2, 1)
    assert {(p.subject_name, p.items.get().text) for p in Pledge.objects.all()} == {
        ("李秀英", "原来的"), ("赵春梅", "后来改的"),
    }  # fmt: skip
    draft.refresh_from_db()
    assert draft.items.get().due_on == dt.date(2026, 6, 20)
    with pytest.raises(StateConflict):
        services.pledge_import_undo(batch=batch, actor=secretary)


def test_drafts_go_out_come_back_and_only_what_was_edited_changes(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    standard = baker.make("campaign.Standard", campaign=campaign)
    kept = write(world, campaign, "member@east_one", item("不改的", baseline="3 次"), item("=1+1"))
    kept.items.filter(text="不改的").update(standard=standard)
    other = services.pledge_start(
        campaign=campaign, actor=world.user("secretary", "east_one"), member=world.members["east_one"][2]
    )
    services.pledge_save(
        pledge=other,
        actor=world.user("secretary", "east_one"),
        version=other.version,
        items=[item("要改的"), item("要删的")],
    )
    PledgeItem.objects.filter(text="要改的").update(standard=standard)
    handed_in = submitted(world, campaign, "secretary@east_one")
    versions = dict(Pledge.objects.values_list("pk", "version"))
    client, place = browser("secretary@east_one"), world.orgs["east_one"].pk
    answer = client.get(reverse("pledge_import_template", args=[place]))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    sheet = book.worksheets[0]
    texts = {line[4].value: line for line in sheet.iter_rows() if line[4].value}
    assert {"不改的", "=1+1", "要改的", "要删的"} <= set(texts)
    assert handed_in.items.get().text not in texts, "what was handed in is not written any more"
    texts["要改的"][5].value = "改成每月一次"
    texts["要删的"][4].value = "—"
    target = io.BytesIO()
    book.save(target)
    file = SimpleUploadedFile("表.xlsx", target.getvalue())
    page = client.get(client.post(reverse("pledge_import", args=[place]), {"file": file}).url)  # type: ignore[attr-defined]
    assert (len(page.context["plan"].replaced), page.context["plan"].unchanged) == (1, 1)
    assert "内容未变的草稿" in page.content.decode()
    batch = PledgeImport.objects.get()
    services.pledge_import_store(batch=batch, actor=world.user("secretary", "east_one"))
    for pledge in (kept, handed_in):
        pledge.refresh_from_db()
        assert pledge.version == versions[pledge.pk], "what reads as before was not touched"
    changed = Pledge.objects.get(pk=other.pk).items.get()
    assert (changed.text, changed.target, changed.standard) == ("要改的", "改成每月一次", standard)
    assert [each.standard for each in kept.items.all()] == [standard, None]


def test_what_changed_since_it_was_looked_at_is_not_stored(world: World, campaign: Campaign) -> None:
    batch = upload(world, campaign, row("李秀英", "表里的"))
    write(world, campaign, "member@east_one", item("同时写的"))
    secretary = world.user("secretary", "east_one")
    with pytest.raises(DomainError):
        services.pledge_import_store(batch=batch, actor=secretary)
    assert PledgeItem.objects.get().text == "同时写的"
    batch.refresh_from_db()
    services.pledge_import_store(batch=batch, actor=secretary)
    assert PledgeItem.objects.get().text == "表里的"


def test_storing_and_handing_in_cost_the_same_for_one_and_for_three(world: World, campaign: Campaign) -> None:
    secretary = world.user("secretary", "east_one")
    assert secretary.grants

    def cost(*names: str) -> tuple[int, int]:
        batch = upload(world, campaign, *(row(name, f"{name}的承诺") for name in names))
        with CaptureQueriesContext(connection) as stored:
            services.pledge_import_store(batch=batch, actor=secretary)
        with CaptureQueriesContext(connection) as sent:
            services.drafts_submit_many(organization=world.orgs["east_one"], campaign=campaign, actor=secretary)
        return len(stored), len(sent)

    assert cost("李秀英") == cost("王立新", "赵春梅", "孙志强")
    assert Pledge.objects.filter(state=PledgeState.SUBMITTED).count() == 4


def test_only_complete_drafts_are_handed_in(world: World, campaign: Campaign) -> None:
    secretary = world.user("secretary", "east_one")
    batch = upload(world, campaign, row("李秀英", "完整的"), row("王立新", "没写时限", due_on=None))
    services.pledge_import_store(batch=batch, actor=secretary)
    given = {"organization": world.orgs["east_one"], "campaign": campaign}
    assert services.drafts_submit_many(**given, actor=secretary) == (1, 1)
    with pytest.raises(NotAllowed):
        services.drafts_submit_many(**given, actor=world.user("secretary", "east_two"))
    with pytest.raises(NotAllowed):
        upload(world, campaign, row("李秀英", "代写"), by="member")


def test_exempt_members_owe_nothing_and_may_pledge(world: World, campaign: Campaign) -> None:
    old = world.members["east_one"][1]
    old.is_exempt = True
    old.save()
    summaries_refresh()
    figures = level_of(campaign, 2026, world.orgs["east_one"]).total
    assert figures["members_obliged"] == 5
    batch = upload(world, campaign, row("李秀英", "自愿的"))
    services.pledge_import_store(batch=batch, actor=world.user("secretary", "east_one"))
    assert Pledge.objects.get().member == old


def test_a_workbook_that_nobody_stores_is_deleted_after_two_days(world: World, campaign: Campaign) -> None:
    """It holds names. One that was stored keeps what its undo needs."""
    secretary, day = world.user("secretary", "east_one"), dt.timedelta(days=1)
    one, other = (row(member.name, "带好一名徒弟", member.personnel_no) for member in world.members["east_one"][1:3])
    stored = services.pledge_import_store(batch=upload(world, campaign, one), actor=secretary)
    waiting = upload(world, campaign, other)
    with clock.at(NOW + 2 * day):
        expire_imports()
        assert PledgeImport.objects.filter(pk=waiting.pk).exists()
    with clock.at(NOW + 2 * day + dt.timedelta(minutes=1)):
        expire_imports()
    assert list(PledgeImport.objects.values_list("pk", flat=True)) == [stored.pk]


def test_an_undo_after_the_review_began_leaves_what_was_handed_in(world: World, campaign: Campaign) -> None:
    secretary, staff = world.user("secretary", "east_one"), world.user("staff", "east")
    rows = [
        row(member.name, f"带好徒弟{n}", member.personnel_no) for n, member in enumerate(world.members["east_one"][1:4])
    ]
    batch = services.pledge_import_store(batch=upload(world, campaign, *rows), actor=secretary)
    services.drafts_submit_many(organization=world.orgs["east_one"], campaign=campaign, actor=secretary)
    first, second, third = Pledge.objects.order_by("pk")
    services.pledge_approve(pledge=first, actor=staff)
    services.pledge_return(pledge=second, actor=staff, reason="请写明数量")
    services.pledge_recall(pledge=third, actor=secretary)
    assert services.pledge_import_undo(batch=batch, actor=secretary) == (0, 3)
    states = Pledge.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [PledgeState.APPROVED, PledgeState.RETURNED, PledgeState.DRAFT]
    assert PledgeItem.objects.count() == 3
    with pytest.raises(StateConflict):
        services.pledge_import_undo(batch=batch, actor=secretary)
