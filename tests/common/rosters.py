"""Workbooks as subsidiaries send them, made on the spot; all people and id numbers are made up."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import Workbook
from stdnum.cn import ric

from campaign.common.excel.schema import Column
from campaign.common.excel.values import choice, date, ethnic_group, id_number, label, person_name, phone, yes_no

TODAY = dt.date(2026, 10, 8)
# fmt: off
HEADINGS = (
    "序号", "姓\u3000名", "性别", "民族", "出生日期", "身份证号", "入党时间", "转正时间",
    "人员类别", "所在党组织", "联系电话", "是否一线", "备注",
)
# fmt: on
COLUMNS = (
    Column("name", "姓名", required=True, converter=person_name()),
    Column("sex", "性别", required=True, converter=choice({"male": ("男",), "female": ("女",)})),
    Column("ethnic", "民族", converter=ethnic_group()),
    Column("born", "出生日期", aliases=("出生年月日",), converter=date()),
    Column("id_number", "身份证号", aliases=("公民身份号码",), required=True, converter=id_number(), personal=True),
    Column("joined_on", "入党时间", aliases=("入党日期",), required=True, converter=date()),
    Column("full_on", "转正时间", aliases=("转正日期",), converter=date()),
    Column(
        "kind",
        "人员类别(正式/预备)",
        required=True,
        converter=choice({"full": ("正式党员", "正式"), "probationary": ("预备党员", "预备")}),
    ),
    Column("organization", "所在党组织", aliases=("党支部",), required=True, converter=label()),
    Column("phone", "联系电话", aliases=("手机", "手机号码"), converter=phone(), personal=True),
    Column("front_line", "是否一线", converter=yes_no(blank=False)),
)
SPELLINGS = ("{0:%Y-%m-%d}", "{0:%Y/%m/%d}", "{0:%Y.%m.%d}", "{0:%Y%m%d}", "{0.year}年{0.month}月{0.day}日")


def make_id(born: dt.date, serial: int) -> str:
    """An id number with a right check digit; odd serials are men."""
    stem = f"110105{born:%Y%m%d}{serial:03d}"
    return stem + ric.calc_check_digit(stem + "0")


def people(count: int) -> list[list[Any]]:
    """Good rows with dates in six spellings, blanks in names, phones as numbers and as text, half-written values."""
    written: list[Callable[[dt.date], Any]] = [spelling.format for spelling in SPELLINGS]
    spell = cycle([*written, lambda day: dt.datetime.combine(day, dt.time())])
    rows: list[list[Any]] = []
    for number, say in zip(range(1, count + 1), spell, strict=False):
        born = dt.date(1960, 1, 1) + dt.timedelta(days=97 * number % 14_000)
        joined = born + dt.timedelta(days=9000)
        rows.append(
            [
                number,
                ("张 三", "欧阳\u3000娜", "李四")[number % 3] + "甲乙丙丁戊"[number % 5],
                "男" if number % 2 else "女",
                ("汉族", "汉", "回族")[number % 3],
                say(born),
                make_id(born, 100 + number % 800),
                say(joined),
                say(joined + dt.timedelta(days=365)),
                ("正式党员", "正式")[number % 2],
                ("机电车间党支部", " 选矿车间党支部 ")[number % 2],
                13_304_665_000 + number if number % 2 else str(13_304_665_000 + number),
                ("√", "是", "否", None)[number % 4],
                ("-", None, "@外派")[number % 3],
            ]
        )
    return rows


def roster(rows: Iterable[Sequence[Any]], *, headings: Sequence[Any] = HEADINGS, sheet: str = "党员花名册") -> bytes:
    """An xlsx like the samples: blank row, title, line for unit and date, heading in row 4, note below, second sheet."""
    workbook = Workbook()
    table = workbook.worksheets[0]
    table.title = sheet
    table.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(headings))
    table.cell(2, 1, "党员花名册")
    table.cell(3, 1, "填报单位(盖章):中共某某公司委员会")
    table.cell(3, len(headings), "填报日期:2026年10月8日")
    for at, row in enumerate([headings, *rows], start=4):
        for place, value in enumerate(row, start=1):
            table.cell(at, place, value)
    table.cell(table.max_row + 2, 1, "注:1.本表由各党支部填写。2.身份证号为文本格式。")
    workbook.create_sheet("说明")["A1"] = "填表说明:请勿改动表头。"
    return saved(workbook)


def table(rows: Iterable[Sequence[Any]], sheet: str = "Sheet") -> bytes:
    """An xlsx with nothing but these rows."""
    workbook = Workbook()
    workbook.worksheets[0].title = sheet
    for at, row in enumerate(rows, start=1):
        for place, value in enumerate(row, start=1):
            workbook.worksheets[0].cell(at, place, value)
    return saved(workbook)


def saved(workbook: Workbook) -> bytes:
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def ods(rows: Iterable[Sequence[Any]], *, last: str = "") -> bytes:
    """An ods with one sheet, as LibreOffice writes it: empty rest of the sheet as repeated rows; `last` is more XML."""
    body = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    rest = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/>'
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content{names}><office:body><office:spreadsheet>'
        f'<table:table table:name="花名册">{body}{last}{rest}</table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr("content.xml", content)
    return buffer.getvalue()


def _ods_cell(value: Any) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, dt.date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value:%Y-%m-%d}"/>'
    if isinstance(value, int):
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'


def csv_of(rows: Iterable[Sequence[Any]], encoding: str = "utf-8-sig") -> bytes:
    lines = [",".join("" if value is None else str(value) for value in row) for row in rows]
    return "\r\n".join(lines).encode(encoding)
