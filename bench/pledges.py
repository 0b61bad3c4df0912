"""Whether pages of pledges cost the same in a large group as in a small one: `python -m bench.pledges [--pledges N] [--json]`.

A group of 1 000 members in branches of 20, each member with a pledge (1.3 items on average), is loaded and its pages are
measured: the floor. Then the group grows to N pledges, by COPY on PostgreSQL, and the same pages of the same branch are measured
again: the value. `slope` is log(value ÷ floor) ÷ log(N ÷ 1 000): 0 means that size costs nothing, 1 that it costs in proportion.

`board`, `queue`, `statistics` and `overdue` are pages of one branch, as its secretary opens them (requests to the application,
best of five); `desk_…` and `list_…` are the home page and the list of pledges of each role; `group` is the statistics page of
the whole group from the summary (a line for each company, fifty on a page), `group_first` the same for the first reader after
a count; `group_overdue` is the first page of all that is overdue, `scan` what the group's figures would cost without the
summary: one grouped query over all items. `approve` is the approval of 300 waiting pledges at once, in as many SQL statements
as one alone (else the run fails). `refresh` brings the summary up to date after one change, `recount` counts everything anew.

PostgreSQL where BENCH_DATABASE_URL or DATABASE_URL names a server (a database of this run's own is made there), or where
the wheel of the tests brings one; else SQLite (`--sqlite` for SQLite in any case).
"""

import argparse
import contextlib
import datetime as dt
import io
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # also as `python bench/pledges.py`

from bench.ballots import database

SMALL = 1_000
PER_BRANCH, PER_COMMITTEE, PER_COMPANY = 20, 25, 20
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TRIES = 5
BATCH = 20_000
WAITING = 300
"""So many pledges wait in a branch of their own, to be approved at once."""
FIRST_WAITING, LAST_STEP = 50_000_000, 36**4 - 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pledges", type=int, default=4_000)
    parser.add_argument("--json", action="store_true", help="one object per figure instead of the table")
    parser.add_argument("--sqlite", action="store_true")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-pledges-"))
        url = "" if options.sqlite else stack.enter_context(database())
        os.environ |= {"DATA_DIR": folder, "DATABASE_URL": url, "DEBUG": ""}
        os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
        figures = measure(max(options.pledges, SMALL))
    report(figures, options.pledges, "PostgreSQL" if url else "SQLite", as_json=options.json)


def measure(pledges: int) -> dict[str, tuple[float, float]]:
    """Return the seconds of each figure in the large group and in the small one."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    group = Group()
    group.grow(SMALL)
    small = group.figures()
    began = time.perf_counter()
    group.grow(pledges)
    print(f"loaded in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    large = group.figures()
    return {name: (large[name], small[name]) for name in small}


class Group:
    """Companies, committees, branches of twenty, and everybody's pledge; it can grow."""

    def __init__(self) -> None:
        from campaign.common import clock
        from campaign.services import campaign_create
        from orgs.models import Organization

        self.today, self.made = clock.today(), 0
        self.root = Organization.objects.add_root(create_kwargs={"code": "R", "name": "集团党委", "type": "committee"})
        begin = dt.date(self.today.year, 1, 1)
        self.campaign = campaign_create(
            actor=None, organization=self.root, template="wujiang", code="B", starts_on=begin
        )
        self.begin = begin
        self.people = {"office": self._officer("office", "office", self.root)}

    def grow(self, pledges: int) -> None:
        """Add members, each with a pledge, until there are so many; then let the database look at what it has."""
        from django.db import connection

        branches = range(-(-self.made // PER_BRANCH), -(-pledges // PER_BRANCH))
        if not branches:
            return
        with connection.cursor() as cursor:
            self._organizations(branches)
            members = range(branches.start * PER_BRANCH, branches.stop * PER_BRANCH)
            for start in range(members.start, members.stop, BATCH):
                self._people(range(start, min(start + BATCH, members.stop)))
            self.made = members.stop
            cursor.execute("ANALYZE")
        if "secretary" not in self.people:
            self._appoint()

    def _organizations(self, branches: range) -> None:
        from orgs.models import Organization

        rows = []
        for branch in branches:
            committee, company = branch // PER_COMMITTEE, branch // PER_COMMITTEE // PER_COMPANY
            if branch % (PER_COMMITTEE * PER_COMPANY) == 0:
                rows.append(self._place("C", company, (company,), "committee"))
            if branch % PER_COMMITTEE == 0:
                rows.append(self._place("M", committee, (company, committee % PER_COMPANY), "committee"))
            place = (company, committee % PER_COMPANY, branch % PER_COMMITTEE)
            rows.append(self._place("B", branch, place, "branch"))
        load(Organization, ("code", "name", "type", "path", "depth", "numchild"), rows)
        found = Organization.objects.filter(code__in=[f"B{branch}" for branch in branches[:1]])
        first = found.values_list("pk", flat=True).get()
        # Numbers follow each other: those of branches are read once.
        self.numbers = dict(Organization.objects.filter(type="branch", pk__gte=first).values_list("code", "pk"))

    def _place(self, kind: str, number: int, steps: Sequence[int], type_: str) -> tuple[Any, ...]:
        path = self.root.path + "".join(step(place) for place in steps)
        children = {1: PER_COMPANY, 2: PER_COMMITTEE}.get(len(steps), 0)
        return (f"{kind}{number}", f"{kind}{number}党组织", type_, path, len(steps) + 1, children)

    def _people(self, members: range) -> None:
        from orgs.models import Member
        from pledges.models import Pledge, PledgeItem

        moment = self.campaign.created_at
        places = {member: self.numbers[f"B{member // PER_BRANCH}"] for member in members}
        load(
            Member,
            ("id", "personnel_no", "name", "pinyin", "initials", "sex", "organization_id"),
            ((pk + 1, f"M{pk}", f"党员{pk}", f"dangyuan{pk}", "dy", "male", places[pk]) for pk in members),
        )
        load(
            Pledge,
            (
                "id", "campaign_id", "subject_kind", "organization_id", "member_id", "year", "reviewing_organization_id", "state",
                "subject_name", "organization_name", "submitted_at", "reviewed_at", "published_at",
            ),
            (self._pledge(pk, places[pk], moment) for pk in members),
        )  # fmt: skip
        fields = ("pledge_id", "order", "kind", "text", "target", "due_on", "result", "mark", "appraised_at")
        load(PledgeItem, fields, (row for pk in members for row in self._items(pk, moment)))

    def _pledge(self, pk: int, place: int, moment: Any) -> tuple[Any, ...]:
        state = state_of(pk)
        public = state in ("published", "in_progress")
        name, unit = f"党员{pk}", f"B{pk // PER_BRANCH}党组织"
        reviewed, shown = moment if public or state == "approved" else None, moment if public else None
        who = (pk + 1, self.campaign.pk, "member", place, pk + 1, self.today.year, place)
        return (*who, state, name, unit, moment, reviewed, shown)

    def _items(self, pk: int, moment: Any) -> Iterator[tuple[Any, ...]]:
        for order in range(1, 3 if pk % 10 < 3 else 2):
            due = self.today + dt.timedelta(days=(pk * 7 + order * 40) % 300 - 240)
            judged = state_of(pk) in ("published", "in_progress") and due < self.today and pk % 6 != 0
            result, mark = (
                ("basic", 8000) if judged and pk % 5 == 0 else ("fulfilled", 10_000) if judged else ("pending", None)
            )
            text = f"每班少停机{pk % 7 + 1}次"
            yield pk + 1, order, "post", text, "低于百分之二", due, result, mark, moment if judged else None

    def _appoint(self) -> None:
        """Give everybody an officer: the first branch, its company, and the branch in which 300 wait."""
        from orgs.models import Member, Organization

        self.branch = Organization.objects.get(code="B0")
        first, second = Member.objects.filter(organization=self.branch).order_by("pk")[:2]
        company = Organization.objects.get(code="C0")
        self.people |= {
            "secretary": self._officer("secretary", "secretary", self.branch, first),
            "member": self._officer("member", "", self.branch, second),
            "staff": self._officer("staff", "staff", company),
            "leader": self._officer("leader", "leader", company),
        }
        self._many_waiting()

    def _officer(self, username: str, role: str, place: Any, member: Any = None) -> Any:
        from orgs.models import RoleAssignment, User

        user = User.objects.create(username=username, name=username, member=member, organization=place)
        if role:
            RoleAssignment.objects.create(user=user, role=role, organization=place, starts_on=self.begin)
        return user

    def _many_waiting(self) -> None:
        """Make the branch in which 300 members wait for the approval of their pledges."""
        from orgs.models import Member, Organization
        from pledges.models import Pledge, PledgeItem

        path = self.root.path + step(LAST_STEP)  # far behind the companies that will come
        place = Organization.objects.create(code="W", name="待审党支部", type="branch", path=path, depth=2)
        self.approver = self._officer("approver", "secretary", place)
        numbers = range(FIRST_WAITING, FIRST_WAITING + WAITING)
        Member.objects.bulk_create(
            Member(
                pk=pk, personnel_no=f"M{pk}", name=f"党员{pk}", pinyin=f"dangyuan{pk}", sex="male", organization=place
            )
            for pk in numbers
        )
        who = {
            "campaign": self.campaign,
            "subject_kind": "member",
            "organization": place,
            "reviewing_organization": place,
        }
        when = {"year": self.today.year, "state": "submitted", "submitted_at": self.campaign.created_at}
        Pledge.objects.bulk_create(
            Pledge(pk=pk, member_id=pk, subject_name=f"党员{pk}", organization_name=place.name, **who, **when)
            for pk in numbers
        )
        fields = {"order": 1, "kind": "post", "text": "少停机", "target": "一次", "due_on": self.today}
        PledgeItem.objects.bulk_create(PledgeItem(pk=pk, pledge_id=pk, **fields) for pk in numbers)

    def figures(self) -> dict[str, float]:
        """Return the seconds of each figure."""
        from django.urls import reverse

        from pledges.services.summarizing import summaries_refresh, summary_reset

        summaries_refresh()
        summary_reset()
        recount = timed(summaries_refresh)
        branch, group = self.branch.pk, self.root.pk
        records = (self.campaign.pk, self.today.year, "overdue")
        clients = {role: client_of(user) for role, user in self.people.items()}
        mine, office = clients["secretary"], clients["office"]
        return {
            "board": page(mine, reverse("board_of", args=[branch])),
            "queue": page(mine, reverse("pledge_queue")),
            **{f"list_{role}": page(client, reverse("pledge_list")) for role, client in clients.items()},
            **{f"desk_{role}": page(client, reverse("home")) for role, client in clients.items()},
            "statistics": page(mine, reverse("pledge_statistics_of", args=[branch])),
            "overdue": page(mine, reverse("pledge_records", args=[branch, *records])),
            "group_first": timed_first(office, reverse("pledge_statistics_of", args=[group])),
            "group": page(office, reverse("pledge_statistics_of", args=[group])),
            "group_overdue": page(office, reverse("pledge_records", args=[group, *records])),
            "approve": self._approve(),
            "scan": best(self._scan),
            "refresh": best(self._one_change),
            "recount": recount,
        }

    def _approve(self) -> float:
        """Return the seconds in which all that wait are approved, and taken back; in as many statements as one alone."""
        self._approved(1)  # what one may do is read once
        alone = self._approved(1)
        return best(lambda: self._approved(WAITING, alone))

    def _approved(self, count: int, expected: int = 0) -> int:
        """Approve `count` pledges and take it back; returns the statements it took, which must be as many as `expected`."""
        from django.db import connection, transaction
        from django.test.utils import CaptureQueriesContext

        from pledges.models import Pledge
        from pledges.services import pledges_approve_many

        with transaction.atomic():
            queryset = Pledge.objects.filter(pk__range=(FIRST_WAITING, FIRST_WAITING + count - 1))
            with CaptureQueriesContext(connection) as queries:
                approved = pledges_approve_many(queryset=queryset, actor=self.approver, publish=True)
            transaction.set_rollback(True)
        if len(approved) != count or len(queries) != (expected or len(queries)):
            raise SystemExit(f"{len(approved)} approved in {len(queries)} statements, one in {expected}")
        return len(queries)

    def _scan(self) -> None:
        """Count the group's items without the summary."""
        from django.db.models import Count

        from pledges.statistics import item_figures, items_of

        figures = {f"{name}_count": Count("pk", filter=found) for name, found in item_figures(self.today).items()}
        items_of(self.campaign, self.today.year).aggregate(**figures)

    def _one_change(self) -> None:
        from orgs.models import Member
        from pledges.services.summarizing import summaries_refresh

        member = Member.objects.filter(organization=self.branch).order_by("-pk").first()
        Member.objects.filter(pk=member.pk if member else 0).update(is_exempt=not (member and member.is_exempt))
        if summaries_refresh() != 1:
            raise SystemExit("one organization was to be counted")


def state_of(pk: int) -> str:
    """Of twenty members two wait for review, one is approved, one was returned; the others stand on the board."""
    states = {3: "submitted", 4: "submitted", 5: "approved", 6: "returned"}
    return states.get(pk % PER_BRANCH, "published" if pk % 2 else "in_progress")


def step(place: int) -> str:
    """Return the step of child number `place` (from 0) in the tree: four digits to the base 36."""
    digits, rest = "", place + 1
    while rest:
        rest, digit = divmod(rest, 36)
        digits = ALPHABET[digit] + digits
    return digits.rjust(4, "0")


def load(model: Any, columns: Sequence[str], rows: Any) -> None:
    """Put rows into a model's table: by COPY on PostgreSQL; columns that are not given take the model's defaults."""
    from django.db import connection

    empty, given = model(), set(columns)
    rest = [
        (field.column, field.get_db_prep_save(field.pre_save(empty, True), connection))
        for field in model._meta.concrete_fields
        if field.column not in given and not field.primary_key and not field.generated
    ]
    names = ", ".join(f'"{name}"' for name in (*columns, *(column for column, _value in rest)))
    constants = tuple(value for _column, value in rest)
    table = f'"{model._meta.db_table}"'
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            tail = "".join(f"\t{copied(value)}" for value in constants)
            text = "".join("\t".join(map(copied, row)) + tail + "\n" for row in rows)
            cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", io.StringIO(text))
            if "id" in given:
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM {table}))",
                    [model._meta.db_table],
                )
        else:
            marks = ", ".join(["%s"] * (len(columns) + len(rest)))
            filled = [tuple(adapted(value) for value in (*row, *constants)) for row in rows]
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", filled)


def copied(value: Any) -> str:
    if value is None:
        return "\\N"
    return ("t" if value else "f") if isinstance(value, bool) else str(value)


def adapted(value: Any) -> Any:
    from django.db import connection

    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def client_of(user: Any) -> Any:
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="orgs.authentication.AccountBackend")
    return client


def page(client: Any, url: str) -> float:
    """Return the seconds of a page; the first request, which fills caches, does not count."""

    def ask() -> None:
        answer = client.get(url)
        if answer.status_code != 200:
            raise SystemExit(f"{url}: {answer.status_code}")

    ask()
    return best(ask)


def timed_first(client: Any, url: str) -> float:
    """Return the seconds of a page whose sums have to be made: the first one after each count."""
    from django.core.cache import cache

    page(client, url)
    return min(timed_after(cache.clear, lambda: client.get(url)) for _try in range(TRIES))


def timed_after(before: Callable[[], Any], work: Callable[[], Any]) -> float:
    before()
    return timed(work)


def best(work: Callable[[], Any]) -> float:
    return min(timed(work) for _try in range(TRIES))


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(figures: dict[str, tuple[float, float]], size: int, vendor: str, *, as_json: bool) -> None:
    if not as_json:
        print(f"{size} pledges, {vendor}\n{'':14}{'ms':>10}{'at 1 000':>10}{'ratio':>8}{'slope':>8}")
    for name, (value, floor) in figures.items():
        ratio = value / floor
        slope = math.log(ratio) / math.log(size / SMALL) if size > SMALL else 0.0
        if as_json:
            found = {
                "name": f"pledges.{name}",
                "size": size,
                "value": value,
                "unit": "s",
                "floor": floor,
                "ratio": ratio,
            }
            print(json.dumps({**found, "slope": round(slope, 3), "database": vendor}))
        else:
            print(f"{name:14}{value * 1000:>10.1f}{floor * 1000:>10.1f}{ratio:>8.2f}{slope:>8.2f}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
