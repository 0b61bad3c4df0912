"""Slips: one vote each, without an account; nothing says who had which, and a code is stored nowhere once it was printed."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaign.ballots import selectors
from campaign.ballots.models import Ballot, Batch, Channel, Paper, SealedPaper, SealedTally, Tally
from campaign.ballots.services import ballot_open, ballot_seal, roll_digest
from campaign.ballots.sheet import BadBallot
from campaign.ballots.slips import (
    ALPHABET,
    LENGTH,
    BatchPlan,
    UnknownSlip,
    batch_block,
    batch_codes,
    batch_remove,
    batch_renew,
    batches_add,
    code_digest,
    grouped,
    normalized,
    slip_cast,
    slip_exchange,
    slip_paper,
)
from campaign.common import clock
from campaign.common.errors import DomainError, StateConflict
from tests.ballots.making import CLASSES, HOUR, draft, entitle, filled, people
from tests.world import World

pytestmark = pytest.mark.django_db


def plan(ballot: Ballot, count: int, *, channel: Channel = Channel.SLIP, key: str = "all") -> BatchPlan:
    subjects = tuple(ballot.subjects.order_by("pk").values_list("pk", flat=True))
    place = ballot.subjects.order_by("pk")[0].organization_id
    return BatchPlan(channel, key, place, subjects, count)


def with_slips(world: World, count: int = 6, **options: Any) -> tuple[Ballot, list[str]]:
    """Open a ballot on one branch with `count` slips; returns it with their codes."""
    ballot = draft(world, **{"items": 1, **options})
    batch = batches_add(ballot=ballot, plans=[plan(ballot, count)])[0]
    codes = batch_codes(batch=batch)
    return ballot_open(ballot=ballot), codes


def cast(code: str, choice: int = 0) -> None:
    slip_cast(paper=slip_paper(code=code), answers=filled(slip_paper(code=code), choice))


def test_codes_have_80_bits_and_are_easily_read() -> None:
    assert len(ALPHABET) ** LENGTH == 2**80
    assert not set("IO01") & set(ALPHABET)
    assert grouped("ABCDEFGHJKLMNPQR") == "ABCD-EFGH-JKLM-NPQR"
    for typed in ("abcd-efgh jklm-npqr", "https://host/slip/#ABCDEFGHJKLMNPQR", " ABCD EFGH JKLM NPQR "):
        assert normalized(typed) == "ABCDEFGHJKLMNPQR"


def test_a_slip_votes_once(world: World) -> None:
    ballot, codes = with_slips(world)
    assert len(set(codes)) == 6
    cast(codes[0], 1)
    with pytest.raises(UnknownSlip):
        cast(codes[0], 2)
    assert Tally.objects.get(ballot=ballot).counts == [0, 1, 0, 0, 0]
    for code in codes[1:5]:
        cast(code.lower())
    ballot_seal(ballot=ballot)
    assert SealedTally.objects.get().counts == [4, 1, 0, 0, 0]
    assert SealedPaper.objects.filter(marked=True, voter=None, batch__isnull=False).count() == 5


def test_a_second_sending_that_overtook_the_first_is_refused(world: World) -> None:
    """Both have read the paper unmarked; the statement itself decides."""
    ballot, codes = with_slips(world)
    paper = slip_paper(code=codes[0])
    cast(codes[0])
    from campaign.ballots.services import NotCounted, paper_cast

    with pytest.raises(NotCounted):
        paper_cast(paper=paper, answers=filled(paper, 1))
    assert Tally.objects.get(ballot=ballot).counts == [1, 0, 0, 0, 0]


@pytest.mark.parametrize("code", ["", "ABCD", "ABCD-EFGH-JKLM-NPQR", "x" * 500])
def test_what_is_no_code_opens_nothing(world: World, code: str) -> None:
    with_slips(world)
    with pytest.raises(UnknownSlip):
        slip_paper(code=code)


def test_a_slip_is_good_between_opening_and_closing_only(world: World) -> None:
    _ballot, codes = with_slips(world)
    for moment in (-2 * HOUR, HOUR):
        with clock.at(clock.now() + moment), pytest.raises(UnknownSlip):
            slip_paper(code=codes[0])
    assert slip_paper(code=codes[0]).voter_id is None


def test_a_code_is_stored_as_a_hash_and_printed_once(world: World) -> None:
    ballot = draft(world, items=1)
    batch = batches_add(ballot=ballot, plans=[plan(ballot, 8)])[0]
    batch.refresh_from_db()
    assert batch.cipher
    codes = batch_codes(batch=batch)
    assert not any(code in batch.cipher for code in codes)
    with pytest.raises(StateConflict):
        batch_codes(batch=batch)
    batch.refresh_from_db()
    assert batch.cipher == ""
    with connection.cursor() as cursor:
        for table in ("ballots_paper", "ballots_batch"):
            cursor.execute(f"SELECT * FROM {table}")
            stored = repr(cursor.fetchall())
            assert not any(code in stored or grouped(code) in stored for code in codes)


def test_the_order_on_paper_is_not_that_of_the_rows(world: World) -> None:
    ballot = draft(world, items=1)
    codes = batch_codes(batch=batches_add(ballot=ballot, plans=[plan(ballot, 60)])[0])
    ids = dict(Paper.objects.values_list("digest", "pk"))
    order = [ids[code_digest(code)] for code in codes]
    assert order != sorted(order)
    n = len(order)
    ranks = {pk: rank for rank, pk in enumerate(sorted(order))}
    squares = sum((ranks[pk] - place) ** 2 for place, pk in enumerate(order))
    assert abs(1 - 6 * squares / (n * (n * n - 1))) < 0.6


def test_sealed_slips_have_no_code_and_no_batch_has_one(world: World) -> None:
    ballot = draft(world, items=1)
    batches_add(ballot=ballot, plans=[plan(ballot, 6)])
    ballot_open(ballot=ballot)
    assert Batch.objects.exclude(cipher="").exists()
    ballot_seal(ballot=ballot)
    assert not Batch.objects.exclude(cipher="").exists()
    assert not Paper.objects.exists()
    assert "digest" not in {field.name for field in SealedPaper._meta.fields}


def test_slips_can_be_made_anew_until_voting_begins(world: World) -> None:
    ballot = draft(world, items=1, opens_at=clock.now() + HOUR, closes_at=clock.now() + 3 * HOUR)
    batch = batches_add(ballot=ballot, plans=[plan(ballot, 6)])[0]
    first = batch_codes(batch=batch)
    ballot = ballot_open(ballot=ballot)
    digest = ballot.roll_digest
    batch_renew(batch=batch)
    second = batch_codes(batch=batch)
    assert not set(first) & set(second)
    assert roll_digest(ballot) == digest
    with clock.at(clock.now() + HOUR):
        with pytest.raises(UnknownSlip):
            slip_paper(code=first[0])
        cast(second[0])
        with pytest.raises(StateConflict):
            batch_renew(batch=batch)
    assert Paper.objects.filter(marked=True).count() == 1


def test_a_spoiled_slip_is_exchanged_and_a_used_one_is_not(world: World) -> None:
    ballot, codes = with_slips(world)
    fresh = slip_exchange(ballot=ballot, code=grouped(codes[0]))
    with pytest.raises(UnknownSlip):
        cast(codes[0])
    cast(fresh)
    for worthless in (codes[0], fresh):
        with pytest.raises(UnknownSlip):
            slip_exchange(ballot=ballot, code=worthless)
    assert Paper.objects.filter(ballot=ballot).count() == 6


def test_blocking_leaves_what_was_cast_and_tells_no_number(world: World) -> None:
    ballot, codes = with_slips(world)
    cast(codes[0])
    before = selectors.entitled(ballot)
    batch_block(batch=Batch.objects.get())
    with pytest.raises(UnknownSlip):
        cast(codes[1])
    assert selectors.entitled(ballot) == before
    with pytest.raises(StateConflict):
        batch_block(batch=Batch.objects.get())
    ballot_seal(ballot=ballot)
    assert SealedTally.objects.get().marked == 1


def test_blocking_takes_its_locks_in_the_order_of_sealing(world: World) -> None:
    """Sealing holds the papers and then writes the batches: the other way round the two would wait for each other."""
    with_slips(world)
    with CaptureQueriesContext(connection) as found:
        batch_block(batch=Batch.objects.get())
    written = [query["sql"].split('"')[1] for query in found.captured_queries if query["sql"].startswith("UPDATE")]
    assert written == [Paper._meta.db_table, Batch._meta.db_table]


def test_batches_are_fixed_at_opening(world: World) -> None:
    ballot = draft(world, items=1)
    entitle(ballot, people(5))
    batch = batches_add(ballot=ballot, plans=[plan(ballot, 6)])[0]
    with pytest.raises(DomainError, match="已有"):
        batches_add(ballot=ballot, plans=[plan(ballot, 7)])
    batch_remove(batch=batch)
    assert Paper.objects.filter(batch__isnull=False).count() == 0
    batches_add(ballot=ballot, plans=[plan(ballot, 7)])
    ballot = ballot_open(ballot=ballot)
    for change in (
        lambda: batches_add(ballot=ballot, plans=[plan(ballot, 3, channel=Channel.PAPER)]),
        lambda: batch_remove(batch=Batch.objects.select_related("ballot").get()),
    ):
        with pytest.raises(StateConflict):
            change()


@pytest.mark.parametrize("count", [0, 100_000])
def test_a_batch_has_a_sensible_size(world: World, count: int) -> None:
    ballot = draft(world, items=1)
    with pytest.raises(DomainError):
        batches_add(ballot=ballot, plans=[plan(ballot, count)])


def test_slips_and_accounts_share_a_class_and_add_up(world: World) -> None:
    ballot = draft(world, items=1)
    raters = people(4)
    entitle(ballot, raters)
    codes = batch_codes(batch=batches_add(ballot=ballot, plans=[plan(ballot, 4)])[0])
    ballot = ballot_open(ballot=ballot)
    from tests.ballots.making import vote

    for rater, code in zip(raters, codes, strict=True):
        vote(ballot, rater, 0)
        cast(code, 3)
    ballot_seal(ballot=ballot)
    assert SealedTally.objects.get().counts == [4, 0, 0, 4, 0]
    assert SealedTally.objects.get().entitled == 8


def test_a_class_of_workers_makes_the_round_open(world: World) -> None:
    ballot = draft(world, classes=CLASSES[:2], k=3)
    ballot.classes.filter(key="B").update(weight=6000)
    entitle(ballot, people(5), "A")
    assert selectors.classes_without_raters(ballot) == ["党员"]
    batches_add(ballot=ballot, plans=[plan(ballot, 5, channel=Channel.PAPER, key="B")])
    assert selectors.classes_without_raters(ballot) == []
    assert not selectors.blockers(ballot)


def test_making_slips_takes_a_constant_number_of_statements(world: World, django_assert_num_queries: Any) -> None:
    found = []
    for count in (5, 50):
        ballot = draft(world, items=1)
        plans = [plan(ballot, count)]
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            batches_add(ballot=ballot, plans=plans)
        found.append(len(captured))
    assert found[0] == found[1] <= 11


# ---- what a ballot's own rules hand back ----


def test_one_answer_to_everything_is_handed_back_where_the_round_says_so(world: World) -> None:
    ballot = draft(world, items=2)
    Ballot.objects.filter(pk=ballot.pk).update(uniform_refused=True)
    codes = batch_codes(batch=batches_add(ballot=ballot, plans=[plan(ballot, 5)])[0])
    ballot_open(ballot=Ballot.objects.get(pk=ballot.pk))
    paper = slip_paper(code=codes[0])
    with pytest.raises(BadBallot, match="同一答案"):
        slip_cast(paper=slip_paper(code=codes[0]), answers=filled(paper, 0, 0))
    assert not Paper.objects.filter(marked=True).exists()
    slip_cast(paper=slip_paper(code=codes[0]), answers=filled(paper, 0, 1))
    assert Paper.objects.filter(marked=True).count() == 1


def test_too_many_top_marks_are_handed_back(world: World) -> None:
    ballot = draft(world, ("east_one", "east_two", "west_one"), items=1)
    Ballot.objects.filter(pk=ballot.pk).update(best_most=1)
    codes = batch_codes(batch=batches_add(ballot=ballot, plans=[plan(ballot, 5)])[0])
    ballot_open(ballot=Ballot.objects.get(pk=ballot.pk))
    first, second, third = (pk for pk, _name in slip_paper(code=codes[0]).sheet.subjects)
    with pytest.raises(BadBallot, match="最多"):
        slip_cast(paper=slip_paper(code=codes[0]), answers={first: [0], second: [0], third: [1]})
    slip_cast(paper=slip_paper(code=codes[0]), answers={first: [0], second: [1], third: [1]})
    assert Paper.objects.filter(marked=True).count() == 1
