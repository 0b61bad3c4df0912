"""佐证材料: the files that show what was done: who adds, opens and takes them out, what is refused, and where they appear."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from campaign.attachments.models import Attachment
from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Campaign
from orgs.records import RecordRequest
from pledges import records, services
from pledges.models import Pledge, PledgeProgress, ProgressEvidence
from tests.attachments.files import pdf, photo, uploaded
from tests.pledges.conftest import NOW, item, published
from tests.pledges.test_pages import text_of
from tests.world import World

Browser = Callable[[str], Client]


@pytest.fixture
def pledge(world: World, campaign: Campaign) -> Pledge:
    return published(world, campaign, "member@east_one", by="secretary@east_one")


def note(client: Client, pledge: Pledge, *files: Any, **extra: Any) -> Any:
    form = {"item": pledge.items.get().pk, "on": str(NOW.date()), "text": "检修三台", "evidence": list(files)}
    return client.post(reverse("pledge_progress", args=[pledge.pk]), {**form, **extra})


def noted(world: World, pledge: Pledge, *files: Any) -> PledgeProgress:
    member = world.user("member", "east_one")
    return services.progress_add(item=pledge.items.get(), actor=member, text="检修三台", evidence=files)


def opened(pledge: Pledge) -> str:
    return reverse("evidence_open", args=[pledge.pk, ProgressEvidence.objects.get().attachment_id])


def test_what_was_done_is_noted_with_a_photo_and_a_document(pledge: Pledge, browser: Browser) -> None:
    member = browser("member@east_one")
    camera = uploaded("IMG_0001.JPG", photo(exif=_with_place()))
    assert note(member, pledge, pdf("点检记录.pdf"), photo=camera).status_code == 302
    entry = PledgeProgress.objects.get()
    assert [str(one) for one in entry.evidence.all()] == ["点检记录.pdf", "IMG_0001.jpg"]
    stored = Attachment.objects.get(kind="jpeg")
    assert not Image.open(stored.file).getexif()  # the camera's place and time are gone
    page = text_of(member.get(reverse("pledge_progress", args=[pledge.pk])))
    assert "点检记录.pdf" in page
    assert 'capture="environment"' in page
    assert ProgressEvidence.objects.count() == 2


def _with_place() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0110] = "手机型号"
    return exif


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("照片.jpg", b"<script>alert(1)</script>", "文件的实际内容不属于允许的类型"),
        ("空.pdf", b"", "空"),
        ("坏.jpg", b"\xff\xd8\xff" + b"0" * 40, "图片已损坏"),
    ],
)
def test_a_file_that_is_not_permitted_stores_nothing_and_loses_no_text(
    pledge: Pledge, browser: Browser, name: str, content: bytes, said: str
) -> None:
    answer = note(browser("member@east_one"), pledge, pdf(), uploaded(name, content), text="检修三台,附照片")
    page = text_of(answer)
    assert answer.status_code == 200
    assert said in page
    assert "检修三台,附照片" in page
    assert "请重新选择文件" in page
    assert not PledgeProgress.objects.exists()
    assert not Attachment.objects.exists()


def test_size_and_number_are_limited(world: World, pledge: Pledge, browser: Browser, settings: Any) -> None:
    settings.ATTACHMENT_MAX_BYTES, settings.ATTACHMENT_MAX_COUNT = 60, 2
    member = browser("member@east_one")
    assert "”过大" in text_of(note(member, pledge, uploaded("大.pdf", b"%PDF-" + b"0" * 90 + b"%%EOF")))
    assert "最多2个文件" in text_of(note(member, pledge, *(uploaded(f"{n}.pdf", b"-") for n in "123")))
    settings.ATTACHMENT_MAX_BYTES = 1000
    entry = noted(world, pledge, pdf("一.pdf"), pdf("二.pdf"))
    with pytest.raises(DomainError, match="最多2个文件"):
        services.evidence_add(progress=entry, actor=world.user("member", "east_one"), evidence=[pdf("三.pdf")])
    assert ProgressEvidence.objects.count() == 2


def test_more_is_added_later_and_one_is_taken_out(world: World, pledge: Pledge, browser: Browser) -> None:
    entry, member = noted(world, pledge), browser("member@east_one")
    url = reverse("evidence_add", args=[entry.pk])
    assert "检修三台" in text_of(member.get(url))
    assert "至少选择一个文件" in text_of(member.post(url, {}))
    assert member.post(url, {"evidence": [pdf("台账.pdf")]}).status_code == 302
    one = ProgressEvidence.objects.get()
    path = one.attachment.file
    assert path.exists()
    gone = reverse("evidence_remove", args=[pledge.pk, one.attachment_id])
    with world_commits():
        assert member.post(gone).status_code == 302
    assert not path.exists()
    assert not Attachment.objects.exists()
    assert member.post(gone).status_code == 404
    actions = AuditEntry.objects.of(pledge).order_by("-pk").values_list("action", flat=True)[:3]
    assert list(actions) == ["evidence_remove", "evidence_add", "progress_add"]


def world_commits() -> Any:
    from django.test import TestCase

    return TestCase.captureOnCommitCallbacks(execute=True)


def test_an_entry_made_by_mistake_is_taken_back_with_its_files(world: World, pledge: Pledge, browser: Browser) -> None:
    entry = noted(world, pledge, pdf())
    assert browser("member2@east_one").post(reverse("progress_remove", args=[entry.pk])).status_code == 404
    assert browser("member@east_one").post(reverse("progress_remove", args=[entry.pk])).status_code == 302
    assert not PledgeProgress.objects.exists()
    assert not Attachment.objects.exists()
    last = AuditEntry.objects.of(pledge).order_by("-pk")[0]
    assert (last.action, last.changes["progress"]) == ("progress_remove", ["检修三台", ""])
    with pytest.raises(StateConflict):
        services.progress_remove(progress=entry, actor=world.user("member", "east_one"))


def test_what_a_judgement_rests_on_stays(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge = published(world, campaign, "member@east_one", item(), item("另一项"), by="secretary@east_one")
    member, first = world.user("member", "east_one"), pledge.items.order_by("order").first()
    assert first is not None
    entry = services.progress_add(item=first, actor=member, text="检修三台", evidence=[pdf()])
    assert "撤回这条记录" in text_of(browser("member@east_one").get(reverse("pledge_progress", args=[pledge.pk])))
    services.item_appraise(item=first, actor=world.user("secretary", "east_one"), result="fulfilled")
    one = ProgressEvidence.objects.get()
    for change in (
        lambda: services.progress_remove(progress=entry, actor=member),
        lambda: services.evidence_remove(evidence=one, actor=member),
        lambda: services.evidence_add(progress=entry, actor=member, evidence=[pdf()]),
    ):
        with pytest.raises(DomainError, match="已经评定"):
            change()
    assert "撤回这条记录" not in text_of(browser("member@east_one").get(reverse("pledge_progress", args=[pledge.pk])))
    assert ProgressEvidence.objects.count() == 1


def test_who_opens_a_file(world: World, pledge: Pledge, browser: Browser) -> None:
    """Whoever sees the pledge and the colleagues who may judge it; nobody else, nobody through another pledge."""
    noted(world, pledge, pdf("点检记录.pdf"))
    url = opened(pledge)
    for who in ("member@east_one", "secretary@east_one", "staff@east", "leader@east", "member2@east_one"):
        answer = browser(who).get(url)
        assert answer.status_code == 200, who
        assert b"".join(answer.streaming_content).startswith(b"%PDF")
        assert answer["Content-Disposition"].startswith("attachment")
        assert AuditEntry.objects.of(pledge).order_by("-pk")[0].action == "evidence_open"
    for who in ("member@east_two", "secretary@west_one", "staff@west"):
        assert browser(who).get(url).status_code == 404, who
    assert Client().get(url).status_code == 302
    other = published(world, pledge.campaign, "member2@east_one", by="secretary@east_one")
    crossed = reverse("evidence_open", args=[other.pk, ProgressEvidence.objects.get().attachment_id])
    assert browser("member2@east_one").get(crossed).status_code == 404
    with pytest.raises(NotAllowed):
        services.evidence_remove(evidence=ProgressEvidence.objects.get(), actor=world.user("secretary", "west_one"))


def test_colleagues_lose_it_when_the_pledge_leaves_the_board(world: World, pledge: Pledge, browser: Browser) -> None:
    noted(world, pledge, pdf())
    services.pledge_take_down(pledge=pledge, actor=world.user("secretary", "east_one"), reason="内容有误")
    assert browser("member2@east_one").get(opened(pledge)).status_code == 404
    assert browser("member@east_one").get(opened(pledge)).status_code == 200


def test_all_files_in_one_archive(world: World, pledge: Pledge, browser: Browser) -> None:
    url, secretary = reverse("evidence_archive", args=[pledge.pk]), browser("secretary@east_one")
    assert "还没有文件" in text_of(secretary.get(url, follow=True))
    noted(world, pledge, pdf("台账.pdf"))
    noted(world, pledge, pdf("台账.pdf"))
    assert "下载全部佐证" in text_of(secretary.get(reverse("pledge_detail", args=[pledge.pk])))
    answer = secretary.get(url)
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.namelist() == ["01_20260310_001_台账.pdf", "01_20260310_002_台账.pdf"]
        assert archive.read(archive.namelist()[0]).startswith(b"%PDF")
    assert AuditEntry.objects.of(pledge).order_by("-pk")[0].action == "evidence_export"
    assert browser("member2@east_one").get(url).status_code == 404


def test_a_file_that_is_gone_is_told(world: World, pledge: Pledge, browser: Browser) -> None:
    noted(world, pledge, pdf("台账.pdf"))
    Attachment.objects.get().file.unlink()
    secretary = browser("secretary@east_one")
    for url in (opened(pledge), reverse("evidence_archive", args=[pledge.pk])):
        assert "上传人重新上传" in text_of(secretary.get(url, follow=True))


def test_the_record_names_what_was_done_and_its_files(world: World, pledge: Pledge) -> None:
    noted(world, pledge, pdf("台账.pdf"), pdf("照片说明.pdf"))
    request = RecordRequest(viewer=world.user("secretary", "east_one"))
    for sheets in (
        records.of_member(world.members["east_one"][1], request),
        records.of_organization(world.orgs["east_one"], request),
    ):
        (_form, rows) = sheets[1]
        (row,) = list(rows)
        assert row[5:7] == ("检修三台", "台账.pdf、照片说明.pdf")
    stranger = RecordRequest(viewer=world.user("secretary", "west_one"))
    assert list(records.of_member(world.members["east_one"][1], stranger)[1][1]) == []


@pytest.mark.parametrize("name", ["pledge_detail", "pledge_progress"])
def test_files_cost_no_statement_each(world: World, pledge: Pledge, browser: Browser, name: str) -> None:
    noted(world, pledge, pdf(), pdf())
    client, url = browser("member@east_one"), reverse(name, args=[pledge.pk])

    def count() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    one = count()
    for _place in range(2):
        noted(world, pledge, pdf(), pdf(), pdf())
    assert count() == one
