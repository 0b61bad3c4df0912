from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common.exact import hundredths
from campaign.common.tables import WIDE, DayColumn, NumberColumn, StateColumn
from campaign.common.templatetags import ui
from campaign.models import Campaign
from orgs.models import Member, Organization
from pledges.comment_figures import CommentFigures, CommentUnit
from pledges.models import Pledge, PledgeAdjustment, PledgeItem
from pledges.statistics import Level, Unit


class PledgeTable(tables.Table):
    subject_name = tables.Column(linkify=("pledge_detail", {"pk": tables.A("pk")}), verbose_name=_("Pledge of"))
    organization_name = tables.Column(verbose_name=_("Party organization"))
    state = StateColumn()
    item_count = NumberColumn(verbose_name=_("Items"), orderable=False)
    kept_count = NumberColumn(verbose_name=_("Kept"), orderable=False)
    submitted_at = DayColumn(verbose_name=_("Submitted on"))
    published_at = DayColumn(verbose_name=_("On the board since"))

    class Meta:
        model = Pledge
        fields = (
            "subject_name",
            "organization_name",
            "year",
            "state",
            "item_count",
            "kept_count",
            "submitted_at",
            "published_at",
        )


RIGHT = {name: {"class": "text-end"} for name in ("td", "th", "tf")}
UNIT = {"td": {"class": "figure-unit"}}
MINOR = {name: {"class": "text-end figure-minor"} for name in ("td", "th", "tf")}
"""Left out on a phone, where each line is a card."""


class FigureColumn(tables.Column):
    """A count with a link to the records behind it; `key` is its name in `pledges.statistics`."""

    def __init__(self, key: str, label: Any, *, minor: bool = False) -> None:
        self.key = key
        super().__init__(label, accessor=f"figures__{key}", attrs=MINOR if minor else RIGHT)

    def render(self, value: int, record: Unit, table: "UnitTable") -> SafeString | int:
        """What lies in an organization itself has no list of its own, but where there is nothing below it."""
        alone = len(table.level.units) == 1
        return table.linked(self.key, value, record.organization) if alone or not record.own else value

    def footer(self, bound_column: Any, table: "UnitTable") -> Any:
        return table.linked(self.key, table.level.total[self.key], table.of)


class RateColumn(tables.Column):
    """A rate in percent; a dash where there is nothing to measure."""

    def __init__(self, key: str, label: Any) -> None:
        self.key = key
        super().__init__(label, accessor=f"figures__{key}", attrs=RIGHT)

    def render(self, value: int) -> str:
        return hundredths(value)

    def footer(self, bound_column: Any, table: "UnitTable") -> str:
        found = getattr(table.level.total, self.key)
        return "—" if found is None else hundredths(found)


class UnitTable(tables.Table):
    """A level of form d.3: one line for each unit, the columns in the order of the form."""

    unit = tables.Column(
        pgettext_lazy("statistics", "Unit"),
        accessor="organization__name",
        attrs=UNIT,
        footer=_("Total"),
        order_by="organization__path",
    )
    organizations_obliged = FigureColumn("organizations_obliged", _("Organizations asked"), minor=True)
    organizations_pledged = FigureColumn("organizations_pledged", _("Organizations pledged"))
    organizations_rate = RateColumn("organizations_rate", _("Pledge rate %"))
    members_obliged = FigureColumn("members_obliged", _("Members asked"), minor=True)
    members_pledged = FigureColumn("members_pledged", _("Members pledged"))
    members_rate = RateColumn("members_rate", _("Pledge rate %"))
    item_count = FigureColumn("items", _("Items"))
    approved = FigureColumn("approved", pgettext_lazy("pledge items", "Approved"), minor=True)
    returned = FigureColumn("returned", pgettext_lazy("pledge items", "Returned"), minor=True)
    published = FigureColumn("published", pgettext_lazy("pledge items", "Published"), minor=True)
    due = FigureColumn("due", pgettext_lazy("pledge items", "Due"), minor=True)
    fulfilled = FigureColumn("fulfilled", pgettext_lazy("pledge items", "Fulfilled"), minor=True)
    basic = FigureColumn("basic", pgettext_lazy("pledge items", "Mostly fulfilled"), minor=True)
    unfulfilled = FigureColumn("unfulfilled", pgettext_lazy("pledge items", "Not fulfilled"), minor=True)
    adjusted = FigureColumn("adjusted", pgettext_lazy("pledge items", "Adjusted objectively"), minor=True)
    pending = FigureColumn("pending", pgettext_lazy("pledge items", "To appraise"))
    fulfilment_rate = RateColumn("fulfilment_rate", _("Fulfilment rate %"))
    overdue = FigureColumn("overdue", pgettext_lazy("pledge items", "Overdue"))

    def __init__(
        self, *args: Any, campaign: Campaign, year: int, level: Level, of: Organization, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.campaign, self.year, self.level, self.of = campaign, year, level, of
        self.address = reverse("pledge_records", args=[0, campaign.pk, year, "FIGURE"])

    def linked(self, key: str, value: int, organization: Organization) -> SafeString | int:
        """Return the figure with a link to its records; nothing to follow where it is 0."""
        if not value:
            return value
        # One address is asked for; a page has nine hundred of them.
        url = self.address.replace("/0/", f"/{organization.pk}/", 1).replace("FIGURE", key)
        return format_html('<a href="{}">{}</a>', url, value)

    def render_unit(self, record: Unit) -> SafeString | str:
        value = record.organization.display_name
        if record.own and len(self.level.units) == 1:
            return value
        if record.own:
            return format_html('{} <span class="text-secondary">{}</span>', value, _("(itself)"))
        url = reverse("pledge_statistics_of", args=[record.organization.pk])
        return format_html('<a href="{}?campaign={}&amp;year={}">{}</a>', url, self.campaign.pk, self.year, value)


class CommentColumn(tables.Column):
    """A count of comments, a rate or a number of days; the total below."""

    def __init__(self, key: str, label: Any, *, rated: bool = False, minor: bool = False) -> None:
        self.key, self.rated = key, rated
        attrs: dict[str, dict[str, Any]] = dict(MINOR if minor else RIGHT)
        anchored: dict[str, dict[str, Any]] = {
            "td": {"id": lambda record: f"own-{key}" if record.own else None},
            "tf": {"id": f"total-{key}"},
        }
        for cell, given in anchored.items():
            attrs[cell] = {**attrs.get(cell, {}), **given}
        super().__init__(label, accessor=f"figures__{key}", attrs=attrs)

    def render(self, value: int) -> str | int:
        return hundredths(value) if self.rated else value

    def footer(self, bound_column: Any, table: "CommentUnitTable") -> Any:
        found = getattr(table.total, self.key)
        return "—" if found is None else self.render(found)


class CommentUnitTable(tables.Table):
    """What readers of the boards said, one line for each unit."""

    unit = tables.Column(
        pgettext_lazy("statistics", "Unit"), accessor="organization__name", attrs=UNIT, footer=_("Total"),
        order_by="organization__path",
    )  # fmt: skip
    received = CommentColumn("received", pgettext_lazy("comments", "Received"))
    questions = CommentColumn("questions", pgettext_lazy("comments", "Questions among them"), minor=True)
    waiting = CommentColumn("waiting", pgettext_lazy("comments", "Not looked at yet"))
    shown = CommentColumn("shown", pgettext_lazy("comments", "Shown"))
    hidden = CommentColumn("hidden", pgettext_lazy("comments", "Not shown"))
    answered = CommentColumn("answered", pgettext_lazy("comments", "Answered"))
    answer_rate = CommentColumn("answer_rate", _("Answer rate %"), rated=True)
    mean_days = CommentColumn("mean_days", _("Days to the answer, on average"), rated=True)
    oldest_days = CommentColumn("oldest_days", _("Days the longest waiting one has waited"))

    def __init__(self, *args: Any, campaign: Campaign, year: int, total: CommentFigures, **options: Any) -> None:
        super().__init__(*args, **options)
        self.campaign, self.year, self.total = campaign, year, total

    def render_unit(self, record: CommentUnit) -> SafeString | str:
        value = record.organization.display_name
        if record.own:
            return format_html('{} <span class="text-secondary">{}</span>', value, _("(itself)"))
        url = reverse("comment_statistics", args=[record.organization.pk])
        return format_html('<a href="{}?campaign={}&amp;year={}">{}</a>', url, self.campaign.pk, self.year, value)


class ItemRecordTable(tables.Table):
    """Items behind a figure; how they stand is computed, never stored."""

    subject = tables.Column(
        _("Pledge of"), accessor="pledge__subject_name", linkify=("pledge_detail", {"pk": tables.A("pledge_id")})
    )
    unit = tables.Column(_("Party organization"), accessor="pledge__organization_name")
    text = tables.Column(attrs=WIDE, orderable=False)
    target = tables.Column(orderable=False)
    due_on = DayColumn()
    result = tables.Column(orderable=False)

    class Meta:
        model = PledgeItem
        fields = ("subject", "unit", "kind", "text", "target", "due_on", "result")

    def render_result(self, record: PledgeItem) -> SafeString:
        if record.is_overdue and record.pledge.is_public:
            return ui.state("overdue", str(_("Overdue")))
        return ui.state(record.result, record.get_result_display())


class MemberRecordTable(tables.Table):
    name = tables.Column(linkify=("member_detail", {"pk": tables.A("pk")}))

    class Meta:
        model = Member
        fields = ("name", "organization", "party_post", "job")
        orderable = False


class OrganizationRecordTable(tables.Table):
    name = tables.Column(linkify=("organization_detail", {"pk": tables.A("pk")}))

    class Meta:
        model = Organization
        fields = ("name", "type")
        orderable = False


class AdjustmentTable(tables.Table):
    subject = tables.Column(
        _("Pledge of"), accessor="pledge__subject_name", linkify=("adjustment_decide", {"pk": tables.A("pk")})
    )
    unit = tables.Column(_("Party organization"), accessor="pledge__organization_name")
    old_text = tables.Column(_("What is promised"), attrs=WIDE, orderable=False)
    reason = tables.Column(attrs=WIDE, orderable=False)
    requested_at = DayColumn()

    class Meta:
        model = PledgeAdjustment
        fields = ("subject", "unit", "old_text", "reason", "requested_at")


class PeerTable(tables.Table):
    subject_name = tables.Column(linkify=("pledge_appraise_peer", {"pk": tables.A("pk")}), verbose_name=_("Pledge of"))
    state = StateColumn()
    judged = tables.BooleanColumn(verbose_name=_("Appraised by you"), orderable=False)

    class Meta:
        model = Pledge
        fields = ("subject_name", "post", "year", "state", "judged")
        orderable = False

    def render_judged(self, value: bool) -> str:
        return str(pgettext_lazy("pledge of a colleague", "appraised") if value else _("not yet"))
