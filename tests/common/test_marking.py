"""Triggers that mark what was changed: the work grows with the rows of a statement, whatever the connection did before."""

import pytest
from django.db import connection

from campaign.common import marking
from campaign.common.marking import Many, Watched
from campaign.scoring.models import ScoreMark

pytestmark = pytest.mark.django_db
ROWS = 30_000
WATCHED = Watched("trial_thing", ((("kind", "'trial'"), ("record", "{row}.owner")),), ("value", "owner"))


@pytest.fixture
def things() -> None:
    """A watched table of many rows, each with an owner of its own."""
    numbers = (
        f"SELECT i FROM generate_series(1, {ROWS}) s(i)"
        if connection.vendor == "postgresql"
        else f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) SELECT i FROM n"
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE trial_thing (id integer PRIMARY KEY, owner integer, value integer)")
        cursor.execute(f"INSERT INTO trial_thing SELECT i, i, 0 FROM ({numbers}) x")
    assert marking.install(ScoreMark._meta.db_table, "trial", [WATCHED])


def change(statement: str) -> list[int]:
    """Run a statement; returns whom it has marked."""
    ScoreMark.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(statement)
    return sorted(set(ScoreMark.objects.filter(kind="trial").values_list("record", flat=True)))


@pytest.mark.usefixtures("things")
def test_what_counts_is_marked_by_every_kind_of_statement() -> None:
    assert change("UPDATE trial_thing SET value = 1 WHERE id = 7") == [7]
    assert change("UPDATE trial_thing SET owner = -8 WHERE id = 8") == [-8, 8]
    assert change("INSERT INTO trial_thing VALUES (0, 99, 0)") == [99]
    assert change("INSERT INTO trial_thing VALUES (-1, NULL, 0)") == []
    assert change("DELETE FROM trial_thing WHERE id = 9") == [9]


@pytest.mark.usefixtures("things")
@pytest.mark.postgres
def test_a_statement_without_a_difference_marks_nobody() -> None:
    assert change("UPDATE trial_thing SET value = value") == []


@pytest.mark.usefixtures("things")
def test_a_plan_made_for_one_row_does_not_compare_each_with_each() -> None:
    """A plan is made once a connection, by the first statements, often for a single row; a subtree of thousands moves by the
    same one. Compared each with each, so many rows take minutes."""
    for one in range(1, 8):  # as many as PostgreSQL wants to see before it keeps a plan
        change(f"UPDATE trial_thing SET value = 5 WHERE id = {one}")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '20s'")
    assert change("UPDATE trial_thing SET value = 6") == list(range(1, ROWS + 1))


@pytest.mark.postgres
def test_very_many_rows_of_one_statement_leave_one_mark() -> None:
    with connection.cursor() as cursor:

        def left(statement: str) -> list[tuple[str, int]]:
            cursor.execute(statement)
            cursor.execute("DELETE FROM things_marks RETURNING kind, record")
            return sorted(set(cursor.fetchall()))  # an update marks what was and what is

        cursor.execute("CREATE TABLE things (id integer, size integer)")
        cursor.execute("CREATE TABLE things_marks (kind text, record integer)")
        thing = Watched("things", ((("kind", "'thing'"), ("record", "{row}.id")),), ("size",))
        assert marking.install("things_marks", "test", [thing], Many(2, (("kind", "'all'"), ("record", "0"))))
        assert left("INSERT INTO things VALUES (1, 1), (2, 1)") == [("thing", 1), ("thing", 2)]
        assert left("INSERT INTO things VALUES (3, 1), (4, 1), (5, 1)") == [("all", 0)]
        assert left("UPDATE things SET size = 2 WHERE id > 2") == [("thing", 3), ("thing", 4), ("thing", 5)]
        assert left("DELETE FROM things WHERE id < 3") == [("thing", 1), ("thing", 2)]
        assert left("DELETE FROM things") == [("all", 0)]
