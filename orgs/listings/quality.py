"""Lists of findings: each line names the record and leads to the page that mends it."""

from typing import Any, ClassVar

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common.filters import Filters
from orgs.filters import Below
from orgs.models import Organization
from orgs.quality import Check


class FindingTable(tables.Table):
    """One table for every check: what, where, what is wrong, and the link that mends it."""

    name = tables.Column(verbose_name=pgettext_lazy("thing", "name"), orderable=False)
    place = tables.Column(verbose_name=_("party organization"), empty_values=(), orderable=False)
    shown = tables.Column(verbose_name=_("found"), empty_values=(), orderable=False)
    mend = tables.Column(
        verbose_name="", empty_values=(), orderable=False, attrs={"td": {"class": "text-end text-nowrap"}}
    )

    class Meta:
        fields = ("name", "place", "shown", "mend")
        order_by = ()

    def __init__(self, *args: Any, check: Check, viewer: Any, **kwargs: Any) -> None:
        hidden = ["place"] if check.model is Organization else []
        super().__init__(*args, exclude=hidden if check.shown else [*hidden, "shown"], **kwargs)
        self._check, self._viewer = check, viewer

    def render_place(self, record: Any) -> str:
        return record.organization.display_name if record.organization_id else "—"

    def render_shown(self, record: Any) -> Any:
        return self._check.shown(record) if self._check.shown else ""

    def render_mend(self, record: Any) -> SafeString | str:
        if not self._check.mendable(record, self._viewer):
            return str(_("ask the organization above"))
        url = reverse(self._check.address, args=[record.pk] if self._check.with_key else [])
        return format_html('<a class="btn btn-sm" href="{}">{}</a>', url, _("Mend"))


class FindingFilter(Filters):
    organization = Below()

    class Meta:
        fields: ClassVar[list[str]] = []
