"""What lists, searches and every other page show of objects near and far."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.urls import reverse

from campaign.common.access import PUBLIC, SIGNED_IN
from campaign.common.capabilities import Cap
from tests.permissions import awards, pledges, reviews, rounds
from tests.permissions.cases import Case, Listed, Make, Scoped, Target, cases, lists, scoped
from tests.permissions.ground import Ground, undone
from tests.permissions.oracle import ACTORS, VISITORS, expected, holds_somewhere
from tests.permissions.test_matrix import ADDRESSES, DECISIONS

pytestmark = pytest.mark.one_database


def list_id(number: int) -> str:
    each = lists[number]
    return f"{each.address}-{each.make.__name__}{each.query}"


@pytest.mark.parametrize("number", range(len(lists)), ids=list_id)
def test_a_list_shows_what_one_reaches_and_nothing_else(ground: Ground, number: int) -> None:
    each = lists[number]
    method = "GET" if each.payload is None else "POST"
    decision = DECISIONS[each.address][method]
    targets = {at: each.make(ground.world, at) for at in each.places}
    url = reverse(each.address, kwargs=dict(each.page()) if each.page else None) + each.query
    wrong = []
    for actor in ACTORS:
        answer = ground.ask(actor, method, url, each.payload)
        opened = decision in (PUBLIC, SIGNED_IN) or holds_somewhere(actor, decision)
        opened = opened and (each.opened is None or each.opened(actor))
        assert answer.kind == ("shown" if opened else "not found"), actor
        found = {at for at, target in targets.items() if target.marker in answer.text}
        wanted = {at for at, target in targets.items() if opened and target.reached_by(actor, each.decision, at)}
        if found != wanted:
            wrong.append(f"{actor}: {sorted(found)} instead of {sorted(wanted)}")
    assert not wrong, "\n".join(wrong)


PEOPLE_OF_THE_EAST = tuple(actor for actor in VISITORS if "@east" in actor and not actor.startswith("member2"))


def test_nothing_of_elsewhere_shows_on_any_page(ground: Ground) -> None:
    """Objects of every kind in the other company, and each page of ours: without an object, and of one near or above."""
    others = [each for each in lists if each.address in ("notice_list", "audit_list")]
    made = [(each, at) for each in (*scoped, *others) for at in each.places if at.endswith("west_one")]
    far = [each.make(ground.world, at) for each, at in made if not _is_of_the_east(ground, each, at)]
    markers = {target.marker for target in far} - {""}
    assert len(markers) > 5
    pages = [(name, cases[name][0]) for name in sorted(ADDRESSES) if "GET" in DECISIONS[name]]
    assert not [leak for name, case in pages for leak in _leaks(ground, name, case, markers)]


def _is_of_the_east(ground: Ground, each: Scoped | Listed, at: str) -> bool:
    """Tell whether such an object is the own one of somebody in our company (a leader's far contact point)."""
    with undone():
        return each.make(ground.world, at).owner in PEOPLE_OF_THE_EAST


def _leaks(ground: Ground, name: str, case: Case, markers: set[str]) -> Iterator[str]:
    for at in [at for at in ("east", "root") if at in case.places] if case.make else [""]:
        with undone():
            target = case.make(ground.world, at) if case.make else Target()
            url = reverse(name, kwargs=dict(target.kwargs)) + target.query
            for actor in PEOPLE_OF_THE_EAST:
                if case.make and not target.reached_by(actor, DECISIONS[name]["GET"], at):
                    continue  # not found, as `test_matrix` shows
                text = ground.ask(actor, "GET", url).text
                yield from (f"{actor} finds {marker} on {url}" for marker in markers if marker in text)


def as_if_the_same(text: str, url: str) -> str:
    """Leave out what differs between any two answers: the address itself with its length, and the tokens against forgery."""
    return re.sub(
        r"[A-Za-z0-9]{64}|nonce-[^']+|Content-Length: \d+", "", text.replace(unquote(url), "").replace(quote(url), "")
    )


@pytest.mark.parametrize("name", sorted(name for name in ADDRESSES if "<int:pk>" in str(ADDRESSES[name].pattern)))
def test_a_foreign_object_looks_like_none(ground: Ground, name: str) -> None:
    case, method = cases[name][0], next(iter(DECISIONS[name]))
    at = next(place for place in case.places if place.endswith("west_one"))
    target = case.make(ground.world, at) if case.make else Target()
    answers = []
    for pk in (target.kwargs["pk"], 10**9):
        url = reverse(name, kwargs={**target.kwargs, "pk": pk}) + target.query
        answer = ground.ask("staff@east", method, url, target.data if method == "POST" else None)
        answers.append((answer.status, as_if_the_same(answer.text, url)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


# -- what the page of an organization or a member tells of its record ---------------------------------------------------

RECORDS: list[tuple[str, Make, Cap, str]] = [
    ("organization_detail", pledges.of_organization("draft"), Cap.PLEDGE_VIEW, "pledge_detail"),
    ("member_detail", pledges.of_member("draft"), Cap.PLEDGE_VIEW, "pledge_detail"),
    ("organization_detail", reviews.review(of_member=False, handed_over=True), Cap.REVIEW_VIEW, "review_detail"),
    ("member_detail", reviews.review(of_member=True, handed_over=True), Cap.REVIEW_VIEW, "review_detail"),
    ("organization_detail", rounds.result, Cap.ROUND_RESULTS, "round_result"),
    ("member_detail", rounds.result_of_member, Cap.ROUND_RESULTS, "round_result"),
    ("organization_detail", awards.listed_honour, Cap.AWARD_VIEW, ""),
]
"""The page, what is made of its subject, who may see that, and the address that the entry leads to."""


@pytest.mark.parametrize(("page", "make", "capability", "address"), RECORDS)
def test_the_record_of_a_subject_shows_only_what_one_may_see(
    ground: Ground, page: str, make: Make, capability: Cap, address: str
) -> None:
    wrong = []
    for at in ("east_one", "east") if page == "organization_detail" else ("east_one",):
        with undone():
            target = make(ground.world, at)
            subject: Any = ground.world.members[at][1] if page == "member_detail" else ground.world.orgs[at]
            entry = f'href="{reverse(address, kwargs=dict(target.kwargs))}"' if address else f"{target.marker} ·"
            for actor in ACTORS:
                if not expected(actor, Cap(DECISIONS[page]["GET"]), at, own=actor == f"member@{at}"):
                    continue  # the page itself is not found, as `test_matrix` shows
                answer = ground.ask(actor, "GET", reverse(page, args=[subject.pk]))
                wanted = target.reached_by(actor, capability, at)
                if (entry in answer.text) != wanted:
                    wrong.append(f"{actor} on the page of {at}: {'hidden' if wanted else 'shown'}")
    assert not wrong, "\n".join(wrong)
