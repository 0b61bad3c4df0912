"""Keeping one of two records of a person: what belongs to the person goes over, what was done stays where it was done."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record, audit_record_many
from campaign.common import clock
from campaign.common.access import own_member_ids
from campaign.common.errors import DomainError, EditConflict
from orgs.models import ContactPoint, LeadershipPost, Member, MembershipStatus, Position, ResolvedDouble, User
from orgs.services.accounts import user_close
from orgs.services.enrolments import party_posts_follow
from orgs.services.members import member_update
from orgs.services.quality import pair_checked
from orgs.takeover import Takeover, reasons_against, takeover_of


def double_resolve(
    *, actor: Any, keep: Member, drop: Member, version: int, keep_version: int, reason: str
) -> ResolvedDouble:
    """Keep one record and end the membership of the other.

    The kept one takes over the account if it has none, open positions, functions and contact points, and what is empty
    with it. Pledges, reviews and results stay with the ended record. `version` (of `drop`) and `keep_version` are those on
    the page. Raises NotAllowed, EditConflict, or DomainError without a reason, for one's own record, for two who do not
    look alike, and while an app says no (`orgs.takeover.obstacles`).
    """
    pair_checked(actor, keep, drop)
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    if actor is not None and {keep.pk, drop.pk} & set(own_member_ids(actor)):
        raise DomainError(_("One of the records is your own. Somebody else decides on it."))
    for reason_against in reasons_against(keep, drop):
        raise DomainError(reason_against)
    with transaction.atomic():
        _lock(keep, drop, keep_version, version)
        goes = takeover_of(keep, drop)
        _things_move(goes, actor)
        _account_moves(goes, actor, reason)
        number = drop.id_number
        _end(goes, actor, version, reason)
        if goes.fields or goes.id_number:
            taken = number if goes.id_number else None
            member_update(actor=actor, member=keep, version=keep_version, id_number=taken, **goes.fields)
        party_posts_follow([keep.pk])
        made = ResolvedDouble.objects.create(
            kept=keep, dropped=drop, reason=reason, decided_by=actor if actor is not None and actor.pk else None
        )
        for one, other in ((drop, keep), (keep, drop)):
            changes = {"personnel_no": ["", other.personnel_no]}
            action = "double_resolve" if one is drop else "double_take_over"
            audit_record(action=action, actor=actor, target=one, reason=reason, changes=changes)
    return made


def _lock(keep: Member, drop: Member, keep_version: int, version: int) -> None:
    pair = Member.objects.select_for_update().filter(pk__in=(keep.pk, drop.pk)).order_by("pk")
    if {one.pk: one.version for one in pair} != {keep.pk: keep_version, drop.pk: version}:
        raise EditConflict
    keep.refresh_from_db()
    drop.refresh_from_db()


def _end(goes: Takeover, actor: Any, version: int, reason: str) -> None:
    """End the membership: its branch, what is left of its positions, and a transfer under way end with it."""
    note = _("Double of %(number)s: %(reason)s") % {"number": goes.keep.personnel_no, "reason": reason.strip()}
    remarks = "；".join(part for part in (goes.drop.remarks, str(note)) if part)[:200]
    member_update(
        actor=actor,
        member=goes.drop,
        version=version,
        id_number="" if goes.id_number else None,
        status=MembershipStatus.LEFT,
        remarks=remarks,
    )


def _things_move(goes: Takeover, actor: Any) -> None:
    person = {"member": [goes.drop.personnel_no, goes.keep.personnel_no]}
    _move(Position, goes.positions, actor, "position_change", person, member=goes.keep)
    renewed = F("version") + 1
    _move(LeadershipPost, goes.posts, actor, "leadership_update", person, member=goes.keep, version=renewed)
    leader = {"leader": person["member"]}
    _move(ContactPoint, goes.points, actor, "contact_update", leader, leader=goes.keep, version=renewed)
    today = clock.today()
    last = Case(When(starts_on__gt=today, then=F("starts_on")), default=Value(today))
    ended = {"ends_on": [None, today]}
    _move(LeadershipPost, goes.ended_posts, actor, "leadership_end", ended, ends_on=last, version=renewed)
    _move(ContactPoint, goes.ended_points, actor, "contact_end", ended, ends_on=last, version=renewed)


def _move(model: Any, rows: Sequence[Any], actor: Any, action: str, changes: Any, **values: Any) -> None:
    if rows:
        model.objects.filter(pk__in=[row.pk for row in rows]).update(**values, updated_at=clock.now())
        audit_record_many(action=action, actor=actor, targets=rows, changes=changes)


def _account_moves(goes: Takeover, actor: Any, reason: str) -> None:
    account = goes.account
    if account is not None and goes.account_moves:
        User.objects.filter(pk=account.pk).update(member=goes.keep, organization=goes.keep.organization)
        changes = {"member": [goes.drop.personnel_no, goes.keep.personnel_no]}
        audit_record(action="user_hand_over", actor=actor, target=account, reason=reason, changes=changes)
    elif account is not None and goes.account_closes:
        user_close(user=account, actor=actor, reason=reason)
