"""What pages offer: a link that is shown opens, and a form does not reach further than its reader."""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape

import pytest
from django.urls import resolve, reverse

from campaign.common.capabilities import Cap
from tests.permissions.cases import scoped
from tests.permissions.ground import Ground, undone
from tests.permissions.oracle import VISITORS, holds_somewhere
from tests.permissions.test_matrix import ADDRESSES

pytestmark = pytest.mark.one_database

LINK = re.compile(r'(?:href|hx-get|data-href)="(/[^"]*)"')
PAGES_OF_A_KIND = 2
"""So many pages of one address are visited by each person."""
assert ADDRESSES  # importing it has registered the cases


@pytest.fixture(scope="module")
def everything(shared_ground: Ground) -> Iterator[Ground]:
    """The group with objects of every kind everywhere."""
    with undone():
        for each in scoped:
            for at in each.places:
                each.make(shared_ground.world, at)
        yield shared_ground


@pytest.mark.parametrize("actor", [actor for actor in VISITORS if not actor.startswith("member2")])
def test_every_link_that_is_offered_opens(everything: Ground, db: None, actor: str) -> None:
    """From the home page on: whoever is shown a link may follow it."""
    dead = list(_dead_links(everything, actor))
    assert not dead, "\n".join(dead)


def _dead_links(ground: Ground, actor: str) -> Iterator[str]:
    waiting, seen, visits = [(reverse("home"), "")], set[str](), Counter[str]()
    while waiting:
        url, source = waiting.pop(0)
        answer = ground.ask(actor, "GET", url)
        if answer.kind not in ("shown", "sent on"):
            yield f"{source} offers {url}: {answer.kind}"
        for link in map(unescape, LINK.findall(answer.text)):
            name = "" if link.startswith(("/static/", "/media/")) else _name_of(link)
            if name == "jobs_download" and not holds_somewhere(actor, Cap.REPORT_EXPORT):
                continue  # made before the right was lost: the file is refused (`jobs`)
            if name and link not in seen and visits[name] < PAGES_OF_A_KIND:
                seen.add(link)
                visits[name] += 1
                waiting.append((link, url))


def _name_of(link: str) -> str:
    return resolve(link.partition("?")[0].partition("#")[0]).url_name or ""
