"""Questions about one subject lead to its rows, on both databases: without statistics SQLite easily reads everything instead."""

import pytest
from django.db import connection

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.models import Audience
from campaign.scoring.models import PeriodScore, ScoreDrift
from campaign.scoring.registry import MetricScope, metrics
from tests.world import World

pytestmark = pytest.mark.django_db
# Names plans of SQLite; the pass on PostgreSQL, which has statistics, leaves these out.
SQLITE = pytest.mark.one_database


@pytest.fixture
def _no_scans() -> None:
    """PostgreSQL would read so small a table as a whole."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")


@pytest.mark.usefixtures("_no_scans")
def test_indexes_of_what_is_there_are_used() -> None:
    assert "score_drift_of_member" in ScoreDrift.objects.filter(period=1, member=2).explain()
    assert "audit_on_behalf" in AuditEntry.objects.filter(on_behalf_of=3).order_by().explain()


@SQLITE
def test_the_scores_of_a_few_are_not_read_with_those_of_everybody() -> None:
    of_members = PeriodScore.objects.current().of_members().order_by()
    assert "score_of_members_of" in of_members.filter(organization__in=[4, 5]).explain()
    assert "score_once_per_member" in (found := of_members.filter(member__in=[6, 7]).explain())
    assert "member_id>?" not in found  # as if everybody were asked for


@SQLITE
def test_the_coverage_of_all_looks_for_one_pledge_of_each(world: World) -> None:
    """Else all pledges of the campaign are read once for each member."""
    period = world.campaign().periods.get(code="2026H1")
    asked = metrics.get("pledges.coverage").figures
    assert asked is not None
    plan = asked(MetricScope(period, Audience.MEMBER, clock.now())).explain()
    assert "pledge_of_member" in plan
    assert "pledge_of_campaign" not in plan
