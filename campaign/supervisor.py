"""Runs several programs as one: forwards what they print, restarts the one that dies, stops all together.

Each program leads a process group of its own, so that Ctrl-C reaches only the supervisor and a program's children never
outlive it. Should the supervisor itself be killed, the kernel tells the programs to end (Linux: PR_SET_PDEATHSIG).
Standard library only, one thread.
"""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, cast

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 8.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# A program that ran this long is well again: its next pause is the first one.
STEADY_SECONDS = 60.0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_with_parent(parent: int) -> Callable[[], None]:
    """Return what a child does before it starts: ask to be ended when `parent` is gone, and look if it is already."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def ask() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def kill_group(leader: int) -> None:
    """Kill whatever is left of the process group that `leader` led."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


@dataclass
class Run:
    """One life of a program: its process, what it prints, and the begin of a line that has no end yet."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]
    started: float = field(default_factory=time.monotonic)
    unfinished: bytes = b""


@dataclass
class Program:
    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    run: Run | None = None
    pause: float = FIRST_PAUSE
    next_start: float = 0.0

    def start(self) -> Run:
        process = subprocess.Popen(  # noqa: S603
            self.command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent(os.getpid()),  # noqa: PLW1509  (this process has one thread)
        )
        self.run = Run(process, cast(IO[bytes], process.stdout))
        os.set_blocking(self.run.output.fileno(), False)
        return self.run

    def plan_restart(self, lived: float) -> float:
        """Return the seconds to wait after a life of `lived` seconds: doubled each time, until one was steady."""
        if lived > STEADY_SECONDS:
            self.pause = FIRST_PAUSE
        wait, self.pause = self.pause, min(self.pause * 2, LONGEST_PAUSE)
        self.next_start = time.monotonic() + wait
        return wait


class Supervisor:
    def __init__(self, programs: Sequence[Program], say: Callable[[str], None]) -> None:
        self.programs = programs
        self.say = say
        self.width = max(len(program.name) for program in programs)
        self.selector = selectors.DefaultSelector()
        self.stopping = False

    def run(self) -> None:
        """Run until told to stop; return when every program has ended."""
        before = {number: signal.signal(number, self._told_to_stop) for number in STOPPING}
        try:
            while not self.stopping:
                self._start_due()
                self._forward(0.2)
                self._restart_ended()
        finally:
            self._stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _lives(self) -> list[tuple[Program, Run]]:
        return [(program, program.run) for program in self.programs if program.run]

    def _told_to_stop(self, _number: int, _frame: object) -> None:
        if self.stopping:
            # Told twice: no more waiting.
            for _program, run in self._lives():
                kill_group(run.process.pid)
        self.stopping = True

    def _start_due(self) -> None:
        for program in self.programs:
            if program.run is None and program.next_start <= time.monotonic():
                run = program.start()
                self.selector.register(run.output, selectors.EVENT_READ, (program, run))

    def _restart_ended(self) -> None:
        for program, run in self._lives():
            code = run.process.poll()
            if code is not None:
                self._bury(program, run)
                wait = program.plan_restart(time.monotonic() - run.started)
                self.say(f"{program.name} ended ({_reason(code)}); it starts again in {wait:.0f} s")

    def _bury(self, program: Program, run: Run) -> None:
        """End what a program that ended left behind, and take its last words."""
        kill_group(run.process.pid)
        self._read(program, run)
        if run.unfinished:
            self._print(program, run.unfinished)
        self.selector.unregister(run.output)
        run.output.close()
        program.run = None

    def _forward(self, timeout: float) -> None:
        for key, _events in self.selector.select(timeout):
            if not self._read(*key.data):
                # Closed, but not ended yet: that comes; do not spin meanwhile.
                time.sleep(0.05)

    def _read(self, program: Program, run: Run) -> bool:
        """Print the full lines that came; return False at the end of the stream."""
        try:
            got = os.read(run.output.fileno(), 65536)
        except BlockingIOError:
            return True
        *lines, run.unfinished = (run.unfinished + got).split(b"\n")
        for line in lines:
            self._print(program, line)
        return bool(got)

    def _print(self, program: Program, line: bytes) -> None:
        self.say(f"{program.name:{self.width}} | {line.decode(errors='replace').rstrip()}")

    def _stop_all(self) -> None:
        """Ask each program to end, forward what it says, and kill what has not ended in STOP_SECONDS."""
        for _program, run in self._lives():
            run.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(run.process.poll() is None for _program, run in self._lives()):
            self._forward(0.1)
        for program, run in self._lives():
            kill_group(run.process.pid)
            run.process.wait()
            self._bury(program, run)


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
