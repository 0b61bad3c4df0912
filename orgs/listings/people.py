"""Tables and filters of transfers, probationary members and workers."""

from typing import Any, ClassVar

import django_filters
import django_tables2 as tables
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.filters import Filters, search_box
from campaign.common.tables import DayColumn, MomentColumn, StateColumn
from campaign.common.templatetags import ui
from orgs.filters import Below
from orgs.models import Member, Organization, Transfer, TransferState, Worker
from orgs.models.members import months_after
from orgs.selectors import workers_matching

# -- transfers -----------------------------------------------------------------------------------------------------


class TransferTable(tables.Table):
    member = tables.Column(linkify=("transfer_detail", {"pk": tables.A("pk")}), order_by=("member__pinyin", "pk"))
    source = tables.Column(accessor="source__display_name", order_by="source__path")
    target = tables.Column(accessor="target__display_name", order_by="target__path")
    requested_at = MomentColumn()
    state = StateColumn()
    effective_on = DayColumn(default="—")

    class Meta:
        model = Transfer
        fields = ("member", "source", "target", "requested_at", "state", "effective_on")
        order_by = ()


class Concerning(Below):
    """Transfers from or to an organization with all below it."""

    def __init__(self) -> None:
        super().__init__(label=_("From or to, with all below"))

    def filter(self, queryset: Any, organization: Organization | None) -> Any:
        return queryset if organization is None else queryset.concerning(organization)


class TransferFilter(Filters):
    personal = True

    q = django_filters.CharFilter(
        label=pgettext_lazy("person", "name"), method="by_words", widget=search_box(_("Name or pinyin initials"))
    )
    state = django_filters.ChoiceFilter(label=_("state"), choices=TransferState.choices)
    organization = Concerning()

    class Meta:
        model = Transfer
        fields: ClassVar[list[str]] = []

    def by_words(self, queryset: Any, _name: str, words: str) -> Any:
        typed = "".join(words.split())
        return queryset.filter(Q(member__name__contains=typed) | Q(member__initials__begins=typed.lower()))


# -- probation -----------------------------------------------------------------------------------------------------


class ProbationTable(tables.Table):
    name = tables.Column(linkify=("member_detail", {"pk": tables.A("pk")}), order_by=("pinyin", "pk"))
    organization = tables.Column(order_by=("organization__path",), accessor="organization__display_name")
    joined_on = DayColumn(default="—")
    probation_end = DayColumn(verbose_name=_("probation ends on"), default="—", orderable=False)
    left = tables.Column(verbose_name=_("state"), empty_values=(), orderable=False)

    class Meta:
        model = Member
        fields = ("name", "organization", "joined_on", "probation_end", "left")
        order_by = ()

    def render_left(self, record: Member) -> Any:
        end, today = record.probation_end, clock.today()
        if end is None:
            return ui.state("draft", _("end not known"))
        if end < today:
            return ui.state("overdue", _("over since %(days)s days") % {"days": (today - end).days})
        if end <= months_after(today, 1):
            return ui.state("due_soon", _("ends within a month"))
        return ui.state("normal", _("under way"))


class ProbationFilter(Filters):
    when = django_filters.ChoiceFilter(
        label=_("probation"),
        choices=[("soon", _("ends within a month or is over")), ("over", _("is over"))],
        method="by_end",
    )
    organization = Below()

    class Meta:
        model = Member
        fields: ClassVar[list[str]] = []

    def by_end(self, queryset: Any, _name: str, when: str) -> Any:
        today = clock.today()
        return queryset.probation_ending(months_after(today, 1) if when == "soon" else today)


# -- workers -------------------------------------------------------------------------------------------------------


class WorkerTable(tables.Table):
    name = tables.Column(order_by=("pinyin", "pk"))
    organization = tables.Column(order_by=("organization__path",), accessor="organization__display_name")
    personnel_no = tables.Column(default="—")
    team = tables.Column(default="—")
    job = tables.Column(default="—", orderable=False)
    is_representative = tables.Column(verbose_name=_("representative"))
    is_active = tables.Column(verbose_name=_("state"))
    buttons = tables.TemplateColumn(
        template_name="orgs/worker_buttons.html", verbose_name="", orderable=False, attrs={"td": {"class": "text-end"}}
    )

    class Meta:
        model = Worker
        fields = ("name", "organization", "personnel_no", "team", "job", "is_representative", "is_active", "buttons")
        order_by = ()

    def __init__(self, *args: Any, keeps: bool, **kwargs: Any) -> None:
        super().__init__(*args, exclude=() if keeps else ("buttons",), **kwargs)

    def render_is_representative(self, value: bool) -> Any:
        return _("yes") if value else "—"

    def render_is_active(self, value: bool) -> Any:
        return ui.state("active", _("on the list")) if value else ui.state("inactive", _("taken off"))


class WorkerFilter(Filters):
    personal = True

    q = django_filters.CharFilter(
        label=pgettext_lazy("person", "name"),
        method="by_words",
        widget=search_box(_("Name, pinyin initials, number or team")),
    )
    organization = Below()
    is_representative = django_filters.ChoiceFilter(
        label=_("representatives"), choices=[("true", _("representatives only"))], method="by_representative"
    )
    state = django_filters.ChoiceFilter(
        label=_("state"),
        choices=[("active", _("on the list")), ("retired", _("taken off"))],
        method="by_state",
    )

    class Meta:
        model = Worker
        fields: ClassVar[list[str]] = []

    def by_words(self, queryset: Any, _name: str, words: str) -> Any:
        return workers_matching(queryset, words)

    def by_representative(self, queryset: Any, _name: str, _only: str) -> Any:
        return queryset.filter(is_representative=True)

    def by_state(self, queryset: Any, _name: str, state: str) -> Any:
        return queryset.filter(is_active=state == "active")
