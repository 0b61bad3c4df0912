"""What the pages of entries and of freezing share: one person asks, a second one decides."""

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _


def crumbs(label: str, page: str) -> list[dict[str, str]]:
    """Return the way to a page behind the list `page`."""
    return [{"label": _("Periodic scores"), "url": reverse("score_list")}, {"label": label, "url": reverse(page)}]


def who_and_when(who: Any, moment: dt.datetime | None) -> str:
    """Say who did something and when; nothing as long as nobody has."""
    return f"{who} {localtime(moment):%Y-%m-%d %H:%M}" if moment else ""
