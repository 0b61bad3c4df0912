"""Two at once: nobody becomes administrator of two kinds, by grants, by deputyships, or by one of each."""

import contextvars
import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from campaign.common import clock
from campaign.common.capabilities import ADMINISTRATORS, Role
from campaign.common.errors import DomainError
from orgs.models import Delegation, RoleAssignment, User
from orgs.services import delegation_give, role_grant
from tests.orgs.deputies import role_of
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]
END = dt.timedelta(days=10)


def at_once(*calls: Callable[[], object]) -> int:
    """Run `calls` in threads of their own; return how many went through."""
    start = Barrier(len(calls))

    def attempt(call: Callable[[], object]) -> bool:
        start.wait(timeout=30)
        try:
            call()
        except DomainError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(calls)) as pool:
        return sum(done.result() for done in [pool.submit(contextvars.copy_context().run, attempt, c) for c in calls])


def granting(world: World, role: Role, **options: Any) -> Callable[[], object]:
    root, pk = world.orgs["root"], world.users["leader@root"].pk
    return lambda: role_grant(actor=None, user=User.objects.get(pk=pk), role=role, organization=root, **options)


def handing(world: World, who: str) -> Callable[[], object]:
    holder, role, deputy = world.users[who].pk, role_of(world, who).pk, world.users["leader@root"].pk
    return lambda: delegation_give(
        actor=User.objects.get(pk=holder),
        assignment=RoleAssignment.objects.select_related("organization", "user").get(pk=role),
        deputy=User.objects.get(pk=deputy),
        ends_on=clock.today() + END,
        reason="出差",
    )


def kinds_held(world: World) -> int:
    user = world.users["leader@root"]
    return (
        RoleAssignment.objects.filter(user=user, role__in=ADMINISTRATORS).count()
        + Delegation.objects.filter(deputy=user, assignment__role__in=ADMINISTRATORS).count()
    )


def test_grants_with_an_end_which_no_constraint_compares(world: World) -> None:
    last = {"ends_on": clock.today() + END}
    went = at_once(*[granting(world, Role(role), **last) for role in sorted(ADMINISTRATORS)])
    assert (went, kinds_held(world)) == (1, 1)


def test_deputyships(world: World) -> None:
    assert at_once(*[handing(world, f"{role}@root") for role in sorted(ADMINISTRATORS)]) == 1
    assert kinds_held(world) == 1


def test_a_grant_and_a_deputyship(world: World) -> None:
    went = at_once(
        handing(world, "security_admin@root"),
        granting(world, Role.AUDIT_ADMIN),
        granting(world, Role.SYSTEM_ADMIN, ends_on=clock.today() + END),
        handing(world, "audit_admin@root"),
    )
    assert (went, kinds_held(world)) == (1, 1)


def test_one_deputy_of_two_at_once(world: World) -> None:
    holder, role = world.users["staff@east"].pk, role_of(world, "staff@east").pk

    def give(deputy: str) -> Callable[[], object]:
        pk = world.users[deputy].pk
        return lambda: delegation_give(
            actor=User.objects.get(pk=holder),
            assignment=RoleAssignment.objects.select_related("organization", "user").get(pk=role),
            deputy=User.objects.get(pk=pk),
            ends_on=clock.today() + END,
            reason="出差",
        )

    assert at_once(give("secretary@east_one"), give("secretary@east_two"), give("leader@east")) == 1
    assert Delegation.objects.count() == 1
