"""What the public board shows: a whitelist, so that nothing else can ever appear on it (2-domain (e), visitor)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from campaign.common import clock
from campaign.common.access import under
from campaign.common.capabilities import Cap
from campaign.models import Audience, Campaign
from orgs.models import Organization
from pledges.models import BoardLink, ItemKind, ItemResult, Pledge, PledgeComment, PledgeItem, PledgeQuerySet


@dataclass(frozen=True)
class BoardItem:
    kind: ItemKind
    text: str
    target: str
    due_on: dt.date | None
    result: ItemResult


@dataclass
class BoardEntry:
    """One pledge on the board: name, unit, post, and its items. `pk` leads to its page."""

    pk: int
    name: str
    unit: str
    post: str
    of_organization: bool
    items: list[BoardItem] = field(default_factory=list)
    first: int = 1
    """The number of the first item: a long pledge goes over several slides of the screen."""


def board_pledges(organization: Organization, campaign: Campaign | None, year: int) -> Any:
    """Return what hangs today of the pledges of an organization and all below it: each organization's own before its
    members'."""
    below = Pledge.objects.filter(under(organization.path, "organization__path"))
    return on_board(below.on_display().filter(campaign=campaign, year=year))


def link_pledges(link: BoardLink) -> Any:
    """Return what a link to a board shows: this year's, of whatever campaign."""
    return on_board(Pledge.objects.of_link(link).on_display().filter(year=clock.today().year))


def on_board(pledges: PledgeQuerySet) -> Any:
    """Return the rows of pledges that `board_entries` takes: the fields that anyone may read, and no other."""
    return pledges.order_by("organization__path", "-subject_kind", "member__pinyin", "pk").values(
        "pk", "subject_kind", "subject_name", "organization_name", "post"
    )


def board_entries(rows: Any) -> list[BoardEntry]:
    """Return the entries of a page of `board_pledges`, with their items: one query for the items of all."""
    found = list(rows)
    items = defaultdict(list)
    fields = ("pledge", "kind", "text", "target", "due_on", "result")
    shown = PledgeItem.objects.filter(pledge__in=[row["pk"] for row in found]).order_by("pledge", "order")
    for pledge, kind, text, target, due_on, result in shown.values_list(*fields):
        items[pledge].append(BoardItem(ItemKind(kind), text, target, due_on, ItemResult(result)))
    return [
        BoardEntry(
            pk=row["pk"],
            name=row["subject_name"],
            unit=row["organization_name"],
            post=row["post"],
            of_organization=row["subject_kind"] == Audience.ORGANIZATION,
            items=items[row["pk"]],
        )
        for row in found
    ]


def boards_around(organization: Organization, user: Any) -> list[Organization]:
    """Return the boards one step up and down that `user` may see."""
    reachable = Organization.objects.allowed(user, Cap.BOARD_VIEW).active()
    below = under(organization.path)
    steps = reachable.filter(below, depth=organization.depth + 1) | reachable.filter(path=organization.parent_path)
    return list(steps.order_by("path"))


@dataclass(frozen=True)
class BoardComment:
    """What somebody said, without who: a comment that shows, with its answer."""

    kind: str
    text: str
    answer: str


def board_comments(pledge: int) -> list[BoardComment]:
    """Return the comments that show on the board, the latest first."""
    shown = PledgeComment.objects.shown().filter(pledge=pledge).order_by("-created_at", "-pk")
    return [BoardComment(comment.get_kind_display(), comment.text, comment.answer) for comment in shown[:100]]


# -- the screen in the hall --------------------------------------------------------------------------------------------

LINE = 26
"""Chinese letters in a line of the screen, about."""
LINES, ENTRIES = 11, 4
"""What one slide takes: so many lines of items, and so many pledges."""
FEW, FEWEST = 14, 9
"""Up to so many lines on a slide the letters are larger, and on that of a single pledge larger still."""
SECONDS = 15


def lines_of(entry: BoardEntry) -> int:
    """Return how many lines the items of a pledge take on the screen, about."""
    return sum(map(_lines, entry.items))


def _lines(item: BoardItem) -> int:
    return 2 + len(item.text + item.target) // LINE


def _parts(entry: BoardEntry) -> list[BoardEntry]:
    """Return a pledge as one slide takes it: in several parts where it is too long."""
    parts, room = [replace(entry, items=[])], 2 * LINES
    for number, item in enumerate(entry.items, start=1):
        if parts[-1].items and _lines(item) > room:
            parts.append(replace(entry, items=[], first=number))
            room = 2 * LINES
        parts[-1].items.append(item)
        room -= _lines(item)
    return parts


def slides_of(entries: Sequence[BoardEntry]) -> list[list[BoardEntry]]:
    """Spread pledges over slides so that each can be read from afar; an organization's own has a slide of its own."""
    slides: list[list[BoardEntry]] = []
    room = 0
    for entry in (part for whole in entries for part in _parts(whole)):
        needed = lines_of(entry)
        alone = entry.of_organization or (bool(slides) and slides[-1][0].of_organization)
        if not slides or alone or needed > room or len(slides[-1]) == ENTRIES:
            slides.append([])
            room = 2 * LINES
        slides[-1].append(entry)
        room -= needed
    return slides


def slide_context(entries: Sequence[BoardEntry], wanted: str) -> dict[str, Any]:
    """Return what the screen shows: the slide that is asked for (from 1, around again at the end), and the next."""
    slides = slides_of(entries)
    number = int(wanted) if wanted.isdigit() and len(wanted) < 5 else 1
    place = (number - 1) % len(slides) if slides else 0
    shown = slides[place] if slides else []
    lines = sum(map(lines_of, shown))
    return {
        "entries": shown,
        "few": lines <= FEW,
        "large": len(shown) == 1 and lines <= FEWEST,
        "slide": place + 1,
        "slides": len(slides),
        "next_slide": place + 2,
        "seconds": SECONDS,
    }
