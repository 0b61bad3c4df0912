"""Files that belong to records: told by their content, kept out of reach, cleared when nothing points to them."""

import datetime as dt
import hashlib
import io
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from PIL import Image

from campaign.attachments import content
from campaign.attachments.downloads import attachment_response
from campaign.attachments.models import Attachment, AttachmentKind
from campaign.attachments.services import FOLDER, attachment_discard, attachment_store, attachments_expire
from campaign.common import clock
from campaign.common.errors import DomainError
from campaign.filings.services import plan_create
from tests.attachments.files import PDF, archive, pdf, photo, uploaded, workbook
from tests.world import World

pytestmark = pytest.mark.django_db


def store(name: str, data: bytes) -> Attachment:
    return attachment_store(file=uploaded(name, data), actor=None)


@pytest.mark.parametrize(
    ("name", "data", "kind", "shown"),
    [
        ("方案.pdf", PDF, AttachmentKind.PDF, "方案.pdf"),
        ("方案.exe", PDF, AttachmentKind.PDF, "方案.exe.pdf"),
        ("表.pdf", workbook(), AttachmentKind.XLSX, "表.xlsx"),
        ("文.docx", archive(word__document_xml=b"<w/>"), AttachmentKind.DOCX, "文.docx"),
        ("照片.JPEG", photo(), AttachmentKind.JPEG, "照片.jpg"),
        ("../../etc/图.png", photo("PNG"), AttachmentKind.PNG, "图.png"),
        ("C:\\x\\\u202egpj.pdf", PDF, AttachmentKind.PDF, "_gpj.pdf"),
        (".pdf", PDF, AttachmentKind.PDF, "附件.pdf"),
    ],
    ids=range(8),
)
def test_a_file_is_what_its_content_is(name: str, data: bytes, kind: AttachmentKind, shown: str) -> None:
    made = store(name, data)
    assert (made.kind, made.name) == (kind, shown)
    stored = made.file.read_bytes()
    assert (made.size, made.digest) == (len(stored), hashlib.sha256(stored).hexdigest())
    assert made.path.startswith(f"{FOLDER}/")
    assert Path(name).stem not in made.path
    assert made.file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        b"%PDF-1.4 but it never ends",
        b"PK\x03\x04 no archive",
        archive(some__file_xml=b"x"),
        archive(word__document_xml=b"x", xl__workbook_xml=b"x"),
        archive(word__document_xml=b"x", word__vbaProject_bin=b"macro"),
        photo()[:200],
        b"\x89PNG\r\n\x1a\n" + b"0" * 50,
        b"MZ\x90\x00 a program",
    ],
    ids=range(10),
)
def test_other_contents_are_refused_whatever_their_name(data: bytes) -> None:
    with pytest.raises(DomainError):
        store("方案.pdf", data)
    assert not Attachment.objects.exists()


def test_bombs_and_too_large_files_are_refused(monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
    monkeypatch.setattr(content, "UNPACKED", 10_000)
    with pytest.raises(DomainError):
        store("大.docx", archive(word__document_xml=b"0" * 20_000))
    monkeypatch.setattr(content, "PIXELS", 700)
    with pytest.raises(DomainError):
        store("大.png", photo("PNG"))
    settings.ATTACHMENT_MAX_BYTES = 50  # type: ignore[attr-defined]
    with pytest.raises(DomainError):
        store("大.pdf", PDF)
    settings.ATTACHMENT_MAX_BYTES = 5000  # type: ignore[attr-defined]
    settings.ATTACHMENT_KINDS = ("png",)  # type: ignore[attr-defined]
    with pytest.raises(DomainError):
        store("方案.pdf", PDF)


def test_photos_lose_what_the_camera_noted_and_stand_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010F] = "SecretCamera"
    made = store("现场.jpg", photo(exif=exif))
    stored = made.file.read_bytes()
    assert b"SecretCamera" not in stored
    picture = Image.open(io.BytesIO(stored))
    assert (picture.size, dict(picture.getexif())) == ((20, 40), {})


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "1"])
def test_pictures_keep_their_kind_of_colour(mode: str) -> None:
    written = io.BytesIO()
    Image.new(mode, (5, 5)).save(written, format="PNG")
    made = store("图.png", written.getvalue())
    assert Image.open(made.file).mode == mode


def test_a_download_is_never_shown_nor_guessed() -> None:
    answer = attachment_response(store("方案.pdf", PDF))
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/pdf"
    assert b"".join(answer.streaming_content) == PDF  # type: ignore[arg-type]
    lost = store("方案.pdf", PDF)
    lost.file.unlink()
    with pytest.raises(DomainError):
        attachment_response(lost)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("emptied")
def test_content_goes_only_when_its_row_is_gone() -> None:
    made = store("方案.pdf", PDF)
    path = made.file
    try:
        with transaction.atomic():
            attachment_discard(attachment=made)
            raise RuntimeError
    except RuntimeError:
        pass
    assert path.exists()
    attachment_discard(attachment=Attachment.objects.get())
    assert not path.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("emptied")
def test_what_nothing_points_to_is_cleared_after_a_day(world: World) -> None:
    plan = plan_create(
        actor=None, campaign=world.campaign(), organization=world.orgs["east"], title="方案", documents=[pdf()]
    )
    kept = plan.attachments.get().attachment
    orphan, fresh = store("旧.pdf", PDF), store("新.pdf", PDF)
    long_ago = clock.now() - dt.timedelta(days=2)
    Attachment.objects.filter(pk__in=[kept.pk, orphan.pk]).update(uploaded_at=long_ago)
    stray = Path(settings.MEDIA_ROOT) / FOLDER / "zz" / "stray"
    stray.parent.mkdir(parents=True)
    for path in (stray, kept.file, orphan.file):
        path.touch()
        os.utime(path, (long_ago.timestamp(), long_ago.timestamp()))
    assert attachments_expire() == 2
    assert set(Attachment.objects.all()) == {kept, fresh}
    assert [path.exists() for path in (kept.file, fresh.file, orphan.file, stray)] == [True, True, False, False]
