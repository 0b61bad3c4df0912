"""`kill -9` of the worker, parent and children, in the middle of jobs: they finish by themselves, equal to undisturbed ones.

Runs the real `manage.py serve` on SQLite and the file-system broker, in a data folder of its own, on 127.0.0.1.
"""

import contextlib
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("reports.export", "reports.bundle", "scoring.run")
LEASE = 4
STARTING = 30
"""Seconds that a busy machine may take to start a new worker; an idle one takes four."""
KILLS = 5
SETUP = """
import datetime as dt
from campaign.services import campaign_create
from orgs.models import Member, Organization
tree = Organization.objects
root = tree.add_root(create_kwargs={"code": "ROOT", "name": "中共测试集团委员会", "type": "committee"})
for place in range(120):
    branch = tree.add_child(root, create_kwargs={"code": f"B{place}", "name": f"第{place}党支部", "type": "branch"})
    Member.objects.bulk_create(
        Member(personnel_no=f"{place}-{n}", name=f"党员{n}", sex="male", organization=branch, pinyin=f"dang yuan {n}")
        for n in range(120)
    )
campaign_create(actor=None, organization=root, template="wujiang", code="C1", starts_on=dt.date(2026, 1, 1))
"""
ASK = "from tests.faults.asking import answer; answer()"


class Portal:
    """A running portal in a data folder of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TEST_")},
            "DATA_DIR": str(data),
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "DEMO": "0",
            "PORT": str(self.port),
            "JOB_LEASE_SECONDS": str(LEASE),
            "JOB_SWEEP_SECONDS": "1",
            "DJANGO_SETTINGS_MODULE": "campaign.settings",
            "PYTHONPATH": str(ROOT),
        }

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, check=False, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def begin_asking(self) -> None:
        """Start the process that asks for jobs; it ends when its input does."""
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", ASK]
        self.asking = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, kind: str, how: str = "queued") -> str:
        """Ask for a job; returns its id. "here" does it at once, where nothing is killed."""
        assert self.asking.stdin is not None
        assert self.asking.stdout is not None
        self.asking.stdin.write(f"{kind} {how}\n")
        self.asking.stdin.flush()
        found = next((line for line in self.asking.stdout if line.startswith("JOB ")), "")
        assert found, "the process that asks has ended"
        return found.split()[1]

    def row(self, job: str) -> dict[str, Any]:
        connection = sqlite3.connect(self.data / "db.sqlite3", timeout=10)
        try:
            connection.row_factory = sqlite3.Row
            return dict(connection.execute("SELECT * FROM jobs_job WHERE id = ?", (job,)).fetchone())
        finally:
            connection.close()

    def wait(self, job: str, seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while (row := self.row(job))["state"] in ("queued", "running"):
            assert time.monotonic() < deadline, f"not finished after {seconds} s: {row}"
            time.sleep(0.1)
        return row

    def workers(self) -> list[int]:
        """Return the worker's processes, parent and children, of this portal alone."""
        found = []
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                command = (process / "cmdline").read_bytes()
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            if b"celery" in command and b"worker" in command and str(self.data).encode() in environment:
                found.append(int(process.name))
        return found

    def living_workers(self, seconds: float) -> list[int]:
        """Wait for a worker: the one that follows a killed one starts late on a busy machine."""
        deadline = time.monotonic() + seconds
        while not (found := self.workers()):
            assert time.monotonic() < deadline, f"no worker after {seconds} s"
            time.sleep(0.1)
        return found


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    portal = Portal(tmp_path_factory.mktemp("portal"))
    portal.manage("migrate", "-v0")
    portal.manage("shell", "-c", SETUP)
    portal.begin_asking()
    log = (portal.data / "serve.log").open("w")
    command = [sys.executable, "manage.py", "serve", "--workers", "1"]
    server = subprocess.Popen(command, cwd=ROOT, env=portal.environment, stdout=log, stderr=log, start_new_session=True)
    try:
        portal.wait(portal.ask("reports.export"), 60)  # the worker is up
        yield portal
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
        log.close()
        portal.asking.communicate(timeout=30)


def result(portal: Portal, row: dict[str, Any]) -> Any:
    """Return what must be equal: the bytes of an export, the digest of a score run."""
    if row["file_path"]:
        return (portal.data / "media" / row["file_path"]).read_bytes()
    return json.loads(row["figures"])["digest"]


@pytest.mark.one_database
def test_killed_workers_leave_nothing_undone(portal: Portal) -> None:
    chance = random.Random(20260701)
    undisturbed = {kind: result(portal, portal.row(portal.ask(kind, "here"))) for kind in KINDS}
    for _ in range(KILLS):
        jobs = {kind: portal.ask(kind) for kind in KINDS}
        time.sleep(chance.uniform(0, 2))
        for process in portal.living_workers(STARTING):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        for kind, job in jobs.items():
            row = portal.wait(job, 2 * LEASE + STARTING)
            assert row["state"] == "succeeded", row
            assert result(portal, row) == undisturbed[kind], kind
