# ruff: noqa: S608 — statements are put together from the names of our own tables alone
"""The end of a period: its tree is kept as it was on the last day, so that no later move changes a past score."""

from django.db import connection, transaction

from campaign.common import clock
from campaign.common.access import bounds
from campaign.models import CampaignState, Period
from campaign.scoring.models import PeriodPlace
from orgs.models import Organization


def period_places_keep(period: Period) -> bool:
    """Keep the tree of a period that is over, as it is now; once only. Tells whether it was done now.

    The task of midnight does it right after the last day; a run does it where that was missed.
    """
    if period.ends_on >= clock.today() or PeriodPlace.objects.filter(period=period).exists():
        return False
    low, high = bounds(period.campaign.organization.path)
    with transaction.atomic():
        Period.objects.select_for_update(no_key=True).get(pk=period.pk)
        if PeriodPlace.objects.filter(period=period).exists():
            return False
        with connection.cursor() as cursor:
            cursor.execute(
                f"""INSERT INTO {PeriodPlace._meta.db_table} (period_id, organization_id, path, type, category, is_active)
                    SELECT %s, id, path, type, category, is_active FROM {Organization._meta.db_table}
                    WHERE path >= %s AND path < %s""",
                [period.pk, low, high],
            )
    return True


def periods_end() -> int:
    """Keep the trees of all periods that ended and have none yet, of running campaigns; returns of how many."""
    ended = Period.objects.filter(ends_on__lt=clock.today(), campaign__state=CampaignState.RUNNING, places=None)
    return sum(period_places_keep(period) for period in ended.select_related("campaign__organization"))
