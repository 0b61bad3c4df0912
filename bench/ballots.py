"""How fast votes are cast, beside the least that any program would need.

    python -m bench.ballots [--voters N] [--clients C] [--only cast|page] [--json]

N voters vote once each for the same ten subjects, all in one class and so on the same tallies, from C connections. The
floor is a bare Django view in the same database and the same run: one conditional update of a row, and as many row
increments on rows that nobody else touches. `cast` is the product's service in such a bare view; `page` is its own view
with gate and form. The counts are checked at the end: nothing lost, nothing double.

PostgreSQL where BENCH_DATABASE_URL or DATABASE_URL names a server (a database of this run's own is made there), or where
the wheel of the tests brings one; else SQLite.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # also as `python bench/ballots.py`

SUBJECTS = 10
PROCESSES = 2
PATIENCE = 120
"""Seconds until processes that did not get ready are a failure."""
NAME = f"bench_ballots_{os.getpid()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voters", type=int, default=300)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--only", choices=("cast", "page"), help="leave the other figure out")
    parser.add_argument("--json", action="store_true", help="one object per figure instead of the table")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-ballots-"))
        url = stack.enter_context(database())
        os.environ |= {"DATA_DIR": folder, "DATABASE_URL": url, "DEBUG": ""}
        os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
        figures = measure(options.voters, options.clients, (options.only,) if options.only else ("cast", "page"))
    vendor = "PostgreSQL" if url else "SQLite"
    report(figures, f"{options.voters} voters, {options.clients} connections, {vendor}", as_json=options.json)


@contextmanager
def database() -> Iterator[str]:
    """Yield the address of an empty PostgreSQL database of this run's own; empty where there is no server."""
    given = os.environ.get("BENCH_DATABASE_URL") or os.environ.get("DATABASE_URL")
    if given:
        import psycopg2

        server = psycopg2.connect(given)
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {NAME}")
            try:
                yield urlunsplit(urlsplit(given)._replace(path=f"/{NAME}"))
            finally:
                cursor.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        return
    from tests import servers

    with ExitStack() as stack:
        try:
            url = stack.enter_context(servers.postgres())
        except servers.Unavailable as error:
            print(f"SQLite instead of PostgreSQL: {error}", file=sys.stderr)
            url = ""
        yield url


def measure(voters: int, clients: int, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return votes per second of the product and of the floor, by figure."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    make_floor(voters)
    users, subjects = make_people(voters)
    rounds = {name: make_round(users, subjects, name) for name in names}
    connection.close()  # every process opens its own
    floor = rate("floor", list(range(1, voters + 1)), rounds[names[0]], clients)
    figures = {name: (rate(name, users, held, clients), floor) for name, held in rounds.items()}
    for held in rounds.values():
        check(held, voters)
    connection.close()
    return figures


def make_floor(voters: int) -> None:
    from django.db import connection

    paper, row = floor_models()
    with connection.schema_editor() as editor:
        editor.create_model(paper)
        editor.create_model(row)
    paper.objects.bulk_create((paper(id=n) for n in range(1, voters + 1)), batch_size=1000)
    row.objects.bulk_create((row(id=n) for n in range((voters + 1) * SUBJECTS)), batch_size=1000)


def make_people(voters: int) -> tuple[list[int], list[Any]]:
    """Load ten branches, and members with accounts in the first; returns the accounts and the branches."""
    from orgs.models import Member, Organization, User

    tree = Organization.objects
    root = tree.add_root(create_kwargs={"code": "R", "name": "root", "type": "committee"})
    fields = [{"code": f"B{n}", "name": f"branch {n}", "type": "branch"} for n in range(SUBJECTS)]
    branches = [tree.add_child(tree.get(pk=root.pk), create_kwargs=each) for each in fields]
    members = Member.objects.bulk_create(
        Member(personnel_no=f"M{n}", name=f"member {n}", sex="male", organization=branches[0]) for n in range(voters)
    )
    users = User.objects.bulk_create(
        User(username=f"u{n}", name=f"member {n}", member=member) for n, member in enumerate(members)
    )
    return [user.pk for user in users], branches


def make_round(users: Sequence[int], branches: Sequence[Any], name: str) -> int:
    """Open a round in which all vote for all branches; returns its id."""
    import datetime as dt

    from campaign.ballots.services import (
        PaperPlan,
        SubjectPlan,
        ballot_create,
        ballot_open,
        papers_add,
        subjects_add,
    )
    from campaign.common import clock
    from campaign.models import Audience, Campaign
    from campaign.services import campaign_create
    from reviews.models import EvaluationRound
    from reviews.questionnaires import schemes, templates

    root = branches[0].higher()
    campaign = Campaign.objects.first() or campaign_create(
        actor=None, organization=root, template="wujiang", code="B", starts_on=clock.today()
    )
    plan, moment = templates.get("organization"), clock.now()
    ballot = ballot_create(
        opens_at=moment,
        closes_at=moment + dt.timedelta(days=1),
        items=plan.items,
        choices=plan.choices,
        classes=schemes.get("together").classes,
    )
    subjects = subjects_add(
        ballot=ballot,
        audience=Audience.ORGANIZATION,
        subjects=[SubjectPlan(branch.pk, branch.name) for branch in branches],
    )
    rated = tuple(subject.pk for subject in subjects)
    papers_add(ballot=ballot, papers=[PaperPlan(user, "all", rated) for user in users])
    ballot_open(ballot=ballot)
    EvaluationRound.objects.create(
        ballot=ballot, campaign=campaign, organization=root, name=name, audience="organization", state="open"
    )
    return int(ballot.pk)


def check(held: int, voters: int) -> None:
    """Seal the round and recount: every vote is in every count, once."""
    from campaign.ballots.models import Ballot, SealedTally
    from campaign.ballots.services import ballot_seal
    from campaign.ballots.sheet import by_item

    ballot_seal(ballot=Ballot.objects.get(pk=held))
    rows = SealedTally.objects.filter(ballot=held).values_list("counts", flat=True)
    sums = {sum(item) for counts in rows for item in by_item(counts, 4)}
    if len(rows) != SUBJECTS or sums != {voters}:
        raise SystemExit(f"votes were lost or counted twice: {sums} of {voters}")


# ---- the views; each takes a posted form and answers without a body ----


def floor_view(request: Any) -> Any:
    from django.db import transaction
    from django.db.models import F
    from django.http import HttpResponse

    paper, row = floor_models()
    number = int(request.POST["voter"])
    with transaction.atomic():
        if paper.objects.filter(id=number, marked=False).update(marked=True) != 1:
            raise RuntimeError("marked already")
        row.objects.filter(id__in=range(number * SUBJECTS, (number + 1) * SUBJECTS)).update(n=F("n") + 1)
    return HttpResponse(status=204)


@cache
def floor_models() -> tuple[Any, Any]:
    from django.db import models

    class BenchPaper(models.Model):
        id = models.IntegerField(primary_key=True)
        marked = models.BooleanField(default=False)

        class Meta:
            app_label = "bench"
            db_table = "bench_paper"

    class BenchRow(models.Model):
        id = models.IntegerField(primary_key=True)
        n = models.IntegerField(default=0)

        class Meta:
            app_label = "bench"
            db_table = "bench_row"

    return BenchPaper, BenchRow


def cast_view(request: Any) -> Any:
    from django.http import HttpResponse

    from campaign.ballots.counting import paper_in_hand
    from orgs.models import User
    from reviews.services import vote_cast

    voter = int(request.POST["voter"])
    paper = paper_in_hand(ballot=request.held, voter=voter)
    if paper is None:
        raise RuntimeError("marked already")
    items = range(len(paper.sheet.items))
    answers = {pk: [int(request.POST[f"s{pk}q{place}"]) for place in items] for pk, _name in paper.sheet.subjects}
    vote_cast(paper=paper, voter=User(pk=voter), answers=answers)
    return HttpResponse(status=204)


def page_view(request: Any) -> Any:
    from orgs.models import User
    from reviews.views.rounds import vote

    request.user = User.objects.get(pk=int(request.POST["voter"]))
    return vote(request, request.held)


VIEWS: dict[str, Callable[[Any], Any]] = {"floor": floor_view, "cast": cast_view, "page": page_view}


# ---- driving them ----


def rate(name: str, voters: Sequence[int], held: int, clients: int) -> float:
    """Let all vote from `clients` connections, in two processes where there are several; returns votes per second."""
    context = multiprocessing.get_context("spawn")
    processes = min(PROCESSES, clients)
    start = context.Barrier(processes + 1, timeout=PATIENCE)
    workers = []
    for number in range(processes):
        threads = clients // processes + (number < clients % processes)
        share = list(voters[number::processes])
        workers.append(context.Process(target=drive, args=(name, share, held, threads, start)))
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - began
    if any(worker.exitcode for worker in workers):
        raise SystemExit(f"{name}: a process failed")
    return len(voters) / seconds


def drive(name: str, voters: Sequence[int], held: int, threads: int, start: Any) -> None:
    """Send the forms of `voters` to a view, from so many threads with a connection each."""
    import django

    django.setup()
    from django.db import connection
    from django.test import RequestFactory
    from django.urls import reverse

    # Before there are threads, and before the time is taken.
    floor_models()
    reverse("vote_list")
    body = form(held)  # the floor is sent the same, and reads one field of it
    ready = threading.Barrier(threads + 1)
    failures: list[Exception] = []

    def work(own: Sequence[int]) -> None:
        connection.ensure_connection()
        ready.wait()
        start_all.wait()
        try:
            for voter in own:
                data = f"{body}&voter={voter}"
                request = RequestFactory().post("/", data, content_type="application/x-www-form-urlencoded")
                request.held = held  # type: ignore[attr-defined]
                if VIEWS[name](request).status_code not in (204, 302):
                    raise RuntimeError(f"voter {voter} was refused")
        except Exception as error:  # noqa: BLE001  (raised again by the process)
            failures.append(error)
        finally:
            connection.close()

    start_all = threading.Event()
    crew = [threading.Thread(target=work, args=(voters[number::threads],)) for number in range(threads)]
    for thread in crew:
        thread.start()
    ready.wait()
    start.wait()
    start_all.set()
    for thread in crew:
        thread.join()
    for failure in failures:
        raise failure


def form(held: int) -> str:
    """Return a filled-in paper as a browser sends it."""
    from campaign.ballots.models import Ballot

    ballot = Ballot.objects.get(pk=held)
    subjects = ballot.subjects.values_list("pk", flat=True)
    items = ballot.items.count()
    return urlencode({f"s{pk}q{place}": (pk + place) % 4 for pk in subjects for place in range(items)})


def report(figures: dict[str, tuple[float, float]], size: str, *, as_json: bool) -> None:
    if not as_json:
        print(f"{size}\n{'':8} {'votes/s':>10} {'floor':>10} {'ratio':>7}")
    for name, (value, floor) in figures.items():
        ratio = round(value / floor, 3)
        if as_json:
            figure = {"name": name, "size": size, "value": round(value, 1), "unit": "votes/s"}
            print(json.dumps({**figure, "floor": round(floor, 1), "ratio": ratio}, ensure_ascii=False))
        else:
            print(f"{name:8} {value:10.1f} {floor:10.1f} {ratio:7.3f}")


if __name__ == "__main__":
    main()
