"""Triggers that mark what was changed: the work grows with the rows of a statement, whatever the connection did before."""

import pytest
from django.db import connection

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
