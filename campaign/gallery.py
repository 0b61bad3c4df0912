"""What the gallery page shows: every component with made-up content, for building pages and for the checks of tests."""

import datetime as dt
from typing import Any

import django_tables2 as tables
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.forms import DateInput, Form
from campaign.common.listing import listing
from campaign.common.tables import DayColumn, MarkColumn, NumberColumn
from campaign.common.templatetags import ui
from campaign.common.workflow import Step

NAMES = ("张建国", "李秀英", "王立新", "赵春梅", "孙志强", "周小红")
STATES = ("draft", "submitted", "due_soon", "returned", "published", "awarded", "frozen")
ICONS = (
    "home", "flag", "users", "sitemap", "file-text", "message-2", "checkbox", "award", "chart-bar", "report", "bell",
    "progress", "history", "key", "user-cog", "plus", "edit", "trash", "download", "upload", "search", "filter", "printer",
    "eye", "check", "x", "clock", "calendar", "alert-triangle", "info-circle",
)  # fmt: skip


class SampleTable(tables.Table):
    name = tables.Column(gettext_lazy("name"))
    state = tables.Column(gettext_lazy("state"))
    day = DayColumn(verbose_name=gettext_lazy("day"))
    items = NumberColumn(verbose_name=gettext_lazy("items"))
    score = MarkColumn(verbose_name=gettext_lazy("score"))

    def render_state(self, value: str) -> str:
        return ui.state(value)


class SampleForm(Form):
    name = forms.CharField(
        label=gettext_lazy("name"), max_length=60, help_text=gettext_lazy("As on the identity card.")
    )
    day = forms.DateField(label=gettext_lazy("day"), widget=DateInput)
    state = forms.ChoiceField(label=gettext_lazy("state"), choices=[(state, state) for state in STATES])
    people = forms.ChoiceField(
        label=gettext_lazy("person"), choices=[("", "—"), *((str(n), f"{NAMES[n % 6]} {n}") for n in range(12))]
    )
    text = forms.CharField(label=gettext_lazy("text"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    mode = forms.ChoiceField(
        label=gettext_lazy("choice"),
        choices=[("a", gettext_lazy("First")), ("b", gettext_lazy("Second"))],
        widget=forms.RadioSelect,
    )
    agreed = forms.BooleanField(label=gettext_lazy("I have read this"), required=False)


class _Thing:
    """Stands for an object of a workflow; its steps post to the gallery's own address, which changes nothing."""

    pk = 1

    def __str__(self) -> str:
        return NAMES[0]


def context(request: HttpRequest) -> dict[str, Any]:
    """Return the gallery's content."""
    today = clock.today()
    day = dt.timedelta(days=1)
    rows = [
        {"name": name, "state": STATES[place], "day": today - place * day, "items": place, "score": 8333 - place * 250}
        for place, name in enumerate(NAMES)
    ]
    wrong = SampleForm({"name": "", "day": "2026-02-30", "state": "draft", "people": "", "mode": "a"})
    wrong.is_valid()
    return {
        **listing(request, queryset=rows, table_class=SampleTable, per_page=4),
        "states": [names.split() for names in ui.COLOURS.values()],
        "icons": ICONS,
        "form": SampleForm(initial={"day": today, "mode": "a"}),
        "wrong": wrong,
        "rows": [(_("name"), NAMES[0]), (_("day"), today), (_("text"), "")],
        "tabs": [
            {"label": _("First"), "url": "?", "active": True, "count": 12},
            {"label": _("Second"), "url": "?page=2", "active": False},
        ],
        "entries": [
            {"on": today - 40 * day, "label": _("First"), "past": True, "icon": "check", "text": _("Done")},
            {"on": today, "until": today + 9 * day, "label": _("Second"), "current": True, "icon": "flag",
             "badges": [_("First"), _("Second")]},
            {"on": today + 10 * day, "label": _("Third"), "icon": "clock"},
        ],
        "nodes": [
            {"label": _("First"), "children": [{"label": _("Second"), "text": _("As on the identity card.")},
                                               {"label": _("Third"), "badge": "3"}]},
            {"label": _("Second"), "url": "?", "badge": "2", "children": [{"label": _("Third"), "url": "?"}]},
        ],
        "thing": _Thing(),
        "steps": [
            Step("approve", ("submitted",), "approved", Cap.PLEDGE_REVIEW, gettext_lazy("Approve")),
            Step("return", ("submitted",), "returned", Cap.PLEDGE_REVIEW, gettext_lazy("Return"), needs_reason=True),
        ],
    }  # fmt: skip
