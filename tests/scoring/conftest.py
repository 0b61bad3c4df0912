"""Metrics of the tests' own: what they measure is a dictionary, so that a test says on one line what there is to count."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from campaign.common.access import under
from campaign.models import Audience, Period
from campaign.scoring.registry import FigureRow, Metric, MetricScope, metrics
from orgs.models import Member, Organization

KEYS = tuple(f"test.m{number}" for number in range(6))
BOTH = frozenset({Audience.ORGANIZATION, Audience.MEMBER})


class Measured:
    """`set("test.m0", organization, 3, 4)`; anybody not set has nothing to measure."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], dict[int, tuple[int, int]]] = defaultdict(dict)
        self.scopes: list[MetricScope] = []

    def set(self, key: str, subject: Any, numerator: int, denominator: int) -> None:
        audience = Audience.MEMBER if isinstance(subject, Member) else Audience.ORGANIZATION
        self.values[key, audience][subject.pk] = (numerator, denominator)

    def figures(self, key: str, scope: MetricScope) -> Iterator[FigureRow]:
        self.scopes.append(scope)
        if scope.audience == Audience.MEMBER:
            inside = Member.objects.filter(under(scope.path, "organization__path"))
        else:
            inside = Organization.objects.filter(under(scope.path))
        for pk in inside.values_list("pk", flat=True):
            if pk in self.values[key, scope.audience]:
                yield (pk, *self.values[key, scope.audience][pk])


def counted(subject: Any, period: Period) -> str:
    return f"/?counted={subject.pk}&period={period.pk}"


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
