"""A second person decides what was entered: it counts, or is refused; what counts is taken back by two people again."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record, audit_record_many
from campaign.common import clock
from campaign.common.access import own_member_ids, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.scoring.models import EntryState, ScoreEntry, ScoreEntryQuerySet
from campaign.scoring.services.entries import is_own


def entry_confirm(*, entry: ScoreEntry, actor: Any, seen: dt.datetime | None = None) -> None:
    """Let an entry count, as it was when it was looked at (`seen`).

    Raises NotAllowed; DomainError for who entered it or is its subject; StateConflict, also when it was changed since.
    """
    _check_decider(entry, actor)
    if is_own(entry, actor):
        raise DomainError(_("Nobody confirms what they entered themselves: a second person is needed."))
    _move(entry, actor, "entry_confirm", EntryState.ENTERED, EntryState.CONFIRMED, seen=seen, **_decided(actor))


def entries_confirm_many(
    *, entries: QuerySet[ScoreEntry], actor: Any, seen: dt.datetime | None = None, expected: int | None = None
) -> int:
    """Let those of `entries` count that wait, that `actor` reaches and that others entered; returns how many. A constant
    number of statements.

    Raises StateConflict when someone was faster, when one was changed since they were looked at (`seen`), or when there are not
    as many as were `expected`.
    """
    with transaction.atomic():
        mine = ScoreEntry.objects.allowed(actor, Cap.SCORE_RUN).waiting().of_others(actor)
        ids = list(mine.filter(pk__in=entries.order_by().values("pk")).values_list("pk", flat=True))
        chosen = ScoreEntry.objects.filter(pk__in=ids)
        moved = _unchanged(chosen.waiting(), seen).update(
            state=EntryState.CONFIRMED, updated_at=clock.now(), **_decided(actor)
        )
        if moved != len(ids) or (expected is not None and moved != expected):
            raise StateConflict(_("The list has changed meanwhile. Look at it again, then confirm."))
        audit_record_many(
            action="entry_confirm",
            actor=actor,
            targets=chosen.select_related("organization", "member"),
            changes={"state": [EntryState.ENTERED.value, EntryState.CONFIRMED.value]},
        )
    return moved


def entries_withdraw(*, actor: Any, entries: ScoreEntryQuerySet) -> int:
    """Take back those of `entries` that `actor` entered and nobody has decided on; returns how many. A constant number of
    statements."""
    with transaction.atomic():
        own = entries.filter(ScoreEntryQuerySet.entered(actor)).waiting().order_by("pk")
        ids = list(own.values_list("pk", flat=True))
        chosen = ScoreEntry.objects.filter(pk__in=ids)
        chosen.update(state=EntryState.WITHDRAWN, updated_at=clock.now(), **_decided(actor))
        audit_record_many(
            action="entry_refuse",
            actor=actor,
            targets=chosen.select_related("organization", "member"),
            changes={"state": [EntryState.ENTERED.value, EntryState.WITHDRAWN.value]},
        )
    return len(ids)


def entry_refuse(*, entry: ScoreEntry, actor: Any, note: str = "") -> None:
    """Turn an entry down; who entered it withdraws it. Raises NotAllowed, StateConflict."""
    _check_decider(entry, actor)
    state = EntryState.WITHDRAWN if is_own(entry, actor) else EntryState.REFUSED
    _move(entry, actor, "entry_refuse", EntryState.ENTERED, state, note, note=note[:500], **_decided(actor))


def entry_recall(*, entry: ScoreEntry, actor: Any, reason: str) -> None:
    """Ask for what counts to be taken back; it counts until a second person agrees.

    Raises NotAllowed, StateConflict, DomainError without a reason.
    """
    _check_decider(entry, actor)
    if not reason.strip():
        raise DomainError(_("Say why it is to be taken back."))
    asked = {"recalled_by": actor, "recall_reason": reason.strip()[:500]}
    _move(entry, actor, "entry_recall", EntryState.CONFIRMED, EntryState.RECALLED, reason, **asked)


def entry_revoke(*, entry: ScoreEntry, actor: Any) -> None:
    """Take back what another person asked to take back: it counts no more.

    Raises NotAllowed; DomainError for who asked for it or is its subject; StateConflict.
    """
    _check_decider(entry, actor)
    if entry.state == EntryState.RECALLED and is_own_recall(entry, actor):
        raise DomainError(_("Nobody confirms what they asked for themselves: a second person is needed."))
    done = {"revoked_by": actor, "revoked_at": clock.now()}
    _move(entry, actor, "entry_revoke", EntryState.RECALLED, EntryState.REVOKED, entry.recall_reason, **done)


def entry_keep(*, entry: ScoreEntry, actor: Any) -> None:
    """Let it count on: refuse to take it back, or withdraw the request. Raises NotAllowed, StateConflict."""
    _check_decider(entry, actor)
    _move(entry, actor, "entry_keep", EntryState.RECALLED, EntryState.CONFIRMED, recalled_by=None, recall_reason="")


def is_own_recall(entry: ScoreEntry, user: Any) -> bool:
    """Tell whether `user` asked to take it back, or whom `user` acts for, or a deputy in the stead of either."""
    return not ScoreEntry.objects.filter(pk=entry.pk).recalled().of_others(user).exists()


def _check_decider(entry: ScoreEntry, actor: Any) -> None:
    if not reaches(actor, Cap.SCORE_RUN, entry.organization.path):
        raise NotAllowed
    if entry.member_id is not None and entry.member_id in own_member_ids(actor):
        raise DomainError(_("Nobody enters this for oneself."))


def _decided(actor: Any) -> dict[str, Any]:
    return {"decided_by": actor, "decided_at": clock.now()}


def _unchanged(entries: QuerySet[ScoreEntry], seen: dt.datetime | None) -> QuerySet[ScoreEntry]:
    return entries if seen is None else entries.filter(updated_at__lte=seen)


def _move(
    entry: ScoreEntry,
    actor: Any,
    action: str,
    source: EntryState,
    target: EntryState,
    reason: str = "",
    *,
    seen: dt.datetime | None = None,
    **updates: Any,
) -> None:
    """Take an entry from one state to another, once. Raises StateConflict."""
    with transaction.atomic():
        found = _unchanged(ScoreEntry.objects.filter(pk=entry.pk, state=source), seen)
        if found.update(state=target, updated_at=clock.now(), **updates) != 1:
            raise StateConflict
        entry.refresh_from_db()
        changes = {"state": [source.value, target.value]}
        audit_record(action=action, actor=actor, target=entry, reason=reason, changes=changes)
