"""Tables of organizations, members, accounts and roles."""

from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from campaign.common.tables import DayColumn, StateColumn
from orgs.models import Member, Organization, RoleAssignment, User
from orgs.selectors import phone_shown, units_of_staff


class OrganizationTable(tables.Table):
    name = tables.Column(linkify=("organization_detail", {"pk": tables.A("pk")}))
    code = tables.Column()
    type = tables.Column()
    term_ends_on = DayColumn(default="—")

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
    name = tables.Column(linkify=("user_edit", {"pk": tables.A("pk")}))
    username = tables.Column()
    organization = tables.Column(default="—", accessor="organization__display_name", order_by="organization__path")
    member = tables.Column(
        default="—", accessor="member__personnel_no", verbose_name=_("personnel number"), orderable=False
    )
    last_login = tables.DateTimeColumn(format="Y-m-d H:i", default=_("never"))
    is_active = tables.Column(verbose_name=_("state"))

    class Meta:
        model = User
        fields = ("name", "username", "organization", "member", "last_login", "is_active")
        order_by = ()

    def render_is_active(self, record: User) -> Any:
        from campaign.common.templatetags import ui

        return ui.state("active", _("active")) if record.is_active else ui.state("inactive", _("deactivated"))


class RoleTable(tables.Table):
    user = tables.Column(order_by="user__name")
    role = tables.Column()
    organization = tables.Column(order_by="organization__path")
    starts_on = DayColumn()
    ends_on = DayColumn(default="—")
    end = tables.TemplateColumn(
        template_name="orgs/role_end_button.html", verbose_name="", orderable=False, attrs={"td": {"class": "text-end"}}
    )

    class Meta:
        model = RoleAssignment
        fields = ("user", "role", "organization", "starts_on", "ends_on", "end")
        order_by = ()
