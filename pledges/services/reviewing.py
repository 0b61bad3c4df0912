"""审诺: decisions item by item, approval of many at once, and taking an approval back."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, StateConflict
from pledges.models import Check, Decision, Pledge, PledgeItem, PledgeReview
from pledges.services.locking import locked
from pledges.services.publishing import pledge_publish, pledges_publish_many
from pledges.workflow import workflow

BATCH = 500
REASON_LENGTH = 500


@dataclass(frozen=True)
class ItemDecision:
    """What is decided on one item. `lacking`: the checks (`Check`) that it does not pass; then it is returned."""

    approved: bool = True
    lacking: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_return(self) -> bool:
        return not self.approved or bool(self.lacking)

    def told(self) -> str:
        """Return what the writer reads of it."""
        parts = [*(str(Check(key).label) for key in self.lacking), self.reason.strip()]
        return "；".join(part for part in parts if part)


def pledge_return(
    *,
    pledge: Pledge,
    actor: Any,
    reason: str = "",
    decisions: Mapping[int, ItemDecision] | None = None,
    version: int | None = None,
) -> Pledge:
    """Return a submitted pledge for revision. `decisions` maps an item's order to what is decided on it; items that are
    not named are approved. Without a reason for the whole, that of the items is it.

    Raises NotAllowed, StateConflict, EditConflict, or DomainError (nothing says what is wrong; one's own pledge).
    """
    with transaction.atomic():
        pledge = locked(pledge, version)
        items = list(pledge.items.order_by("order"))
        given = {item.order: (decisions or {}).get(item.order, ItemDecision()) for item in items}
        for order, decision in given.items():
            if decision.is_return and not decision.told():
                raise DomainError(
                    _("Item %(number)s: tick what it lacks, or write what is to be changed.") % {"number": order}
                )
        said = reason.strip() or _said(given)
        named = any(decision.is_return for decision in given.values())
        workflow.take(pledge, "pledge_return", actor=actor, reason=said, **_decided(actor))
        # Returned as a whole, no item is decided on; kept all the same, to compare with what comes again.
        kept = [_stored(item, given[item.order]) | ({} if named else {"decision": ""}) for item in items]
        _record([pledge.pk], Decision.RETURNED, actor, said, {pledge.pk: kept})
    return pledge


def _said(decisions: Mapping[int, ItemDecision]) -> str:
    """Return the reasons of the returned items in one text; empty when none is returned."""
    lines = [
        _("Item %(number)s:") % {"number": order} + decision.told()
        for order, decision in sorted(decisions.items())
        if decision.is_return
    ]
    return "\n".join(lines)[:REASON_LENGTH]


def _decided(actor: Any) -> dict[str, Any]:
    return {"reviewed_by": actor, "reviewed_at": clock.now(), "version": F("version") + 1}


def _stored(item: PledgeItem, decision: ItemDecision) -> dict[str, Any]:
    """Return what the review keeps of an item: how it read, and what was decided."""
    return {
        "order": item.order,
        "text": item.text,
        "target": item.target,
        "due_on": item.due_on.isoformat() if item.due_on else "",
        "decision": str(Decision.RETURNED if decision.is_return else Decision.APPROVED),
        "lacking": list(decision.lacking),
        "reason": decision.reason.strip(),
    }


def _record(
    ids: Iterable[int], decision: Decision, actor: Any, reason: str, items: Mapping[int, list[dict[str, Any]]]
) -> None:
    now = clock.now()
    PledgeReview.objects.bulk_create(
        (
            PledgeReview(
                pledge_id=pk, decision=decision, reason=reason.strip(), items=items.get(pk, []),
                by=actor, by_name=str(actor), at=now,
            )
            for pk in ids
        ),
        batch_size=BATCH,
    )  # fmt: skip


def _approved_items(ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the items of pledges as approved ones; one query."""
    found: dict[int, list[dict[str, Any]]] = {}
    for item in PledgeItem.objects.filter(pledge__in=Pledge.objects.filter(pk__in=ids)).order_by("pledge", "order"):
        found.setdefault(item.pledge_id, []).append(_stored(item, ItemDecision()))
    return found


def pledge_approve(
    *, pledge: Pledge, actor: Any, reason: str = "", publish: bool = False, version: int | None = None
) -> Pledge:
    """Approve a submitted pledge with all its items; with `publish` it goes on the board at once.

    Raises NotAllowed, StateConflict, EditConflict, or DomainError (one's own pledge).
    """
    with transaction.atomic():
        pledge = workflow.take(locked(pledge, version), "pledge_approve", actor=actor, reason=reason, **_decided(actor))
        _record([pledge.pk], Decision.APPROVED, actor, reason, _approved_items([pledge.pk]))
        return pledge_publish(pledge=pledge, actor=actor) if publish else pledge


def pledges_approve_many(
    *,
    queryset: QuerySet[Pledge],
    actor: Any,
    publish: bool = False,
    expected: int | None = None,
    seen_at: dt.datetime | None = None,
) -> list[int]:
    """Approve those of `queryset` that wait for a decision of `actor`, and put them on the board with `publish`; returns
    their numbers. A constant number of statements whatever their number.

    Raises StateConflict when someone was faster, when there are not as many as were `expected`, or when one of them was
    handed in (perhaps again, with other items) after `seen_at`: nobody approves what they have not read.
    """
    with transaction.atomic():
        waiting = dict(
            Pledge.objects.allowed(actor, Cap.PLEDGE_REVIEW)
            .filter(pk__in=queryset.order_by().values("pk"))
            .waiting()
            .not_own(actor)
            .order_by("pk")
            .values_list("pk", "submitted_at")
        )
        ids = list(waiting)
        if seen_at is not None and any(at and at > seen_at for at in waiting.values()):
            raise StateConflict(_("Some of them were handed in after you opened the page. Read them, then approve."))
        if expected is not None and len(ids) != expected:
            raise StateConflict(_("The queue has changed meanwhile. Look at it again, then approve."))
        chosen = Pledge.objects.filter(pk__in=ids)
        if workflow.take_all(chosen, "pledge_approve", actor=actor, **_decided(actor)) != len(ids):
            raise StateConflict
        _record(ids, Decision.APPROVED, actor, "", _approved_items(ids))
        if publish:
            pledges_publish_many(queryset=chosen, actor=actor)
    return ids


def pledges_unapprove_many(*, queryset: QuerySet[Pledge], actor: Any) -> int:
    """Take the approval of those of `queryset` back that are not on the board, and that `actor` reviews: they wait for a
    decision again. Returns how many; a constant number of statements."""
    with transaction.atomic():
        mine = Pledge.objects.allowed(actor, Cap.PLEDGE_REVIEW).not_own(actor).order_by().values("pk")
        ids = list(
            queryset.filter(pk__in=mine, state=workflow.steps["pledge_unapprove"].sources[0])
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        chosen = Pledge.objects.filter(pk__in=ids)
        undecided: dict[str, Any] = {"reviewed_by": None, "reviewed_at": None, "version": F("version") + 1}
        if workflow.take_all(chosen, "pledge_unapprove", actor=actor, **undecided) != len(ids):
            raise StateConflict
        _record(ids, Decision.RECALLED, actor, "", {})
    return len(ids)
