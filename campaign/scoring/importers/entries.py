"""Bonuses, deductions and vetoes by workbook: one's own entries that still wait, and rows that are added."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common.access import own_member_ids
from campaign.common.capabilities import Cap
from campaign.common.errors import NotAllowed
from campaign.common.exact import hundredths
from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.schema import ParsedRow, ParsedTable
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind
from campaign.common.excel.values import CellError, Convert, Raw, Reading, date, label, squeezed, text
from campaign.lists.entries import MARK, NOBODY, SEVERAL, Entry, EntryList, Line, ListColumn, parted
from campaign.lists.registry import Ground
from campaign.models import Campaign
from campaign.scoring import services
from campaign.scoring.models import EntryKind, ScoreEntry, ScoreEntryQuerySet
from campaign.scoring.services.entries import Entered, EntryRules
from campaign.scoring.subjects import Subject, members_scored_by, organizations_scored_by
from campaign.selectors import campaigns_for
from orgs.models import Member, User

KINDS = {
    EntryKind.BONUS: ("加分",),
    EntryKind.DEDUCTION: ("扣分",),
    EntryKind.CEILING: ("等次上限", "最高等次"),
    EntryKind.VETO: ("一票否决", "否决"),
}
FIELDS = ("kind", "points", "grade", "work", "happened_on", "reason", "basis")
MARKS_UNKNOWN = mistake(
    "score_entry.marks",
    gettext_lazy("These are no marks."),
    gettext_lazy("Write a number above 0, at most 100, with no more than two decimals."),
    Category.FORMAT,
)
NOT_POSSIBLE = mistake(
    "score_entry.not_possible",
    gettext_lazy("This cannot be entered: %(why)s"),
    gettext_lazy("Correct the row."),
    Category.RULE,
)
ABOUT_ONESELF = mistake(
    "score_entry.about_oneself",
    gettext_lazy("Nobody enters this for oneself."),
    gettext_lazy("Delete the row."),
    Category.RULE,
)


def marks() -> Convert[str]:
    """Marks as they are written everywhere: 2 → 2.00. CellError: `score_entry.marks`."""

    def convert(raw: Raw, _reading: Reading) -> str:
        written = squeezed(raw)
        if isinstance(raw, bool) or not re.fullmatch(r"\+?\d{1,3}(\.\d{1,2}0*)?", written):
            raise CellError(MARKS_UNKNOWN)
        return hundredths(int(Decimal(written) * 100))

    return Convert(convert, blank="")


@dataclass
class EntryGround(Ground):
    """What one person enters in a campaign. `named` are the subjects that the rows name by code or number, and by name."""

    campaign: Campaign
    rules: EntryRules
    named: dict[str, list[Subject]] = field(default_factory=dict)


class ScoreEntryList(EntryList):
    key = "entry_import"
    heading = gettext_lazy("Bonus and deductions by workbook")
    explained = gettext_lazy(
        "The workbook has what you entered and nobody has decided on. Change it, and add a row for each further entry; a second "
        "person confirms what you send."
    )
    capability = Cap.SCORE_RUN
    adds = True
    sheet = FormSheet(
        name="加分扣分",
        title="加分扣分填报表",
        columns=(),
        freeze=3,
        notes=(
            "注：1.每行填写一条，对象按编码或人员编号填写，也可以只填名称或姓名。2.类别填加分、扣分、等次上限或一票否决。",
            "3.加分、扣分须填分值，等次上限须填最高等次。4.同一工作受多级表彰的，“受表彰工作”填写相同名称，只按最高一级计分。",
        ),
    )
    columns = (
        ListColumn(
            "code", FormColumn("编码", Kind.CODE, width=16), text(30), aliases=("人员编号", "党组织编码"), whom=True
        ),
        ListColumn("name", FormColumn("对象", width=28), label(), aliases=("党组织", "姓名"), whom=True),
        ListColumn("organization", FormColumn("所在党组织", width=24), label(), whom=True),
        ListColumn.of_choices("kind", "类别", KINDS, width=11, align="center", needed=True),
        ListColumn("points", FormColumn("分值", width=9, align="right"), marks()),
        ListColumn("grade", FormColumn("最高等次", width=10, align="center"), text(20)),
        ListColumn("work", FormColumn("受表彰工作", width=24), text(100)),
        ListColumn("happened_on", FormColumn("日期", Kind.DATE, width=13), date(), needed=True),
        ListColumn("reason", FormColumn("事由", width=36), text(500), aliases=("原因",), needed=True),
        ListColumn("basis", FormColumn("依据", width=32), text(200), needed=True),
    )

    def open(self, actor: User, place: int) -> EntryGround:
        campaign = campaigns_for(actor).begun().filter(pk=place).first()
        if campaign is None:
            raise NotAllowed
        return EntryGround(
            actor, campaign.name, _("Bonus and deductions"), reverse("entry_list"), campaign, EntryRules(campaign)
        )

    def entries(self, ground: EntryGround, *, locked: bool = False) -> Iterable[Entry]:
        own = ScoreEntry.objects.allowed(ground.actor, Cap.SCORE_RUN).filter(ScoreEntryQuerySet.entered(ground.actor))
        own = own.waiting().filter(campaign=ground.campaign).select_related("organization", "member__organization")
        found = own.select_for_update(of=("self",)) if locked else own
        return [_entry(entry) for entry in found.order_by("organization__path", "happened_on", "pk")]

    def prepare(self, ground: EntryGround, rows: Sequence[ParsedRow]) -> None:
        """Find whom the added rows mean: four statements at most, however many rows."""
        added = [row for row in rows if not row[MARK]]
        codes = {row["code"] for row in added if row["code"]}
        names = {row["name"] for row in added if not row["code"] and row["name"]}
        members, places = members_scored_by(ground.actor), organizations_scored_by(ground.actor)
        within = places.filter(path__startswith=ground.campaign.organization.path)
        ground.named = {}
        for subject in (*members.filter(personnel_no__in=codes), *within.filter(code__in=codes)):
            ground.named.setdefault(_code(subject), []).append(subject)
        for subject in (*members.filter(name__in=names), *within.filter(name__in=names)):
            ground.named.setdefault(squeezed(subject.name), []).append(subject)

    def fresh(self, ground: EntryGround, table: ParsedTable, row: ParsedRow) -> Entry | None:
        column = "code" if row["code"] else "name"
        named = row["code"] or squeezed(row["name"])
        found = [each for each in ground.named.get(named, ()) if _is_meant(row, each)]
        if len(found) != 1:
            table.report(row, column, SEVERAL if found else NOBODY)
            return None
        if isinstance(found[0], Member) and found[0].pk in own_member_ids(ground.actor):
            table.report(row, column, ABOUT_ONESELF)
            return None
        return Entry(ref="", title=found[0].name, names=_names(found[0]), subject=found[0])

    def check(self, ground: EntryGround, table: ParsedTable, row: ParsedRow, line: Line) -> None:
        if row.wrong:
            return
        fault = ground.rules.fault(line.entry.subject, _entered(line.values or {}))
        if fault is not None:
            table.report(row, fault[0], NOT_POSSIBLE, why=fault[1])

    def save(self, ground: EntryGround, lines: Sequence[Line]) -> None:
        new, changed, gone = parted(lines)
        made = services.entries_add(
            actor=ground.actor,
            campaign=ground.campaign,
            entered=[(line.entry.subject, _entered(line.values or {})) for line in new],
        )
        for line, entry in zip(new, made, strict=True):
            line.entry.ref, line.values = _ref(entry), _values(entry)
        lines_by_key = {line.entry.record.pk: line for line in changed}
        written = services.entries_change(
            actor=ground.actor,
            changed=[(pk, line.entry.record.version, _entered(line.values or {})) for pk, line in lines_by_key.items()],
        )
        for entry in written:
            lines_by_key[entry.pk].values = _values(entry)
        withdrawn = ScoreEntry.objects.filter(pk__in=[line.entry.record.pk for line in gone])
        services.entries_withdraw(actor=ground.actor, entries=withdrawn)


def _ref(entry: ScoreEntry) -> str:
    return f"e{entry.pk}"


def _code(subject: Subject) -> str:
    return subject.personnel_no if isinstance(subject, Member) else subject.code


def _names(subject: Subject) -> dict[str, str]:
    place = subject.organization.name if isinstance(subject, Member) else ""
    return {"code": _code(subject), "name": subject.name, "organization": place}


def _is_meant(row: ParsedRow, subject: Subject) -> bool:
    """Whether a row that names `subject` by one thing does not say another by the rest."""
    names = _names(subject)
    return all(not row[key] or squeezed(row[key]) == squeezed(names[key]) for key in ("name", "organization"))


def _values(entry: ScoreEntry) -> dict[str, Any]:
    points = hundredths(entry.points) if entry.points else ""
    return {name: getattr(entry, name) for name in FIELDS} | {"points": points}


def _entry(entry: ScoreEntry) -> Entry:
    subject = entry.subject
    return Entry(
        ref=_ref(entry), title=subject.name, names=_names(subject), values=_values(entry), record=entry, subject=subject
    )


def _entered(values: dict[str, Any]) -> Entered:
    points = int(Decimal(values["points"] or 0) * 100)
    return Entered(**{name: values[name] for name in FIELDS} | {"points": points}).clean()


ENTRY_LIST = ScoreEntryList()
