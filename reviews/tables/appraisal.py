import django_tables2 as tables
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaign.common.tables import DayColumn, StateColumn
from campaign.common.templatetags import ui
from reviews.models.appraisal import AppraisedMember, BranchAppraisal, MemberAppraisal


class AppraisalTable(tables.Table):
    """The appraisals that are held: one line for all branches of each."""

    name = tables.Column(_("Appraisal"), linkify=("appraisal_detail", [tables.A("pk")]), orderable=False)
    organization = tables.Column(_("held by"), accessor="organization__display_name", orderable=False)
    year = tables.Column(order_by=("year", "pk"))
    progress = tables.Column(_("Branches confirmed"), accessor="confirmed", orderable=False)
    decide_until = DayColumn(orderable=False)
    state = StateColumn(orderable=False)

    class Meta:
        model = MemberAppraisal
        fields = ("name", "organization", "year", "progress", "decide_until", "state")
        order_by = "-year"

    def render_progress(self, record: MemberAppraisal) -> str:
        return f"{record.confirmed} / {record.total}"  # type: ignore[attr-defined]


class BranchTable(tables.Table):
    """The branches of appraisals."""

    organization = tables.Column(
        _("Party branch"),
        accessor="organization__name",
        linkify=("appraisal_branch", [tables.A("pk")]),
        order_by=("organization__path", "pk"),
    )
    appraisal = tables.Column(accessor="appraisal__name", orderable=False)
    decide_until = DayColumn(accessor="appraisal__decide_until", orderable=False)
    state = StateColumn(orderable=False)
    submitted_at = tables.DateTimeColumn(format="Y-m-d", default="—", order_by=("submitted_at", "pk"))

    class Meta:
        model = BranchAppraisal
        fields = ("organization", "appraisal", "decide_until", "state", "submitted_at")
        order_by = ()


class FollowUpTable(tables.Table):
    """What appraisals told members to put right."""

    name = tables.Column(linkify=("appraisal_member", [tables.A("pk")]), orderable=False)
    organization = tables.Column(accessor="organization__display_name", order_by=("organization__path", "pk"))
    year = tables.Column(_("year"), accessor="branch__year", orderable=False)
    consequence = tables.Column(orderable=False)
    due_on = DayColumn(order_by=("due_on", "pk"))
    follow_up = StateColumn(orderable=False)

    class Meta:
        model = AppraisedMember
        fields = ("name", "organization", "year", "consequence", "due_on", "follow_up")
        order_by = "due_on"

    def render_follow_up(self, record: AppraisedMember) -> SafeString:
        if record.is_overdue:
            return ui.state("overdue", _("Overdue"))
        return ui.state(record.follow_up, record.get_follow_up_display())
