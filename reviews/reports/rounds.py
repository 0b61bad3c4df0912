"""Form d.5: the summary of mass evaluations, from the published results of the rounds sealed in a period (2-domain d.5).

What is hidden on the pages is hidden here: the sheets are made from the same stored results, which have no number for it.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.ballots import results
from campaign.ballots.models import Choice, Invalidity, Item, RaterClass, Result, Shown, Subject, Verdict
from campaign.ballots.results import POOLED, Answered, ClassResult, Empty
from campaign.ballots.selectors import Questionnaire, remarks_shown
from campaign.common.exact import hundredths, share
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Keyed, Kind, Row, Subtotal
from campaign.models import Audience
from campaign.reports.activity import figures
from campaign.reports.checks import Check, Discrepancy, Line, Severity, Tables
from campaign.reports.organizations import organizations_seen
from campaign.reports.registry import Report, ReportRequest, reports
from orgs.models import OrganizationType
from reviews.grades import grade_of, ranks
from reviews.models import EvaluationRound
from reviews.reports.round_activity import ROUND_FIGURES
from reviews.reports.round_scope import results_of, rounds_of, subjects_of, tally
from reviews.selectors.rounds import reads_remarks

WHOLE, SEVERAL = 10_000, 2
LINES = 8
TOO_FEW, ALL_TOGETHER = "不足 k 票", "各票类合并"
NOTES = (
    "注：1.应到、应发为有权参评人次，发出为电子凭证和发放的纸质票，收回＝有效＋无效，收回率＝收回÷应到。",
    "2.票类不足规定票数（k）的不单独公布，以“不足 k 票”表示，可推知的数字一并不公布。",
    "3.满意率＝（满意＋比较满意＋基本满意）÷非弃权票，为已公布票类的满意率。4.得票率＝该项得票÷该项有效票（含弃权）。",
)


def _figure_column(header: str, kind: Kind, width: float, figure: str, group: str = "") -> FormColumn:
    return FormColumn(header, kind, width=width, group=group, counts=tally(figure))


LETTERS = ("A", "B", "C")
"""The classes that the form of the office knows; a round may have more, or none of them."""


def _ranked(letters: Sequence[str], *, ranked: bool) -> tuple[FormColumn, ...]:
    rank = (_figure_column("名次", Kind.INTEGER, 6, "rank-{subject}"),) if ranked else ()
    return (
        FormColumn("被评议对象", width=26),
        FormColumn("所在单位", width=24),
        FormColumn("评议名称", width=24),
        *rank,
        *(_figure_column(f"{letter}票得分", Kind.HUNDREDTHS, 9, f"class-{letter}-score") for letter in letters),
        _figure_column("综合得分", Kind.HUNDREDTHS, 9, "total"),
        _figure_column("满意率%", Kind.HUNDREDTHS, 9, "satisfaction"),
        FormColumn("等次", width=8, align="center"),
        _figure_column("应到", Kind.INTEGER, 7, "entitled"),
        _figure_column("收回", Kind.INTEGER, 7, "returned"),
        _figure_column("收回率%", Kind.HUNDREDTHS, 9, "turnout"),
        FormColumn("备注", width=18),
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
        FormColumn("票类(A/B/C)", width=20),
        _figure_column("权重%", Kind.HUNDREDTHS, 9, "class-{part}-weight"),
        _figure_column("应发", Kind.INTEGER, 7, "class-{part}-entitled"),
        _figure_column("发出", Kind.INTEGER, 7, "class-{part}-issued"),
        _figure_column("收回", Kind.INTEGER, 7, "class-{part}-returned"),
        _figure_column("有效", Kind.INTEGER, 7, "class-{part}-valid"),
        _figure_column("无效", Kind.INTEGER, 7, "class-{part}-invalid"),
        _figure_column("平均分", Kind.HUNDREDTHS, 9, "class-{part}-score"),
        _figure_column("加权分", Kind.HUNDREDTHS, 9, "class-{part}-weighted"),
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


def _by_round(subjects: Any) -> Iterator[Subject]:
    rows = subjects.select_related("result", "ballot__round")
    yield from rows.order_by("ballot_id", "pk").iterator(chunk_size=1000)


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
                share(result.returned, result.entitled) if result.returned is not None else None,
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
        for each, adds in zip(loaded, results.weighted(loaded), strict=True):
            head = (subject.name, subject.ballot.round.name, names[each.key], each.weight, each.entitled)
            yield Keyed(f"{subject.pk}-{each.key}", (*head, *_ballots(each), _points(each), adds))
        yield Subtotal(_class_total(subject, loaded), label="", key=str(subject.pk))


def _ballots(found: ClassResult) -> tuple[int | str | None, ...]:
    """Return how many ballots of a class were given out, returned, valid and invalid, as far as that is shown."""
    if isinstance(found, Answered):
        returned = None if found.invalid is None else found.returned + found.invalid
        return found.issued, returned, found.returned, found.invalid
    return (None, None, 0, None) if isinstance(found, Empty) else (TOO_FEW,) * 4


def _points(found: ClassResult) -> int | None:
    return found.score if isinstance(found, Answered) else None


def _class_total(subject: Subject, loaded: Sequence[ClassResult]) -> Row:
    result, sums = subject.result, results.ballot_sums(loaded)
    weights = sum(each.weight for each in loaded)
    total = _figure(result.total_kind, result.total)
    issued, valid, invalid = (sums.issued, sums.valid, sums.invalid) if sums else (None, None, None)
    return (
        subject.name, subject.ballot.round.name, WHOLE_SCORE, weights or None, result.entitled, issued, result.returned, valid,
        invalid, None, total,
    )  # fmt: skip


def _item_sheet(number: int, labels: tuple[str, ...]) -> FormSheet:
    """Return the sheet for questionnaires with these choices: two columns for each."""
    choices = [
        column
        for place, label in enumerate(labels)
        for column in (
            _figure_column("票数", Kind.INTEGER, 7, f"item-{{part}}-{place}", label),
            _figure_column("得票率", Kind.PERCENT, 9, f"item-{{part}}-{place}-share", label),
        )
    ]
    return FormSheet(
        name=f"评议项目统计表{number if number > 1 else ''}",
        title="群众评议项目统计表",
        freeze=1,
        columns=(
            FormColumn("被评议对象", width=24),
            FormColumn("评议名称", width=20),
            FormColumn("评议项目", width=28),
            *choices,
            _figure_column("弃权", Kind.INTEGER, 6, "item-{part}-abstained"),
            _figure_column("有效票", Kind.INTEGER, 7, "item-{part}-valid"),
            _figure_column("满意率%", Kind.HUNDREDTHS, 9, "item-{part}-satisfaction"),
            _figure_column("项目得分", Kind.HUNDREDTHS, 9, "item-{part}-score"),
        ),
        notes=NOTES,
    )


WHOLES = FormSheet(
    name="全单位评议统计表",
    title="群众评议全单位统计表",
    freeze=1,
    columns=(),
    notes=(*NOTES, "5.本表为一次评议全部对象合计，合并统计的单位计一次；只有一个对象的评议见评议项目统计表。"),
)


def _whole_sheet(number: int, labels: tuple[str, ...]) -> FormSheet:
    """Return the sheet for all evaluated in a round together, for questionnaires with these choices."""
    shares = [
        column
        for place, label in enumerate(labels)
        for column in (
            _figure_column("票数", Kind.INTEGER, 8, f"all-{{part}}-{place}", label),
            _figure_column("得票率", Kind.PERCENT, 9, f"all-{{part}}-{place}-share", label),
        )
    ]
    columns = (FormColumn("评议名称", width=30), FormColumn("评议项目", width=36), *shares)
    return replace(WHOLES, name=f"{WHOLES.name}{number if number > 1 else ''}", columns=columns)


def _whole_rows(held: Held, subjects: Iterator[Subject]) -> Iterator[Row]:
    """Yield each question over all subjects of a round, as its page does: where several of them have a total."""
    for _ballot, of_round in groupby(subjects, key=lambda subject: subject.ballot_id):
        shown, totals, last = {}, 0, None
        for subject in of_round:
            shown[subject.group] = _loaded(subject)
            totals += subject.result.total is not None
            last = subject
        if last is None or totals < SEVERAL:
            continue
        classes = [each for loaded in shown.values() for each in loaded]
        for item, found in held.asked[last.ballot_id].over_all(classes):
            shares = [value for votes in found.counts[:-1] for value in (votes, share(votes, found.valid))]
            yield Keyed(f"{last.pk}-{item.pk}", (last.ballot.round.name, item.text, *shares))


def _labels(held: Held, ballot: int) -> tuple[str, ...]:
    return tuple(choice.label for choice in held.asked[ballot].choices)


def _item_rows(held: Held, subjects: Iterator[Subject]) -> Iterator[Row]:
    for subject in subjects:
        for item, found in held.asked[subject.ballot_id].over_all(_loaded(subject)):
            head = (subject.name, subject.ballot.round.name, item.text)
            shares = [value for votes in found.counts[:-1] for value in (votes, share(votes, found.valid))]
            end = (found.counts[-1], found.valid, share(*found.satisfaction), found.score)
            yield Keyed(f"{subject.pk}-{item.pk}", (*head, *shares, *end))


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
    everything = subjects_of(request)
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
        whole = everything.filter(ballot__in=set(ballots) & set(rounds_of(request).values_list("pk", flat=True)))
        filled.append((_whole_sheet(number, labels), _whole_rows(held, _by_round(whole))))
    filled.append((CLASSES, _class_rows(held, _by_roll(everything))))
    if everything.filter(ballot__asks_remarks=True).exists():
        filled.append((REMARKS, _remark_rows(request, everything)))
    lines = _round_lines(held)
    return [(replace(sheet, notes=(*sheet.notes, *lines)), rows) for sheet, rows in filled]


def _round_lines(held: Held) -> list[str]:
    """Say of each evaluation who held it and when, as many as a page takes."""
    rounds = EvaluationRound.objects.filter(ballot__in=held.asked).select_related("organization", "ballot")
    ordered = list(rounds.order_by("ballot__opens_at", "pk")[: LINES + 1])
    said = [
        f"{found.name}：组织单位{found.organization.name}，评议时间{_day(found.ballot.opens_at)}至{found.last_day:%Y-%m-%d}。"
        for found in ordered[:LINES]
    ]
    return [*said, "……"] if len(ordered) > LINES else said


def _day(moment: dt.datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}"


# -- cross-checks --------------------------------------------------------------------------------------------------------


def _overfull(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    """Name the subjects with more ballots out of the box than were given out: those entered are refused otherwise."""
    wrong = results_of(request).filter(reason=Invalidity.OVERFULL).order_by("ballot_id", "subject_id")
    for ballot, subject, name in wrong.values_list("ballot_id", "subject_id", "subject__name"):
        yield Discrepancy(
            gettext("%(name)s: more ballots were returned than issued; the evaluation has to be repeated.")
            % {"name": name},
            reverse("round_result", args=[ballot, subject]),
        )


def _ballots_add_up(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    """Valid and invalid ballots make those returned, which are no more than were issued; of the classes that are shown."""
    wrong = [
        line
        for line in tables(CLASSES.name)
        if isinstance(line.values["收回"], int) and isinstance(line.values["发出"], int)
        and not line.number("有效") + line.number("无效") == line.number("收回") <= line.number("发出")
    ]  # fmt: skip
    ballots = dict(subjects_of(request).filter(pk__in=[_subject(line) for line in wrong]).values_list("pk", "ballot"))
    for line in wrong:
        yield Discrepancy(
            gettext("%(name)s, %(class)s: the ballots issued, returned, valid and invalid do not add up.")
            % {"name": line.values["被评议对象"], "class": line.values["票类(A/B/C)"]},
            reverse("round_result", args=[ballots[_subject(line)], _subject(line)]),
        )


def _subject(line: Line) -> int:
    return int(line.key.partition("-")[0])


def _evaluated(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    """Name the active organizations that nobody evaluated in the period."""
    done = subjects_of(request).filter(audience=Audience.ORGANIZATION).order_by().values("organization")
    missing = organizations_seen(request).exclude(type=OrganizationType.CELL).exclude(pk__in=done)
    for name in missing.order_by("path").values_list("name", flat=True):
        yield Discrepancy(gettext("%(name)s was not evaluated in this period.") % {"name": name}, reverse("round_list"))


def _weights(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    sums = (
        RaterClass.objects.filter(ballot__in=subjects_of(request).values("ballot"))
        .order_by().values("ballot", "ballot__round__name").annotate(sum=Sum("weight"))
    )  # fmt: skip
    for ballot, name, found in sums.exclude(sum=WHOLE).values_list("ballot", "ballot__round__name", "sum"):
        yield Discrepancy(
            gettext("%(name)s: the weights of the classes make %(sum)s %%, not 100 %%.")
            % {"name": name, "sum": hundredths(found)},
            reverse("round_detail", args=[ballot]),
        )


ISSUED = Check("d.20.3", _("No more ballots were returned than issued"), _overfull)
BALLOTS = Check("d.20.3", _("Valid and invalid ballots make those returned"), _ballots_add_up)
EVALUATED = Check("d.20.2", _("Every active organization was evaluated"), _evaluated, Severity.WARNING)
WEIGHTS = Check("d.20.4", _("The weights of the classes make 100 percent"), _weights)
EVALUATION_SUMMARY = Report(
    key="evaluation_summary",
    form="d.5",
    label=_("Summary of mass evaluations"),
    description=_(
        "Published results of the rounds sealed in the period: ranking, questions with counts and shares, classes."
    ),
    sheets=_sheets,
    count=lambda request: subjects_of(request).count(),
    icon="clipboard-check",
    checks=(EVALUATED, BALLOTS, ISSUED, WEIGHTS),
)


def register() -> None:
    reports.register(EVALUATION_SUMMARY)
    for figure in ROUND_FIGURES:
        figures.register(figure)
