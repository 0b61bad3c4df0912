"""How long forms take, beside openpyxl: `python -m bench.reports [--rows N] [--organizations N] [--only NAME] [--json]`.

`roster` is the job that writes form d.1 of N members with all its columns: rights, reading, decrypting and masking of id
numbers, writing, audit entry. Its floor is openpyxl's write-only mode, which gets the very same values ready-made, and neither
titles nor styles. `memory` is by how many MB the worker's process grew above what it had when idle. `small_form` is the roster
of a branch group of 200 members, asked for and waited for as a page does it: until the first byte can be read, with a worker in
a process of its own and the queue between. `statistics` are forms of a group of so many organizations with
their records, read to the last row; their floor is one committee of it, and `statements` how many of these each asks.

PostgreSQL where BENCH_DATABASE_URL or DATABASE_URL names a server (a database of this run's own is made there), or where the
wheel of the tests brings one; else SQLite (`--sqlite` for SQLite in any case). Loading, product and floor run in processes
of their own.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # also as `python bench/reports.py`

from bench.ballots import database
from bench.imports import make_group, person

SMALL, TIMES = 200, 7
PATIENCE = 60.0
"""Seconds until a job that nobody did is a failure."""
NAMES = ("roster", "small_form", "statistics")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--organizations", type=int, default=500)
    parser.add_argument("--only", choices=NAMES, help="leave the other figures out")
    parser.add_argument("--json", action="store_true", help="one object per figure instead of the table")
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument(
        "--no-floor", action="store_true", help="leave openpyxl out, which takes minutes for a million rows"
    )
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(PARTS[options.part](options.rows)))
        return
    figures: list[dict[str, Any]] = []
    for name in (options.only,) if options.only else NAMES:
        size = options.organizations if name == "statistics" else options.rows
        with surroundings(sqlite=options.sqlite) as vendor:
            measured = roster(size, floor=False) if name == "roster" and options.no_floor else MEASURES[name](size)
            figures += [{**figure, "database": vendor} for figure in measured]
    report(figures, as_json=options.json)


@contextmanager
def surroundings(*, sqlite: bool) -> Iterator[str]:
    """Set folder and database of this run in the environment; yields the name of the database."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-reports-"))
        url = "" if sqlite else stack.enter_context(database())
        os.environ |= {"DATA_DIR": folder, "DATABASE_URL": url, "DEBUG": "", "REDIS_URL": ""}
        os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
        yield "PostgreSQL" if url else "SQLite"


def apart(part: str, size: int) -> dict[str, Any]:
    """Return what a process of its own measured."""
    command = [sys.executable, "-m", "bench.reports", "--part", part, "--rows", str(size)]
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    print(f"{part}: {time.perf_counter() - began:.1f} s", file=sys.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def ready() -> None:
    import django

    django.setup()


def peak() -> float:
    """The most memory this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# -- the roster -----------------------------------------------------------------------------------------------------


def roster(rows: int, *, floor: bool = True) -> list[dict[str, Any]]:
    apart("load", rows)
    ours = apart("job", rows)
    least = apart("openpyxl", rows)["seconds"] if floor else None
    return [
        figure("roster", rows, ours["seconds"], least, "s"),
        figure("memory", rows, ours["memory"], 120.0, "MB"),
    ]


def load(rows: int) -> dict[str, Any]:
    """Store so many members in branches of 20."""
    ready()
    from django.core.management import call_command
    from django.db import connection

    from campaign.common.bulk import bulk_load
    from orgs.models import Member, Organization

    call_command("migrate", verbosity=0)
    make_group(rows)
    branches = list(Organization.objects.filter(type="branch").order_by("path").values_list("pk", flat=True))
    empty = Member()
    given = ("organization_id", "pinyin", "personnel_no", *PEOPLE)
    same = {
        field.attname: getattr(empty, field.attname)
        for field in Member._meta.concrete_fields
        if not field.generated and not field.primary_key and field.attname not in given
    }
    bulk_load(Member, given, people(rows, branches), same)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {}


PEOPLE = (
    "name", "sex", "ethnicity", "birth_date", "id_number_cipher", "native_place", "education", "started_work_on", "joined_on",
    "full_member_on", "cell", "job", "is_frontline", "phone", "remarks",
)  # fmt: skip


def people(rows: int, branches: list[int]) -> Iterator[tuple[Any, ...]]:
    import datetime as dt

    from bench.imports import PER_BRANCH
    from campaign.common.crypto import encrypt

    chance = random.Random(7)
    for number in range(rows):
        cells = person(number, chance)
        born = dt.date(*map(int, cells[4].split(".")))
        work, joined = dt.date(born.year + 22, born.month, born.day), dt.date(born.year + 25, born.month, born.day)
        yield (
            branches[number // PER_BRANCH], f"p{number:07d}", f"P{number:07d}", cells[1], chance.choice(("male", "female")),
            "汉族", born, encrypt(cells[5]), cells[6], cells[7], work, joined, joined.replace(year=born.year + 26), cells[14],
            cells[17], cells[19] == "是", cells[21], "借调到机关" if number % 50 == 0 else "",
        )  # fmt: skip


def job(rows: int) -> dict[str, Any]:
    """Run the job of the roster of everybody as a worker does."""
    ready()
    from campaign.celery import app
    from campaign.jobs.models import Job
    from campaign.jobs.services import job_run
    from orgs.models import Organization, User

    app.loader.import_default_modules()
    root, office = Organization.objects.get(depth=1), User.objects.get(username="office")
    for organization in (Organization.objects.filter(depth=2).order_by("path")[0], root):  # the first to be warm
        idle = peak()
        asked = {"report": "roster", "organization": organization.pk, "format": "xlsx"}
        wanted = Job.objects.create(kind="reports.export", parameters=asked, requested_by=office)
        began = time.perf_counter()
        job_run(job_id=str(wanted.pk))
        seconds = time.perf_counter() - began
        wanted.refresh_from_db()
        if wanted.state != "succeeded":
            sys.exit(wanted.message)
    return {"seconds": seconds, "memory": peak() - idle}


def openpyxl(rows: int) -> dict[str, Any]:
    """Write as many rows of the same values, ready-made, with openpyxl's write-only mode."""
    ready()
    from itertools import cycle, islice

    from openpyxl import Workbook

    from orgs.models import Member
    from orgs.roster import ROSTER, roster_rows

    made = list(islice(roster_rows(Member.objects.all(), unmasked=False), 5_000))
    began = time.perf_counter()
    book = Workbook(write_only=True)
    per_sheet = 1_000_000
    sheet = book.create_sheet()
    for number, row in enumerate(islice(cycle(made), rows), start=1):
        if number % per_sheet == 1:
            sheet = sheet if number == 1 else book.create_sheet()
            sheet.append(ROSTER.headings)
        sheet.append([number, *row])
    with tempfile.TemporaryDirectory(prefix="bench-openpyxl-") as folder:
        book.save(Path(folder) / "roster.xlsx")
        return {"seconds": time.perf_counter() - began}


# -- a small form ---------------------------------------------------------------------------------------------------


def small_form(_rows: int) -> list[dict[str, Any]]:
    apart("load", SMALL)
    command = [sys.executable, "-m", "celery", "-A", "campaign", "worker", "--loglevel", "ERROR", "--concurrency", "2"]
    worker = subprocess.Popen(command, stdout=sys.stderr)
    try:
        found = apart("asked", SMALL)
    finally:
        worker.terminate()
        worker.wait(PATIENCE)
    return [figure("small_form", SMALL, found["seconds"], 1.0, "s")]


def asked(rows: int) -> dict[str, Any]:
    """Ask on the page and read the first byte of the file; returns the median of several times."""
    ready()
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    from campaign.jobs.models import Job
    from orgs.models import Organization, User

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(User.objects.get(username="office"), backend="orgs.authentication.AccountBackend")
    chosen = {"organization": Organization.objects.get(depth=1).pk, "format": "xlsx"}
    times = []
    for _again in range(TIMES + 1):
        began = time.perf_counter()
        client.post(reverse("report_export", args=["roster"]), chosen)
        wanted = Job.objects.latest("created_at")
        while wanted.state in ("queued", "running"):
            if time.perf_counter() - began > PATIENCE:
                sys.exit("nobody did the job")
            time.sleep(0.02)
            wanted.refresh_from_db(fields=["state"])
        response: Any = client.get(reverse("jobs_download", args=[wanted.pk]))
        if next(iter(response.streaming_content))[:2] != b"PK":
            sys.exit("what came is no workbook")
        times.append(time.perf_counter() - began)
    return {"seconds": sorted(times[1:])[TIMES // 2]}  # the first one finds a worker that has imported nothing yet


# -- statistics -----------------------------------------------------------------------------------------------------

FORMS = ("organizations", "pledge_statistics", "review_statistics", "activity_statistics")
PER_BRANCH = 2
"""Members of a branch here, so that many organizations do not need a million members."""


def statistics(organizations: int) -> list[dict[str, Any]]:
    """Each form of the whole group; its floor is the same form of a hundredth of it, and `statements` counts what both ask."""
    made = apart("group", organizations)
    figures = []
    for key in FORMS:
        found = made[key]
        figures.append(figure(f"statistics.{key}", made["size"], found["seconds"], found["small"], "s"))
        statements = (found["statements"], found["small_statements"])
        figures.append(figure(f"statements.{key}", made["size"], *statements, "statements"))
    return figures


def group(organizations: int) -> dict[str, Any]:
    """Load a group with its records; read each form for all of it, and for one unit of it with what is below."""
    ready()
    from django.core.management import call_command

    from bench.evidence import PER_COMMITTEE, Evidence
    from campaign.common import clock
    from campaign.reports.registry import ReportRequest, reports
    from orgs.models import Organization, RoleAssignment, User
    from pledges.services.summarizing import summaries_refresh

    call_command("migrate", verbosity=0)
    branches = organizations * PER_COMMITTEE // (PER_COMMITTEE + 1)
    evidence = Evidence(branches * PER_BRANCH, PER_BRANCH)
    evidence.load()
    summaries_refresh()
    office = User.objects.create(username="office", name="office", organization=evidence.root)
    RoleAssignment.objects.create(user=office, role="office", organization=evidence.root)
    small = Organization.objects.filter(depth=3).order_by("path")[0]
    made: dict[str, Any] = {"size": Organization.objects.count()}
    for key in FORMS:
        taken = []
        for place in (small, evidence.root, small):
            asked = ReportRequest(
                User.objects.get(pk=office.pk), place, evidence.campaign, evidence.period, asked_at=clock.now(),
                year=evidence.year,
            )  # fmt: skip
            taken.append(form_read(reports.get(key), asked))
        (whole, asked_of_all), (part, asked_of_part) = taken[1:]
        made[key] = {"seconds": whole, "small": part, "statements": asked_of_all, "small_statements": asked_of_part}
    return made


def form_read(form: Any, asked: Any) -> tuple[float, int]:
    """Read all rows of a form; returns the seconds and the number of statements."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        rows = sum(1 for _sheet, rows in form.sheets(asked) for _row in rows)
        seconds = time.perf_counter() - began
    if not rows:
        sys.exit(f"{form.key} has no rows")
    return seconds, len(queries)


# -- what is told ---------------------------------------------------------------------------------------------------


def figure(name: str, size: int, value: float, floor: float | None, unit: str) -> dict[str, Any]:
    ratio = None if floor is None else value / floor
    return {"name": f"reports.{name}", "size": size, "value": value, "unit": unit, "floor": floor, "ratio": ratio}


def report(figures: list[dict[str, Any]], *, as_json: bool) -> None:
    if not as_json:
        print(f"{'':<40}{'size':>10}{'value':>10}{'floor':>10}{'ratio':>8}")
    for one in figures:
        if as_json:
            print(json.dumps(one))
        else:
            name, size, value = one["name"], one["size"], one["value"]
            beside = "-".rjust(18) if one["floor"] is None else f"{one['floor']:>10.3f}{one['ratio']:>8.2f}"
            print(f"{name:<40}{size:>10}{value:>10.3f}{beside} {one['unit']}, {one['database']}")


MEASURES = {"roster": roster, "small_form": small_form, "statistics": statistics}
PARTS = {"load": load, "job": job, "openpyxl": openpyxl, "asked": asked, "group": group}

if __name__ == "__main__":
    main()
