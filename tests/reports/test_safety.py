"""What holds for every way out of the system alike: xlsx with its sheet for machines, csv, and the print view."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from campaign.audit.models import AuditEntry
from campaign.common.crypto import encrypt
from campaign.common.excel.reader import FORMULA_STARTS
from campaign.common.excel.twin import NAME
from campaign.jobs.models import Job
from campaign.jobs.services import job_run
from orgs.models import Member
from tests.reports.test_figures import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
ID_NUMBER, PHONE = "010105198001010015", "013812345678"
"""With a zero in front, which a number would lose."""
ODD = ("=1+1", "+86", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x")', "<script>x</script>")


@pytest.fixture
def odd(world: World) -> World:
    """Members whose remarks look like formulas and whose numbers are known."""
    for member, text in zip(world.members["east_one"], ODD, strict=False):
        Member.objects.filter(pk=member.pk).update(
            remarks=text, job=text, id_number_cipher=encrypt(ID_NUMBER), phone=PHONE
        )
    return world


def asked(client: Client, world: World, **more: Any) -> Path:
    """Let the page ask for the roster of the eastern company and return the file of the job."""
    wanted = {"organization": world.orgs["east"].pk, "format": "xlsx", **more}
    answer = client.post(reverse("report_export", args=["roster"]), wanted)
    assert answer.status_code == 302, answer.content.decode()
    job = Job.objects.latest("created_at")
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == "succeeded", job.message
    return Path(settings.MEDIA_ROOT) / job.file_path


def lines_of(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))


def printed(client: Client, world: World, **more: Any) -> Any:
    return client.get(reverse("report_print", args=["roster"]), {"organization": world.orgs["east"].pk, **more})


@pytest.fixture
def office(world: World) -> Client:
    return signed_in(world, "office", "root")


def test_no_text_becomes_a_formula_on_any_way_out(odd: World, office: Client) -> None:
    path = asked(office, odd)
    with zipfile.ZipFile(path) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 2
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)
    for sheet in load_workbook(path).worksheets:
        found = {cell.value: cell.data_type for row in sheet.iter_rows() for cell in row if cell.value in ODD}
        assert found == dict.fromkeys(ODD[: len(found)], "s")
        assert len(found) == len(ODD)
    cells = [cell for line in lines_of(asked(office, odd, format="csv")) for cell in line]
    assert not any(cell[:1] in FORMULA_STARTS for cell in cells if cell and not cell.startswith("\t"))
    assert {f"'{text}" for text in ODD[:5]} <= set(cells)
    page = printed(signed_in(odd, "staff", "east"), odd).content.decode()
    assert "&lt;script&gt;x&lt;/script&gt;" in page
    assert "<script>x" not in page


def test_numbers_of_people_stay_texts_on_any_way_out(odd: World, office: Client) -> None:
    path = asked(office, odd, unmasked="on", reason="年度核对")
    book = load_workbook(path)
    for sheet in book.worksheets:
        found = [cell for row in sheet.iter_rows() for cell in row if cell.value in (ID_NUMBER, PHONE)]
        assert len(found) == 2 * len(ODD)
        assert {(cell.data_type, cell.number_format) for cell in found} == {("s", "@")}
    lines = lines_of(asked(office, odd, format="csv", unmasked="on", reason="年度核对"))
    assert sum(line.count(f"\t{ID_NUMBER}") + line.count(f"\t{PHONE}") for line in lines) == 2 * len(ODD)


def test_masked_unless_right_and_reason_are_given_and_logged_with_the_rows(odd: World, office: Client) -> None:
    url = reverse("report_export", args=["roster"])
    for format_ in ("xlsx", "csv"):
        secret = asked(office, odd, format=format_)
        content = secret.read_bytes()
        if format_ == "xlsx":
            with zipfile.ZipFile(secret) as archive:
                content = b"".join(archive.read(name) for name in archive.namelist())
        assert ID_NUMBER.encode() not in content
        assert PHONE.encode() not in content
        assert b"010105********0015" in content
        logged = AuditEntry.objects.filter(action="report_export").latest("pk")
        assert (logged.changes["rows"], logged.changes["unmasked"]) == ([None, 12], [None, False])
        jobs = Job.objects.count()
        without = {"organization": odd.orgs["east"].pk, "format": format_, "unmasked": "on"}
        assert office.post(url, {**without, "reason": " "}).status_code == 200, "told, with the form again"
        assert Job.objects.count() == jobs, "no reason, no file"
        signed_in(odd, "staff", "east").post(url, {**without, "reason": "核对"})
        assert not any(
            job.parameters.get("unmasked") for job in Job.objects.filter(requested_by__name__contains="staff")
        )
        asked(office, odd, format=format_, unmasked="on", reason="年度核对")
        logged = AuditEntry.objects.filter(action="report_export").latest("pk")
        assert logged.reason == "年度核对"
        assert (logged.changes["rows"], logged.changes["unmasked"]) == ([None, 12], [None, True])
    page = printed(signed_in(odd, "staff", "east"), odd, unmasked="on", reason="x").content.decode()
    assert PHONE not in page
    assert ID_NUMBER not in page
    assert AuditEntry.objects.filter(action="report_print").get().changes["rows"] == [None, 12]


def test_nobody_gets_rows_beyond_the_own_reach_on_any_way_out(odd: World) -> None:
    staff = signed_in(odd, "staff", "east")
    for place in ("west", "root"):
        for format_ in ("xlsx", "csv", "print"):
            foreign = {"organization": odd.orgs[place].pk, "format": format_}
            assert staff.post(reverse("report_export", args=["roster"]), foreign).status_code != 302
        assert printed(staff, odd, organization=odd.orgs[place].pk).status_code == 404
    assert not Job.objects.exists()
    foreign_names = {member.name for at in ("west_one",) for member in odd.members[at]}
    own = {member.name for at in ("east_one", "east_two") for member in odd.members[at]}
    only_foreign = foreign_names - own
    for text in (
        str(lines_of(asked(staff, odd, format="csv"))),
        str(
            [
                cell.value
                for sheet in load_workbook(asked(staff, odd)).worksheets
                for row in sheet.iter_rows()
                for cell in row
            ]
        ),
        printed(staff, odd).content.decode(),
    ):
        assert all(name in text for name in own)
        assert not any(name in text for name in only_foreign)


def test_chosen_columns_are_those_of_every_way_out(odd: World, office: Client) -> None:
    chosen = ["联系电话", "姓名", "备注"]
    book = load_workbook(asked(office, odd, columns=chosen))
    form, twin = book.worksheets[0], book[NAME]
    heading = next(row for row in form.iter_rows(values_only=True) if row[0] == "序号")
    assert [cell for cell in heading if cell] == ["序号", *chosen]
    assert [cell for cell in next(twin.iter_rows(values_only=True)) if cell != "键"] == chosen
    assert lines_of(asked(office, odd, format="csv", columns=chosen))[0] == ["序号", *chosen]
    staff = signed_in(odd, "staff", "east")
    on_paper = staff.post(
        reverse("report_export", args=["roster"]),
        {"organization": odd.orgs["east"].pk, "format": "print", "columns": chosen},
    )
    page = staff.get(on_paper["Location"])
    assert page.context["sheets"][0].headings == ["序号", *chosen]
