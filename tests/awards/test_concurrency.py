"""Several at once: the last place of a quota is given away once, a nominee stands once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from awards.models import Honour, Nomination
from awards.services import award_announce, nomination_create, nomination_decide, nomination_submit
from campaign.common import clock
from campaign.common.errors import DomainError
from tests.awards.case import DEEDS, NOON, category, closed, fresh, nominated, opened
from tests.world import make_world


def at_once(*calls: Callable[[], Any]) -> list[str]:
    """Run `calls` in threads of their own; returns the outcomes, sorted: "done", or the name of the refusal."""
    start, outcomes = threading.Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        try:
            with clock.at(NOON):
                start.wait(timeout=10)
                call()
        except DomainError as refusal:
            outcomes.append(type(refusal).__name__)
        else:
            outcomes.append("done")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(outcomes)


@pytest.mark.usefixtures("emptied")
@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_given_away_once() -> None:
    world = make_world()
    with clock.at(NOON):
        batch = opened(world, world.campaign(), quotas={"excellent_member": 1})
        nominations = [nominated(world, batch, member) for member in world.members["east_one"][1:5]]
        closed(world, batch)

    def approve(nomination: Nomination) -> Callable[[], Any]:
        return lambda: nomination_decide(
            nomination=fresh(nomination), actor=world.user("committee", "root"), approve=True
        )

    assert at_once(*map(approve, nominations)) == ["DomainError", "DomainError", "DomainError", "done"]
    assert (category(batch).approved, batch.nominations.filter(state="approved").count()) == (1, 1)


@pytest.mark.usefixtures("emptied")
@pytest.mark.django_db(transaction=True)
def test_one_nomination_is_decided_once_and_announced_once() -> None:
    world = make_world()
    with clock.at(NOON):
        batch = opened(world, world.campaign())
        nomination = nominated(world, batch, world.members["east_one"][1])
        batch = closed(world, batch)

    def decide(approve: bool) -> Callable[[], Any]:
        return lambda: nomination_decide(
            nomination=fresh(nomination), actor=world.user("committee", "root"), approve=approve, reason="x"
        )

    assert at_once(decide(True), decide(True), decide(True)).count("done") == 1
    assert (fresh(nomination).state, category(batch).approved) == ("approved", 1)
    announce = lambda: award_announce(batch=type(batch).objects.get(pk=batch.pk), actor=world.user("staff", "root"))  # noqa: E731
    assert at_once(announce, announce).count("done") == 1
    assert Honour.objects.count() == 1


@pytest.mark.usefixtures("emptied")
@pytest.mark.django_db(transaction=True)
def test_two_units_nominate_the_same_person_once() -> None:
    world = make_world()
    member = world.members["east_one"][1]
    with clock.at(NOON):
        batch = opened(world, world.campaign())
        drafts = [
            nomination_create(
                actor=world.user(role, at),
                category=category(batch),
                organization=world.orgs[at],
                nominee=member,
                deeds=DEEDS,
            )
            for role, at in (("secretary", "east_one"), ("staff", "east"))
        ]

    def submit(nomination: Nomination, role: str, at: str) -> Callable[[], Any]:
        return lambda: nomination_submit(nomination=fresh(nomination), actor=world.user(role, at))

    outcomes = at_once(submit(drafts[0], "secretary", "east_one"), submit(drafts[1], "staff", "east"))
    assert outcomes == ["DomainError", "done"]
    assert batch.nominations.filter(state="nominated").count() == 1
