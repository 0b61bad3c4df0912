"""What becomes of papers and tallies when a ballot is over: written anew in random order, and the old storage emptied.

Row versions, physical order and freed space of the storage in which the votes fell tell who voted when, and so, joined,
what. Measured on PostgreSQL 15: rewriting rows in place keeps the physical order, `VACUUM FREEZE` hides nothing. So the rows
go to other tables `ORDER BY random()`, and the storage they came from is thrown away.
"""

from collections import defaultdict
from random import SystemRandom

from django.db import connection, transaction

from campaign.ballots.models import (
    Ballot,
    Batch,
    Paper,
    PaperCount,
    Remark,
    SealedPaper,
    SealedRemark,
    SealedTally,
    Tally,
)
from campaign.ballots.selectors import cast_electronically, on_the_roll, paper_counts

OPEN_STORAGE = (Paper._meta.db_table, Tally._meta.db_table, Remark._meta.db_table)
PAPER_COLUMNS = "ballot_id, rater_class_id, voter_id, batch_id, slate_id, own_id, marked"
REMARK_COLUMNS = "ballot_id, subject_id, text"


def storage_lock() -> None:
    """Wait until no vote is under way, and let none begin before this transaction ends. Papers first, as voters do."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in OPEN_STORAGE:
                cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")


def storage_seal(ballot: Ballot) -> None:
    """Write papers, merged tallies and remarks of `ballot` anew, in random order; the old ones are still there afterwards.
    What was counted on paper goes into the same tallies, and is emptied."""
    merged = _merged(ballot)
    for columns, source, target in (
        (PAPER_COLUMNS, Paper._meta.db_table, SealedPaper._meta.db_table),
        (REMARK_COLUMNS, Remark._meta.db_table, SealedRemark._meta.db_table),
    ):
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {target} ({columns}) "  # noqa: S608
                f"SELECT {columns} FROM {source} WHERE ballot_id = %s ORDER BY random()",
                [ballot.pk],
            )
    SealedTally.objects.bulk_create(merged, batch_size=1000)
    PaperCount.objects.filter(ballot=ballot).update(counts=[])
    Batch.objects.filter(ballot=ballot).update(cipher="")


def _merged(ballot: Ballot) -> list[SealedTally]:
    sums: dict[tuple[int, int], list[int]] = defaultdict(list)
    papers, marked, counted = on_the_roll(ballot), cast_electronically(ballot, Paper), paper_counts(ballot)
    rows = Tally.objects.filter(ballot=ballot).values_list("subject_id", "rater_class_id", "counts")
    for subject, rater_class, counts in rows.iterator():
        known = sums[subject, rater_class] or [0] * len(counts)
        sums[subject, rater_class] = [a + b for a, b in zip(known, counts, strict=True)]
    merged = []
    for cell, counts in sums.items():
        subject, rater_class = cell
        row = SealedTally(ballot=ballot, subject_id=subject, rater_class_id=rater_class, counts=counts)
        row.entitled, row.marked = papers[cell], marked[cell]
        if cell in counted:
            on_paper = counted[cell][0]
            row.issued, row.valid, row.invalid = on_paper.issued, on_paper.valid, on_paper.invalid
            row.counts = [a + b for a, b in zip(counts, on_paper.counts, strict=True)]
        merged.append(row)
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
        for model in (Tally, Paper, Remark):
            model.objects.filter(ballot=ballot).delete()


def storage_clean() -> bool:
    """Clean the database's files of what was emptied; tells whether it could be done now.

    Cannot run inside a transaction. On SQLite it has to wait for readers; the task tries again every minute.
    """
    if transaction.get_connection().in_atomic_block:
        return False
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"VACUUM {', '.join((*OPEN_STORAGE, SealedPaper._meta.db_table))}")
            return True
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, *_pages = cursor.fetchone()
        return not busy
