"""How long score runs take, beside the least that any program would need: `python -m bench.scores [--members N] [--json]`.

A group of N members with 20 rows of evidence each is loaded (`bench.evidence`) and scored by the built-in sheets. The floor of a
full run is the bare grouped query of each metric and one bare insert of as many result rows, in the same database: plain SQL
that knows nothing of the product (`--plans` prints its query plans). `again` is a second run in which nothing has changed.
A big run is shared with a worker of Celery's, as everywhere (SCORE_JOBS).

`incremental` brings the scores up to date after one changed record; its floor are the bare queries of one subject's metrics.
`memory` is by how many MB the worker's process grew, beside what it may. `voting_during` and `saving_during` are the waits that
95 of 100 people have at most who vote or save while everybody is scored anew; their floor is the same while nothing else runs.

`--members 10000 100000 1000000 --plans` prints the table of all three with the slope and the floor's plans.

PostgreSQL where BENCH_DATABASE_URL or DATABASE_URL names a server (a database of this run's own is made there), or where the
wheel of the tests brings one; else SQLite (`--sqlite` for SQLite in any case).
"""

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # also as `python bench/scores.py`

from bench.ballots import database
from bench.evidence import Evidence
from bench.meanwhile import p95, people

TRIES, ONES, CHANGES, DURING = 3, 21, 9, 60
LONGEST = 3_600
"""Seconds that one size may take, loading it included."""
OFTEN = 100_000
"""Up to so many members, what takes long is tried TRIES times, ours and the floor alike; the shortest counts."""
LINES = "2;3/4/1875a;3/4/1125a;41/52/788a;1/1/1000a;18/20/900a;8120/10000/2550a"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--members", type=int, nargs="+", default=[2_000], help="several: each in a process, with the slope"
    )
    parser.add_argument("--json", action="store_true", help="one object per figure instead of the table")
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--plans", action="store_true", help="print the query plans of the floor")
    options = parser.parse_args()
    if len(options.members) > 1:
        several(options)
        return
    (members,) = options.members
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-scores-"))
        url = "" if options.sqlite else stack.enter_context(database())
        os.environ |= {"DATA_DIR": folder, "DATABASE_URL": url, "DEBUG": ""}
        os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
        figures, rows = measure(members, plans=options.plans)
    report(figures, members, rows, "PostgreSQL" if url else "SQLite", as_json=options.json)


def several(options: argparse.Namespace) -> None:
    """Measure each size in a process and a database of its own, and print how the figures grow from the first to the last: the
    factor, and the slope (1: as the size does, 0: not at all)."""
    flags = [flag for flag, given in (("--sqlite", options.sqlite), ("--plans", options.plans)) if given]
    found: dict[str, list[dict[str, Any]]] = {}
    for members in options.members:
        command = [sys.executable, "-m", "bench.scores", "--json", "--members", str(members), *flags]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=LONGEST)
        for line in done.stdout.splitlines():
            figure = json.loads(line)
            found.setdefault(figure["name"], []).append(figure)
            if options.json:
                print(line, flush=True)
    growth = options.members[-1] / options.members[0]
    if not options.json:
        sizes = "".join(f"{members:>20}" for members in options.members)
        print(f"{'value / floor':<25}{sizes}{'factor':>9}{'slope':>7}")
    for name, figures in found.items():
        first, last = figures[0]["value"], figures[-1]["value"]
        factor = last / first if first else math.nan
        slope = math.log(factor) / math.log(growth) if factor > 0 else math.nan
        if options.json:
            print(json.dumps({"name": f"{name}.slope", "size": options.members[-1], "value": slope, "factor": factor}))
            continue
        cells = "".join(f"{one['value']:>11.3f} / {one['ratio']:>6.2f}" for one in figures)
        print(f"{name:<25}{cells}{factor:>9.2f}{slope:>7.2f}")


def measure(members: int, *, plans: bool) -> tuple[dict[str, tuple[float, float]], int]:
    """Return seconds of the product and of the floor by figure, and the number of rows of evidence."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    evidence = Evidence(members)
    note("loading", evidence.load)
    floor = Floor(evidence)
    if plans:
        floor.explain()
    warm()
    idle = memory()
    figures = {}
    tries = TRIES if members <= OFTEN else 1
    with another_worker():
        bare = note("floor", lambda: best(floor.full, tries))
        figures["full"] = (note("full", lambda: fresh(evidence, tries)), bare)
        figures["again"] = (note("again", lambda: best(lambda: run(evidence), tries)), bare)
    figures["incremental"] = note("incremental", lambda: (Change(evidence).seconds(), median(floor.one, ONES)))
    figures["memory"] = (memory() - idle, 300.0)
    with another_worker():
        figures |= note("voting and saving", lambda: meanwhile(evidence))
    return figures, evidence.rows


def meanwhile(evidence: Evidence) -> dict[str, tuple[float, float]]:
    """Return how long votes and saves take while everybody is scored anew, beside what they take alone (95 of 100)."""
    from django.db import connection

    with people(evidence) as crowd:
        alone, during = crowd.alone(), None
        while during is None or len(during["saving"]) < DURING:
            ask("UPDATE ballots_result SET total = (total + 1) % 10000")  # every score becomes another one
            connection.close()
            crowd.begin()
            run(evidence)
            found = crowd.stop()
            during = found if during is None else {name: during[name] + found[name] for name in found}
    return {f"{name}_during": (p95(during[name]), p95(alone[name])) for name in ("voting", "saving") if during[name]}


class Floor:
    """What any program would have to ask, and to write."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        year, first = evidence.year, evidence.first
        last = f"{year}-{first.month + 5:02d}-{30 if first.month == 1 else 31}"
        moment = "CURRENT_TIMESTAMP" if evidence.postgres else "datetime('now', '+1 day')"
        board = f"p.campaign_id = {evidence.campaign.pk} AND p.state IN ('published', 'in_progress', 'appraised')"
        shown = f"{board} AND p.published_at <= {moment}"
        items = (
            "COUNT(*) FILTER (WHERE i.result IN ('fulfilled', 'basic')), "
            "COUNT(*) FILTER (WHERE i.result NOT IN ('adjusted', 'pending') "
            f"OR i.appraised_at IS NULL AND i.due_on < '{evidence.today}') "
            "FROM pledges_pledgeitem i JOIN pledges_pledge p ON p.id = i.pledge_id "
            f"WHERE {shown} AND i.due_on BETWEEN '{first}' AND '{last}' AND p.subject_kind ="
        )
        present = "m.status IN ('normal', 'lost_contact', 'suspended')"
        own = f"{shown} AND p.year = {year} AND p.member_id IS NOT NULL"
        pledged = f"SELECT DISTINCT p.member_id FROM pledges_pledge p WHERE {own}"
        held = (
            f"r.state = 'submitted' AND r.campaign_id = {evidence.campaign.pk} "
            f"AND r.held_on BETWEEN '{first}' AND '{last}'"
        )
        reviewed = f"FROM reviews_leaderreview r WHERE {held} AND r.audience ="
        evaluated = (
            "MAX(x.total), 10000 FROM ballots_result x JOIN ballots_subject s ON s.id = x.subject_id "
            "JOIN ballots_ballot b ON b.id = x.ballot_id JOIN reviews_evaluationround e ON e.ballot_id = b.id "
            "WHERE e.state = 'published' AND x.verdict = 'valid' AND x.total IS NOT NULL "
            f"AND b.sealed_at >= '{first}' AND s.audience ="
        )
        branch = evidence.first_branch
        # Each with the condition that keeps one branch; those of members alone have none.
        self.metrics = {
            "pledges.fulfilment of members": (f"SELECT p.member_id, {items} 'member'", ""),
            "pledges.fulfilment of organizations": (
                f"SELECT p.organization_id, {items} 'organization'",
                f"p.organization_id = {branch}",
            ),
            "pledges.members_fulfilment": (
                f"SELECT p.organization_id, {items} 'member'",
                f"p.organization_id = {branch}",
            ),
            "pledges.coverage": (
                (
                    "SELECT m.organization_id, COUNT(c.member_id), COUNT(*) FROM orgs_member m "
                    f"LEFT JOIN ({pledged}) c ON c.member_id = m.id WHERE {present} AND NOT m.is_exempt"
                ),
                f"m.organization_id = {branch}",
            ),
            "reviews.received": (
                (
                    "SELECT o.id, COUNT(r.organization_id), 1 FROM orgs_organization o "
                    f"LEFT JOIN (SELECT DISTINCT organization_id {reviewed} 'organization') r ON r.organization_id = o.id "
                    "WHERE o.is_active"
                ),
                f"o.id = {branch}",
            ),
            "reviews.coverage": (
                (
                    "SELECT m.organization_id, COUNT(r.member_id), COUNT(*) FROM orgs_member m "
                    f"LEFT JOIN (SELECT DISTINCT member_id {reviewed} 'member') r ON r.member_id = m.id "
                    "WHERE m.status = 'normal'"
                ),
                f"m.organization_id = {branch}",
            ),
            "evaluation.score of members": (f"SELECT s.member_id, {evaluated} 'member'", ""),
            "evaluation.score of organizations": (
                f"SELECT s.organization_id, {evaluated} 'organization'",
                f"s.organization_id = {branch}",
            ),
        }
        # A plain subquery over everybody would be no bare query of one: these two are asked from the branch's members.
        mine = f"(SELECT id FROM orgs_member WHERE organization_id = {branch})"
        self.of_one = [f"{query} AND {only} GROUP BY 1" for query, only in self.metrics.values() if only]
        self.of_one = [
            query.replace(f"SELECT DISTINCT p.member_id FROM pledges_pledge p WHERE {own}",
                          f"SELECT DISTINCT p.member_id FROM pledges_pledge p WHERE {own} AND p.member_id IN {mine}")
            .replace(f"SELECT DISTINCT member_id {reviewed} 'member'",
                     f"SELECT DISTINCT member_id {reviewed} 'member' AND r.member_id IN {mine}")
            .replace(f"SELECT DISTINCT organization_id {reviewed} 'organization'",
                     f"SELECT DISTINCT organization_id {reviewed} 'organization' AND r.organization_id = {branch}")
            for query in self.of_one
        ]  # fmt: skip
        self.queries = {name: f"{query} GROUP BY 1" for name, (query, _only) in self.metrics.items()}

    def one(self) -> None:
        """The metrics of one branch."""
        for query in self.of_one:
            ask(query)

    def full(self) -> None:
        """Each figure's query, read to its end, and one insert of as many rows as the run writes."""
        for query in self.queries.values():
            ask(f"SELECT SUM(x.n), SUM(x.d) FROM (WITH f (s, n, d) AS ({query}) SELECT n, d FROM f) x")
        rows = self.evidence.members + self.evidence.places + 1
        ask("DROP TABLE IF EXISTS bench_floor")
        columns = "id bigint PRIMARY KEY, subject bigint, period bigint, total integer, grade text, lines text"
        ask(f"CREATE TABLE bench_floor ({columns})")
        source = self.evidence.series(rows)
        ask(f"INSERT INTO bench_floor SELECT i, i, 1, 5000, '合格', '{LINES}' FROM {source}")

    def explain(self) -> None:
        """Print the plans on standard error."""
        for name, query in self.queries.items():
            print(f"-- {name}", file=sys.stderr)
            for row in ask(f"{'EXPLAIN' if self.evidence.postgres else 'EXPLAIN QUERY PLAN'} {query}"):
                print("  ", row[-1], file=sys.stderr)


def ask(sql: str) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def run(evidence: Evidence) -> None:
    """Do a full run here, as a worker would; who shares it hears of it as always."""
    from campaign.jobs.models import Job
    from campaign.jobs.services import job_run
    from campaign.scoring.services import KIND, runs

    job = Job.objects.create(kind=KIND, parameters=runs.run_parameters(evidence.period, evidence.root.pk))
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    if job.state != "succeeded":
        sys.exit(job.message)
    print(job.message, file=sys.stderr)


@contextmanager
def another_worker() -> Iterator[None]:
    """Start a worker of Celery's that takes its share of big runs, where they are shared."""
    from django.conf import settings

    from campaign.jobs.models import Job, JobState
    from campaign.jobs.services import job_request
    from campaign.scoring.services import parts

    if settings.SCORE_JOBS < 2:
        yield
        return
    options = (
        "--concurrency",
        str(settings.SCORE_JOBS - 1),
        "--loglevel",
        "ERROR",
        "--without-gossip",
        "--without-mingle",
    )
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "campaign", "worker", *options]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        there = job_request(kind=parts.KIND, actor=None, parameters={"run": 0})
        while Job.objects.get(pk=there.pk).state != JobState.SUCCEEDED:
            time.sleep(0.1)
        yield
    finally:
        worker.terminate()
        worker.wait()


def forget(evidence: Evidence) -> None:
    """Take every score away again, as if nothing had ever been computed."""
    tables = ("scoring_scorepart", "scoring_scoretally", "scoring_periodscore", "scoring_scoremark", "scoring_scorerun")
    if evidence.postgres:
        ask(f"TRUNCATE {', '.join(tables)} CASCADE")
    else:
        for table in tables:
            ask(f"DELETE FROM {table}")


def fresh(evidence: Evidence, tries: int) -> float:
    """Return the shortest time of `tries` runs, each the first one."""
    times = []
    for _try in range(tries):
        forget(evidence)
        times.append(timed(lambda: run(evidence)))
    return min(times)


def warm() -> None:
    """Load what a worker has loaded long before its first run: the addresses, and with them every page."""
    from django.urls import reverse

    reverse("score_list")


def memory() -> float:
    """Return the most that this process ever took, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Change:
    """One changed record: the judgement of one item of one member's pledge, again and again."""

    def __init__(self, evidence: Evidence) -> None:
        from campaign.scoring.models import ScoreMark
        from pledges.models import PledgeItem

        ScoreMark.objects.all().delete()
        items = PledgeItem.objects.filter(
            pledge__member__organization=evidence.first_branch,
            pledge__year=evidence.year,
            due_on__gte=evidence.first,
        ).exclude(result="pending")
        self.items = PledgeItem.objects.filter(pk=items.order_by("pk").values_list("pk", flat=True)[0])

    def seconds(self) -> float:
        """Return the median of the times from the change until readers see what came of it."""
        from campaign.scoring.services import scores_refresh

        times = []
        for number in range(CHANGES + 1):
            result, mark = (("unfulfilled", 0), ("fulfilled", 10_000))[number % 2]
            self.items.update(result=result, mark=mark)
            began = time.perf_counter()
            runs = scores_refresh()
            times.append(time.perf_counter() - began)
            if number and runs != 1:
                sys.exit("the change made no difference")
        return sorted(times[1:])[CHANGES // 2]


def best(work: Callable[[], Any], tries: int) -> float:
    return min(timed(work) for _try in range(tries))


def median(work: Callable[[], Any], tries: int) -> float:
    return sorted(timed(work) for _try in range(tries))[tries // 2]


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def note(what: str, work: Callable[[], Any]) -> Any:
    """Do it and say on standard error how long it took."""
    began = time.perf_counter()
    found = work()
    print(f"{what}: {time.perf_counter() - began:.1f} s", file=sys.stderr)
    return found


def report(figures: dict[str, tuple[float, float]], size: int, rows: int, vendor: str, *, as_json: bool) -> None:
    if not as_json:
        print(f"{size} members, {rows} rows of evidence, {vendor}")
        print(f"{'':<14}{'value':>10}{'floor':>10}{'ratio':>8}")
    for name, (value, floor) in figures.items():
        found = {
            "name": f"scores.{name}",
            "size": size,
            "value": value,
            "unit": "MB" if name == "memory" else "s",
            "floor": floor,
            "ratio": value / floor,
            "database": vendor,
        }
        print(json.dumps(found) if as_json else f"{name:<14}{value:>10.3f}{floor:>10.3f}{value / floor:>8.2f}")


if __name__ == "__main__":
    main()
