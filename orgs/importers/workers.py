"""Workers who are no members, from a pasted list or a workbook: 姓名、工号、班组、岗位、是否代表."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.excel.layout import SEARCHED_ROWS
from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.reader import Workbook, open_workbook
from campaign.common.excel.schema import Column, ParsedRow, parse
from campaign.common.excel.values import Convert, label, person_name, squeezed, yes_no
from orgs.importers.plan import Changed, New, Plan
from orgs.models import Organization, Worker
from orgs.services.changes import differences

MOST = 5_000
"""Rows of one list: what a page can show and a person can look through."""
SEPARATORS = re.compile("[,，、;；]")
"""What people put between the values of a line that they type."""
HEADINGS = ("姓名", "工号", "班组", "岗位", "是否代表")

WORKER_TWICE = mistake(
    "worker.twice",
    _("Row %(first)s holds the same worker."),
    _("Delete one of the rows, or add the personnel numbers."),
    Category.DUPLICATE,
)
TOO_MANY = mistake(
    "worker.too_many",
    _("The list has more than %(most)s rows."),
    _("Send it in parts."),
    Category.FILE,
)

COLUMNS = (
    Column("name", "姓名", ("职工姓名", "员工姓名"), required=True, converter=person_name()),
    Column(
        "personnel_no",
        "工号",
        ("人员编号", "员工编号", "职工编号"),
        converter=Convert(lambda raw, _reading: squeezed(raw)[:30], blank=""),
    ),
    Column("team", "班组", ("所在班组", "部门", "车间"), converter=label(60)),
    Column("job", "岗位", ("工种", "岗位/工种", "岗位工种"), converter=label(60)),
    Column("is_representative", "是否代表", ("职工代表", "是否职工代表", "代表"), converter=yes_no()),
)
FIELDS = ("name", "personnel_no", "team", "job", "is_representative")


@dataclass
class WorkerPlan(Plan[Worker]):
    """`missing` are the active workers of the list as it is who do not stand in the new one."""

    missing: list[Worker] = field(default_factory=list)


def workbook_of(pasted: str) -> Workbook:
    """Return what was pasted from a sheet (tabs) or typed (commas of any kind), one worker a line; headings may be missing."""
    lines = [line for line in pasted.splitlines() if line.strip()]
    rows = [line.split("\t") if "\t" in line else SEPARATORS.split(line) for line in lines]
    if not any(squeezed(cell) == HEADINGS[0] for row in rows[:SEARCHED_ROWS] for cell in row):
        rows.insert(0, list(HEADINGS))
    return open_workbook(_csv(rows).encode())


def pasted_from(plan_rows: Iterable[ParsedRow]) -> str:
    """Return the rows of a workbook as `workbook_of` reads them, so that a confirmed list needs no stored file."""
    yes = {True: "是", False: "否", None: ""}
    rows = [
        [row["name"], row["personnel_no"], row["team"], row["job"], yes[row["is_representative"]]] for row in plan_rows
    ]
    return "\n".join("\t".join(cells) for cells in (HEADINGS, *rows))


def _csv(rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def workers_plan(workbook: Workbook, organization: Organization) -> tuple[WorkerPlan, str]:
    """Compare a list with the workers of `organization`; returns the plan, and the rows as text.

    Found again are workers by personnel number, else by name and team. Blank cells leave what is stored. Raises
    WorkbookError when a sheet cannot be read.
    """
    table = parse(workbook, COLUMNS)
    rows = list(table)
    plan = WorkerPlan(table.problems, table.ignored, rows=len(rows))
    if len(rows) > MOST:
        plan.problems.add(TOO_MANY, params={"most": MOST})
        return plan, ""
    known = list(Worker.objects.filter(organization=organization).order_by("pk"))
    by_number = {worker.personnel_no: worker for worker in known if worker.personnel_no}
    by_name = {(worker.name, worker.team): worker for worker in known}
    by_bare_name: dict[str, list[Worker]] = {}
    for worker in known:
        by_bare_name.setdefault(worker.name, []).append(worker)
    first: dict[Any, ParsedRow] = {}
    found: set[int] = set()
    for row in rows:
        if row.wrong:
            continue
        key = row["personnel_no"] or (row["name"], row["team"])
        if first.setdefault(key, row) is not row:
            table.report(row, "name", WORKER_TWICE, first=first[key].seen_from(row))
            continue
        same = _same(row, by_number, by_name, by_bare_name)
        if same is not None:
            found.add(same.pk)
        _sort(plan, row, same)
    plan.missing = [worker for worker in known if worker.is_active and worker.pk not in found]
    return plan, pasted_from(rows)


def _same(
    row: ParsedRow,
    by_number: dict[str, Worker],
    by_name: dict[tuple[str, str], Worker],
    by_bare_name: dict[str, list[Worker]],
) -> Worker | None:
    number = row["personnel_no"]
    if number and number in by_number:
        return by_number[number]
    worker = by_name.get((row["name"], row["team"]))
    if worker is None and not row["team"]:
        namesakes = by_bare_name.get(row["name"], [])
        worker = namesakes[0] if len(namesakes) == 1 else None
    return None if worker is None or (number and worker.personnel_no) else worker


def _sort(plan: WorkerPlan, row: ParsedRow, worker: Worker | None) -> None:
    values = {name: row[name] for name in FIELDS if row[name] not in ("", None)}
    if worker is None:
        plan.add(New(row, values))
        return
    changes = differences(worker, {**values, "is_active": True})
    if changes:
        plan.changed.append(Changed(row, worker, changes))
    else:
        plan.unchanged += 1
