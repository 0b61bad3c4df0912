"""The workbooks of the main path, in the style of the client's samples; all people and id numbers are made up."""

import datetime as dt
from typing import Any

from tests.orgs.books import person, roster, unit, units

GROUP = "中共华岭集团委员会"
COMPANY = "中共华岭集团东山公司委员会"
BRANCH = "东山公司采掘一区党支部"
OTHER_BRANCH = "东山公司采掘二区党支部"
NAMES = ("张建国", "李秀英", "王立新", "赵春梅", "孙志强", "周小红")
"""Of the first branch, its secretary first; the second has others of the same surnames."""
OTHER_NAMES = ("张\u3000军", "李\u3000敏", "王\u3000强", "赵\u3000磊", "孙\u3000丽", "周\u3000涛")
BIRTHDAYS = ("1980-03-12", "1980/03/12", "1980.03.12", "19800312", "1980年3月12日", dt.datetime(1980, 3, 12))  # noqa: DTZ001
"""One day as six offices write it; the last is a cell that Excel knows as a date."""


def organizations_workbook() -> bytes:
    """The company and its branches, the branches first."""
    branches = [unit(name, COMPANY) for name in (BRANCH, OTHER_BRANCH)]
    return units(*branches, unit(COMPANY, GROUP, 组织类别="党委", 所在单位情况="法人单位"))


def members_workbook() -> bytes:
    """Six members of each branch."""
    rows = [(name, BRANCH) for name in NAMES] + [(name, f" {OTHER_BRANCH} ") for name in OTHER_NAMES]
    return roster(*(_row(number, name, place) for number, (name, place) in enumerate(rows)))


def bad_workbook() -> bytes:
    """A good row in row 5, and below it three with one mistake each: no name, an unknown branch, a month 13."""
    return roster(
        _row(20, "钱文斌", BRANCH),
        _row(21, "", BRANCH),
        _row(22, "吴海燕", "东山公司锅炉房党支部"),
        _row(23, "郑国庆", BRANCH, 入党时间="2005年13月1日"),
    )


def _row(number: int, name: str, place: str, **changes: Any) -> dict[str, Any]:
    post = "书记" if name == NAMES[0] else ""
    given = {"姓 名": name, "出生日期": BIRTHDAYS[number % 6], "所在党组织": place, "党内职务": post}
    return person(number + 1, **(given | changes))
