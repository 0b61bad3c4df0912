"""Form d.5: the summary of mass evaluations, from the published results of the rounds sealed in a period (2-domain d.5).

What is hidden on the pages is hidden here: the sheets are made from the same stored results, which have no number for it.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.ballots import results
from campaign.ballots.models import Choice, Invalidity, Item, RaterClass, Result, Shown, Subject, Verdict
from campaign.ballots.results import POOLED, Answered, ClassResult, Empty
from campaign.ballots.selectors import Questionnaire, remarks_shown
from campaign.common import clock
from campaign.common.access import under
from campaign.common.errors import NotAllowed
from campaign.common.exact import half_up, hundredths
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Keyed, Kind, Row, Subtotal
from campaign.common.text import is_key
from campaign.models import Audience
from campaign.reports.activity import figures
from campaign.reports.checks import Check, Discrepancy, Tables
from campaign.reports.registry import Report, ReportRequest, reports
from campaign.reports.units import UnitFigure
from reviews.grades import grade_of, ranks
from reviews.models.rounds import EvaluationRound, RoundState
from reviews.questionnaires import OPINIONS
from reviews.selectors.rounds import reads_remarks, results_for

WHOLE = 10_000
TOO_FEW, ALL_TOGETHER = "不足 k 票", "各票类合并"
NOTES = (
    "注：1.应到为有权参评人次，收回为有效票。2.票类不足规定票数（k）的不单独公布，以“不足 k 票”表示，可推知的数字一并不公布。",
    "3.满意率＝（满意＋比较满意＋基本满意）÷非弃权票，为已公布票类的满意率。4.得票率＝该项得票÷该项有效票（含弃权）。",
)


def tally(request: ReportRequest, key: str) -> str:
    """Votes are no list: behind a figure of a subject is the page of its result. Raises NotAllowed."""
    subject = _subjects(request).filter(pk=int(key) if is_key(key) else 0).first()
    if subject is None:
        raise NotAllowed
    return reverse("round_result", args=[subject.ballot_id, subject.pk])


def _figure_column(header: str, kind: Kind, width: float, group: str = "") -> FormColumn:
    return FormColumn(header, kind, width=width, group=group, counts=tally)


LETTERS = ("A", "B", "C")
"""The classes that the form of the office knows; a round may have more, or none of them."""


def _ranked(letters: Sequence[str], *, ranked: bool) -> tuple[FormColumn, ...]:
    rank = (_figure_column("名次", Kind.INTEGER, 7),) if ranked else ()
    return (
        FormColumn("被评议对象", width=30),
        FormColumn("所在单位", width=28),
        FormColumn("评议名称", width=36),
        *rank,
        *(_figure_column(f"{letter}票得分", Kind.HUNDREDTHS, 10) for letter in letters),
        _figure_column("综合得分", Kind.HUNDREDTHS, 10),
        _figure_column("满意率%", Kind.HUNDREDTHS, 10),
        FormColumn("等次", width=9, align="center"),
        _figure_column("应到", Kind.INTEGER, 8),
        _figure_column("收回", Kind.INTEGER, 8),
        FormColumn("备注", width=24),
    )


ORGANIZATIONS = FormSheet(
    name="党组织评议汇总表",
    title="群众评议汇总表（党组织）",
    freeze=1,
    columns=_ranked(LETTERS, ranked=True),
    notes=NOTES,
)
PERSONS = FormSheet(
    name="党员评议汇总表", title="群众评议汇总表（党员）", freeze=1, columns=_ranked(LETTERS, ranked=False), notes=NOTES
)
CLASSES = FormSheet(
    name="票类统计表",
    title="群众评议票类统计表",
    freeze=1,
    columns=(
        FormColumn("被评议对象", width=30),
        FormColumn("评议名称", width=30),
        FormColumn("票类", width=20),
        _figure_column("权重%", Kind.HUNDREDTHS, 9),
        _figure_column("应到", Kind.INTEGER, 8),
        _figure_column("收回有效票", Kind.INTEGER, 10),
        _figure_column("平均分", Kind.HUNDREDTHS, 9),
        _figure_column("加权分", Kind.HUNDREDTHS, 9),
    ),
    notes=NOTES,
)
WHOLE_SCORE = "综合得分"
REMARKS = FormSheet(
    name="评议意见",
    title="群众评议意见汇总表",
    freeze=1,
    columns=(
        FormColumn("被评议对象", width=30),
        FormColumn("评议名称", width=30),
        FormColumn("意见", width=80),
    ),
    notes=("注：意见按随机顺序排列，不反映填写人；不足规定条数（k）的不列出。",),
)


@dataclass(frozen=True)
class Held:
    """What the rounds of the report asked: one questionnaire for each."""

    asked: dict[int, Questionnaire]
    first: dict[int, dict[int, int]]
    """The ranks of the totals of each round, among all its subjects."""


def _published(request: ReportRequest) -> Any:
    """Return the rounds sealed in the period whose published results the person may see. `request.user` None sees all."""
    rounds = EvaluationRound.objects.published() if request.user is None else results_for(request.user)
    period = request.period
    if period is None or request.campaign is None:
        return rounds.none()
    return rounds.filter(
        campaign=request.campaign,
        ballot__sealed_at__gte=clock.start_of(period.starts_on),
        ballot__sealed_at__lt=clock.start_of(period.ends_on + dt.timedelta(days=1)),
    ).exclude(template__in=OPINIONS)


def _subjects(request: ReportRequest, audience: str | None = None) -> Any:
    """Return the subjects of the report: what the person could look up round by round. `request.user` None sees all."""
    mine = Subject.objects.all() if request.user is None else Subject.objects.visible_to(request.user)
    found = mine.filter(
        under(request.organization.path, "organization__path"),
        ballot__in=_published(request).values("pk"),
        ballot__round__state=RoundState.PUBLISHED,
        result__isnull=False,
    )
    if audience:
        found = found.filter(audience=audience)
    return Subject.objects.filter(pk__in=found.order_by().values("pk"))


def _held(subjects: Any) -> Held:
    """Read what was asked in the rounds of `subjects`. Five queries, whatever their number."""
    ballots = set(subjects.order_by().values_list("ballot", flat=True).distinct())
    items: dict[int, list[Item]] = {pk: [] for pk in ballots}
    choices: dict[int, list[Choice]] = {pk: [] for pk in ballots}
    classes: dict[int, list[RaterClass]] = {pk: [] for pk in ballots}
    for item in Item.objects.filter(ballot__in=ballots).order_by("ballot", "order"):
        items[item.ballot_id].append(item)
    for choice in Choice.objects.filter(ballot__in=ballots).order_by("ballot", "order"):
        choices[choice.ballot_id].append(choice)
    for each in RaterClass.objects.filter(ballot__in=ballots).order_by("ballot", "order"):
        classes[each.ballot_id].append(each)
    totals: dict[int, list[int]] = {pk: [] for pk in ballots}
    known = Result.objects.filter(ballot__in=ballots, total__isnull=False)
    for ballot, total in known.values_list("ballot", "total"):
        totals[ballot].append(total or 0)
    return Held(
        {pk: Questionnaire(items[pk], choices[pk], classes[pk], 0, 0) for pk in ballots},
        {pk: ranks(found) for pk, found in totals.items()},
    )


def _ordered(subjects: Any) -> Iterator[Subject]:
    rows = subjects.select_related("result", "organization", "ballot__round")
    yield from rows.order_by("ballot__round__name", "ballot_id", "-result__total", "pk").iterator(chunk_size=1000)


def _by_roll(subjects: Any) -> Iterator[Subject]:
    rows = subjects.select_related("result", "organization", "ballot__round")
    yield from rows.order_by("organization__path", "ballot_id", "pk").iterator(chunk_size=1000)


def _loaded(subject: Subject) -> list[ClassResult]:
    return [results.load(each) for each in subject.result.classes]


def _summary(held: Held, subjects: Iterator[Subject], letters: Sequence[str], *, ranked: bool) -> Iterator[Row]:
    for subject in subjects:
        result = subject.result
        rank = held.first[subject.ballot_id].get(result.total) if result.total is not None else None
        scores = {each.key: _score(each) for each in _loaded(subject)}
        yield Keyed(
            subject.pk,
            (
                subject.name,
                subject.organization.name,
                subject.ballot.round.name,
                *((rank,) if ranked else ()),
                *(scores.get(letter) for letter in letters),
                _figure(result.total_kind, result.total),
                _figure(result.satisfaction_kind, result.satisfaction),
                grade_of(subject.ballot.round.bands, result.total),
                result.entitled,
                result.returned,
                _remark(subject),
            ),
        )


def _score(found: ClassResult) -> int | str | None:
    """Return the score of a class; what is hidden says so, nothing where nobody voted."""
    if isinstance(found, Answered):
        return found.score
    return None if isinstance(found, Empty) else TOO_FEW


def _letters(held: Held) -> list[str]:
    """Return the letters of the classes in these rounds, those of the office at least."""
    keys = {each.key for asked in held.asked.values() for each in asked.classes}
    return sorted({*LETTERS, *(key for key in keys if len(key) == 1 and key.isalpha())})


def _figure(kind: str, value: int | None) -> int | str | None:
    return TOO_FEW if kind == Shown.HIDDEN else value


def _class_names(held: Held, subject: Subject) -> dict[str, str]:
    return {POOLED: ALL_TOGETHER, **{each.key: each.name for each in held.asked[subject.ballot_id].classes}}


def _remark(subject: Subject) -> str:
    result = subject.result
    if result.verdict == Verdict.INVALID:
        return f"无效：{result.get_reason_display()}，须重新评议"
    names = ["与其他单位合并统计"] if subject.counted_with_id else []
    if subject.classes_pooled:
        names.append(ALL_TOGETHER)
    if any(isinstance(each, Empty) for each in _loaded(subject)):
        names.append("有票类未收到票，未计入综合得分")
    return "；".join(names)


def _class_rows(held: Held, subjects: Iterator[Subject]) -> Iterator[Row | Subtotal]:
    """Yield a row for each class and, in bold, the total of the subject."""
    for subject in subjects:
        names, loaded = _class_names(held, subject), _loaded(subject)
        counted = sum(each.weight for each in loaded if not isinstance(each, Empty)) or 1
        for each in loaded:
            answered = each if isinstance(each, Answered) else None
            score = answered.score if answered else None
            returned = answered.returned if answered else 0 if isinstance(each, Empty) else TOO_FEW
            weighted = None if score is None else half_up(score * each.weight, counted)
            yield Keyed(
                subject.pk,
                (
                    subject.name,
                    subject.ballot.round.name,
                    names[each.key],
                    each.weight,
                    each.entitled,
                    returned,
                    score,
                    weighted,
                ),
            )
        yield Subtotal(_class_total(subject, loaded), label="", key=str(subject.pk))


def _class_total(subject: Subject, loaded: Sequence[ClassResult]) -> Row:
    result = subject.result
    weights = sum(each.weight for each in loaded)
    total = _figure(result.total_kind, result.total)
    return (
        subject.name, subject.ballot.round.name, WHOLE_SCORE, weights, result.entitled, result.returned, None, total,
    )  # fmt: skip


def _item_sheet(number: int, labels: tuple[str, ...]) -> FormSheet:
    """Return the sheet for questionnaires with these choices: two columns for each."""
    choices = [
        column
        for label in labels
        for column in (
            _figure_column("票数", Kind.INTEGER, 7, label),
            _figure_column("得票率", Kind.PERCENT, 9, label),
        )
    ]
    return FormSheet(
        name=f"评议项目统计表{number if number > 1 else ''}",
        title="群众评议项目统计表",
        freeze=1,
        paper_a3=True,
        columns=(
            FormColumn("被评议对象", width=28),
            FormColumn("评议名称", width=26),
            FormColumn("评议项目", width=34),
            *choices,
            _figure_column("弃权", Kind.INTEGER, 7),
            _figure_column("有效票", Kind.INTEGER, 8),
            _figure_column("满意率%", Kind.HUNDREDTHS, 9),
            _figure_column("项目得分", Kind.HUNDREDTHS, 9),
        ),
        notes=NOTES,
    )


def _labels(held: Held, ballot: int) -> tuple[str, ...]:
    return tuple(choice.label for choice in held.asked[ballot].choices)


def _item_rows(held: Held, subjects: Iterator[Subject]) -> Iterator[Row]:
    for subject in subjects:
        for item, found in held.asked[subject.ballot_id].over_all(_loaded(subject)):
            shares = [
                value
                for votes in found.counts[:-1]
                for value in (votes, half_up(votes * WHOLE, found.valid) if found.valid else None)
            ]
            pleased, answered = found.satisfaction
            yield Keyed(
                subject.pk,
                (
                    subject.name,
                    subject.ballot.round.name,
                    item.text,
                    *shares,
                    found.counts[-1],
                    found.valid,
                    half_up(pleased * WHOLE, answered) if answered else None,
                    found.score,
                ),
            )


def _remark_rows(request: ReportRequest, everything: Any) -> Iterator[Row]:
    """What was written, as far as the person reads it on the pages."""
    rows = everything.filter(ballot__asks_remarks=True).select_related(
        "ballot__round__organization", "organization", "result"
    )
    found = [
        subject
        for subject in rows.order_by("organization__path", "ballot_id", "pk")
        if request.user is None or reads_remarks(request.user, subject.ballot.round, subject)
    ]
    shown = remarks_shown(found)
    for subject in found:
        for text in shown.get(subject.pk, ()):
            yield subject.name, subject.ballot.round.name, text


def _sheets(request: ReportRequest) -> list[Filled]:
    everything = _subjects(request)
    held = _held(everything)
    letters = _letters(held)
    filled: list[Filled] = []
    for audience, sheet, order in (
        (Audience.ORGANIZATION, ORGANIZATIONS, _ordered),
        (Audience.MEMBER, PERSONS, _by_roll),
    ):
        ranked = audience == Audience.ORGANIZATION
        rows = _summary(held, order(everything.filter(audience=audience)), letters, ranked=ranked)
        filled.append((replace(sheet, columns=_ranked(letters, ranked=ranked)), rows))
    for number, labels in enumerate(sorted({_labels(held, ballot) for ballot in held.asked}), start=1):
        ballots = [ballot for ballot in held.asked if _labels(held, ballot) == labels]
        items = _item_rows(held, _by_roll(everything.filter(ballot__in=ballots)))
        filled.append((_item_sheet(number, labels), items))
    filled.append((CLASSES, _class_rows(held, _by_roll(everything))))
    if everything.filter(ballot__asks_remarks=True).exists():
        filled.append((REMARKS, _remark_rows(request, everything)))
    return filled


# -- cross-checks --------------------------------------------------------------------------------------------------------


def _overfull(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    """Name the subjects with more ballots out of the box than were given out: those entered are refused otherwise."""
    wrong = _results(request).filter(reason=Invalidity.OVERFULL).order_by("ballot_id", "subject_id")
    for ballot, subject, name in wrong.values_list("ballot_id", "subject_id", "subject__name"):
        yield Discrepancy(
            gettext("%(name)s: more ballots were returned than issued; the evaluation has to be repeated.")
            % {"name": name},
            reverse("round_result", args=[ballot, subject]),
        )


def _weights(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    sums = (
        RaterClass.objects.filter(ballot__in=_subjects(request).values("ballot"))
        .order_by().values("ballot", "ballot__round__name").annotate(sum=Sum("weight"))
    )  # fmt: skip
    for ballot, name, found in sums.exclude(sum=WHOLE).values_list("ballot", "ballot__round__name", "sum"):
        yield Discrepancy(
            gettext("%(name)s: the weights of the classes make %(sum)s %%, not 100 %%.")
            % {"name": name, "sum": hundredths(found)},
            reverse("round_detail", args=[ballot]),
        )


ISSUED = Check("d.20.3", _("No more ballots were returned than issued"), _overfull)
WEIGHTS = Check("d.20.4", _("The weights of the classes make 100 percent"), _weights)
EVALUATION_SUMMARY = Report(
    key="evaluation_summary",
    form="d.5",
    label=_("Summary of mass evaluations"),
    description=_(
        "Published results of the rounds sealed in the period: ranking, questions with counts and shares, classes."
    ),
    sheets=_sheets,
    count=lambda request: _subjects(request).count(),
    icon="clipboard-check",
    checks=(ISSUED, WEIGHTS),
)


# -- form d.19 -----------------------------------------------------------------------------------------------------------


def _rounds(request: ReportRequest) -> Any:
    """Return the rounds held in the subtree of the report whose results in it the person may see."""
    held = _published(request)
    return held.filter(under(request.organization.path, "organization__path"))


def _results(request: ReportRequest) -> Any:
    return Result.objects.filter(subject__in=_subjects(request).values("pk"))


def _satisfied(request: ReportRequest) -> Any:
    return _results(request).filter(satisfaction__isnull=False)


RESULT: dict[str, Any] = {
    "page": "round_results",
    "page_key": "ballot_id",
    "place": "subject__organization__path",
    "group": "群众评议",
}
ROUND_FIGURES = (
    UnitFigure("rounds.held", "评议场次", _rounds, ("name", "organization__name"), "round_detail", group="群众评议"),
    UnitFigure(
        "rounds.raters",
        "参评人数",
        _results,
        ("subject__name", "ballot__round__name", "returned"),
        adds="returned",
        **RESULT,
    ),
    UnitFigure(
        "rounds.satisfaction",
        "满意率%",
        _satisfied,
        ("subject__name", "ballot__round__name", "satisfaction"),
        adds="satisfaction",
        of=_satisfied,
        **RESULT,
    ),
)


def register() -> None:
    reports.register(EVALUATION_SUMMARY)
    for figure in ROUND_FIGURES:
        figures.register(figure)
