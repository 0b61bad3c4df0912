"""`kill -9` of the process that computes, at any moment: readers keep the old result, and the next attempt ends as if nothing had
been."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from campaign.common import clock
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import job_run
from campaign.models import Period
from campaign.scoring.choices import RunState
from campaign.scoring.models import EntryKind, PeriodScore, ScoreEntry, ScoreRun, ScoreTally
from campaign.scoring.services import KIND
from campaign.scoring.services.runs import run_parameters
from campaign.scoring.services.staging import digest
from tests.scoring.sheets import shown
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
WORK = """
import sys
import django
django.setup()
from campaign.jobs.services import job_run
from campaign.scoring import roll
from campaign.scoring.services import staging
staging.CHUNKS = dict.fromkeys(staging.CHUNKS, 2)  # so that there is much to be killed in
roll.SPLIT_FROM, roll.CHOICE = 0, 1
print("begins", flush=True)
job_run(job_id=sys.argv[1])
"""


def address() -> str:
    """The test's own database, as another process finds it."""
    given = {name: str(value or "") for name, value in connection.settings_dict.items()}
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    who = quote(given["USER"], safe="") + (":" + quote(given["PASSWORD"], safe="") if given["PASSWORD"] else "")
    port = f":{given['PORT']}" if given["PORT"] else ""
    return f"postgres://{who}@{quote(given['HOST'], safe='')}{port}/{quote(given['NAME'])}"


def killed(job: Job, seconds: float) -> bool:
    """Do the job in a process of its own and kill it after so many seconds of work; False when it was over before."""
    environment = {
        **os.environ,
        "DATABASE_URL": address(),
        "DJANGO_SETTINGS_MODULE": "campaign.settings",
        "PYTHONPATH": str(ROOT),
        "SCORE_JOBS": "2",
    }
    command = [sys.executable, "-c", WORK, str(job.pk)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        time.sleep(seconds)
        over = process.poll() is not None
        process.send_signal(signal.SIGKILL)
    return not over


def bonus(world: World, period: Period, points: int) -> None:
    """Another bonus for everybody: every score becomes another one."""
    moment = clock.now()
    ScoreEntry.objects.all().delete()
    everybody = [(place, None) for place in world.orgs.values()]
    everybody += [(member.organization, member) for members in world.members.values() for member in members]
    users = (world.user("office", "root"), world.user("staff", "east"))
    for place, member in everybody:
        ScoreEntry.objects.create(
            campaign=period.campaign, organization=place, member=member, kind=EntryKind.BONUS, points=points, work="x",
            happened_on=period.starts_on, reason="x", basis="x", state="confirmed", entered_by=users[0], decided_by=users[1],
            decided_at=moment,
        )  # fmt: skip


@pytest.mark.usefixtures("emptied")
@pytest.mark.django_db(transaction=True)
def test_a_killed_run_leaves_the_old_result(world: World) -> None:
    period = world.campaign().periods.get(code="2026H1")
    parameters = run_parameters(period, world.orgs["root"].pk)
    bonus(world, period, 1_00)
    first = Job.objects.create(kind=KIND, parameters=parameters)
    began = time.monotonic()
    job_run(job_id=str(first.pk))
    whole = time.monotonic() - began
    old = shown(period)
    assert len(old) == 7 + 24
    bonus(world, period, 2_00)
    job = Job.objects.create(kind=KIND, parameters=parameters)
    kills = 0
    for share in (0.1, 0.3, 0.5, 0.7):
        over = not killed(job, share * whole)
        if over or ScoreRun.objects.filter(job=job, state=RunState.PUBLISHED).exists():
            break
        kills += 1
        assert shown(period) == old
        Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - dt.timedelta(seconds=1), attempt=1)
    assert kills
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    new = shown(period)
    assert set(new) == set(old)
    assert all(new[key.upper()][0] != old[key.upper()][0] for key in world.orgs)
    assert job.figures["digest"] == digest(period, world.orgs["root"].path)
    assert not PeriodScore.objects.exclude(run__job__in=(first, job)).exists()
    assert not ScoreTally.objects.exclude(run__state="published").exists()
