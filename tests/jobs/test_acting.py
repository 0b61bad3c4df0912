"""A job that a deputy asked for runs with the rights that were handed over, and with no others."""

from typing import Any

import pytest

from campaign.audit.models import AuditEntry
from campaign.common.errors import NotAllowed
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import job_request, job_run
from orgs.services import delegation_end
from tests.orgs.deputies import acting, handed
from tests.world import World

pytestmark = pytest.mark.django_db


def asked(world: World, who: str) -> tuple[Any, Job]:
    delegation = handed(world, "audit_admin@root", who)
    return delegation, job_request(kind="audit.export", actor=acting(world, delegation), parameters={"upto": 10**9})


def test_it_runs_on_behalf(world: World) -> None:
    delegation, job = asked(world, "leader@root")
    assert job.acting_through == delegation.pk
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    entry = AuditEntry.objects.get(action="audit_export")
    assert (entry.actor, entry.on_behalf_of) == (world.users["leader@root"], world.users["audit_admin@root"])


def test_it_is_refused_once_the_deputyship_is_over(world: World) -> None:
    delegation, job = asked(world, "leader@root")
    delegation_end(actor=world.user("audit_admin", "root"), delegation=delegation)
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert not AuditEntry.objects.filter(action="audit_export").exists()


def test_as_oneself_the_deputy_may_not_ask_for_it(world: World) -> None:
    handed(world, "audit_admin@root", "leader@root")
    with pytest.raises(NotAllowed):
        job_request(kind="audit.export", actor=world.user("leader", "root"), parameters={})
