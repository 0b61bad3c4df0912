"""Lists by workbook: sent, checked, looked at, stored whole or not at all, undone while nobody went on from it."""

import datetime as dt
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.errors import DomainError, StateConflict
from campaign.common.excel.annotate import annotate
from campaign.common.excel.reader import WorkbookError, open_workbook
from campaign.lists.models import WAITING, SentList, SentState
from campaign.lists.registry import Ground, ListKind, Plan, kinds

KEPT = dt.timedelta(days=2)
"""How long a workbook that nobody stores is kept: it holds names."""
UNDONE_WITHIN = dt.timedelta(days=30)


def list_send(*, kind: ListKind, place: int, actor: Any, content: bytes, file_name: str) -> SentList:
    """Take a workbook of a list and check it. An earlier one of the same person and list that was not stored is dropped.
    Raises NotAllowed, or DomainError when the list is closed."""
    ground = kind.open(actor, place)
    sent = SentList(kind=kind.key, place=place, requested_by=actor, content=content, file_name=file_name[-200:])
    with transaction.atomic():
        SentList.objects.filter(requested_by=actor, kind=kind.key, place=place, state__in=WAITING).delete()
        _check(sent, _plan(kind, ground, sent))
        sent.save(force_insert=True)
        audit_record(action="list_send", actor=actor, target=sent)
    return sent


def plan_of(sent: SentList, actor: Any) -> tuple[Ground, Plan]:
    """Return the list and what the workbook would do to it now. Raises NotAllowed or DomainError as `list_send` does."""
    kind = kinds.get(sent.kind)
    ground = kind.open(actor, sent.place)
    return ground, _plan(kind, ground, sent)


def _plan(kind: ListKind, ground: Ground, sent: SentList, *, locked: bool = False) -> Plan:
    try:
        return kind.plan(ground, open_workbook(bytes(sent.content)), locked=locked)
    except WorkbookError as error:
        return kind.unread(error.problems())


def _check(sent: SentList, plan: Plan) -> None:
    sent.state = SentState.REJECTED if plan.problems.errors else SentState.CHECKED
    sent.fingerprint, sent.problems = plan.fingerprint, plan.problems.as_json()


def list_store(*, sent: SentList, actor: Any) -> SentList:
    """Store a checked workbook, whole or not at all.

    Raises NotAllowed, StateConflict when it was stored already, or DomainError when something changed since it was looked
    at (it is then checked anew)."""
    kind = kinds.get(sent.kind)
    ground = kind.open(actor, sent.place)
    try:
        with transaction.atomic():
            sent = _locked(sent, SentState.CHECKED)
            plan = _plan(kind, ground, sent, locked=True)
            changed = plan.fingerprint != sent.fingerprint or bool(plan.problems.errors)
            if changed:
                _check(sent, plan)
            else:
                sent.made = kind.store(ground, plan)
                sent.state, sent.content = SentState.STORED, b""
                audit_record(action="list_store", actor=actor, target=sent)
            sent.save()
    except IntegrityError:  # somebody began the same record in this moment
        changed = True
    if changed:
        raise DomainError(_("Something has changed since you looked at it. Look at it again, then store it."))
    return sent


def list_undo(*, sent: SentList, actor: Any) -> tuple[int, int]:
    """Take back what a workbook made. What somebody went on from since stays. Returns (taken back, left).

    Raises NotAllowed, StateConflict when it is undone already, or DomainError: after 30 days, closed list."""
    kind = kinds.get(sent.kind)
    ground = kind.open(actor, sent.place)
    if sent.created_at < clock.now() - UNDONE_WITHIN:
        raise DomainError(_("It can be undone within 30 days only."))
    with transaction.atomic():
        sent = _locked(sent, SentState.STORED)
        done = kind.undo(ground, sent.made)
        sent.state, sent.made = SentState.UNDONE, []
        sent.save()
        audit_record(action="list_undo", actor=actor, target=sent)
    return done


def list_annotated(*, sent: SentList, actor: Any, target: BinaryIO) -> None:
    """Write the workbook with its mistakes marked to `target`. Raises NotAllowed, or StateConflict when it is no longer kept
    or cannot be read."""
    if not sent.is_waiting:
        raise StateConflict
    _ground, plan = plan_of(sent, actor)
    try:
        workbook = open_workbook(bytes(sent.content))
    except WorkbookError as error:
        raise StateConflict(str(error.problems().folded()[0])) from None
    annotate(workbook, plan.problems, target, made_at=clock.now(), heading_rows=plan.heading_rows)


def lists_expire() -> int:
    """Delete workbooks that were sent and not stored for two days, and forget what can no longer be undone; returns how
    many workbooks."""
    SentList.objects.filter(state=SentState.STORED, created_at__lt=clock.now() - UNDONE_WITHIN).exclude(made=[]).update(
        made=[]
    )
    return SentList.objects.filter(state__in=WAITING, created_at__lt=clock.now() - KEPT).delete()[0]


def _locked(sent: SentList, state: SentState) -> SentList:
    found = SentList.objects.select_for_update().get(pk=sent.pk)
    if found.state != state:
        raise StateConflict
    return found
