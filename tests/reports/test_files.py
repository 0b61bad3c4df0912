"""The files of a report: the sheet for machines beside the form, csv of several sheets, and what a cell may hold."""

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook, SheetVisibleEnum

from campaign.common import clock
from campaign.common.excel.sheet import FormColumn, FormSheet, Keyed, Kind, Row, Subtotal
from campaign.common.excel.writer import write_xlsx
from campaign.jobs.models import Job
from campaign.jobs.services import job_request, job_run
from campaign.reports import services
from campaign.reports.registry import ReportRequest, reports
from campaign.reports.services import report_write
from tests.world import World

COLUMNS = (
    FormColumn("名称"),
    FormColumn("编号", Kind.CODE),
    FormColumn("日期", Kind.DATE),
    FormColumn("数", Kind.INTEGER, group="合", total=True),
    FormColumn("分", Kind.HUNDREDTHS, group="合"),
    FormColumn("率", Kind.PERCENT),
    FormColumn("是否", Kind.YES_NO),
)
FORM = FormSheet(name="表", title="某表", columns=COLUMNS, notes=("注：说明",), signature="签字")
ROWS: list[Row | Subtotal] = [
    Keyed(7, ("=1+1", "011010519800101001", dt.date(2026, 3, 1), 5, 8333, 6000, True)),
    Subtotal((None, None, None, 5, None, None, None)),
    Keyed("8-own", ("甲\n乙", "", None, "未开展", None, None, False)),
]


def plain_of(target: io.BytesIO, name: str = "数据") -> list[list[Any]]:
    target.seek(0)
    return [list(row) for row in load_workbook(target)[name].iter_rows(values_only=True)]


def written(*sheets: Any, **options: Any) -> io.BytesIO:
    target = io.BytesIO()
    write_xlsx(target, list(sheets), made_at=clock.now(), twins=True, **options)
    return target


def test_the_sheet_for_machines_is_one_plain_table_that_everybody_sees() -> None:
    target = written((FORM, ROWS))
    assert plain_of(target) == [
        ["键", "名称", "编号", "日期", "合数", "合分", "率", "是否"],
        ["7", "=1+1", "011010519800101001", dt.datetime(2026, 3, 1), 5, 83.33, 0.6, "是"],  # noqa: DTZ001
        ["8-own", "甲\n乙", None, None, "未开展", None, None, "否"],
    ]
    book = load_workbook(target)
    assert book.sheetnames == ["表", "数据"]
    assert book.active is not None
    assert book.active.title == "表"
    plain = book["数据"]
    assert plain.sheet_state == "visible"
    assert not plain.merged_cells.ranges
    assert [cell.data_type for cell in plain[2]] == ["s", "s", "s", "d", "n", "n", "n", "s"], "no text became a formula"
    target.seek(0)
    found = CalamineWorkbook.from_filelike(target)
    assert [sheet.visible for sheet in found.sheets_metadata] == [SheetVisibleEnum.Visible] * 2
    assert found.get_sheet_by_name("数据").to_python()[1][:2] == ["7", "=1+1"]


def test_several_forms_have_each_their_own_behind_the_last() -> None:
    other = FormSheet(name="另表", title="另表", columns=COLUMNS[:1])
    target = written((FORM, ROWS), (other, [("丙",)]), (other, []))
    assert load_workbook(target).sheetnames == ["表", "另表", "另表(2)", "数据_表", "数据_另表", "数据_另表(2)"]
    assert plain_of(target, "数据_另表") == [["名称"], ["丙"]]
    assert [row for row in plain_of(target, "数据_另表(2)") if any(row)] == [["名称"]]


def test_a_form_that_takes_several_sheets_has_one_for_machines() -> None:
    rows = [Keyed(number, (f"第{number}", "", None, number, None, None, None)) for number in range(7)]
    target = written((FORM, rows), rows_per_sheet=3)
    assert load_workbook(target).sheetnames == ["表", "表(2)", "表(3)", "数据"]
    assert [row[0] for row in plain_of(target)] == ["键", *map(str, range(7))]


@given(st.lists(st.tuples(st.text(max_size=20), st.integers(-(10**9), 10**9)), max_size=8))
def test_any_values_read_back_as_they_were(values: list[tuple[str, int]]) -> None:
    form = FormSheet(name="表", title="表", columns=(FormColumn("文"), FormColumn("数", Kind.INTEGER)))
    target = written((form, [Keyed(1, row) for row in values]))
    back = [row for row in plain_of(target)[1:] if any(cell is not None for cell in row)]
    assert [row[2] for row in back] == [number for _text, number in values]
    assert "<f>" not in zipfile.ZipFile(target).read("xl/worksheets/sheet2.xml").decode()


@pytest.mark.django_db
def test_a_long_list_goes_without_it(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ReportRequest(world.user("staff", "east"), world.orgs["east"])
    report_write(report=reports.get("roster"), request=request, path=tmp_path / "a.xlsx")
    assert load_workbook(tmp_path / "a.xlsx").sheetnames == ["党员花名册", "数据"]
    monkeypatch.setattr(services, "TWIN_ROWS", 11)
    report_write(report=reports.get("roster"), request=request, path=tmp_path / "b.xlsx")
    assert load_workbook(tmp_path / "b.xlsx").sheetnames == ["党员花名册"]


@pytest.mark.django_db
def test_a_form_of_several_sheets_is_a_zip_of_csv_files(world: World) -> None:
    contents = []
    parameters = {"report": "pledge_ledger", "organization": world.orgs["east"].pk, "format": "csv"}
    job = job_request(kind="reports.export", actor=world.user("staff", "east"), parameters=parameters)
    for _ in range(2):
        Job.objects.filter(pk=job.pk).update(state="queued")
        job_run(job_id=str(job.pk))
        job.refresh_from_db()
        contents.append((Path(settings.MEDIA_ROOT) / job.file_path).read_bytes())
    assert job.file_name.endswith(".zip")
    assert contents[0] == contents[1]
    with zipfile.ZipFile(io.BytesIO(contents[0])) as archive:
        assert archive.namelist() == ["1_党员公开承诺汇总表.csv", "2_党组织公开承诺汇总表.csv"]
        first = archive.read("1_党员公开承诺汇总表.csv")
    assert first.startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 by its mark"
    assert next(csv.reader(io.StringIO(first.decode("utf-8-sig"))))[:3] == ["序号", "所在党组织", "姓名"]


@pytest.mark.django_db
def test_the_last_line_says_whether_the_cross_checks_hold(world: World, tmp_path: Path) -> None:
    from dataclasses import replace

    from campaign.reports.checks import Check, Discrepancy

    wrong = Check("d.20.2", "单位齐全", lambda _request, _tables: [Discrepancy("少一个单位")])
    right = Check("d.20.1", "人数相符", lambda _request, _tables: [])
    request = ReportRequest(world.user("staff", "east"), world.orgs["east"])
    for checks, said in (((), ""), ((right,), "；勾稽关系：相符"), ((right, wrong), "；勾稽关系：1项不符")):
        path = tmp_path / f"{len(checks)}.xlsx"
        report_write(report=replace(reports.get("roster"), checks=checks), request=request, path=path)
        last = [row[0] for row in load_workbook(path).worksheets[0].iter_rows(values_only=True) if row[0]][-1]
        assert str(last).endswith(f"个人信息已脱敏{said}")
