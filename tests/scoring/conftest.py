"""Metrics of the tests' own: what they measure is a dictionary, so that a test says on one line what there is to count."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.models import BigIntegerField, Case, F, Value, When
from django.test import Client

from campaign.common import clock
from campaign.models import Audience, Period
from campaign.scoring import roll
from campaign.scoring.registry import Figures, Metric, MetricScope, metrics
from campaign.scoring.services import staging
from orgs.models import Member, Organization
from tests.world import World

KEYS = tuple(f"test.m{number}" for number in range(6))
As = Callable[[str], Client]
BOTH = frozenset({Audience.ORGANIZATION, Audience.MEMBER})


class Measured:
    """`set("test.m0", organization, 3, 4)`; anybody not set has nothing to measure."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], dict[int, tuple[int, int]]] = defaultdict(dict)
        self.scopes: list[MetricScope] = []

    def set(self, key: str, subject: Any, numerator: int, denominator: int) -> None:
        audience = Audience.MEMBER if isinstance(subject, Member) else Audience.ORGANIZATION
        self.values[key, audience][subject.pk] = (numerator, denominator)

    def figures(self, key: str, scope: MetricScope) -> Figures:
        self.scopes.append(scope)
        values = self.values[key, scope.audience]
        subjects: Any = Member.objects if scope.audience == Audience.MEMBER else Organization.objects
        return (
            subjects.filter(pk__in=values)
            .order_by()
            .values(whose=F("pk"))
            .annotate(numerator=column(values, 0), denominator=column(values, 1))
        )


def column(values: dict[int, tuple[int, int]], place: int) -> Case:
    """Return a column that says for each key what the dictionary does."""
    cases = [When(pk=key, then=Value(figure[place])) for key, figure in values.items()]
    return Case(*cases, default=0, output_field=BigIntegerField())


def counted(subject: Any, period: Period) -> str:
    return f"/?counted={subject.pk}&period={period.pk}"


@pytest.fixture(autouse=True)
def _last_day(request: pytest.FixtureRequest) -> Iterator[None]:
    """The last day of the half-year that tests score: what they change of people and of the tree still counts in it. A module
    with TODAY goes by the present day."""
    if getattr(request.module, "TODAY", False):
        yield
        return
    with clock.at(clock.start_of(dt.date(2026, 6, 30)) + dt.timedelta(hours=12)):
        yield


@pytest.fixture
def measured() -> Iterator[Measured]:
    table = Measured()
    for key in KEYS:
        metrics.register(
            Metric(
                key=key,
                label=f"Figure {key}",
                definition="What the test says.",
                audiences=BOTH,
                figures=lambda scope, key=key: table.figures(key, scope),  # type: ignore[misc]
                records_url=counted,
            )
        )
    yield table
    for key in KEYS:
        del metrics._items[key]


@pytest.fixture
def measured_world(world: World, measured: Measured) -> World:
    for place, key in enumerate(("east_one", "east_two", "west_one", "west_two")):
        measured.set("test.m0", world.orgs[key], place, 4)
        measured.set("test.m1", world.orgs[key], place % 2, 1)
        measured.set("test.m2", world.orgs[key], 6000 + 1000 * place, 10_000)
    for key in ("east", "west", "root"):
        measured.set("test.m0", world.orgs[key], 1, 2)
    for members in world.members.values():
        for place, member in enumerate(members):
            measured.set("test.m0", member, place, 5)
    return world


@pytest.fixture
def as_(world: World) -> As:
    def sign_in(who: str) -> Client:
        client = Client()
        client.force_login(world.users[who], backend="orgs.authentication.AccountBackend")
        return client

    return sign_in


@pytest.fixture
def odd_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in pieces so small that every history is cut."""
    monkeypatch.setattr(staging, "CHUNKS", dict.fromkeys(staging.CHUNKS, 3))
    # Whatever has enough places to be cut at is shared out.
    monkeypatch.setattr(roll, "SPLIT_FROM", 0)
    monkeypatch.setattr(roll, "CHOICE", 1)
