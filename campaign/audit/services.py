"""Writing the audit log. Called by services in their own transaction: no action without its entry, no entry without it."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models, transaction

from campaign.audit.heads import Head, HeadsBroken, head_append, latest_read, latest_write
from campaign.audit.models import AuditEntry, AuditLink
from campaign.common import clock
from campaign.common.bulk import Objects, as_json, bulk_load
from campaign.common.context import current

BATCH = 1000
Changes = Mapping[str, Sequence[Any]]
PERSONAL = frozenset({"id_number", "phone", "contact_phone", "birth_date", "password", "email"})
"""Fields of which only the fact of a change is logged."""


_PLAIN = frozenset({str, int, bool, type(None)})


def masked(changes: Changes) -> dict[str, list[Any]]:
    """Return `changes` (field → [old, new]) fit for storing: plain JSON values, personal ones hidden."""
    return {
        field: ["•" if value else "" for value in pair]
        if field in PERSONAL
        else [value if value.__class__ in _PLAIN else _plain(value) for value in pair]
        for field, pair in changes.items()
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    return value.pk if isinstance(value, models.Model) else str(value)


def _entry(action: str, actor: Any, target: models.Model | None, reason: str, changes: dict[str, Any]) -> AuditEntry:
    known = actor if actor is not None and getattr(actor, "pk", None) else None
    acting = getattr(actor, "acting_for", None)
    return AuditEntry(
        at=clock.now(),
        actor=known,
        actor_name=str(actor)[:150] if actor is not None else "",
        on_behalf_of_id=acting.person_id if acting else None,
        on_behalf_name=acting.name[:150] if acting else "",
        address=current.get().address,
        action=action,
        target_type=target._meta.label_lower if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        target_name=str(target)[:200] if target is not None else "",
        reason=reason[:500],
        changes=changes,
    )


def audit_record(
    *, action: str, actor: Any, target: models.Model | None = None, reason: str = "", changes: Changes | None = None
) -> None:
    """Write one entry. `actor` is a user, or None for the system; `changes` maps a field to [old, new]."""
    _entry(action, actor, target, reason, masked(changes or {})).save(force_insert=True)


def audit_record_many(
    *, action: str, actor: Any, targets: Iterable[models.Model], reason: str = "", changes: Changes | None = None
) -> None:
    """Write one entry for each of `targets`, with the same changes, in one go. Their names are asked for before: nothing else
    can be read while rows are being copied."""
    hidden = masked(changes or {})
    _load(action, actor, reason, [(_target(target), hidden) for target in targets])


def audit_record_each(
    *, action: str, actor: Any, entries: Iterable[tuple[models.Model, Changes]], reason: str = ""
) -> None:
    """Write one entry for each (target, its own changes) in one go."""
    _load(action, actor, reason, [(_target(target), masked(changes)) for target, changes in entries])


def audit_load(
    *, action: str, actor: Any, model: type[models.Model], entries: Iterable[tuple[int, str, "Changes | Written"]]
) -> None:
    """Write one entry for each (key, name, its own changes) of records of `model` that were stored without instances."""
    kind = model._meta.label_lower
    _load(action, actor, "", (((kind, str(key), name[:200]), _storable(changes)) for key, name, changes in entries))


def _storable(changes: "Changes | Written") -> dict[str, Any] | str:
    return changes if isinstance(changes, Written) else masked(changes)


class Written(str):
    """Changes that `written` has made fit for storing."""

    __slots__ = ()


def written(pieces: Iterable[Mapping[str, Sequence[Any]]]) -> Iterator[Written]:
    """Yield the changes of each of many new records, which come in `pieces` (field → their values; "" → value), as `masked` has
    them, as JSON, which is how they are stored. What is empty is not said."""
    objects = Objects(_said)
    for piece in pieces:
        yield from map(Written, objects.of({field: _hidden(field, values) for field, values in piece.items()}))


def _hidden(field: str, values: Sequence[Any]) -> Iterable[Any]:
    return map(bool, values) if field in PERSONAL else values


def _said(field: str, value: Any) -> str:
    if not value:
        return ""
    return '["", "•"]' if field in PERSONAL else f'["", {as_json(_plain(value))}]'


Target = tuple[str, str, str]
"""Kind, key and name of an object."""


def _target(target: models.Model) -> Target:
    return target._meta.label_lower, str(target.pk), str(target)[:200]


def _load(action: str, actor: Any, reason: str, entries: Iterable[tuple[Target, dict[str, Any] | str]]) -> None:
    pattern = _entry(action, actor, None, reason, {})
    own = ("target_type", "target_id", "target_name", "changes")
    fields = [field.attname for field in AuditEntry._meta.concrete_fields if not field.primary_key]
    same = {name: getattr(pattern, name) for name in fields if name not in own}
    bulk_load(AuditEntry, own, ((*target, changes) for target, changes in entries), same)


def canonical(entry: AuditEntry) -> bytes:
    """Return the bytes that the chain is computed over: every column, in a fixed order and spelling.

    On whose behalf follows at the end where somebody acted for another: entries older than that column keep their digest,
    and neither can be turned into the other, since the list has another length.
    """
    values = [
        entry.pk,
        entry.at.isoformat(timespec="microseconds"),
        entry.actor_id,
        entry.actor_name,
        entry.address,
        entry.action,
        entry.target_type,
        entry.target_id,
        entry.target_name,
        entry.reason,
        entry.changes,
    ]
    if entry.on_behalf_of_id is not None or entry.on_behalf_name:
        values += [entry.on_behalf_of_id, entry.on_behalf_name]
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def link_digest(previous: str, entry: AuditEntry) -> str:
    """Return the keyed digest of the link that follows `previous`."""
    return hmac.new(settings.AUDIT_KEY.encode(), previous.encode() + canonical(entry), hashlib.sha256).hexdigest()


def audit_chain(*, limit: int = 20_000) -> int:
    """Append links for entries that have none, in id order; returns how many. Safe to run twice at once.

    Entries committed late get their link later: the position, not the id, is what the chain counts.
    """
    with transaction.atomic():
        last = AuditLink.objects.order_by("-position").first()
        position, digest = (last.position, last.digest) if last else (0, "")
        links = []
        for entry in AuditEntry.objects.filter(link=None).order_by("id")[:limit]:
            position, digest = position + 1, link_digest(digest, entry)
            links.append(AuditLink(position=position, entry=entry, digest=digest))
        AuditLink.objects.bulk_create(links, batch_size=BATCH)
    return len(links)


def audit_latest_export() -> bool:
    """Write the latest head beside the exported ones, unless the chain is another than the one of the latest head so far: that
    is kept, since `verify_audit` finds by it what was cut off. Returns whether it was written. Raises OSError."""
    last = AuditLink.objects.order_by("-position").first()
    try:
        before = latest_read()
    except HeadsBroken:
        return False
    links = AuditLink.objects.all()
    if before and before.links and not links.filter(position=before.links, digest=before.digest).exists():
        return False
    latest_write(links=last.position if last else 0, digest=last.digest if last else "")
    return True


def audit_heads_export(*, path: Path | None = None) -> Head:
    """Chain what is new and write the head of the chain to the file outside the database. Raises HeadsBroken, OSError."""
    while audit_chain():
        pass
    last = AuditLink.objects.order_by("-position").first()
    return head_append(links=last.position if last else 0, digest=last.digest if last else "", path=path)
