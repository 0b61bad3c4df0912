"""Abstract bases: moments of making and changing, and the version that guards against silent overwriting."""

from typing import Any

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.errors import EditConflict


def lock(record: models.Model) -> None:
    """Lock the row of `record` until the transaction ends, so that what two people check at once is checked one after the
    other (on SQLite a transaction that writes has the whole database to itself)."""
    rows = type(record)._default_manager.select_for_update().filter(pk=record.pk)
    list(rows.order_by().values_list("pk", flat=True))


def lock_and_read(record: models.Model) -> None:
    """Lock the row of `record` and read it anew, with what it points to: a page may have read it a while ago."""
    lock(record)
    record.refresh_from_db()


class TimeStamped(models.Model):
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed at"), default=clock.now, editable=False)

    class Meta:
        abstract = True


class Versioned(TimeStamped):
    """A record that people edit. `version` counts its changes and goes with every form."""

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        abstract = True

    def save_version(self, version: int, **updates: Any) -> None:
        """Write `updates` if the record still has `version`; raises EditConflict when someone saved meanwhile."""
        manager: models.Manager[Any] = type(self)._default_manager
        changed = manager.filter(pk=self.pk, version=version).update(
            **updates, version=F("version") + 1, updated_at=clock.now()
        )
        if changed != 1:
            raise EditConflict
        self.refresh_from_db()


def choice_check(
    field: str, choices: type[models.TextChoices], name: str, *, blank: bool = False
) -> models.CheckConstraint:
    """Back a field's `choices` by the database: nothing else can be stored, whoever writes."""
    values = [*choices.values, ""] if blank else choices.values
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": values}), name=name)
