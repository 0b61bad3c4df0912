"""People who vote and save while something else runs: a process of its own that notes how long each of them waited.

Each turn one member casts a vote in an open round and one notes progress for their own pledge, through the services of the
pages; then both rest for a moment. A member votes once; when all have voted, saving goes on.
"""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.evidence import PER_BRANCH, Evidence

PEOPLE, REST, LEAST = 4_000, 0.01, 150
"""At most so many voters; seconds of rest between two turns; how many turns are taken where nothing else runs."""
Times = dict[str, list[float]]


@contextmanager
def people(evidence: Evidence) -> Iterator["People"]:
    """Yield people who vote and save on demand; they have accounts, pledges and a round that is open."""
    from django.db import connection

    from bench.ballots import SUBJECTS, make_round
    from orgs.models import Member, Organization, User

    members = list(Member.objects.order_by("pk")[:PEOPLE])
    users = User.objects.bulk_create(
        (User(username=f"v{member.pk}", name=member.name, member=member) for member in members), batch_size=500
    )
    branches = list(Organization.objects.filter(type="branch").order_by("path")[:SUBJECTS])
    held = make_round([user.pk for user in users], branches, "meanwhile")
    connection.close()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=live, args=(there, [user.pk for user in users], held, evidence.year), daemon=True)
    process.start()
    try:
        yield People(here)
    finally:
        here.send("end")
        process.join()


class People:
    def __init__(self, pipe: Any) -> None:
        self.pipe = pipe

    def alone(self) -> Times:
        """Let them vote and save while nothing else runs."""
        self.begin()
        while self.count() < LEAST:
            time.sleep(0.1)
        return self.stop()

    def begin(self) -> None:
        self.pipe.send("begin")

    def count(self) -> int:
        """Return how many turns there were."""
        self.pipe.send("count")
        return int(self.pipe.recv())

    def stop(self) -> Times:
        self.pipe.send("stop")
        found: Times = self.pipe.recv()
        return found


def live(pipe: Any, users: list[int], held: int, year: int) -> None:
    """What the process does: wait to be told to begin, take turns until told to stop, tell the seconds of each."""
    import django

    django.setup()
    voters, times = iter(users), Turns(users, held, year)
    while True:
        order = pipe.recv()
        if order == "end":
            return
        found: Times = {"voting": [], "saving": []}
        while True:
            if pipe.poll():
                if pipe.recv() == "stop":
                    break
                pipe.send(len(found["saving"]))
            voter = next(voters, None)
            if voter is not None:
                found["voting"].append(times.vote(voter))
            found["saving"].append(times.save(len(found["saving"])))
            time.sleep(REST)
        pipe.send(found)


class Turns:
    def __init__(self, users: list[int], held: int, year: int) -> None:
        from campaign.ballots.models import Ballot
        from orgs.models import User
        from pledges.models import PledgeItem

        self.held, self.ballot = held, Ballot.objects.get(pk=held)
        self.savers = [User.objects.get(pk=pk) for pk in users[: 2 * PER_BRANCH]]
        items = PledgeItem.objects.filter(pledge__year=year, order=1).select_related("pledge")
        self.items = [items.get(pledge__member=user.member_id) for user in self.savers]
        self.save(0)  # what is loaded with the first one is no part of the wait

    def vote(self, voter: int) -> float:
        from campaign.ballots.models import Paper
        from orgs.models import User
        from reviews.services import vote_cast

        began = time.perf_counter()
        paper = Paper.objects.select_related("ballot").get(ballot=self.held, voter=voter)
        answers = {pk: [1] * len(paper.sheet.items) for pk, _name in paper.sheet.subjects}
        vote_cast(paper=paper, voter=User(pk=voter), answers=answers)
        return time.perf_counter() - began

    def save(self, turn: int) -> float:
        from pledges.services import progress_add

        place = turn % len(self.savers)
        began = time.perf_counter()
        progress_add(item=self.items[place], actor=self.savers[place], text=f"第{turn}次记录")
        return time.perf_counter() - began


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 95 // 100]
