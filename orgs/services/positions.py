"""Party positions with their dates, and the correction of what is known of a member's branches."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.models import lock
from orgs.models import Enrolment, EnrolmentOrigin, Member, Organization, Position
from orgs.services.changes import differences
from orgs.services.enrolments import party_posts_follow

# -- positions -----------------------------------------------------------------------------------------------------


def position_begin(
    *,
    actor: Any,
    member: Member,
    organization: Organization,
    post: str,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    is_acting: bool = False,
) -> Position:
    """Enter a position of `member` in `organization`, which need not be the member's own branch (the committee above).

    Raises NotAllowed when the actor does not enter members there or does not see the member, or DomainError for days
    that contradict each other and for a position that is held already.
    """
    _may_place(actor, organization)
    if actor is not None and not Member.objects.visible_to(actor).filter(pk=member.pk).exists():
        raise NotAllowed
    if not organization.is_active:
        raise DomainError(_("This organization is deactivated."))
    if ends_on is None and not member.is_present:
        raise DomainError(_("This member has left and holds no position any more. Give the last day."))
    _check_days(starts_on, ends_on)
    with transaction.atomic():
        lock(member)
        _refuse_twice(None, member.pk, organization.pk, post, starts_on, ends_on)
        position = Position.objects.create(
            member=member,
            organization=organization,
            post=post,
            starts_on=starts_on,
            ends_on=ends_on,
            is_acting=is_acting,
        )
        party_posts_follow([member.pk])
        given = {"organization": organization.name, "post": post, "starts_on": starts_on, "ends_on": ends_on}
        changes = {field: ["", value] for field, value in given.items() if value}
        audit_record(action="position_begin", actor=actor, target=position, changes=changes)
    return position


def position_change(
    *, actor: Any, position: Position, starts_on: dt.date | None, ends_on: dt.date | None, is_acting: bool
) -> Position:
    """Correct the days of a position, or end it: `ends_on` is its last day. Raises as `position_begin`."""
    _may_place(actor, position.organization)
    _check_days(starts_on, ends_on)
    if ends_on is None and not position.member.is_present:
        raise DomainError(_("This member has left and holds no position any more. Give the last day."))
    values = {"starts_on": starts_on, "ends_on": ends_on, "is_acting": is_acting}
    changes = differences(position, values)
    with transaction.atomic():
        lock(position.member)
        _refuse_twice(position.pk, position.member_id, position.organization_id, position.post, starts_on, ends_on)
        Position.objects.filter(pk=position.pk).update(**values, updated_at=clock.now())
        position.refresh_from_db()
        party_posts_follow([position.member_id])
        audit_record(action="position_change", actor=actor, target=position, changes=changes)
    return position


def position_remove(*, actor: Any, position: Position, reason: str) -> None:
    """Take out a position that was entered by mistake (one that has ended is ended, not removed). Raises NotAllowed, or
    DomainError without a reason."""
    _may_place(actor, position.organization)
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    with transaction.atomic():
        given = {"organization": position.organization.name, "party_post": position.post, "dates": position.starts_on}
        changes = {field: [value, ""] for field, value in given.items() if value}
        # In the history of the member: that of the position goes with it.
        audit_record(action="position_remove", actor=actor, target=position.member, reason=reason, changes=changes)
        member = position.member_id
        position.delete()
        party_posts_follow([member])


def _may_place(actor: Any, organization: Organization) -> None:
    if actor is not None and not reaches(actor, Cap.MEMBER_MANAGE, organization.path):
        raise NotAllowed


def _check_days(starts_on: dt.date | None, ends_on: dt.date | None) -> None:
    if starts_on and ends_on and ends_on < starts_on:
        raise DomainError(_("The last day lies before the first one."))
    if max(filter(None, (starts_on, ends_on)), default=dt.date.min) > clock.today():
        raise DomainError(_("A day in the future cannot be entered."))


def _refuse_twice(
    key: int | None, member: int, place: int, post: str, starts_on: dt.date | None, ends_on: dt.date | None
) -> None:
    """Raise DomainError when the member held the same position there at the same time."""
    same = Position.objects.filter(member=member, organization=place, post=post).exclude(pk=key)
    for other in same.select_for_update():
        if overlap((starts_on, ends_on), (other.starts_on, other.ends_on)):
            raise DomainError(_("The member holds this position there at the same time already."))


# -- branches ------------------------------------------------------------------------------------------------------

Span = tuple[dt.date | None, dt.date | None]


def overlap(one: Span, other: Span) -> bool:
    """Tell whether two spans share more than the day on which one ends and the other begins; None is without an end."""
    (first, last), (begins, ends) = (_known(*one), _known(*other))
    return first < ends and begins < last


def _known(starts_on: dt.date | None, ends_on: dt.date | None) -> tuple[dt.date, dt.date]:
    return starts_on or dt.date.min, ends_on or dt.date.max


def enrolment_add(
    *,
    actor: Any,
    member: Member,
    organization: Organization,
    starts_on: dt.date | None,
    ends_on: dt.date,
) -> Enrolment:
    """Enter an earlier branch of a member. Raises NotAllowed, or DomainError for days that overlap with another branch,
    lie in the future or contradict each other."""
    _may_correct(actor, member)
    with transaction.atomic():
        lock(member)
        _check_span(member.pk, None, starts_on, ends_on)
        enrolment = Enrolment.objects.create(
            member=member,
            organization=organization,
            starts_on=starts_on,
            ends_on=ends_on,
            origin=EnrolmentOrigin.CORRECTED,
        )
        given = {"organization": organization.name, "starts_on": starts_on, "ends_on": ends_on}
        changes = {field: ["", value] for field, value in given.items() if value}
        audit_record(action="enrolment_add", actor=actor, target=enrolment, changes=changes)
    return enrolment


def enrolment_change(
    *, actor: Any, enrolment: Enrolment, starts_on: dt.date | None, ends_on: dt.date | None
) -> Enrolment:
    """Correct the days of a membership in a branch; the present one has no end. Raises as `enrolment_add`."""
    _may_correct(actor, enrolment.member)
    if (enrolment.ends_on is None) != (ends_on is None):
        raise DomainError(_("The present branch has no last day, an earlier one needs it."))
    values = {"starts_on": starts_on, "ends_on": ends_on}
    changes = differences(enrolment, values)
    with transaction.atomic():
        lock(enrolment.member)
        _check_span(enrolment.member_id, enrolment.pk, starts_on, ends_on)
        Enrolment.objects.filter(pk=enrolment.pk).update(**values, updated_at=clock.now())
        enrolment.refresh_from_db()
        audit_record(action="enrolment_change", actor=actor, target=enrolment, changes=changes)
    return enrolment


def enrolment_remove(*, actor: Any, enrolment: Enrolment, reason: str) -> None:
    """Take out an earlier branch that was entered by mistake. Raises NotAllowed, or DomainError without a reason and for
    the present branch."""
    _may_correct(actor, enrolment.member)
    if enrolment.ends_on is None:
        raise DomainError(_("The present branch cannot be taken out; transfer the member instead."))
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    with transaction.atomic():
        dates = f"{enrolment.starts_on or ''} – {enrolment.ends_on}"
        changes = {"organization": [enrolment.organization.name, ""], "dates": [dates, ""]}
        audit_record(action="enrolment_remove", actor=actor, target=enrolment.member, reason=reason, changes=changes)
        enrolment.delete()


def _may_correct(actor: Any, member: Member) -> None:
    if actor is not None and not reaches(actor, Cap.MEMBER_HISTORY, member.organization.path):
        raise NotAllowed


def _check_span(member: int, key: int | None, starts_on: dt.date | None, ends_on: dt.date | None) -> None:
    _check_days(starts_on, ends_on)
    for other in Enrolment.objects.select_for_update().filter(member=member).exclude(pk=key):
        if overlap((starts_on, ends_on), (other.starts_on, other.ends_on)):
            text = _("These days overlap with those in “%(branch)s”. Correct its days first.")
            raise DomainError(text % {"branch": other.organization.name})
