# ruff: noqa: S608 — statements are put together from the names of our own tables and from whole numbers alone
"""From what was computed to rows that readers may see: staged in short transactions, published by one statement."""

import datetime as dt
import time
from collections.abc import Iterator, Mapping
from typing import Protocol

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from campaign.common.access import bounds
from campaign.common.bulk import bulk_delete
from campaign.models import Audience, Period
from campaign.scoring.choices import RunState
from campaign.scoring.digests import empty, fold
from campaign.scoring.engine import Computation, Source
from campaign.scoring.models import FINISHED, PeriodScore, ScoreRun, ScoreSheet, ScoreTally
from campaign.scoring.roll import ABOVE, STEP, WITHIN, Span, tree
from campaign.scoring.work import SCORED, Work, sql_of
from orgs.models import Member, Organization

CHUNKS = {"postgresql": 50_000, "sqlite": 500}
"""Rows of one transaction. On SQLite everybody else waits for it to end, and then has as much time, up to PAUSE."""
PAUSE = dt.timedelta(milliseconds=20)
FETCHED = 5_000
MARKS = ("base", "entered", "bonus", "deductions", "total")
SCORES, TALLIES = PeriodScore._meta.db_table, ScoreTally._meta.db_table
COLUMNS = (
    "run_id, period_id, organization_id, member_id, sheet_id, place, peers, base, bonus_entered, bonus, deductions, total, "
    "grade, vetoed, lines, replaces_id, removed"
)


class Steps(Protocol):
    """What staging needs of a running job."""

    def advance(self, done: int) -> None: ...
    def guard(self) -> None: ...


def chunk_size() -> int:
    return CHUNKS[connection.vendor]


def stage(progress: Steps, run: ScoreRun, computation: Computation) -> int:
    """Add rows for those whose score is not what readers see already, and the tallies of the run; returns how many are
    scored no more."""
    done = 0
    for table in ("work_score_member", "work_score_place"):
        done += _add(
            progress,
            computation.work,
            table,
            f"""INSERT INTO {SCORES} ({COLUMNS})
                SELECT {run.pk}, {run.period_id}, organization, member, sheet, place, peers, base, entered, bonus,
                       deductions, total, grade, vetoed = 1, lines, replaces, {_false()}
                FROM {table} WHERE same = 0 AND""",
            before=done,
        )
    _stage_tallies(progress, run, computation)
    return _stage_removed(progress, run, computation)


def _add(progress: Steps, work: Work, table: str, statement: str, *, before: int | None = None) -> int:
    """Add the rows that `statement`, which ends in its condition, takes from a working table: in short transactions, since
    everything was looked for before. Tells how far it is when it knows how many rows came `before`. Returns how many there were
    to take from."""
    last = 0
    for piece, last in work.pieces(table, chunk_size()):
        began = time.monotonic()
        with transaction.atomic():
            progress.guard()
            work.run(f"{statement} {piece}")
        if before is not None:
            progress.advance(before + last)
        if not work.postgres:
            time.sleep(min(time.monotonic() - began, PAUSE.total_seconds()))
    return last


def _false() -> str:
    return "FALSE" if connection.vendor == "postgresql" else "0"


def _stage_removed(progress: Steps, run: ScoreRun, computation: Computation) -> int:
    """Say of those who are scored no more (an organization closed, a member gone) that they are not there."""
    work = computation.work
    work.take(
        "work_gone",
        ("id", "organization", "member", "sheet", "place"),
        f"""SELECT s.id, s.organization, s.member, s.sheet, s.place FROM work_shown s
            WHERE s.own = 1 AND s.id NOT IN (SELECT replaces FROM {SCORED} x WHERE replaces IS NOT NULL)""",
    )
    return _add(
        progress,
        work,
        "work_gone",
        f"""INSERT INTO {SCORES} ({COLUMNS})
            SELECT {run.pk}, {run.period_id}, organization, member, sheet, place, '', NULL, 0, 0, 0, NULL, '',
                   {_false()}, '', id, NOT {_false()}
            FROM work_gone WHERE""",
    )


def _stage_tallies(progress: Steps, run: ScoreRun, computation: Computation) -> None:
    """Store what organizations pass on, where it is not what the last run left."""
    if not computation.summed:
        return
    keys = [metric.key for metric in computation.summed]
    named = "CASE s.metric " + " ".join(f"WHEN {number} THEN %s" for number in range(len(keys))) + " END"
    finished, known = sql_of(ScoreRun.objects.filter(period=run.period, state__in=FINISHED).order_by().values("pk"))
    work = computation.work
    work.take(
        "work_tally",
        ("organization", "above", "metric", "own_n", "own_d", "top", "bottom"),
        f"""WITH x AS (SELECT u.organization, u.above, {named} AS metric, s.own_numerator AS own_n,
                              s.own_denominator AS own_d, u.numerator AS top, u.denominator AS bottom
                       FROM work_up u JOIN work_sum s ON s.organization = u.organization AND s.metric = u.metric),
                 l AS (SELECT organization_id, metric, MAX(run_id) AS run_id FROM {TALLIES}
                       WHERE run_id IN ({finished}) GROUP BY organization_id, metric)
            SELECT x.* FROM x
            LEFT JOIN l ON l.organization_id = x.organization AND l.metric = x.metric
            LEFT JOIN {TALLIES} t
                ON t.organization_id = l.organization_id AND t.metric = l.metric AND t.run_id = l.run_id
            WHERE t.id IS NULL OR t.above <> x.above OR t.own_numerator <> x.own_n OR t.own_denominator <> x.own_d
               OR t.numerator <> x.top OR t.denominator <> x.bottom""",
        [*keys, *known],
    )
    _add(
        progress,
        work,
        "work_tally",
        f"""INSERT INTO {TALLIES} (run_id, organization_id, above, metric, own_numerator, own_denominator, numerator, denominator)
            SELECT {run.pk}, organization, above, metric, own_n, own_d, top, bottom FROM work_tally WHERE""",
    )


def passed_up(run: ScoreRun, span: Span) -> Source:
    """Return what the organizations right below `span` pass on: (above, metric, numerator, denominator), as this run has staged
    it, or as the last one left it where that was the same."""
    places, given = tree(run.period)
    finished, known = sql_of(ScoreRun.objects.filter(period=run.period, state__in=FINISHED).order_by().values("pk"))
    below = span._replace(least=span.most + STEP, most=span.most + STEP)
    return (
        f"""SELECT a.id, t.metric, t.numerator, t.denominator
            FROM ({places}) o JOIN ({places}) a ON {ABOVE}
            JOIN (SELECT organization_id, metric, MAX(run_id) AS run_id FROM {TALLIES}
                  WHERE run_id = {run.pk} OR run_id IN ({finished}) GROUP BY organization_id, metric) l
                ON l.organization_id = o.id
            JOIN {TALLIES} t ON t.organization_id = l.organization_id AND t.metric = l.metric AND t.run_id = l.run_id
            WHERE {WITHIN}""",
        (*given, *given, *known, *below),
    )


def forget_tallies(run: ScoreRun) -> None:
    """Delete what earlier runs left of the organizations of which a finished one has stored something else: nobody reads it any
    more, whoever deletes it."""
    earlier = ScoreTally.objects.finished(run.period).filter(run__lt=run)
    again = ScoreTally.objects.filter(run=run, organization=OuterRef("organization"), metric=OuterRef("metric"))
    old = earlier.filter(Exists(again)).order_by().values_list("pk", flat=True)
    while run.state in FINISHED and (keys := list(old[: chunk_size()])):
        with transaction.atomic():
            bulk_delete(ScoreTally, "id", keys)


def tally(computation: Computation) -> dict[str, int]:
    """Return what was computed: organizations, members, those to whom no item applies, those whose score has changed."""
    ((organizations, members, without, changed),) = computation.work.rows(
        f"""SELECT COUNT(*) - COUNT(member), COUNT(member), SUM(CASE WHEN total IS NULL THEN 1 ELSE 0 END), SUM(1 - same)
            FROM {SCORED} x"""
    )
    found = {"organizations": organizations, "members": members, "not_applicable": without, "changed": changed}
    return {name: int(number or 0) for name, number in found.items()}


def settle() -> None:
    """Let PostgreSQL know at once how much was added: until it looks by itself, small questions would take the long way."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL default_statistics_target = 20"
            )  # a sample of a million rows says no more than a small one
            cursor.execute(
                f"ANALYZE {SCORES} (run_id, period_id, organization_id, member_id, sheet_id, peers, total, replaces_id)"
            )
            cursor.execute(f"ANALYZE {TALLIES}")
            cursor.execute(f"ANALYZE {ScoreRun._meta.db_table}")


def digests_of(computation: Computation, least: int, below: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the digests of what was computed (`digests.fold`): those of `digest` once it is published."""
    plans, work = computation.plans, computation.work
    of_sheets = {plan.sheet_id: plan.name for audience in Audience for plan in plans.for_audience(audience)}
    sheet = "CASE sheet " + " ".join(f"WHEN {number} THEN %s" for number in of_sheets) + " END"
    marks = " || '|' || ".join(f"COALESCE(CAST({name} AS text), '')" for name in MARKS)
    statement = f"""SELECT place, CASE WHEN member IS NULL THEN 'o' ELSE 'm' END || '|' || code || '|' || {sheet} || '|' ||
                           {marks} || '|' || grade || '|' || CASE WHEN vetoed = 1 THEN 'v' ELSE '' END || '|' || lines
                    FROM {SCORED} x ORDER BY place {work.collation}, member IS NULL, code {work.collation}"""
    return fold(work.each(statement, list(of_sheets.values())), least, below)


def digest(period: Period, place: str, run: ScoreRun | None = None) -> str:
    """Return the digest over the canonical lines of everybody at or below `place`: as readers see them, or as they will see them
    once `run` is published."""
    return fold(canonical_lines(period, place, run), len(place)).get(place, empty())


def canonical_lines(period: Period, place: str, run: ScoreRun | None = None) -> Iterator[tuple[str, str]]:
    """Yield place and line of every subject, in the order of the tree: whose it is, by which sheet, and everything that is
    printed."""
    low, high = bounds(place)
    collation = 'COLLATE "C"' if connection.vendor == "postgresql" else "COLLATE BINARY"
    printed = ["bonus_entered" if name == "entered" else name for name in MARKS]
    marks = " || '|' || ".join(f"COALESCE(CAST(s.{name} AS text), '')" for name in printed)
    own = run.pk if run else 0
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"""SELECT s.place,
                       CASE WHEN s.member_id IS NULL THEN 'o' ELSE 'm' END || '|' || COALESCE(m.personnel_no, o.code) || '|' ||
                       h.key || '|' || h.version || '|' || {marks} || '|' || s.grade || '|' ||
                       CASE WHEN s.vetoed THEN 'v' ELSE '' END || '|' || s.lines
                FROM {SCORES} s
                JOIN {ScoreRun._meta.db_table} r ON r.id = s.run_id
                JOIN {ScoreSheet._meta.db_table} h ON h.id = s.sheet_id
                JOIN {Organization._meta.db_table} o ON o.id = s.organization_id
                LEFT JOIN {Member._meta.db_table} m ON m.id = s.member_id
                WHERE s.period_id = %s AND NOT s.removed AND s.place >= %s AND s.place < %s
                  AND (r.state = %s OR r.id = %s)
                  AND NOT EXISTS (SELECT 1 FROM {SCORES} n JOIN {ScoreRun._meta.db_table} q ON q.id = n.run_id
                                  WHERE n.replaces_id = s.id AND (q.state = %s OR q.id = %s))
                ORDER BY s.place {collation}, s.member_id IS NULL, COALESCE(m.personnel_no, o.code) {collation}""",
            [period.pk, low, high, RunState.PUBLISHED, own, RunState.PUBLISHED, own],
        )
        while rows := cursor.fetchmany(FETCHED):
            yield from rows
