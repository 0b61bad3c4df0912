"""The whole suite: `make test`. Checks, then the tests on SQLite, on PostgreSQL and Redis, and in a browser.

    python tests/run.py [checks|sqlite|servers|browser …] [-- arguments for pytest]

TEST_DATABASE_URL and TEST_REDIS_URL name servers to use; without them the ones of the wheels are started. CHROMIUM names
the browser. What was not run, and why, stands before the last line; REQUIRE_ALL=1 makes it a failure. The last line counts
the tests of all runs.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import servers  # noqa: E402
from tests.chromium import find_chromium  # noqa: E402

NO_TESTS_COLLECTED = 5
# Tests of one xdist_group stay together, since they share something dear.
SPREAD = ("-n", os.environ.get("TEST_PROCESSES", "2"), "--dist", "loadgroup")
# Every process of a run imports the same modules: compiled once, whatever the environment says.
RECOMPILE = "PYTHONDONTWRITEBYTECODE"
# What a production installation sets; `check --deploy` must find nothing to say against it.
PRODUCTION = {
    "HTTPS": "1",
    "DEBUG": "0",
    "ALLOWED_HOSTS": "portal.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://portal.example.com",
    "DATABASE_URL": "",
    "REDIS_URL": "",
}
MANAGE = ("manage.py",)
CHECKS: dict[str, tuple[str, ...]] = {
    "ruff check": ("-m", "ruff", "check", "--quiet", "."),
    "ruff format": ("-m", "ruff", "format", "--check", "--quiet", "."),
    "mypy": ("-m", "mypy", "--no-error-summary"),
    "djlint": ("-m", "djlint", "--lint", "--quiet", "templates"),
    "translations": (*MANAGE, "translations", "--check"),
    "migrations": (*MANAGE, "makemigrations", "--check", "--dry-run"),
    "deployment": (*MANAGE, "check", "--deploy", "--fail-level", "WARNING"),
}


@dataclass
class Report:
    """What the runs gave; `close` prints it and returns the exit code."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    broken: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)

    def add(self, results: Path) -> None:
        """Count what pytest wrote; every skipped test is something that was not run."""
        reasons: dict[str, int] = {}
        for case in ET.parse(results).getroot().iter("testcase"):
            skip = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                self.failed += 1
            elif skip is not None:
                self.skipped += 1
                reason = skip.get("message", "")
                reasons[reason] = reasons.get(reason, 0) + 1
            else:
                self.passed += 1
        self.not_run += [f"{count} tests: {reason}" for reason, count in reasons.items()]

    def close(self, require_all: bool) -> int:
        print()
        for what in self.broken:
            print(f"Failed: {what}")
        for what in self.not_run:
            print(f"Not run: {what}")
        if require_all and self.not_run:
            print("REQUIRE_ALL is set, so what was not run counts as a failure.")
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        return int(bool(self.failed or self.broken or (require_all and self.not_run)))


@dataclass
class Suite:
    report: Report
    arguments: Sequence[str] = ()

    def checks(self) -> None:
        with tempfile.TemporaryDirectory(prefix="campaign-check-") as data:
            for name, command in CHECKS.items():
                heading(name)
                environment = {**os.environ, **PRODUCTION, "DATA_DIR": data}
                if subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=False).returncode:
                    self.report.broken.append(name)

    def sqlite(self) -> None:
        self.pytest("SQLite", "not browser and not postgres and not redis", {}, *SPREAD)

    def servers(self) -> None:
        with ExitStack() as stack:
            try:
                environment = {
                    "TEST_DATABASE_URL": os.environ.get("TEST_DATABASE_URL") or stack.enter_context(servers.postgres()),
                    "TEST_REDIS_URL": os.environ.get("TEST_REDIS_URL") or stack.enter_context(servers.redis()),
                }
            except servers.Unavailable as error:
                self.report.not_run.append(f"the tests on PostgreSQL and Redis: {error}")
                return
            self.pytest("PostgreSQL and Redis", "not browser and not one_database", environment, *SPREAD)

    def browser(self) -> None:
        if find_chromium() is None:
            self.report.not_run.append("the browser tests: no Chromium (install it, or set CHROMIUM)")
            return
        self.pytest("browser", "browser", {})

    def pytest(self, name: str, marks: str, environment: dict[str, str], *options: str) -> None:
        """Run pytest once and add its counts to the report; a run that ended without any is broken."""
        heading(f"tests: {name}")
        clean = {key: value for key, value in os.environ.items() if not key.startswith("TEST_") and key != RECOMPILE}
        with tempfile.TemporaryDirectory(prefix="campaign-run-") as folder:
            results = Path(folder) / "results.xml"
            command = ["-m", "pytest", "-q", "-m", marks, f"--junit-xml={results}", *options, *self.arguments]
            code = subprocess.run(
                [sys.executable, *command], cwd=ROOT, env={**clean, **environment}, check=False
            ).returncode
            if code == NO_TESTS_COLLECTED:
                self.report.not_run.append(f"{name}: there are no such tests")
                return
            failed_before = self.report.failed
            if results.exists():
                self.report.add(results)
            if code and self.report.failed == failed_before:
                self.report.broken.append(f"tests: {name} (pytest ended with {code})")


def heading(name: str) -> None:
    print(f"\n== {name} {time.strftime('%H:%M:%S')}", flush=True)


def main(arguments: Sequence[str]) -> int:
    wanted, _, rest = " ".join(arguments).partition("--")
    report = Report()
    suite = Suite(report, rest.split())
    parts: dict[str, Callable[[], None]] = {
        "checks": suite.checks,
        "sqlite": suite.sqlite,
        "servers": suite.servers,
        "browser": suite.browser,
    }
    unknown = set(wanted.split()) - parts.keys()
    if unknown:
        print(f"Unknown: {', '.join(sorted(unknown))}; there are {', '.join(parts)}", file=sys.stderr)
        return 2
    for name in wanted.split() or parts:
        parts[name]()
    return report.close(require_all=os.environ.get("REQUIRE_ALL", "") not in ("", "0"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
