"""How long a full score run takes, beside the least that any program would need: `python -m bench.scores [--members N] [--json]`.

A group of N members in branches of 20 is scored from two figures, one per member and one per branch. The floor is the bare
grouped query of each figure and one bare insert of as many result rows, in the same database, by plain SQL that knows
nothing of the product. `again` is a second run in which nothing has changed.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

PER_BRANCH, PER_COMMITTEE = 20, 25
FLOOR_QUERIES = (
    "SELECT id, CASE WHEN is_frontline THEN 1 ELSE 0 END, 1 FROM orgs_member",
    "SELECT organization_id, SUM(CASE WHEN is_frontline THEN 1 ELSE 0 END), COUNT(*) FROM orgs_member GROUP BY organization_id",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=2_000)
    parser.add_argument("--json", action="store_true", help="one object per figure instead of the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-scores-") as folder:
        os.environ |= {"DATA_DIR": folder, "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL", "")}
        os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
        report(measure(options.members), options.members, as_json=options.json)


def measure(members: int) -> dict[str, tuple[float, float]]:
    """Return seconds of the product and of the floor, by figure."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    period, root = make_group(members)
    rows = members + -(-members // PER_BRANCH)
    floor = timed(lambda: bare(rows))
    full = timed(lambda: run(period, root))
    again = timed(lambda: run(period, root))
    return {"full": (full, floor), "again": (again, floor)}


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def make_group(members: int) -> tuple[Any, Any]:
    """Load committees, branches and members in bulk, with a sheet for each kind; returns the period and the root."""
    import datetime as dt

    from campaign.services import campaign_create
    from orgs.models import Member, Organization

    branches = -(-members // PER_BRANCH)
    root = Organization.objects.add_root(create_kwargs={"code": "R", "name": "root", "type": "committee"})
    committees = [
        Organization(
            code=f"C{place}", name=f"committee {place}", type="committee", depth=2,
            path=path_below(root.path, place), numchild=PER_COMMITTEE,
        )
        for place in range(-(-branches // PER_COMMITTEE))
    ]  # fmt: skip
    leaves = [
        Organization(
            code=f"B{place}", name=f"branch {place}", type="branch", depth=3,
            path=path_below(committees[place // PER_COMMITTEE].path, place % PER_COMMITTEE),
        )
        for place in range(branches)
    ]  # fmt: skip
    Organization.objects.bulk_create(committees + leaves, batch_size=1000)
    Organization.objects.filter(pk=root.pk).update(numchild=len(committees))
    Member.objects.bulk_create(
        (
            Member(
                personnel_no=f"M{place}", name=f"member {place}", sex="male", is_frontline=place % 3 == 0,
                organization=leaves[place // PER_BRANCH],
            )
            for place in range(members)
        ),
        batch_size=1000,
    )  # fmt: skip
    campaign = campaign_create(
        actor=None, organization=root, template="wujiang", code="B", starts_on=dt.date(2026, 1, 1)
    )
    make_sheets(campaign)
    return campaign.periods.earliest("starts_on"), root


def path_below(path: str, place: int) -> str:
    """Return the path of child number `place` (from 0), as the tree itself would write it: four digits to the base 36."""
    digits, rest = "", place + 1
    while rest:
        rest, digit = divmod(rest, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
    return path + digits.rjust(4, "0")


def make_sheets(campaign: Any) -> None:
    from campaign.models import Audience
    from campaign.scoring.arithmetic import Proportional
    from campaign.scoring.builtin import ItemDefinition, SheetDefinition
    from campaign.scoring.choices import Column
    from campaign.scoring.registry import FigureRow, Metric, MetricScope, metrics
    from campaign.scoring.services import sheet_save
    from orgs.models import OrganizationType

    def figures(scope: MetricScope) -> Iterable[FigureRow]:
        return query(FLOOR_QUERIES[0 if scope.audience == Audience.MEMBER else 1])

    metrics.register(Metric("bench", "bench", "bench", frozenset(Audience), figures, lambda *_subject: ""))
    item = ItemDefinition("one", "one", Column.PLEDGE, "bench", Proportional(10_000), 100)
    for audience, types in ((Audience.MEMBER, ()), (Audience.ORGANIZATION, (OrganizationType.BRANCH,))):
        definition = SheetDefinition(
            key=str(audience), name=str(audience), audience=audience, items=(item,), types=types
        )
        sheet_save(campaign=campaign, definition=definition, actor=None)


def query(sql: str) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def bare(rows: int) -> None:
    """The floor: each figure's query, and one insert of as many result rows as the run writes."""
    from django.db import connection, transaction

    for sql in FLOOR_QUERIES:
        query(sql)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_floor (id integer PRIMARY KEY, total integer, lines text)")
        with transaction.atomic():
            cursor.executemany(
                "INSERT INTO bench_floor VALUES (%s, %s, %s)",
                ((row, 5000, '[["one",1,2,5000,"a"]]') for row in range(rows)),
            )


def run(period: Any, root: Any) -> None:
    from campaign.jobs.services import job_run
    from campaign.scoring.services import score_run_request

    job = score_run_request(actor=None, period=period, organization=root)
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    if job.state != "succeeded":
        sys.exit(job.message)


def report(figures: dict[str, tuple[float, float]], size: int, *, as_json: bool) -> None:
    if not as_json:
        print(f"{'scores':<10}{'members':>10}{'seconds':>10}{'floor':>10}{'ratio':>8}")
    for name, (value, floor) in figures.items():
        ratio = value / floor
        if as_json:
            found = {
                "name": f"scores.{name}",
                "size": size,
                "value": value,
                "unit": "s",
                "floor": floor,
                "ratio": ratio,
            }
            print(json.dumps(found))
        else:
            print(f"{name:<10}{size:>10}{value:>10.3f}{floor:>10.3f}{ratio:>8.1f}")


if __name__ == "__main__":
    main()
