import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import django_tables2 as tables
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.audit.labels import action_label, changes_in_words, target_label, who
from campaign.audit.models import AuditEntry
from campaign.common.tables import WIDE, MomentColumn

UNBROKEN = {"td": {"class": "text-nowrap"}}


class AuditTable(tables.Table):
    at = MomentColumn(format="Y-m-d H:i:s")
    actor_name = tables.Column(
        gettext_lazy("person"), orderable=False, empty_values=(), attrs={"td": {"class": "cell-name"}}
    )
    action = tables.Column(orderable=False, attrs=UNBROKEN)
    target_name = tables.Column(gettext_lazy("object"), orderable=False, empty_values=(), attrs=WIDE)
    changes = tables.Column(gettext_lazy("changes and reason"), orderable=False, empty_values=(), attrs=WIDE)
    address = tables.Column(orderable=False)

    class Meta:
        model = AuditEntry
        fields = ("at", "actor_name", "action", "target_name", "changes", "address")

    def render_actor_name(self, record: AuditEntry) -> str:
        return who(record)

    def render_action(self, value: str) -> str:
        return action_label(value)

    def render_target_name(self, record: AuditEntry) -> SafeString | str:
        if not record.target_type:
            return "—"
        url = reverse("audit_object", args=[record.target_type.replace(".", "-"), record.target_id])
        return format_html('<a href="{}">{}</a>', url, target_label(record))

    def render_changes(self, record: AuditEntry) -> SafeString | str:
        lines: list[Any] = [(line,) for line in changes_in_words(record)]
        if record.reason:
            lines.append((_("Reason: %(reason)s") % {"reason": record.reason},))
        return format_html_join("", "<div>{}</div>", lines) or "—"


@dataclass(frozen=True)
class HistoryLine:
    """An entry as the history of an object tells it; `about` names the part of it that was meant."""

    at: dt.datetime
    who: str
    action: str
    changes: list[str]
    reason: str
    about: str = ""


def history_lines(entries: Iterable[AuditEntry], record: Model) -> list[HistoryLine]:
    """Return entries of the history of `record` in the words of people."""
    own = record._meta.label_lower
    return [
        HistoryLine(
            each.at,
            who(each),
            action_label(each.action),
            list(changes_in_words(each)),
            each.reason,
            about="" if each.target_type == own else target_label(each),
        )
        for each in entries
    ]
