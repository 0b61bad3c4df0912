"""The desk's tile for unread reminders."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.desk import Tile
from campaign.notices.models import Notice


def tiles(user: Any) -> list[Tile]:
    unread = list(Notice.objects.visible_to(user).unread().values_list("due_on", flat=True)[:100])
    late = any(due < clock.today() for due in unread)
    return [Tile(_("Reminders"), len(unread), reverse("notice_list"), "bell", "warning" if late else "primary")]
