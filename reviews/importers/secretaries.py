"""The problem list of an appraisal of secretaries by workbook: what is on it, and rows that are added."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext_lazy

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.errors import NotAllowed
from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.schema import ParsedRow, ParsedTable
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind
from campaign.common.excel.values import choice, date, label, person_name, squeezed, text
from campaign.lists.entries import NOBODY, SEVERAL, Entry, EntryList, Line, ListColumn, parted
from campaign.lists.registry import Ground
from orgs.models import User
from reviews.models.appraisal import REMARK
from reviews.models.secretaries import LISTED, ProblemState, ReportProblem, SecretaryAppraisal, SecretaryReport
from reviews.selectors import secretaries as selectors
from reviews.services.secretary_problems import report_problems_write

STATES = {
    ProblemState.OPEN: ("整改中", "待整改"),
    ProblemState.REPORTED: ("已报整改",),
    ProblemState.CLOSED: ("已销号",),
}
FIELDS = ("text", "due_on", "measures", "state", "result")
DAY_OVER = mistake(
    "report_problem.day_over",
    gettext_lazy("The day lies in the past."),
    gettext_lazy("Write a day from today on."),
    Category.RULE,
)
NOT_HANDED_IN = mistake(
    "report_problem.not_handed_in",
    gettext_lazy("This secretary has not handed the report in yet."),
    gettext_lazy("Delete the row; send it in when the report is there."),
    Category.RULE,
)
ON_THE_LIST = mistake(
    "report_problem.on_the_list",
    gettext_lazy("The same problem is on the list of this secretary already."),
    gettext_lazy("Delete the row, or take it from a new template."),
    Category.DUPLICATE,
)
SETTLED = mistake(
    "report_problem.settled",
    gettext_lazy("The problem is reported as put right or closed and can no longer be changed."),
    gettext_lazy("Put back what stood there, or say on its page that it is not put right."),
    Category.CONFLICT,
)


@dataclass
class ProblemGround(Ground):
    """What a person lists in one appraisal: `reports` of the secretaries graded by them, `texts` what is on whose list."""

    appraisal: SecretaryAppraisal
    reports: list[SecretaryReport] = field(default_factory=list)
    texts: set[tuple[int, str]] = field(default_factory=set)


class ReportProblemList(EntryList):
    key = "problem_import"
    heading = gettext_lazy("Problem list by workbook")
    explained = gettext_lazy(
        "The workbook has the problems as they are, with what the secretaries say of them. Add a row for each further one; "
        "the secretary reads it as soon as it is stored."
    )
    capability = Cap.SECRETARY_GRADE
    adds = True
    sheet = FormSheet(
        name="问题清单",
        title="党组织书记述职评议问题清单",
        columns=(),
        freeze=3,
        notes=(
            "注：1.每行填写一个问题，自己加的行填党组织或书记姓名。2.已报整改、已销号的问题不能再改。",
            "3.整改措施、状态和整改结果由书记和系统填写，仅供查看。",
        ),
    )
    columns = (
        ListColumn("organization", FormColumn("党组织", width=28), label(), whom=True),
        ListColumn("name", FormColumn("书记", width=10), person_name(), aliases=("姓名", "书记姓名"), whom=True),
        ListColumn(
            "text", FormColumn("存在问题", width=44), text(REMARK), aliases=("问题", "主要问题"), needed=True
        ),
        ListColumn(
            "due_on", FormColumn("整改时限", Kind.DATE, width=13), date(future=True), aliases=("完成时限",), needed=True
        ),
        ListColumn("measures", FormColumn("整改措施", width=36), text(REMARK), told=True),
        ListColumn(
            "state", FormColumn("状态", width=10, align="center"), choice(STATES), names=STATES, told=True
        ),
        ListColumn("result", FormColumn("整改结果", width=30), text(REMARK), told=True),
    )  # fmt: skip

    def open(self, actor: User, place: int) -> ProblemGround:
        appraisals = SecretaryAppraisal.objects.visible_to(actor).select_related("organization")
        appraisal = appraisals.filter(pk=place).first()
        if appraisal is None or not selectors.reports_graded_by(actor).filter(appraisal=appraisal).exists():
            raise NotAllowed
        back = reverse("secretary_detail", args=[place])
        return ProblemGround(actor, appraisal.name, appraisal.name, back, appraisal)

    def entries(self, ground: ProblemGround, *, locked: bool = False) -> Iterable[Entry]:
        reports = selectors.reports_graded_by(ground.actor).filter(appraisal=ground.appraisal)
        if locked:
            reports = reports.select_for_update(of=("self",))
        ground.reports = list(reports.select_related("organization").order_by("organization__path", "pk"))
        written = {report.pk: report for report in ground.reports}
        problems = ReportProblem.objects.filter(report__in=written).order_by(
            "organization__path", "report", "due_on", "pk"
        )
        found = list(problems.select_for_update(of=("self",)) if locked else problems)
        for problem in found:
            problem.report = written[problem.report_id]
        ground.texts = {(problem.report_id, squeezed(problem.text)) for problem in found}
        return [_entry(problem) for problem in found]

    def fresh(self, ground: ProblemGround, table: ParsedTable, row: ParsedRow) -> Entry | None:
        column = "organization" if row["organization"] else "name"
        found = [report for report in ground.reports if _is_meant(row, report)]
        if len(found) != 1 or not (row["organization"] or row["name"]):
            table.report(row, column, SEVERAL if found else NOBODY)
            return None
        report = found[0]
        if report.state not in LISTED:
            table.report(row, column, NOT_HANDED_IN)
            return None
        return Entry(ref="", title=report.name, names=_names(report), subject=report)

    def check(self, ground: ProblemGround, table: ParsedTable, row: ParsedRow, line: Line) -> None:
        values, before = line.values or {}, line.entry.values or {}
        if "due_on" in row and values["due_on"] != before.get("due_on") and values["due_on"] < clock.today():
            table.report(row, "due_on", DAY_OVER)
        report = line.entry.subject
        said = (report.pk, squeezed(values["text"]))
        if values["text"] != before.get("text") and said in ground.texts:
            table.report(row, "text", ON_THE_LIST)
        ground.texts.add(said)

    def save(self, ground: ProblemGround, lines: Sequence[Line]) -> None:
        new, changed, gone = parted(lines)
        made = report_problems_write(
            actor=ground.actor,
            new=[(line.entry.subject, *_said(line)) for line in new],
            changed=[(line.entry.record, *_said(line)) for line in changed],
            gone=[line.entry.record for line in gone],
        )
        for line, problem in zip(new, made, strict=True):
            line.entry.ref, line.values = _ref(problem), _values(problem)


def _ref(problem: ReportProblem) -> str:
    return f"p{problem.pk}"


def _names(report: SecretaryReport) -> dict[str, str]:
    return {"organization": report.organization.name, "name": report.name}


def _is_meant(row: ParsedRow, report: SecretaryReport) -> bool:
    names = _names(report)
    return all(not row[key] or squeezed(row[key]) == squeezed(names[key]) for key in names)


def _values(problem: ReportProblem) -> dict[str, object]:
    return {name: getattr(problem, name) for name in FIELDS}


def _said(line: Line) -> tuple[str, dt.date]:
    values = line.values or {}
    return values["text"], values["due_on"]


def _entry(problem: ReportProblem) -> Entry:
    return Entry(
        ref=_ref(problem),
        title=problem.report.name,
        names=_names(problem.report),
        values=_values(problem),
        record=problem,
        subject=problem.report,
        closed=None if problem.state == ProblemState.OPEN else SETTLED,
    )


PROBLEM_LIST = ReportProblemList()
