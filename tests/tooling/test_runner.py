"""The runner counts what pytest did, says what was not run, and closes with one plain line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import touches_database
from tests.run import Report
from tests.servers import Unavailable, program

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.one_database
SAMPLE = """
import pytest

def test_good(): pass
def test_bad(): assert False
@pytest.fixture
def broken(): raise RuntimeError
def test_error(broken): pass
@pytest.mark.skip(reason="no printer")
def test_one(): pass
@pytest.mark.skip(reason="no printer")
def test_two(): pass
"""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """What a real pytest writes about a sample of every outcome."""
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "--junit-xml=results.xml", "test_sample.py"]
    subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    return tmp_path / "results.xml"


def test_sums_up_every_outcome(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    report.add(results)
    report.add(results)
    assert report.close(require_all=False) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "2 passed, 4 failed, 4 skipped"
    assert "Not run: 2 tests: no printer" in lines


def test_what_was_not_run_fails_only_when_all_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(passed=3, not_run=["the browser tests: no Chromium"])
    assert report.close(require_all=False) == 0
    assert report.close(require_all=True) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "3 passed, 0 failed, 0 skipped"


def test_a_broken_check_fails_and_is_named_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert Report(passed=3, broken=["mypy"]).close(require_all=False) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == ["Failed: mypy", "3 passed, 0 failed, 0 skipped"]


@pytest.mark.parametrize(("require_all", "code"), [("", 0), ("0", 0), ("1", 1)])
def test_without_a_browser_it_says_so(tmp_path: Path, require_all: str, code: int) -> None:
    environment = {**os.environ, "PATH": str(tmp_path), "CHROMIUM": "", "REQUIRE_ALL": require_all}
    done = subprocess.run(
        [sys.executable, "tests/run.py", "browser"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    lines = done.stdout.splitlines()
    assert "Not run: the browser tests: no Chromium (install it, or set CHROMIUM)" in lines
    assert lines[-1] == "0 passed, 0 failed, 0 skipped"


def test_an_unknown_part_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "tests/run.py", "lunch"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "lunch" in done.stderr


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no room')"]
    with pytest.raises(Unavailable, match="no room"), program(command, tmp_path / "log", lambda: False):
        pass


def test_a_test_without_a_database_runs_once(request: pytest.FixtureRequest) -> None:
    assert not touches_database(request.node)
    assert request.node.get_closest_marker("one_database") is not None


@pytest.mark.usefixtures("world")
def test_a_fixture_that_asks_for_the_database_counts(request: pytest.FixtureRequest) -> None:
    assert touches_database(request.node)
