"""Triggers that mark what was changed: the work grows with the rows of a statement, whatever the connection did before."""

import pytest
from django.db import connection

from campaign.common import marking
from campaign.common.marking import Many, Watched

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def test_old_and_new_rows_are_never_compared_each_with_each() -> None:
    """The plan is made once a connection, often for a single row; a subtree of thousands moves by the same one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.proname, f.proconfig FROM pg_proc f JOIN pg_trigger t ON t.tgfoid = f.oid"
            " WHERE f.prosrc LIKE '%%old_rows o JOIN new_rows n%%'"
        )
        found = dict(cursor.fetchall())
    assert len(found) > 1
    assert all(settings == ["enable_nestloop=off"] for settings in found.values())


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
