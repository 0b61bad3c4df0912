"""The supervisor restarts what dies, leaves the others alone, and never leaves a process behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Prints its own process id and that of a child, then waits; both ids land in a file of the given folder.
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
with open(f"{sys.argv[1]}/{sys.argv[2]}", "a") as file:
    file.write(f"{os.getpid()} {child.pid}\\n")
print("ready", os.getpid(), flush=True)
time.sleep(60)
"""
STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + PARENT


class Running:
    """A supervisor in a process of its own, and the lives of its programs as they were noted in `notes`."""

    def __init__(self, notes: Path, programs: dict[str, str]) -> None:
        self.notes = notes
        script = textwrap.dedent(f"""
            import sys
            from campaign import supervisor
            supervisor.STOP_SECONDS = 2.0
            sources = {programs!r}
            supervisor.Supervisor(
                [supervisor.Program(name, [sys.executable, "-u", "-c", source, {str(notes)!r}, name])
                 for name, source in sources.items()],
                lambda line: print(line, flush=True),
            ).run()
            print("all stopped", flush=True)
        """)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def lives(self, name: str) -> list[list[int]]:
        path = self.notes / name
        lines = path.read_text().splitlines() if path.exists() else []
        return [[int(number) for number in line.split()] for line in lines]

    def wait_for_life(self, name: str, count: int = 1) -> list[int]:
        until(lambda: len(self.lives(name)) >= count)
        return self.lives(name)[count - 1]

    def output(self) -> str:
        return self.process.communicate(timeout=30)[0]


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Return whether `pid` still runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


Start = Callable[[dict[str, str]], Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Running] = []

    def run(programs: dict[str, str]) -> Running:
        started.append(Running(tmp_path, programs))
        return started[-1]

    yield run
    for running in started:
        running.process.kill()
        running.process.communicate()


def test_forwards_lines_with_the_name_of_the_program(start: Start) -> None:
    running = start({"web": PARENT, "worker": PARENT})
    pid, _child = running.wait_for_life("web")
    running.wait_for_life("worker")
    time.sleep(0.3)
    running.process.terminate()
    output = running.output()
    assert f"web    | ready {pid}" in output
    assert output.endswith("all stopped\n")


def test_restarts_the_one_that_died_and_ends_what_it_left_behind(start: Start) -> None:
    running = start({"web": PARENT, "worker": PARENT})
    web, _child = running.wait_for_life("web")
    worker, orphan = running.wait_for_life("worker")
    os.kill(worker, signal.SIGKILL)
    running.wait_for_life("worker", count=2)
    assert not lives(orphan)
    assert len(running.lives("web")) == 1
    assert lives(web)
    running.process.terminate()
    assert "worker ended (SIGKILL); it starts again in 1 s" in running.output()


def test_waits_longer_each_time_a_program_fails(start: Start) -> None:
    running = start({"worker": "raise SystemExit(3)"})
    assert running.process.stdout is not None
    began, first, second = time.monotonic(), running.process.stdout.readline(), running.process.stdout.readline()
    assert first == "worker ended (exit code 3); it starts again in 1 s\n"
    assert second == "worker ended (exit code 3); it starts again in 2 s\n"
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("source", [PARENT, STUBBORN])
def test_stops_everything_when_told_to(start: Start, number: signal.Signals, source: str) -> None:
    running = start({"web": PARENT, "worker": source})
    pids = running.wait_for_life("web") + running.wait_for_life("worker")
    begin = time.monotonic()
    running.process.send_signal(number)
    assert running.output().endswith("all stopped\n")
    assert running.process.returncode == 0
    assert time.monotonic() - begin < 10
    assert not [pid for pid in pids if lives(pid)]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_killed_supervisor_leaves_no_program_behind(start: Start) -> None:
    running = start({"web": PARENT, "worker": PARENT})
    web, worker = running.wait_for_life("web"), running.wait_for_life("worker")
    running.process.kill()
    until(lambda: not lives(web[0]) and not lives(worker[0]))
    for _program, child in (web, worker):
        os.kill(child, signal.SIGKILL)
