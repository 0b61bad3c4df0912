"""Reading and checking the audit log."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import CharField, Exists, Model, OuterRef, Q
from django.db.models.functions import Cast
from django.utils.crypto import constant_time_compare

from campaign.audit.heads import Head, HeadsBroken, heads_read, latest_read
from campaign.audit.models import PROTECTED, AuditEntry, AuditLink, AuditQuerySet
from campaign.audit.services import link_digest
from campaign.common.access import actor_ids, ancestors_and_self, paths_of, under
from campaign.common.append_only import missing_triggers
from campaign.common.capabilities import Cap
from campaign.common.oversight import ObjectKind


def audit_visible_to(user: Any) -> AuditQuerySet:
    """Return what people of the auditor's organization and those below did; at the top of the tree the whole log, with what
    the system did."""
    entries, reach = AuditEntry.objects.all(), Q(pk__in=())
    for path in paths_of(user, Cap.AUDIT_VIEW):
        if ancestors_and_self(path) == [path]:
            return entries
        reach |= under(path, "actor__organization__path")
    return entries.filter(reach)


def done_for(model: type[Model], user: Any, *actions: str) -> Exists:
    """Return the condition "one of `actions` was done to it on behalf of `user`, or of whom `user` acts for".

    For rules like "who hands in does not approve": what a deputy did for somebody counts as that somebody's own.
    """
    entries = AuditEntry.objects.filter(
        target_type=model._meta.label_lower,
        target_id=Cast(OuterRef("pk"), CharField()),
        action__in=actions,
        on_behalf_of__in=actor_ids(user),
    )
    return Exists(entries)


def history_of(kind: ObjectKind, record: Model) -> AuditQuerySet:
    """Return what was done to an object and to its parts, the latest first."""
    found = Q(target_type=record._meta.label_lower, target_id=str(record.pk))
    for label, field in kind.parts:
        model = apps.get_model(label)
        keys = model._default_manager.filter(**{field: record}).order_by("-pk").values_list("pk", flat=True)[:BOUND]
        found |= Q(target_type=model._meta.label_lower, target_id__in=[str(key) for key in keys])
    return AuditEntry.objects.filter(found).order_by("-pk")


BOUND = 500
"""So many parts of an object are looked at, the latest."""


@dataclass(frozen=True)
class Verification:
    """The result of a check: how many links there are, how many exported heads were compared, how many entries wait for
    their link, and what does not hold. `broken_at` is the position of the first link that does not."""

    links: int
    head: str
    broken_at: int | None
    unchained: int
    heads: int
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.problems


def audit_verify(*, heads_file: Path | None = None, kept: tuple[int, str] | None = None) -> Verification:
    """Recompute the chain and compare it with the exported heads, and with `kept` (count and head noted elsewhere).

    Finds a changed entry or link, one taken out, put in or moved, a cut tail, and triggers that are gone.
    """
    problems: list[str] = []
    exported, expected = _expected(heads_file, kept, problems)
    count, digest, broken = _walk(expected)
    if broken is not None:
        problems.append(f"the chain is broken at link {broken}")
    elif AuditLink.objects.count() != count:
        broken = count + 1
        problems.append(f"the chain is broken at link {broken}: its entry is gone")
    if (longest := max(expected, default=0)) > count and broken is None:
        broken = count + 1
        problems.append(f"the tail was cut off: {longest} links were exported, {count} are left")
    problems += [f"{table} is not protected: {', '.join(names)}" for table, names in unprotected_tables().items()]
    unchained = AuditEntry.objects.filter(link=None).count()
    return Verification(count, digest, broken, unchained, exported, tuple(problems))


def _expected(heads_file: Path | None, kept: tuple[int, str] | None, problems: list[str]) -> tuple[int, dict[int, str]]:
    """Return how many heads were exported, and the digest that each position must have."""
    heads: list[Head] = []
    try:
        heads = heads_read(heads_file)
    except HeadsBroken as broken_file:
        problems.append(f"line {broken_file.line} of the exported heads was changed")
    try:
        heads += [head for head in (latest_read(heads_file),) if head is not None]
    except HeadsBroken:
        problems.append("the latest exported head was changed")
    expected = {head.links: head.digest for head in heads if head.links}
    if kept is not None:
        expected[kept[0]] = kept[1]
    return len(heads), expected


def _walk(expected: dict[int, str]) -> tuple[int, str, int | None]:
    """Go along the chain; return how many links hold, the last digest, and the position of the first that does not."""
    digest, count = "", 0
    links = AuditLink.objects.select_related("entry").order_by("position")
    for link in links.iterator(chunk_size=2000):
        digest = link_digest(digest, link.entry)
        known = expected.get(count + 1, digest)
        wrong = not constant_time_compare(digest, link.digest) or not constant_time_compare(digest, known)
        if link.position != count + 1 or wrong:
            return count, digest, count + 1
        count += 1
    return count, digest, None


def unprotected_tables() -> dict[str, list[str]]:
    """Return the tables of the log whose triggers are gone or switched off, with their names; a table that is not made yet
    is left out."""
    present = set(connection.introspection.table_names())
    found = {model._meta.db_table: missing_triggers(model) for model in PROTECTED if model._meta.db_table in present}
    return {table: names for table, names in found.items() if names}
