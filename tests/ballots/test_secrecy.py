"""No trace after sealing: what a database administrator with a copy of everything can try (docs/ballots.md).

Each attack is made before sealing as well, where it must work: so the tests would notice if they had gone blind.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import DateField, DateTimeField, ForeignKey, TimeField

from campaign.ballots.models import (
    Ballot,
    Batch,
    Paper,
    Remark,
    SealedPaper,
    SealedRemark,
    SealedTally,
    Tally,
)
from campaign.ballots.services import ballot_cancel, ballot_seal, storage_clean
from orgs.models import User
from tests.ballots.making import opened, people, vote
from tests.world import World, make_world

VOTERS = 60
OPEN_AND_SEALED = (Paper, SealedPaper, Tally, SealedTally, Remark, SealedRemark)


@pytest.fixture
def ground(emptied: None) -> World:
    return make_world(members_per_branch=1)


def rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def correlation(order: list[int]) -> float:
    """Return Spearman's rank correlation of a sequence of distinct ranks with 0, 1, 2 …"""
    n = len(order)
    ranks = {value: rank for rank, value in enumerate(sorted(order))}
    squares = sum((ranks[value] - place) ** 2 for place, value in enumerate(order))
    return 1 - 6 * squares / (n * (n * n - 1))


def voted(ground: World, items: int = 1) -> tuple[Ballot, list[User]]:
    """Let people vote one after the other, in the order of their ids, every second one 不满意."""
    raters = people(VOTERS)
    ballot = opened(ground, raters, items=items)
    for place, rater in enumerate(raters):
        vote(ballot, rater, 3 * (place % 2))
    return ballot, raters


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_row_versions_join_before_sealing_and_tell_nothing_after(ground: World) -> None:
    ballot, raters = voted(ground)
    joined = "SELECT p.voter_id FROM {} p JOIN {} t ON p.xmin = t.xmin WHERE p.ballot_id = %s"
    assert rows(joined.format("ballots_paper", "ballots_tally"), ballot.pk) == [(raters[-1].pk,)]
    ballot_seal(ballot=ballot)
    # One transaction wrote all: every paper joins with every tally, which is to say nothing.
    assert len(rows("SELECT DISTINCT xmin::text FROM ballots_sealedpaper")) == 1
    tallies = SealedTally.objects.count()
    assert len(rows(joined.format("ballots_sealedpaper", "ballots_sealedtally"), ballot.pk)) == VOTERS * tallies


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_physical_order_tells_the_order_of_voting_before_sealing_only(ground: World) -> None:
    ballot, raters = voted(ground)
    place = {rater.pk: number for number, rater in enumerate(raters)}
    before = [place[voter] for (voter,) in rows("SELECT voter_id FROM ballots_paper ORDER BY ctid")]
    assert correlation(before) > 0.95
    ballot_seal(ballot=ballot)
    after = [place[voter] for (voter,) in rows("SELECT voter_id FROM ballots_sealedpaper ORDER BY ctid")]
    assert abs(correlation(after)) < 0.6
    assert rows("SELECT pg_relation_size('ballots_paper') + pg_relation_size('ballots_tally')") == [(0,)]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_papers_of_other_open_ballots_are_written_anew_as_well(ground: World) -> None:
    """Sealing one ballot must not leave another's order of voting in what it kept."""
    other, raters = voted(ground)
    ballot = opened(ground, raters, items=1)
    ballot_seal(ballot=ballot)
    place = {rater.pk: number for number, rater in enumerate(raters)}
    order = [place[voter] for (voter,) in rows("SELECT voter_id FROM ballots_paper ORDER BY ctid")]
    assert len(order) == VOTERS
    assert abs(correlation(order)) < 0.6
    assert len(rows("SELECT DISTINCT xmin::text FROM ballots_paper WHERE ballot_id = %s", other.pk)) == 1


@pytest.mark.django_db(transaction=True)
def test_ids_of_sealed_papers_tell_no_order(ground: World) -> None:
    """On SQLite the id is the row's place in the file."""
    ballot, raters = voted(ground)
    place = {rater.pk: number for number, rater in enumerate(raters)}
    before = [place[voter] for voter in Paper.objects.order_by("pk").values_list("voter_id", flat=True)]
    assert correlation(before) == 1
    ballot_seal(ballot=ballot)
    after = [place[voter] for voter in SealedPaper.objects.order_by("pk").values_list("voter_id", flat=True)]
    assert abs(correlation(after)) < 0.6


def database_files() -> bytes:
    name = Path(connection.settings_dict["NAME"])
    return b"".join(path.read_bytes() for path in sorted(name.parent.glob(f"{name.name}*")) if path.is_file())


@pytest.mark.one_database
@pytest.mark.skipif(connection.vendor != "sqlite", reason="one file to search is SQLite's")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [ballot_seal, ballot_cancel])
def test_the_database_file_keeps_no_count_of_a_moment_before_the_end(ground: World, end: Any) -> None:
    """The counts after each vote, in a file or a journal, would tell what was answered, vote by vote."""
    ballot, _raters = voted(ground)
    states = [f"[{(n + 1) // 2},0,0,{n // 2},0]".encode() for n in range(2, VOTERS)]
    before = database_files()
    assert sum(state in before for state in states) > VOTERS // 2
    end(ballot=ballot)
    storage_clean()
    after = database_files()
    assert [state for state in states if state in after] == []
    assert Ballot.objects.get().cleaned_at is not None


@pytest.mark.django_db(transaction=True)
def test_cleaning_waits_for_nothing_and_is_done_once(ground: World) -> None:
    ballot, _raters = voted(ground)
    assert storage_clean() == 0
    ballot_seal(ballot=ballot)  # the task it announces runs at once in tests
    assert Ballot.objects.get().cleaned_at is not None
    assert storage_clean() == 0


def test_no_time_no_key_and_nothing_else_leads_from_a_paper_to_a_tally() -> None:
    """What a paper and a tally share is their ballot and class, and the subjects on the paper: never less than a class."""
    keys = {}
    for model in OPEN_AND_SEALED:
        fields = model._meta.get_fields()
        assert [field.name for field in fields if isinstance(field, DateField | DateTimeField | TimeField)] == []
        keys[model] = {field.name for field in fields if isinstance(field, ForeignKey)}
        assert [field.name for field in fields if field.auto_created and not field.concrete] == [], (
            "something points here"
        )
    assert keys[Paper] == keys[SealedPaper] == {"ballot", "rater_class", "voter", "batch", "slate", "own"}
    assert keys[Tally] == keys[SealedTally] == {"ballot", "subject", "rater_class"}
    assert keys[Remark] == keys[SealedRemark] == {"ballot", "subject"}
    own = {field.name for field in SealedPaper._meta.fields}
    assert own == {"id", "ballot", "rater_class", "voter", "batch", "slate", "own", "marked"}
    # The code of a slip does not outlive the vote; that somebody left, who may have voted or not, neither.
    assert {field.name for field in Paper._meta.fields} == own | {"digest", "struck"}
    # A batch is a class in a unit, and knows nothing of the tallies.
    assert {field.name for field in Batch._meta.fields if isinstance(field, ForeignKey)} == {
        "ballot",
        "rater_class",
        "organization",
        "slate",
    }


@pytest.mark.django_db
def test_the_database_itself_has_no_more_than_the_models() -> None:
    """No trigger, no column and no default that a model does not name."""
    with connection.cursor() as cursor:
        for model in OPEN_AND_SEALED:
            found = connection.introspection.get_table_description(cursor, model._meta.db_table)
            assert {column.name for column in found} == {field.column for field in model._meta.fields}
        if connection.vendor == "postgresql":
            triggers = (
                "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
            )
        else:
            triggers = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
        cursor.execute(triggers)
        assert not [name for (name,) in cursor.fetchall() if name.startswith("ballots_")]


def test_open_tallies_are_touched_by_two_modules_only() -> None:
    """The statement that adds, and what prepares and seals; no page, export or command."""
    root = Path(apps.get_app_config("ballots").path).parent.parent
    using = {
        str(path.relative_to(root))
        for app in ("campaign", "orgs", "pledges", "reviews", "awards")
        for path in (root / app).rglob("*.py")
        if "migrations" not in path.parts
        and re.search(r"\b(Tally|Remark)\.objects|ballots_(tally|remark)\b", path.read_text())
    }
    assert using == {
        "campaign/ballots/counting.py",
        "campaign/ballots/services.py",
        "campaign/ballots/storage.py",
    }
