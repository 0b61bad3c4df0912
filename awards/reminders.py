"""Reminds branches and staff, a week before nominations end, that they have nominated nobody."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from awards.models import AwardBatch, Nomination, NominationState
from campaign.common.access import under
from campaign.common.capabilities import Cap, roles_with
from campaign.notices.registry import Due, ReminderRule, reminders
from orgs.models import RoleAssignment

BEFORE_DAYS = 7


def due(day: dt.date) -> Iterator[Due]:
    """One query, and one for each batch that is about to close. A unit may nominate nobody (2-domain b.10, 宁缺毋滥)."""
    closing = AwardBatch.objects.open_on(day).filter(closes_on__lt=day + dt.timedelta(days=BEFORE_DAYS))
    for batch in closing.select_related("organization"):
        yield from _of_batch(batch, day)


def _of_batch(batch: AwardBatch, day: dt.date) -> Iterator[Due]:
    made = Nomination.objects.filter(batch=batch, organization=OuterRef("organization")).exclude(
        state__in=(NominationState.DRAFT, NominationState.WITHDRAWN)
    )
    held = RoleAssignment.objects.on(day).filter(
        under(batch.organization.path, "organization__path"),
        ~Exists(made),
        role__in=roles_with(Cap.NOMINATE),
        user__is_active=True,
    )
    text = gettext("“%(name)s” takes nominations until %(day)s. Your organization has nominated nobody yet.") % {
        "name": batch.name,
        "day": batch.closes_on.isoformat(),
    }
    for user in held.order_by("user").values_list("user_id", flat=True).distinct().iterator():
        yield Due(
            user_id=user,
            subject=str(batch.pk),
            text=text,
            url=reverse("batch_detail", args=[batch.pk]),
            due_on=batch.closes_on,
        )


def register() -> None:
    reminders.register(ReminderRule("awards.nominate", _("Nominations about to close"), due))
