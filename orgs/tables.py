"""Tables of organizations, members, accounts and roles."""

from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.capabilities import Role
from campaign.common.tables import WIDE, DayColumn, MomentColumn, NumberColumn, StateColumn
from campaign.common.templatetags import ui
from orgs.models import CodeSheet, Delegation, ImportBatch, ImportRow, Member, Organization, RoleAssignment, User
from orgs.places import ways_to
from orgs.selectors import phone_shown, units_of_staff


class OrganizationTable(tables.Table):
    """Organizations found by a search, each with the way to it."""

    name = tables.Column(linkify=("organization_detail", {"pk": tables.A("pk")}), order_by=("pinyin", "pk"))
    way = tables.Column(verbose_name=_("below"), empty_values=(), order_by=("path",))
    code = tables.Column()
    type = tables.Column()
    category = tables.Column(default="—")
    term_ends_on = DayColumn(default="—")

    class Meta:
        model = Organization
        fields = ("name", "way", "code", "type", "category", "term_ends_on")
        order_by = ()

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._viewer = viewer

    def before_render(self, request: Any) -> None:
        self._ways = ways_to([row.record for row in self.paginated_rows], self._viewer)

    def render_name(self, value: str, record: Organization) -> Any:
        from campaign.common.templatetags import ui

        if record.is_active:
            return value
        return format_html("{} {}", value, ui.state("inactive", _("deactivated")))

    def render_way(self, record: Organization) -> str:
        return self._ways.get(record.pk) or "—"


class Meta:
    model = Organization
    fields = ("name", "code", "type", "term_ends_on")
    order_by = ()


class MemberTable(tables.Table):
    """Phones are masked for those who do not work in the member's branch."""

    name = tables.Column(linkify=("member_detail", {"pk": tables.A("pk")}), order_by=("pinyin", "pk"))
    organization = tables.Column(order_by=("organization__path",), accessor="organization__display_name")
    kind = StateColumn()
    party_post = tables.Column(default="—")
    job = tables.Column(default="—", orderable=False)
    phone = tables.Column(orderable=False, empty_values=())
    status = StateColumn()

    class Meta:
        model = Member
        fields = ("name", "organization", "kind", "party_post", "job", "phone", "status")
        order_by = ()

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._viewer, self._units = viewer, units_of_staff(viewer)

    def render_phone(self, record: Member) -> str:
        return phone_shown(record, self._viewer, self._units) or "—"


class UserTable(tables.Table):
    name = tables.Column(linkify=("user_edit", {"pk": tables.A("pk")}), order_by=("pinyin", "pk"))
    username = tables.Column()
    organization = tables.Column(default="—", accessor="organization__display_name", order_by="organization__path")
    member = tables.Column(
        default="—", accessor="member__personnel_no", verbose_name=_("personnel number"), orderable=False
    )
    last_login = tables.DateTimeColumn(format="Y-m-d H:i", default=_("never"))
    state = tables.Column(verbose_name=_("state"), empty_values=(), order_by=("is_active", "pk"))

    class Meta:
        model = User
        fields = ("name", "username", "organization", "member", "last_login", "state")
        order_by = ()

    def render_state(self, record: User) -> Any:
        shown = [account_state(record)]
        if record.two_factor_since is not None:
            shown.append(ui.state("confirmed", _("two-factor")))
        return format_html_join(" ", "{}", ((badge,) for badge in shown))


def account_state(account: User) -> Any:
    """Return the badge that says whether an account can be used: deactivated, waiting for its code to be used, active."""
    if not account.is_active:
        return ui.state("inactive", _("deactivated"))
    code = getattr(account, "one_time_code", None)
    if code is None:
        return ui.state("active", _("active"))
    return ui.state("overdue", _("code has expired")) if code.has_expired else ui.state("draft", _("not used yet"))


class MemberAccountTable(tables.Table):
    """Accounts of members as their secretary sees them, each with the button that issues a code."""

    name = tables.Column(order_by=("member__pinyin", "pk"))
    username = tables.Column()
    organization = tables.Column(
        accessor="member__organization__display_name", order_by="member__organization__path", verbose_name=_("branch")
    )
    state = tables.Column(verbose_name=_("state"), empty_values=(), orderable=False)
    last_login = tables.DateTimeColumn(format="Y-m-d H:i", default=_("never"))
    issue = tables.TemplateColumn(
        template_name="orgs/code_issue_button.html",
        verbose_name="",
        orderable=False,
        attrs={"td": {"class": "text-end"}},
    )

    class Meta:
        model = User
        fields = ("name", "username", "organization", "state", "last_login", "issue")
        order_by = ()

    def render_state(self, record: User) -> Any:
        return account_state(record)


class CodeSheetTable(tables.Table):
    organization = tables.Column(linkify=("code_sheet_detail", {"pk": tables.A("pk")}), orderable=False)
    purpose = tables.Column(orderable=False)
    total = NumberColumn(orderable=False)
    created_at = MomentColumn()
    expires_at = MomentColumn(orderable=False)
    state = tables.Column(verbose_name=_("state"), empty_values=(), orderable=False)

    class Meta:
        model = CodeSheet
        fields = ("organization", "purpose", "total", "created_at", "expires_at", "state")
        order_by = ()

    def render_state(self, record: CodeSheet) -> Any:
        if record.job is not None and record.job.is_active:
            return ui.state("running", _("being made"))
        if getattr(record, "kept", 0) and record.expires_at > clock.now():
            return ui.state("open", _("can be printed"))
        return ui.state("inactive", _("codes deleted"))


class BranchCountTable(tables.Table):
    """How many people of each branch something is about."""

    organization__name = tables.Column(verbose_name=_("branch"), orderable=False)
    people = NumberColumn(verbose_name=_("accounts"), orderable=False)

    class Meta:
        order_by = ()


class RoleTable(tables.Table):
    user = tables.Column(order_by=("user__pinyin", "pk"))
    role = tables.Column(_("role"), accessor="title", order_by="role")
    organization = tables.Column(order_by="organization__path")
    starts_on = DayColumn()
    ends_on = DayColumn(default="—")
    state = tables.Column(verbose_name=_("state"), orderable=False, empty_values=())
    end = tables.TemplateColumn(
        template_name="orgs/role_end_button.html", verbose_name="", orderable=False, attrs={"td": {"class": "text-end"}}
    )

    class Meta:
        model = RoleAssignment
        fields = ("user", "role", "organization", "starts_on", "ends_on", "state", "end")
        order_by = ()

    def render_state(self, record: RoleAssignment) -> Any:
        return ui.state(record.state, record.state_label)


class VacancyTable(tables.Table):
    name = tables.Column(
        verbose_name=_("party organization"),
        linkify=("organization_detail", {"pk": tables.A("pk")}),
        order_by=("pinyin", "pk"),
    )
    type = tables.Column()
    vacant = tables.Column(verbose_name=_("vacant role"), orderable=False)
    last_holder = tables.Column(verbose_name=_("held last by"), orderable=False, empty_values=())
    recorded = tables.Column(verbose_name=_("secretary as recorded"), orderable=False, default="—")
    grant = tables.TemplateColumn(
        template_name="orgs/vacancy_button.html", verbose_name="", orderable=False, attrs={"td": {"class": "text-end"}}
    )

    class Meta:
        model = Organization
        fields = ("name", "type", "vacant", "last_holder", "recorded", "grant")
        order_by = ()

    def render_vacant(self, value: str) -> Any:
        return Role(value).label

    def render_last_holder(self, record: Any) -> str:
        return f"{record.last_holder}（{record.last_until:%Y-%m-%d}）" if record.last_holder else "—"


class DelegationTable(tables.Table):
    holder = tables.Column(accessor="assignment__user", verbose_name=_("holder"), order_by="assignment__user__pinyin")
    role = tables.Column(_("role handed over"), accessor="assignment__title", order_by="assignment__role")
    organization = tables.Column(
        accessor="assignment__organization",
        verbose_name=_("party organization"),
        order_by="assignment__organization__path",
    )
    deputy = tables.Column(order_by=("deputy__pinyin", "pk"))
    starts_on = DayColumn()
    ends_on = DayColumn()
    reason = tables.Column(orderable=False, attrs=WIDE)
    state = tables.Column(verbose_name=_("state"), orderable=False)
    end = tables.TemplateColumn(
        template_name="orgs/deputy_end_button.html",
        verbose_name="",
        orderable=False,
        attrs={"td": {"class": "text-end"}},
        extra_context={"url_name": "role_deputy_end"},
    )

    class Meta:
        model = Delegation
        fields = ("holder", "role", "organization", "deputy", "starts_on", "ends_on", "reason", "state", "end")
        order_by = ()

    def render_state(self, record: Delegation) -> Any:
        return ui.state(record.state, record.state_label)


class ImportBatchTable(tables.Table):
    """Imports that were stored."""

    finished_at = MomentColumn(linkify=("import_detail", {"pk": tables.A("pk")}))
    kind = tables.Column()
    file_name = tables.Column(orderable=False)
    organization = tables.Column(order_by=("organization__path",), accessor="organization__display_name")
    requested_by = tables.Column(order_by="requested_by__name")
    figures = tables.Column(verbose_name=_("result"), orderable=False)
    state = StateColumn()

    class Meta:
        model = ImportBatch
        fields = ("finished_at", "kind", "file_name", "organization", "requested_by", "figures", "state")
        order_by = ("-finished_at",)

    def render_figures(self, value: Any) -> str:
        return str(_("%(new)s new, %(changed)s changed, %(unchanged)s unchanged") % value)


class ImportRowTable(tables.Table):
    """What happens to each record; `preview` says it in words."""

    name = tables.Column(orderable=False)
    action = StateColumn(orderable=False)
    row = tables.Column(orderable=False, default="—")
    values = tables.Column(verbose_name=_("in the file"), orderable=False, attrs=WIDE)

    class Meta:
        model = ImportRow
        fields = ("name", "action", "row", "values")
        order_by = ()

    def __init__(self, *args: Any, preview: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._preview = preview

    def render_name(self, record: ImportRow) -> Any:
        url = self._preview.url(record)
        return format_html('<a href="{}">{}</a>', url, record.name) if url else record.name

    def render_values(self, record: ImportRow) -> Any:
        return render_to_string("orgs/import_values.html", {"lines": self._preview.lines(record)})
