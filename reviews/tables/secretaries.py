import django_tables2 as tables
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common.tables import WIDE, DayColumn, StateColumn
from campaign.common.templatetags import ui
from reviews.models.secretaries import ReportProblem, SecretaryAppraisal, SecretaryReport


class SecretaryAppraisalTable(tables.Table):
    """The appraisals that are held: one line for all secretaries of each."""

    name = tables.Column(_("Appraisal"), linkify=("secretary_detail", [tables.A("pk")]), orderable=False)
    organization = tables.Column(_("held by"), accessor="organization__display_name", orderable=False)
    year = tables.Column(orderable=False)
    progress = tables.Column(_("Secretaries graded"), accessor="graded", orderable=False)
    meeting_on = DayColumn(orderable=False)
    state = StateColumn(orderable=False)

    class Meta:
        model = SecretaryAppraisal
        fields = ("name", "organization", "year", "progress", "meeting_on", "state")
        order_by = ()

    def render_progress(self, record: SecretaryAppraisal) -> str:
        return f"{record.graded} / {record.total}"  # type: ignore[attr-defined]


class SecretaryReportTable(tables.Table):
    name = tables.Column(_("Secretary"), linkify=("secretary_report", [tables.A("pk")]), orderable=False)
    organization = tables.Column(accessor="organization__display_name", order_by=("organization__path", "pk"))
    year = tables.Column(order_by=("year", "pk"))
    state = StateColumn(orderable=False)
    grade = StateColumn(orderable=False, default="—")

    class Meta:
        model = SecretaryReport
        fields = ("name", "organization", "year", "state", "grade")
        order_by = ()


class ReportProblemTable(tables.Table):
    """The problem list: what secretaries took home."""

    text = tables.Column(
        pgettext_lazy("of a secretary", "problem"),
        linkify=("secretary_problem", [tables.A("pk")]),
        orderable=False,
        attrs=WIDE,
    )
    name = tables.Column(_("Secretary"), accessor="report__name", orderable=False)
    organization = tables.Column(accessor="organization__display_name", order_by=("organization__path", "pk"))
    due_on = DayColumn(order_by=("due_on", "pk"))
    state = StateColumn(orderable=False)

    class Meta:
        model = ReportProblem
        fields = ("text", "name", "organization", "due_on", "state")
        order_by = "due_on"

    def render_state(self, record: ReportProblem) -> SafeString:
        if record.is_overdue:
            return ui.state("overdue", _("Overdue"))
        return ui.state(record.state, record.get_state_display())
