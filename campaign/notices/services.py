"""The reminder sweep, and reading what it left on the desk."""

import datetime as dt
from typing import Any

from campaign.common import clock
from campaign.common.errors import NotAllowed
from campaign.notices.models import Notice
from campaign.notices.registry import ReminderRule, reminders

BATCH = 500


def reminders_sweep(*, day: dt.date | None = None) -> int:
    """Ask every rule what is due on `day` (today) and store what was not stored before; returns how many are new.

    Safe to run twice or at once: the same reminder is kept once, by a constraint.
    """
    return sum(_store(rule, day or clock.today()) for rule in reminders)


def _store(rule: ReminderRule, day: dt.date) -> int:
    before = Notice.objects.filter(rule=rule.key).count()
    notices = (
        Notice(user_id=due.user_id, rule=rule.key, subject=due.subject, text=due.text, url=due.url, due_on=due.due_on)
        for due in rule.due(day)
    )
    Notice.objects.bulk_create(notices, batch_size=BATCH, ignore_conflicts=True)
    return Notice.objects.filter(rule=rule.key).count() - before


def notice_read(*, notice: Notice, actor: Any) -> None:
    """Take a reminder off the desk of the person it is for. Raises NotAllowed for anybody else."""
    if notice.user_id != actor.pk:
        raise NotAllowed
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=clock.now())


def notices_read_all(*, actor: Any) -> int:
    """Take all reminders off a person's desk; returns how many there were."""
    return Notice.objects.filter(user_id=actor.pk, read_at=None).update(read_at=clock.now())
