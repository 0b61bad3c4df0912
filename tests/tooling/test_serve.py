"""`manage.py serve`: one command starts all three, each that is killed comes back, and Ctrl-C leaves nothing."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psutil
import pytest

from tests.servers import free_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 240.0
# It sets up its own SQLite and brokers; the database of the tests has no part in it.
pytestmark = [pytest.mark.one_database, pytest.mark.xdist_group("serve")]


class Portal:
    def __init__(self, data: Path) -> None:
        self.port = free_port()
        self.log = data / "log"
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "campaign.settings",
            "DATA_DIR": str(data),
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "PORT": str(self.port),
            "DEMO": "0",
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )

    def health(self) -> dict[str, Any]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as response:
                return json.load(response)  # type: ignore[no-any-return]
        except HTTPError as error:
            return json.load(error)  # type: ignore[no-any-return]
        except (URLError, OSError):
            return {}

    def wait_until_well(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while set(self.health().values()) != {"ok"}:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.3)

    def programs(self) -> dict[str, psutil.Process]:
        """Return the three processes that the supervisor started, by what they are."""
        names = {"granian": "web", "worker": "worker", "beat": "scheduler"}
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # killed, and not collected yet
                found |= {name: child for word, name in names.items() if word in child.cmdline()}
        return found


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    portal = Portal(tmp_path_factory.mktemp("portal"))
    try:
        portal.wait_until_well()
        yield portal
    finally:
        portal.process.kill()
        portal.process.wait()


def test_a_killed_part_comes_back_and_the_others_go_on(portal: Portal) -> None:
    before = portal.programs()
    assert set(before) == {"web", "worker", "scheduler"}
    for name in ("worker", "scheduler"):
        before[name].kill()
    deadline = time.monotonic() + START_SECONDS
    while set(after := portal.programs()) != set(before) or after["scheduler"] == before["scheduler"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert after["web"].pid == before["web"].pid
    assert after["worker"].pid != before["worker"].pid
    portal.wait_until_well()


def test_serves_pages_and_static_files(portal: Portal) -> None:
    with urlopen(f"http://127.0.0.1:{portal.port}/static/vendor/htmx/htmx.min.js", timeout=5) as response:
        assert response.status == 200
    with urlopen(f"http://127.0.0.1:{portal.port}/", timeout=5) as response:
        assert response.status == 200
        assert "Content-Security-Policy" in response.headers


def test_a_second_one_says_that_the_port_is_taken(portal: Portal, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DATA_DIR": str(tmp_path),
        "PORT": str(portal.port),
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }
    environment["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
    done = subprocess.run(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"127.0.0.1:{portal.port}" in done.stderr
    assert "PORT=" in done.stderr


def test_ctrl_c_ends_every_process(portal: Portal) -> None:
    everything = psutil.Process(portal.process.pid).children(recursive=True)
    assert len(everything) >= 7  # the web server and 2, the worker and 2, the scheduler
    began = time.monotonic()
    portal.process.send_signal(signal.SIGINT)
    assert portal.process.wait(timeout=30) == 0
    assert time.monotonic() - began < 15
    _gone, left = psutil.wait_procs(everything, timeout=2)
    assert left == []
    assert portal.log.read_text().rstrip().endswith("Stopped.")
