"""Two at once: nobody comes back to a function that another takes in the same second."""

import contextvars
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction

from campaign.common.errors import DomainError
from orgs.models import LeadershipFunction, LeadershipPost
from orgs.services.leadership import leadership_appoint, leadership_update
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]
START = dt.date(2026, 1, 1)
HEAD = LeadershipFunction.GROUP_HEAD
A_WHILE = 0.5
"""Seconds in which whoever comes back meets the one whose appointment is not committed yet."""


def test_who_comes_back_waits_for_an_appointment_that_is_being_made(world: World) -> None:
    east = world.orgs["east"]
    former = leadership_appoint(actor=None, organization=east, function=HEAD, name="甲", starts_on=START)
    LeadershipPost.objects.update(ends_on=START)
    appointed, tried = Event(), Event()

    def appoint() -> None:
        try:
            with transaction.atomic():
                leadership_appoint(actor=None, organization=east, function=HEAD, name="乙", starts_on=START)
                appointed.set()
                tried.wait(A_WHILE)
        finally:
            connection.close()

    def come_back() -> str:
        try:
            post = LeadershipPost.objects.select_related("organization").get(pk=former.pk)
            appointed.wait(timeout=30)
            leadership_update(actor=None, post=post, version=post.version, duty="部长", starts_on=START, ends_on=None)
        except DomainError as refusal:
            return type(refusal).__name__
        finally:
            tried.set()
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(contextvars.copy_context().run, call) for call in (appoint, come_back)]
        assert [task.result() for task in tasks] == [None, "DomainError"]
    assert LeadershipPost.objects.get(ends_on=None).name == "乙"
