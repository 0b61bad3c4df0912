"""Workbooks as subsidiaries send them: title, unit line, heading below, notes and signatures under the table."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from stdnum.cn import ric

MEMBER_HEADINGS = (
    "序号", "姓 名", "性别", "民族", "出生日期", "身份证号", "学历", "参加工作时间", "入党时间", "转正时间", "人员类别",
    "所在党组织", "党内职务", "岗位", "联系电话", "是否一线", "备注",
)  # fmt: skip
ORGANIZATION_HEADINGS = (
    "序号", "党组织名称", "组织类别", "上级党组织", "所在单位情况", "成立时间", "本届选举时间", "任期届满时间",
)  # fmt: skip
FIRST_ROW = 5
"""Where the first record stands."""


def id_number(number: int = 1, *, born: str = "19800312", male: bool = True) -> str:
    """Return a made-up id number with a right check digit; `number` tells people of one day apart (at most 499)."""
    stem = f"130203{born}{number * 2 - (1 if male else 0):03d}"
    return f"{stem}{ric.calc_check_digit(stem + '0')}"


def person(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a good row of a roster."""
    return {
        "姓 名": f"王{'一二三四五六七八九十'[number % 10]}{number}",
        "性别": "男",
        "民族": "汉",
        "出生日期": "1980.03.12",
        "身份证号": id_number(number),
        "学历": "大专",
        "参加工作时间": "2001年7月1日",
        "入党时间": "20050701",
        "转正时间": "2006/07/01",
        "人员类别": "正式党员",
        "所在党组织": "东山公司采掘一区党支部",
        "党内职务": "",
        "岗位": "采矿工",
        "联系电话": float(13300000000 + number),
        "是否一线": "√",
        "备注": "-",
        **changes,
    }


def unit(name: str, above: str = "中共华岭集团委员会", **changes: Any) -> dict[str, Any]:
    """Return a good row of a list of organizations."""
    return {
        "党组织名称": name,
        "组织类别": "党支部",
        "上级党组织": above,
        "所在单位情况": "与上级相同",
        "成立时间": "20130523",
        "本届选举时间": "2024.11.15",
        "任期届满时间": "2027年11月15日",
        **changes,
    }


def book(headings: Sequence[str], rows: Sequence[Mapping[str, Any]], title: str) -> bytes:
    """Return an xlsx like those of the samples: records begin in row FIRST_ROW."""
    workbook = Workbook()
    sheet: Any = workbook.active
    sheet.title = title
    sheet.append([])
    sheet.append([title])
    sheet.append(["填报单位(盖章):中共华岭集团委员会", *[""] * (len(headings) - 2), "填报日期:2026年10月8日"])
    sheet.append(list(headings))
    for number, row in enumerate(rows, start=1):
        sheet.append([number, *(row.get(heading, "") for heading in headings[1:])])
    sheet.append([])
    sheet.append(["注:1.本表由各党支部填写。2.身份证号为文本格式。"])
    workbook.create_sheet("说明").append(["填表说明:请勿改动表头。"])
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def roster(*rows: Mapping[str, Any], headings: Sequence[str] = MEMBER_HEADINGS) -> bytes:
    return book(headings, rows, "党员花名册")


def units(*rows: Mapping[str, Any], headings: Sequence[str] = ORGANIZATION_HEADINGS) -> bytes:
    return book(headings, rows, "党组织基本情况一览表")
