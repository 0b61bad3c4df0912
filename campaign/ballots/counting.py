"""The two statements of a vote. Both in SQL: they are what many people wait for at once, and what they lock, and in which
order, must be seen here."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence

from django.db import connection

# Whether the paper is marked is asked of the very row that is changed: of two attempts at once the second waits for the
# first and then finds it marked.
MARK = """
UPDATE ballots_paper SET marked = TRUE
WHERE id = %(paper)s AND voter_id = %(voter)s AND NOT marked AND EXISTS (
    SELECT 1 FROM ballots_ballot b WHERE b.id = ballots_paper.ballot_id
    AND b.state = 'open' AND b.opens_at <= %(moment)s AND b.closes_at > %(moment)s)
"""
# The rows are locked in the order of their ids before any is changed: PostgreSQL would otherwise lock them as its plan
# happens to meet them, and two voters with the same subjects could block each other.
POSTGRESQL = """
WITH added AS (SELECT key::bigint AS subject_id, value AS delta FROM jsonb_each(%(deltas)s::jsonb)),
     mine AS (SELECT t.id, added.delta FROM ballots_tally t JOIN added ON added.subject_id = t.subject_id
              WHERE t.rater_class_id = %(rater_class)s AND t.slot = %(slot)s ORDER BY t.id FOR UPDATE OF t)
UPDATE ballots_tally t
SET counts = (SELECT jsonb_agg(c::bigint + d::bigint ORDER BY place)
              FROM ROWS FROM (jsonb_array_elements(t.counts), jsonb_array_elements(mine.delta))
                   WITH ORDINALITY AS pairs(c, d, place))
FROM mine WHERE t.id = mine.id
"""
# One writer at a time: the transaction began by taking the database's write lock.
SQLITE = """
UPDATE ballots_tally
SET counts = (SELECT json_group_array(summed) FROM (
                 SELECT c.value + d.value AS summed FROM json_each(ballots_tally.counts) c
                 JOIN json_each(%(deltas)s, '$."' || ballots_tally.subject_id || '"') d ON d.key = c.key
                 ORDER BY c.key))
WHERE rater_class_id = %(rater_class)s AND slot = %(slot)s
  AND subject_id IN (SELECT CAST(key AS INTEGER) FROM json_each(%(deltas)s))
"""


def paper_mark(*, paper: int, voter: int, moment: dt.datetime) -> bool:
    """Mark the paper of `voter`; tells whether it was unmarked and its ballot open at `moment`."""
    with connection.cursor() as cursor:
        at = connection.ops.adapt_datetimefield_value(moment)
        cursor.execute(MARK, {"paper": paper, "voter": voter, "moment": at})
        return bool(cursor.rowcount == 1)


def tallies_add(*, rater_class_id: int, slot: int, deltas: Mapping[int, Sequence[int]]) -> int:
    """Add `deltas` (subject id → numbers) to the counts of one class in one slot; returns how many rows it changed.

    Must be called inside a transaction, as its last statement: the rows stay locked until it ends.
    """
    statement = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    with connection.cursor() as cursor:
        cursor.execute(statement, {"deltas": json.dumps(deltas), "rater_class": rater_class_id, "slot": slot})
        return int(cursor.rowcount)
