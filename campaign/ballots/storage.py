"""What becomes of papers and tallies when a ballot is over: written anew in random order, and the old storage emptied.

Row versions, physical order and freed space of the storage in which the votes fell tell who voted when, and so, joined,
what. Measured on PostgreSQL 15: rewriting rows in place keeps the physical order, `VACUUM FREEZE` hides nothing. So the rows
go to other tables `ORDER BY random()`, and the storage they came from is thrown away.
"""

from collections import defaultdict
from random import SystemRandom

from django.db import connection, transaction

from campaign.ballots.models import Ballot, Paper, SealedPaper, SealedTally, Tally

OPEN_STORAGE = (Paper._meta.db_table, Tally._meta.db_table)
COLUMNS = "ballot_id, rater_class_id, voter_id, slate_id, own_id, marked"


def storage_lock() -> None:
    """Wait until no vote is under way, and let none begin before this transaction ends. Papers first, as voters do."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in OPEN_STORAGE:
                cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")


def storage_seal(ballot: Ballot) -> None:
    """Write papers and merged tallies of `ballot` anew, in random order; the old ones are still there afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {SealedPaper._meta.db_table} ({COLUMNS}) "  # noqa: S608
            f"SELECT {COLUMNS} FROM {Paper._meta.db_table} WHERE ballot_id = %s ORDER BY random()",
            [ballot.pk],
        )
    SealedTally.objects.bulk_create(_merged(ballot), batch_size=1000)


def _merged(ballot: Ballot) -> list[SealedTally]:
    sums: dict[tuple[int, int], list[int]] = defaultdict(list)
    rows = Tally.objects.filter(ballot=ballot).values_list("subject_id", "rater_class_id", "counts")
    for subject, rater_class, counts in rows.iterator():
        known = sums[subject, rater_class] or [0] * len(counts)
        sums[subject, rater_class] = [a + b for a, b in zip(known, counts, strict=True)]
    merged = [
        SealedTally(ballot=ballot, subject_id=subject, rater_class_id=rater_class, counts=counts)
        for (subject, rater_class), counts in sums.items()
    ]
    SystemRandom().shuffle(merged)
    return merged


def storage_empty(ballot: Ballot) -> None:
    """Take `ballot` out of the open storage. What other open ballots have there is written anew as well (PostgreSQL), or
    stays where it is while freed space is overwritten (SQLite, `secure_delete`)."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Checks that wait for the end of the transaction would forbid TRUNCATE.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in OPEN_STORAGE:
                kept = f"kept_{table}"
                cursor.execute(
                    f"CREATE TEMPORARY TABLE {kept} ON COMMIT DROP AS "  # noqa: S608
                    f"SELECT * FROM {table} WHERE ballot_id <> %s",
                    [ballot.pk],
                )
                cursor.execute(f"TRUNCATE {table}")
                cursor.execute(f"INSERT INTO {table} SELECT * FROM {kept} ORDER BY random()")  # noqa: S608
                cursor.execute(f"DROP TABLE {kept}")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    else:
        Tally.objects.filter(ballot=ballot).delete()
        Paper.objects.filter(ballot=ballot).delete()


def storage_clean() -> bool:
    """Clean the database's files of what was emptied; tells whether it could be done now.

    Cannot run inside a transaction. On SQLite it has to wait for readers; the task tries again every minute.
    """
    if transaction.get_connection().in_atomic_block:
        return False
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"VACUUM {', '.join(OPEN_STORAGE)}")
            return True
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, *_pages = cursor.fetchone()
        return not busy
