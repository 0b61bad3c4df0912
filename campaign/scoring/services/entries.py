"""Bonus, deductions, ceilings and vetoes: entered by one person, confirmed by another; they count from then on."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaign.attachments.services import attachment_store
from campaign.audit.services import audit_record, audit_record_many
from campaign.common import clock
from campaign.common.access import own_member_ids, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Audience, Campaign
from campaign.scoring.models import MARKED, EntryKind, EntryState, GradeBand, ScoreEntry, ScoreEntryQuerySet, ScoreSheet
from campaign.scoring.services.sheets import ensure_builtin_sheets
from orgs.models import Member, Organization


def entry_add(
    *,
    actor: Any,
    campaign: Campaign,
    subject: Organization | Member,
    kind: EntryKind,
    happened_on: dt.date,
    reason: str,
    basis: str,
    points: int = 0,
    grade: str = "",
    work: str = "",
    document: Any = None,
) -> ScoreEntry:
    """Enter something for `subject`; `points` in hundredths. It counts once a second person has confirmed it.

    Raises NotAllowed outside of the actor's reach; DomainError for what makes no sense, and for an entry about oneself.
    Source: 2-domain b.15, 4-scoring.
    """
    organization = subject.organization if isinstance(subject, Member) else subject
    if not reaches(actor, Cap.SCORE_RUN, organization.path):
        raise NotAllowed
    _check(campaign, subject, organization, kind, points, grade, happened_on)
    if isinstance(subject, Member) and subject.pk in own_member_ids(actor):
        raise DomainError(_("Nobody enters this for oneself."))
    if not reason.strip() or not basis.strip():
        raise DomainError(_("Say what it is for, and by which document."))
    with transaction.atomic():
        entry = ScoreEntry.objects.create(
            campaign=campaign,
            organization=organization,
            member=subject if isinstance(subject, Member) else None,
            kind=kind,
            points=points if kind in MARKED else 0,
            grade=grade if kind == EntryKind.CEILING else "",
            work=(work.strip() or reason.strip())[:100] if kind == EntryKind.BONUS else "",
            happened_on=happened_on,
            reason=reason.strip(),
            basis=basis.strip(),
            attachment=attachment_store(file=document, actor=actor) if document else None,
            entered_by=actor,
        )
        audit_record(
            action="entry_add",
            actor=actor,
            target=entry,
            reason=entry.reason,
            changes={"kind": ["", entry.kind], "points": [0, entry.points], "grade": ["", entry.grade]},
        )
    return entry


def _check(
    campaign: Campaign,
    subject: Organization | Member,
    organization: Organization,
    kind: EntryKind,
    points: int,
    grade: str,
    happened_on: dt.date,
) -> None:
    if not campaign.organizations().filter(pk=organization.pk).exists():
        raise DomainError(_("This organization takes no part in the campaign."))
    if happened_on > clock.today():
        raise DomainError(_("The date lies in the future."))
    if not campaign.periods.filter(starts_on__lte=happened_on, ends_on__gte=happened_on).exists():
        raise DomainError(_("No period of the campaign holds this date."))
    if kind in MARKED and not 0 < points <= 100_00:
        raise DomainError(_("Give the marks: more than 0, at most 100."))
    if kind == EntryKind.CEILING:
        ensure_builtin_sheets(campaign=campaign)
        audience = Audience.MEMBER if isinstance(subject, Member) else Audience.ORGANIZATION
        sheets = ScoreSheet.objects.newest().filter(campaign=campaign, audience=audience)
        bands = GradeBand.objects.filter(sheet__in=sheets)
        if not bands.filter(name=grade).exists():
            raise DomainError(_("There is no grade “%(grade)s”.") % {"grade": grade})


def entry_confirm(*, entry: ScoreEntry, actor: Any) -> None:
    """Let an entry count. Raises NotAllowed; DomainError for who entered it or is its subject; StateConflict."""
    _check_decider(entry, actor)
    if is_own(entry, actor):
        raise DomainError(_("Nobody confirms what they entered themselves: a second person is needed."))
    _decide(entry, actor, EntryState.CONFIRMED, "entry_confirm")


def is_own(entry: ScoreEntry, user: Any) -> bool:
    """Tell whether `user` entered it, or whom `user` acts for, or a deputy in the stead of either."""
    return ScoreEntry.objects.filter(ScoreEntryQuerySet.entered(user), pk=entry.pk).exists()


def entries_confirm_many(*, entries: QuerySet[ScoreEntry], actor: Any, expected: int | None = None) -> int:
    """Let those of `entries` count that wait, that `actor` reaches and that others entered; returns how many. A constant
    number of statements.

    Raises StateConflict when someone was faster, or when there are not as many as were `expected`.
    """
    with transaction.atomic():
        mine = ScoreEntry.objects.allowed(actor, Cap.SCORE_RUN).waiting().of_others(actor)
        ids = list(mine.filter(pk__in=entries.order_by().values("pk")).values_list("pk", flat=True))
        if expected is not None and len(ids) != expected:
            raise StateConflict(_("The list has changed meanwhile. Look at it again, then confirm."))
        chosen = ScoreEntry.objects.filter(pk__in=ids)
        if chosen.waiting().update(**_decision(actor, EntryState.CONFIRMED)) != len(ids):
            raise StateConflict
        audit_record_many(
            action="entry_confirm",
            actor=actor,
            targets=chosen.select_related("organization", "member"),
            changes={"state": [EntryState.ENTERED.value, EntryState.CONFIRMED.value]},
        )
    return len(ids)


def _decision(actor: Any, state: EntryState, note: str = "") -> dict[str, Any]:
    now = clock.now()
    return {"state": state, "decided_by": actor, "decided_at": now, "note": note[:500], "updated_at": now}


def entry_refuse(*, entry: ScoreEntry, actor: Any, note: str = "") -> None:
    """Turn an entry down; who entered it withdraws it. Raises NotAllowed, StateConflict."""
    _check_decider(entry, actor)
    own = is_own(entry, actor)
    _decide(entry, actor, EntryState.WITHDRAWN if own else EntryState.REFUSED, "entry_refuse", note)


def _check_decider(entry: ScoreEntry, actor: Any) -> None:
    if not reaches(actor, Cap.SCORE_RUN, entry.organization.path):
        raise NotAllowed
    if entry.member_id is not None and entry.member_id in own_member_ids(actor):
        raise DomainError(_("Nobody enters this for oneself."))


def _decide(entry: ScoreEntry, actor: Any, state: EntryState, action: str, note: str = "") -> None:
    with transaction.atomic():
        if ScoreEntry.objects.waiting().filter(pk=entry.pk).update(**_decision(actor, state, note)) != 1:
            raise StateConflict
        entry.refresh_from_db()
        audit_record(
            action=action,
            actor=actor,
            target=entry,
            reason=note,
            changes={"state": [EntryState.ENTERED.value, state.value]},
        )
