"""What has to be computed again is marked by the database itself (`ScoreMark`): evidence changes in services of every floor, and
set-based in many places. Apps say which of their tables count (`registry.evidence`)."""

from collections import defaultdict
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from campaign.common import marking
from campaign.common.marking import Many, Watched
from campaign.scoring.registry import MEMBER, ORGANIZATION, Concerned, Evidence, Watch, evidence

MARKS = "scoring_scoremark"
TREE = "tree"
"""The kind of marks after which everything is computed again."""
AT_MOST = 20_000
"""With more marks than these nobody looks at them one by one: everything is computed again."""


def _everybody(_records: object) -> Concerned:
    return Concerned(everybody=True)


ROLL = Evidence(
    key=TREE,
    label=_("The tree of organizations"),
    watched=(
        Watch(
            "orgs_member",
            ((MEMBER, "id"), (ORGANIZATION, "organization_id")),
            ("organization_id", "status", "is_exempt"),
        ),
        Watch(
            "orgs_enrolment",
            ((MEMBER, "member_id"), (ORGANIZATION, "organization_id")),
            ("organization_id", "starts_on", "ends_on"),
        ),
        # Where an organization hangs decides what those above it add up: all of it is computed again.
        Watch("orgs_organization", ((TREE, "id"),), ("path", "is_active", "type")),
    ),
    concerned=_everybody,
)
ENTRIES = Evidence(
    key="scores.entry",
    watched=(
        Watch(
            "scoring_scoreentry",
            ((MEMBER, "member_id"), (ORGANIZATION, "organization_id")),
            ("state", "points", "grade", "work", "happened_on"),
        ),
    ),
)


def install() -> bool:
    """Put the triggers on the tables of all evidence; safe to call again. False where migrations have not come that far."""
    watched = [
        Watched(watch.table, tuple(_mark(kind, column) for kind, column in watch.marks), watch.columns, watch.key)
        for one in evidence
        for watch in one.watched
    ]
    everybody = Many(AT_MOST, (("kind", f"'{TREE}'"), ("record", "0")))
    return marking.install(MARKS, "score", watched, everybody)


def _mark(kind: str, column: str) -> tuple[tuple[str, str], ...]:
    return (("kind", f"'{kind}'"), ("record", f"{{row}}.{column}"))


def concerned(marks: Iterable[tuple[str, int]]) -> Concerned:
    """Return whom marks (kind, number) concern."""
    records: dict[str, set[int]] = defaultdict(set)
    for kind, record in marks:
        records[kind].add(record)
    found = Concerned(frozenset(records.pop(MEMBER, ())), frozenset(records.pop(ORGANIZATION, ())))
    for kind, numbers in records.items():
        resolve = evidence.get(kind).concerned if kind in evidence else None
        if resolve is not None:
            found |= resolve(numbers)
    return found
