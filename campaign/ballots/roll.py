"""Changing the roll of a ballot while votes are taken: people join or leave a unit.

Who left may have voted, and nobody is to learn whether: so their paper stays in the roll, counted as before, and only cannot be
cast any more.
"""

from collections.abc import Collection, Sequence

from django.db import transaction

from campaign.ballots.models import Ballot, BallotState, Paper
from campaign.ballots.services import PaperPlan, papers_load, roll_digest, tallies_make
from campaign.ballots.storage import storage_lock
from campaign.common import clock
from campaign.common.errors import StateConflict


def roll_change(*, ballot: Ballot, joining: Sequence[PaperPlan], leaving: Collection[int]) -> Ballot:
    """Give papers to who joined, and let the papers of the accounts `leaving` no longer be cast; whoever comes back gets the old
    one. The digest of the roll is made anew. Raises StateConflict unless votes are taken or will be.
    """
    with transaction.atomic():
        storage_lock()  # before the ballot's row, as sealing does
        held = Ballot.objects.select_for_update().get(pk=ballot.pk)
        if held.state != BallotState.OPEN or held.closes_at <= clock.now():
            raise StateConflict
        papers = Paper.objects.filter(ballot=held)
        back = papers.filter(voter__in=[plan.voter_id for plan in joining])
        back.update(struck=False)
        known = set(back.values_list("voter_id", flat=True))
        papers_load(held, [plan for plan in joining if plan.voter_id not in known])
        tallies_make(held)
        papers.filter(voter__in=list(leaving)).update(struck=True)
        Ballot.objects.filter(pk=held.pk).update(roll_digest=roll_digest(held), updated_at=clock.now())
    ballot.refresh_from_db()
    return ballot
