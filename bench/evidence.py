"""A group with its records, made inside the database: for benchmarks of any size.

Branches of 20 in committees of 25 in companies of 20; for each member 20 rows of evidence: five years' pledges with two
items each, three leader reviews, a result of a mass evaluation with its subject; every branch and committee has its own.
Only the year of today counts in the period that is scored; the rest is history, which every query has to pass by.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

PER_BRANCH, PER_COMMITTEE, PER_COMPANY, YEARS, REVIEWS = 20, 25, 20, 5, 3
PER_MEMBER = YEARS * 3 + REVIEWS + 2
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Evidence:
    """`members` of them, as rows of the product's tables. Afterwards `root`, `campaign` and `period` are what to score."""

    def __init__(self, members: int, per_branch: int = PER_BRANCH) -> None:
        from django.db import connection

        from campaign.common import clock

        self.members, self.per_branch, self.branches = members, per_branch, -(-members // per_branch)
        self.postgres = connection.vendor == "postgresql"
        self.today = clock.today()
        self.year = self.today.year
        half = 1 if self.today.month < 7 else 7
        self.first = dt.date(self.year, half, 1)
        self.moment = dt.datetime(self.year, half, 2, tzinfo=dt.UTC)

    def load(self) -> None:
        with self._unwatched():
            self._organizations()
            self._campaign()
            self._people()
            self._pledges()
            self._reviews()
            self._rounds()
        self._run("ANALYZE")

    @property
    def rows(self) -> int:
        """How many rows of evidence there are."""
        return (self.members + self.places) * (YEARS * 3 + 2) + self.members * REVIEWS + self.places

    # -- what is loaded ---------------------------------------------------------------------------------------------

    def _organizations(self) -> None:
        from campaign.common.bulk import bulk_load
        from orgs.models import Organization

        self.root = Organization.objects.add_root(create_kwargs={"code": "R", "name": "集团党委", "type": "committee"})
        rows: list[tuple[Any, ...]] = []
        for branch in range(self.branches):
            committee, company = branch // PER_COMMITTEE, branch // PER_COMMITTEE // PER_COMPANY
            if branch % (PER_COMMITTEE * PER_COMPANY) == 0:
                rows.append(self._place("C", company, (company,), "committee"))
            if branch % PER_COMMITTEE == 0:
                rows.append(self._place("M", committee, (company, committee % PER_COMPANY), "committee"))
            steps = (company, committee % PER_COMPANY, branch % PER_COMMITTEE)
            rows.append(self._place("B", branch, steps, "branch"))
        same = {
            name: value for name, value in constants(Organization).items()
            if name not in ("id", "code", "name", "type", "path", "depth", "numchild")
        }  # fmt: skip
        fields = {field.column: field.attname for field in Organization._meta.concrete_fields}
        bulk_load(
            Organization,
            ("code", "name", "type", "path", "depth", "numchild"),
            rows,
            {fields[name]: value for name, value in same.items()},
        )
        self.places = len(rows)
        self.first_branch = Organization.objects.get(code="B0").pk

    def _place(self, kind: str, number: int, steps: tuple[int, ...], type_: str) -> tuple[Any, ...]:
        path = self.root.path + "".join(step(place) for place in steps)
        children = {1: PER_COMPANY, 2: PER_COMMITTEE}.get(len(steps), 0)
        return (f"{kind}{number}", f"{kind}{number}党组织", type_, path, len(steps) + 1, children)

    def _campaign(self) -> None:
        from campaign.services import campaign_create
        from orgs.models import User

        self.campaign = campaign_create(
            actor=None, organization=self.root, template="wujiang", code="B", starts_on=dt.date(self.year, 1, 1)
        )
        self.period = self.campaign.periods.get(starts_on=self.first)
        self.leader = User.objects.create(username="leader", name="leader", organization=self.root)

    def _people(self) -> None:
        from orgs.models import Enrolment, Member

        # Organizations are numbered in the order they were loaded; branches have a table of their own to be found by place.
        self._run("CREATE TABLE bench_branch AS SELECT CAST(substr(code, 2) AS integer) AS place, id, name FROM "
                  "orgs_organization WHERE type = 'branch'")  # fmt: skip
        self._run("CREATE UNIQUE INDEX bench_branch_place ON bench_branch (place)")
        source = f"{self.series(self.members)} JOIN bench_branch b ON b.place = i / {self.per_branch}"
        self._fill(
            Member,
            {"id": "i + 1", "personnel_no": "'M' || i", "name": "'党员' || i", "pinyin": "'dangyuan' || i",
             "sex": "'male'", "organization_id": "b.id"},
            source,
        )  # fmt: skip
        self._fill(Enrolment, {"member_id": "i + 1", "organization_id": "b.id"}, source)

    def _pledges(self) -> None:
        from pledges.models import Pledge, PledgeItem

        years = f"{self.series(self.members * YEARS)} JOIN bench_branch b ON b.place = i / {self.per_branch * YEARS}"
        year = f"{self.year - YEARS + 1} + i % {YEARS}"
        public = {"campaign_id": str(self.campaign.pk), "state": "'in_progress'", "year": year}
        public |= {name: self._moment(self._day(year, self.first.month, "1")) for name in
                   ("submitted_at", "reviewed_at", "published_at")}  # fmt: skip
        self._fill(
            Pledge,
            {**public, "id": "i + 1", "subject_kind": "'member'", "member_id": f"i / {YEARS} + 1", "organization_id": "b.id",
             "reviewing_organization_id": "b.id", "subject_name": f"'党员' || i / {YEARS}", "organization_name": "b.name"},
            years,
        )  # fmt: skip
        count = self.members * YEARS
        self._fill(
            Pledge,
            {**public, "id": f"{count} + i + 1", "subject_kind": "'organization'",
             "organization_id": f"i / {YEARS} + {self.root.pk + 1}",
             "reviewing_organization_id": str(self.root.pk),
             "subject_name": "'党组织'", "organization_name": "'党组织'"},
            self.series(self.places * YEARS),
        )  # fmt: skip
        pledges = count + self.places * YEARS
        month = f"{self.first.month} + 6 * (i % 2)" if self.first.month == 1 else "1 + 6 * (i % 2)"
        due = self._day(f"{self.year - YEARS + 1} + i / 2 % {YEARS}", month, "1 + i / 7 % 130")
        judged = "i % 6 <> 0"
        self._fill(
            PledgeItem,
            {"pledge_id": "i / 2 + 1", '"order"': "i % 2 + 1", "kind": "'post'", "text": "'每班少停机一次'",
             "target": "'低于百分之二'", "due_on": due,
             "result": f"CASE WHEN {judged} THEN CASE WHEN i % 5 = 0 THEN 'basic' WHEN i % 11 = 0 THEN 'unfulfilled' "
                       "ELSE 'fulfilled' END ELSE 'pending' END",
             "mark": f"CASE WHEN {judged} THEN CASE WHEN i % 5 = 0 THEN 8000 WHEN i % 11 = 0 THEN 0 ELSE 10000 END END",
             "appraised_at": f"CASE WHEN {judged} THEN {self._moment(due)} END"},
            self.series(pledges * 2),
        )  # fmt: skip

    def _reviews(self) -> None:
        from reviews.models.leader import LeaderReview

        written = {
            "campaign_id": str(self.campaign.pk), "period_id": str(self.period.pk), "reviewer_id": str(self.leader.pk),
            "reviewer_name": "'书记'", "reviewing_organization_id": str(self.root.pk), "mode": "'individual'",
            "achievements": "'好'", "problems": "'少'", "direction": "'干'", "state": "'submitted'",
        }  # fmt: skip
        held = self._day(f"{self.year} - i % {REVIEWS}", str(self.first.month), "5 + i / 3 % 100")
        self._fill(
            LeaderReview,
            {**written, "audience": "'member'", "member_id": f"i / {REVIEWS} + 1", "organization_id": "b.id", "held_on": held,
             "submitted_at": self._moment(held)},
            f"{self.series(self.members * REVIEWS)} JOIN bench_branch b ON b.place = i / {self.per_branch * REVIEWS}",
        )  # fmt: skip
        held = self._day(str(self.year), str(self.first.month), "5 + i % 100")
        self._fill(
            LeaderReview,
            {**written, "audience": "'organization'", "organization_id": f"i + {self.root.pk + 1}", "held_on": held,
             "submitted_at": self._moment(held)},
            f"{self.series(self.places)} WHERE i % 4 <> 0",
        )  # fmt: skip

    def _rounds(self) -> None:
        from campaign.ballots.models import Ballot, Result, Subject
        from reviews.models.rounds import EvaluationRound

        start = 0
        for audience, count in (("member", self.members), ("organization", self.places)):
            ballot = Ballot.objects.create(
                state="sealed", opens_at=self.moment, closes_at=self.moment + dt.timedelta(days=1), opened_at=self.moment,
                roll_digest="0", sealed_at=self.moment + dt.timedelta(days=1),
            )  # fmt: skip
            EvaluationRound.objects.create(
                ballot=ballot, campaign=self.campaign, organization=self.root, name="评议", audience=audience,
                template=audience, state="published", published_at=self.moment + dt.timedelta(days=2),
            )  # fmt: skip
            member = {"member_id": "i + 1", "organization_id": "b.id"}
            source = f"{self.series(count)} JOIN bench_branch b ON b.place = i / {self.per_branch}"
            if audience == "organization":
                member, source = {"organization_id": f"i + {self.root.pk + 1}"}, self.series(count)
            self._fill(
                Subject,
                {**member, "id": f"i + {start + 1}", "ballot_id": str(ballot.pk), "audience": f"'{audience}'",
                 "name": "'受评'"},
                source,
            )  # fmt: skip
            self._fill(
                Result,
                {"subject_id": f"i + {start + 1}", "ballot_id": str(ballot.pk), "verdict": "'valid'", "entitled": "20",
                 "returned": "18", "total_kind": "'answered'", "total": "5000 + i % 5000",
                 "satisfaction_kind": "'answered'", "satisfaction": "6000 + i % 4000", "classes": "'[]'"},
                self.series(count),
            )  # fmt: skip
            start += count

    # -- how it is loaded -------------------------------------------------------------------------------------------

    def _fill(self, model: Any, columns: Mapping[str, str], source: str) -> None:
        """Insert into a model's table: expressions over `source`, every other column as the model has it by default."""
        named = {name.strip('"') for name in columns}
        rest = {name: value for name, value in constants(model).items() if name not in named}
        names = ", ".join([*columns, *(f'"{name}"' for name in rest)])
        sign = "%%" if rest else "%"  # with parameters the sign of the remainder is written twice
        made = [expression.replace("%", sign) for expression in columns.values()]
        values = ", ".join([*made, *(self._typed(model, name) for name in rest)])
        taken = source.replace("%", sign)
        self._run(f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values} FROM {taken}", list(rest.values()))
        if self.postgres and "id" in columns:
            table = model._meta.db_table
            self._run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")

    def _typed(self, model: Any, column: str) -> str:
        from django.db import connection

        field = next(field for field in model._meta.concrete_fields if field.column == column)
        return f"CAST(%s AS {field.db_type(connection)})" if self.postgres else "%s"

    def series(self, count: int) -> str:
        """Return a source of whole numbers i from 0 below `count`."""
        if self.postgres:
            return f"generate_series(0, {count - 1}) AS s(i)"
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1})"
        return f"({numbers} SELECT i FROM n) AS s"

    def _day(self, year: str, month: str, day: str) -> str:
        if self.postgres:
            return f"(make_date({year}, {month}, 1) + ({day} - 1))"
        return f"date(({year}) || '-' || substr('0' || ({month}), -2) || '-01', '+' || ({day} - 1) || ' days')"

    def _moment(self, day: str) -> str:
        return f"CAST({day} AS timestamp with time zone)" if self.postgres else f"({day} || ' 00:00:00')"

    def _unwatched(self) -> Any:
        from contextlib import contextmanager

        from django.db import connection

        @contextmanager
        def without() -> Any:
            """Load without asking of each row whether what it points to is there, and without marking it as changed."""
            if self.postgres:
                self._run("SET session_replication_role = replica")
                yield
                self._run("SET session_replication_role = origin")
                return
            with connection.constraint_checks_disabled():
                yield
            for (name,) in self._rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%mark'"):
                self._run(f"DELETE FROM {name}")

        return without()

    def _run(self, statement: str, parameters: Any = ()) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)

    def _rows(self, statement: str) -> list[Any]:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


def step(place: int) -> str:
    """Return the step of child number `place` (from 0), as the tree itself would write it."""
    digits, rest = "", place + 1
    while rest:
        rest, digit = divmod(rest, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits.rjust(4, "0")


def constants(model: Any) -> dict[str, Any]:
    """Return what a model's columns hold when nothing is given, as the database takes it."""
    from django.db import connection

    empty = model()
    return {
        field.column: field.get_db_prep_save(field.pre_save(empty, True), connection)
        for field in model._meta.concrete_fields
        if not field.primary_key and not field.generated
    }
