"""The statements of a vote. In SQL: they are what many people wait for at once, and what they lock, and in which order,
must be seen here. Composing the first of them anew for every vote would take Django longer than the database needs for it."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from campaign.ballots.models import Ballot, Paper
from campaign.common import clock
from campaign.common.lookups import fits

Parameters = dict[str, Any]
Places = Mapping[int, Sequence[int]]
"""For each subject (its id) the places in its counts that grow by one, one per item (`Sheet.places`)."""
Remarks = Mapping[int, str]
"""What is written about subjects, by their ids."""

RUNNING = """
EXISTS (SELECT 1 FROM ballots_ballot b WHERE b.id = ballots_paper.ballot_id
        AND b.state = 'open' AND b.opens_at <= {moment} AND b.closes_at > {moment})
"""
OF_PAPER = tuple(field.attname for field in Paper._meta.concrete_fields)
OF_BALLOT = tuple(
    field.attname for field in Ballot._meta.concrete_fields if field.name in {"id", "roll_digest", "slots"}
)
IN_HAND = f"""
SELECT {", ".join(f"p.{name}" for name in OF_PAPER)}, {", ".join(f"b.{name}" for name in OF_BALLOT)}
FROM ballots_paper p JOIN ballots_ballot b ON b.id = p.ballot_id
WHERE {{held}} AND NOT p.marked AND NOT p.struck AND b.state = 'open' AND b.opens_at <= %(moment)s AND b.closes_at > %(moment)s
"""  # noqa: S608
BY_VOTER = IN_HAND.format(held="p.ballot_id = %(ballot)s AND p.voter_id = %(voter)s")
BY_CODE = IN_HAND.format(held="p.digest = %(digest)s")

# Whether the paper is marked is asked of the very row that is changed: of two attempts at once the second waits for the
# first and then finds it marked.
MARK = """
UPDATE ballots_paper SET marked = TRUE
WHERE id = {paper} AND (voter_id = {voter} OR digest = {code}) AND NOT marked AND NOT struck AND {running}
"""
# PostgreSQL does all in one function, and so in one statement, which is a transaction of its own: the tallies that all
# voters share are locked for as long as the server takes, and never while it waits for us. They are locked in the order of
# their subjects, or two voters could block each other. Where one is missing, the mark is taken back without an error, since
# the server's log would keep the statement with it. A connection plans the function once.
FUNCTION = f"""
CREATE OR REPLACE FUNCTION ballots_vote(
    _paper bigint, _voter bigint, _code text, _moment timestamptz, _class bigint, _slot int,
    _subjects bigint[], _places int[], _about bigint[], _texts text[]
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    items int := cardinality(_places) / cardinality(_subjects);
    answers bigint[];
BEGIN
    {MARK.format(paper="_paper", voter="_voter", code="_code", running=RUNNING.format(moment="_moment"))};
    IF NOT FOUND THEN RETURN 'refused'; END IF;
    IF cardinality(_subjects) <> (SELECT count(*) FROM ballots_tally t
                                  WHERE t.rater_class_id = _class AND t.slot = _slot AND t.subject_id = ANY(_subjects)) THEN
        UPDATE ballots_paper SET marked = FALSE WHERE id = _paper;
        RETURN 'missing';
    END IF;
    FOR s IN 1 .. cardinality(_subjects) LOOP
        SELECT t.counts INTO answers FROM ballots_tally t
        WHERE t.rater_class_id = _class AND t.slot = _slot AND t.subject_id = _subjects[s] FOR UPDATE;
        FOR place IN (s - 1) * items + 1 .. s * items LOOP
            answers[_places[place]] := answers[_places[place]] + 1;
        END LOOP;
        UPDATE ballots_tally t SET counts = answers
        WHERE t.rater_class_id = _class AND t.slot = _slot AND t.subject_id = _subjects[s];
    END LOOP;
    IF cardinality(_about) > 0 THEN
        INSERT INTO ballots_remark (ballot_id, subject_id, text)
        SELECT p.ballot_id, r.subject, r.text FROM ballots_paper p, unnest(_about, _texts) AS r (subject, text)
        WHERE p.id = _paper;
    END IF;
    RETURN 'counted';
END $$
"""  # noqa: S608
POSTGRESQL = """
SELECT ballots_vote(%(paper)s, %(voter)s, %(code)s, %(moment)s, %(rater_class)s, %(slot)s,
                    %(subjects)s, %(places)s, %(about)s, %(texts)s)
"""
SQLITE_MARK = MARK.format(
    paper="%(paper)s", voter="%(voter)s", code="%(code)s", running=RUNNING.format(moment="%(moment)s")
)
# One writer at a time: the transaction began by taking the database's write lock.
SQLITE = """
UPDATE ballots_tally
SET counts = (SELECT json_group_array(summed) FROM (
                 SELECT c.value + EXISTS (
                     SELECT 1 FROM json_each(%(places)s, '$."' || ballots_tally.subject_id || '"') p WHERE p.value = c.key
                 ) AS summed FROM json_each(ballots_tally.counts) c ORDER BY c.key))
WHERE rater_class_id = %(rater_class)s AND slot = %(slot)s
  AND subject_id IN (SELECT CAST(key AS INTEGER) FROM json_each(%(places)s))
"""


SQLITE_REMARK = """
INSERT INTO ballots_remark (ballot_id, subject_id, text)
SELECT ballot_id, %(subject)s, %(text)s FROM ballots_paper WHERE id = %(paper)s
"""


class TallyMissing(Exception):
    """A tally that the vote adds to is not there; the paper was not marked."""


def install() -> bool:
    """Put the function of a vote into the database; called after every migrate. False where migrations have not come that
    far, and where there is none (SQLite)."""
    if connection.vendor != "postgresql" or Paper._meta.db_table not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute(FUNCTION)
    return True


def paper_in_hand(*, ballot: int | None = None, voter: int | None = None, digest: str | None = None) -> Paper | None:
    """Return the paper that `voter` has in `ballot`, or the slip with this `digest`, if it can be cast now; with so much of
    its ballot as casting needs."""
    if not fits(ballot):
        return None
    given = {"ballot": ballot, "voter": voter, "digest": digest, "moment": _moment(clock.now())}
    with connection.cursor() as cursor:
        cursor.execute(BY_VOTER if digest is None else BY_CODE, given)
        row = cursor.fetchone()
    if row is None:
        return None
    paper = Paper.from_db(connection.alias, OF_PAPER, row[: len(OF_PAPER)])
    paper.ballot = Ballot.from_db(connection.alias, OF_BALLOT, row[len(OF_PAPER) :])
    return paper


def _moment(moment: dt.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def vote_count(
    *,
    paper: int,
    voter: int | None,
    digest: str | None,
    moment: dt.datetime,
    rater_class: int,
    slot: int,
    places: Places,
    remarks: Remarks,
) -> bool:
    """Mark a paper, held by `voter` or by the slip with this `digest`, add to the tallies of its class, and keep its remarks;
    all or nothing.

    Tells whether it was counted: not if the paper was marked already, or its ballot is not open at `moment`. Raises
    TallyMissing.
    """
    given: Parameters = {
        "paper": paper,
        "voter": voter,
        "code": digest,
        "moment": _moment(moment),
        "rater_class": rater_class,
        "slot": slot,
    }
    count = _count_postgresql if connection.vendor == "postgresql" else _count_sqlite
    return count(given, places, remarks)


def _count_postgresql(given: Parameters, places: Places, remarks: Remarks) -> bool:
    subjects = sorted(places)
    flat = [place + 1 for subject in subjects for place in places[subject]]  # arrays begin with 1
    with connection.cursor() as cursor:
        given |= {"subjects": subjects, "places": flat, "about": list(remarks), "texts": list(remarks.values())}
        cursor.execute(POSTGRESQL, given)
        outcome = cursor.fetchone()[0]
    if outcome == "missing":
        raise TallyMissing
    return bool(outcome == "counted")


def _count_sqlite(given: Parameters, places: Places, remarks: Remarks) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SQLITE_MARK, given)
        if cursor.rowcount != 1:
            return False
        cursor.execute(SQLITE, {**given, "places": json.dumps(places)})
        if cursor.rowcount != len(places):
            raise TallyMissing
        for subject, text in remarks.items():
            cursor.execute(SQLITE_REMARK, {"paper": given["paper"], "subject": subject, "text": text})
    return True
