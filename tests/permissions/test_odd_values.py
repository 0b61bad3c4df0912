"""Whatever stands in an address or a form, the page answers: it is shown, says what is wrong, or is not found."""

from collections.abc import Iterator

import pytest
from django.urls import reverse

from campaign.common.access import PUBLIC, SIGNED_IN, Decision
from tests.permissions.cases import Case, Target, cases
from tests.permissions.ground import Ground, undone
from tests.permissions.oracle import VISITORS, holds_somewhere
from tests.permissions.test_matrix import ADDRESSES, DECISIONS

ODD = ("9" * 30, "-1", "²", "a\x00b", "😀" * 300, "0000-00-00", "0001-01-01", "9999-12-31")
ASKED = (
    "page", "per_page", "sort", "q", "from", "until", "since", "starts_on", "ends_on", "show",
    "organization", "campaign", "period", "year", "member", "user", "parent", "state"
)  # fmt: skip
"""What addresses take behind the question mark."""
READ = ("batch", "branch", "count", "entry", "pledge", "seen", "seen_at", "shown")
"""What pages read from a request by themselves, without a form that looks at it."""
MISREAD = ("9" * 30, "²", "2026-13-45T25:00:00", "0001-01-01T00:00:00+14:00")
"""What looks like a number or a moment, and is none."""
DOWN = {503}
"""The health page says so when the worker is not running."""


def asking(case: Case, target: Target, decision: Decision, at: str) -> str:
    """Return somebody to whom the page is open."""
    if decision == PUBLIC or (decision == SIGNED_IN and case.make is None):
        return VISITORS[0]
    if case.make is None:
        return next(actor for actor in VISITORS if holds_somewhere(actor, decision))  # type: ignore[arg-type]
    return next((actor for actor in VISITORS if target.reached_by(actor, decision, at)), "")


def tries(ground: Ground, name: str, case: Case) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    at = case.places[0] if case.make else ""
    target = case.make(ground.world, at) if case.make else Target(kwargs=case.arguments, payload=case.payload)
    numbers = {key: int(ODD[0]) for key, value in target.kwargs.items() if isinstance(value, int)}
    for method, decision in DECISIONS[name].items():
        actor = asking(case, target, decision, at)
        url = reverse(name, kwargs=dict(target.kwargs))
        for odd in ODD:
            yield actor, method, url, dict.fromkeys(ASKED if method == "GET" else target.data, odd)
        if method == "POST":
            yield from ((actor, method, url, {**target.data, **dict.fromkeys(READ, odd)}) for odd in MISREAD)
        if numbers:
            yield actor, method, reverse(name, kwargs={**target.kwargs, **numbers}), {}


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_no_page_breaks(bare_refusals: None, ground: Ground, name: str) -> None:
    for case in cases[name]:
        with undone():
            for actor, method, url, data in tries(ground, name, case):
                answer = ground.ask(actor, method, url, data)  # an error of the page is raised here
                assert answer.status < 500 or answer.status in DOWN
