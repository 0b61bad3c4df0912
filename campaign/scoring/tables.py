"""The lists of scores (form d.18), grades, runs and sheets."""

import datetime as dt
from collections import Counter
from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.exact import hundredths, signed
from campaign.common.tables import DayColumn, MarkColumn, MomentColumn, NumberColumn
from campaign.common.templatetags import ui
from campaign.scoring.choices import Column
from campaign.scoring.explain import worth_of
from campaign.scoring.models import PeriodScore, ScoreEntry, ScoreFreeze, ScoreRun, ScoreSheet
from campaign.scoring.selectors import column_points, heads_of, totals_before
from campaign.scoring.standing import ranks_of

NONE = "—"


def rank_text(rank: tuple[int, int] | None) -> str:
    """Say a place among the peers, "2 / 15"; nothing for who has no rank or nobody to be compared with."""
    return f"{rank[0]} / {rank[1]}" if rank and rank[1] > 1 else ""


NO_PRINT = {"td": {"class": "d-print-none text-center"}, "th": {"class": "d-print-none text-center"}}
TICKED = "ticked"
"""The form above the list that sends what is ticked."""
# What makes up the total has room on a wide screen; on a phone it stands in the explanation.
WIDE = {"td": {"class": "text-end d-none d-md-table-cell"}, "th": {"class": "text-end"}}


class PointsColumn(MarkColumn):
    """The points of one column of form d.18."""

    def __init__(self, column: Column) -> None:
        super().__init__(verbose_name=column.label, empty_values=(), orderable=False, attrs=WIDE)
        self.of = column

    def render(self, record: Any) -> str:
        if record.total is None:
            return NONE
        points = column_points(record, record.sheet.items.all())
        return hundredths(points[self.of]) if self.of in points else NONE


HEADS_COLUMN = "heads"
"""What the average of those directly below weighs each of them by."""


class ScoreTable(tables.Table):
    organization = tables.Column(linkify=lambda record: record.get_absolute_url(), order_by="place")
    total = MarkColumn(default=NONE)
    heads = NumberColumn(verbose_name=_("Members counted"), empty_values=(), orderable=False)
    grade = tables.Column(orderable=False, empty_values=())
    rank = NumberColumn(verbose_name=_("Rank among its peers"), empty_values=(), orderable=False)
    previous = MarkColumn(verbose_name=_("Period before"), empty_values=(), orderable=False)
    change = MarkColumn(verbose_name=_("Difference"), empty_values=(), orderable=False)
    pledge = PointsColumn(Column.PLEDGE)
    review = PointsColumn(Column.REVIEW)
    evaluation = PointsColumn(Column.EVALUATION)
    inspection = PointsColumn(Column.INSPECTION)
    posts = PointsColumn(Column.POSTS)
    carriers = PointsColumn(Column.CARRIERS)
    bonus = MarkColumn(orderable=False, attrs=WIDE)
    deductions = MarkColumn(orderable=False, attrs=WIDE)

    class Meta:
        model = PeriodScore
        fields = ("organization",)

    def render_grade(self, record: PeriodScore) -> SafeString | str:
        return ui.state(record.grade_tone(), record.grade or _("Not applicable"))

    def before_page(self) -> None:
        """Read what comes from elsewhere for the rows of the page: a query each, however many rows."""
        scores = [row.record for row in self.page.object_list]
        self.ranks, self.before = ranks_of(scores), totals_before(scores)
        self.weights = heads_of(scores) if HEADS_COLUMN not in self.exclude else {}

    def render_heads(self, record: PeriodScore) -> str:
        return str(self.weights.get(record.pk, NONE))

    def render_rank(self, record: PeriodScore) -> str:
        return rank_text(self.ranks.get(record.pk)) or NONE

    def render_previous(self, record: PeriodScore) -> str:
        return ui.hundredths(self.before.get(record.pk))

    def render_change(self, record: PeriodScore) -> str:
        before = self.before.get(record.pk)
        return NONE if before is None or record.total is None else signed(record.total - before)


class GradeTable(tables.Table):
    member = tables.Column(linkify=lambda record: record.get_absolute_url(), orderable=False)
    organization = tables.Column(orderable=False)
    grade = tables.Column(orderable=False, empty_values=())

    class Meta:
        model = PeriodScore
        fields = ("member", "organization", "grade")

    def render_grade(self, record: PeriodScore) -> SafeString:
        return ui.state(record.grade_tone(), record.grade or _("Not applicable"))


class RunTable(tables.Table):
    period = tables.Column(verbose_name=_("Period"), orderable=False, linkify=("run_detail", [tables.A("pk")]))
    kind = tables.Column(orderable=False)
    organization = tables.Column(orderable=False)
    state = tables.Column(verbose_name=_("State"), orderable=False)
    as_of = MomentColumn(orderable=False)
    counts = tables.Column(verbose_name=_("Result"), orderable=False)
    digest = tables.Column(orderable=False)
    requested_by = tables.Column(orderable=False, default=_("By itself"))

    class Meta:
        model = ScoreRun
        fields = ("period", "kind", "organization", "state", "as_of", "counts", "digest", "requested_by")

    def render_state(self, record: ScoreRun) -> SafeString:
        return ui.state(record.shown_state, record.shown_state.label)

    def render_counts(self, value: dict[str, int]) -> str:
        text = _(
            "%(organizations)d organizations, %(members)d members; %(changed)d changed, %(removed)d no longer there"
        )
        return str(text % Counter(value))  # 0 for what the run did not count

    def render_digest(self, value: str) -> SafeString:
        return format_html('<code title="{}">{}…</code>', value, value[:12])


class EntryTable(tables.Table):
    subject = tables.Column(
        verbose_name=_("Subject"), empty_values=(), orderable=False, linkify=lambda record: record.get_absolute_url()
    )
    kind = tables.Column(verbose_name=_("Kind"), orderable=False)
    worth = tables.Column(verbose_name=_("Worth"), empty_values=(), orderable=False)
    happened_on = DayColumn(orderable=False)
    reason = tables.Column(verbose_name=pgettext_lazy("score entry", "Reason"), orderable=False)
    state = tables.Column(orderable=False)
    entered_by = tables.Column(orderable=False)
    tick = tables.Column(verbose_name=_("Tick"), empty_values=(), orderable=False, attrs=NO_PRINT)

    class Meta:
        model = ScoreEntry
        fields = ("subject", "kind", "worth", "happened_on", "reason", "state", "entered_by", "tick")

    def before_page(self, user: Any) -> None:
        """Read which rows of the page `user` may confirm: one query, however many rows."""
        shown = [row.record.pk for row in self.page.object_list]
        self.decidable = set(
            ScoreEntry.objects.allowed(user, Cap.SCORE_RUN).filter(pk__in=shown).waiting().of_others(user)
            .values_list("pk", flat=True)
        )  # fmt: skip

    def render_tick(self, record: ScoreEntry) -> SafeString | str:
        if record.pk not in self.decidable:
            return str(_("entered yourself")) if record.is_open else ""
        label = _("Tick %(entry)s") % {"entry": record}
        return format_html(
            '<input class="form-check-input" type="checkbox" name="entry" value="{}" form="{}" aria-label="{}">',
            record.pk, TICKED, label,
        )  # fmt: skip

    def render_subject(self, record: ScoreEntry) -> str:
        return (
            f"{record.member.name}（{record.organization.display_name}）" if record.member else record.organization.name
        )

    def render_worth(self, record: ScoreEntry) -> str:
        return worth_of(record)

    def render_state(self, record: ScoreEntry) -> SafeString:
        tones = {"entered": "waiting", "confirmed": "approved", "recalled": "waiting", "refused": "returned"}
        return ui.state(tones.get(record.state, "archived"), record.get_state_display())


class FreezeTable(tables.Table):
    period = tables.Column(linkify=lambda record: record.get_absolute_url(), orderable=False)
    campaign = tables.Column(accessor="period__campaign", verbose_name=_("campaign"), orderable=False)
    version = NumberColumn(orderable=False)
    state = tables.Column(orderable=False)
    requested_by = tables.Column(orderable=False)
    decided_by = tables.Column(orderable=False, default=NONE)
    decided_at = MomentColumn(orderable=False)
    reason = tables.Column(orderable=False, default=NONE)

    class Meta:
        model = ScoreFreeze
        fields = ("period", "campaign", "version", "state", "requested_by", "decided_by", "decided_at", "reason")

    def render_state(self, record: ScoreFreeze) -> SafeString:
        tones = {"requested": "waiting", "confirmed": "frozen", "withdrawn": "archived"}
        return ui.state(tones[record.state], record.get_state_display())


class SheetTable(tables.Table):
    name = tables.Column(linkify=("sheet_detail", [tables.A("pk")]), orderable=False)
    version = NumberColumn(orderable=False)
    audience = tables.Column(orderable=False)
    types = tables.Column(verbose_name=_("Types"), empty_values=(), orderable=False)
    campaign = tables.Column(orderable=False)
    state = tables.Column(verbose_name=_("State"), orderable=False)
    applies_from = tables.Column(orderable=False, empty_values=())

    class Meta:
        model = ScoreSheet
        fields = ("name", "version", "audience", "types", "campaign", "state", "applies_from")

    def render_types(self, record: ScoreSheet) -> str:
        named = "、".join(str(row.get_type_display()) for row in record.types.all())
        return " · ".join(filter(None, (named, str(record.get_category_display())))) or NONE

    def render_state(self, record: ScoreSheet) -> SafeString:
        return sheet_state(record)

    def render_applies_from(self, record: ScoreSheet) -> str:
        if record.is_draft:
            return NONE
        return record.applies_from.isoformat() if record.applies_from else str(_("the beginning"))


def sheet_state(sheet: ScoreSheet) -> SafeString:
    """Show whether a version is a draft, in use, or was followed by another (`ScoreSheetQuerySet.with_successor`)."""
    if sheet.is_draft:
        return ui.state("draft", sheet.get_state_display())
    followed_on: dt.date | None = getattr(sheet, "followed_on", None)
    if not getattr(sheet, "is_followed", False):
        return ui.state("current", sheet.get_state_display())
    if followed_on and followed_on > clock.today():
        return ui.state("current", _("In use until %(day)s") % {"day": followed_on.isoformat()})
    return ui.state("archived", _("Replaced"))
