"""The leading group and the campaign office: who holds which function, from when until when (2-domain b.1)."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import Changes, audit_record, audit_record_many
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.models import lock
from orgs.leadership import leadership_suggestion
from orgs.models import LeadershipPost, Member, Organization
from orgs.models.leadership import SINGLE
from orgs.services.changes import differences


def leadership_appoint(
    *,
    actor: Any,
    organization: Organization,
    function: str,
    starts_on: dt.date,
    member: Member | None = None,
    name: str = "",
    duty: str = "",
) -> LeadershipPost:
    """Give a function to a `member`, or to somebody who is not in the register by `name`.

    A function that one person holds at a time ends for the former holder on the day before. `actor` None is the system.
    Raises NotAllowed, or DomainError without a person, for somebody who holds it already, or a day before the former
    holder took office.
    """
    _may_manage(actor, organization)
    _check_person(actor, member, name)
    if not organization.is_active:
        raise DomainError(_("This organization is deactivated."))
    with transaction.atomic():
        lock(organization)
        held = LeadershipPost.objects.select_for_update().filter(
            organization=organization, function=function, ends_on=None
        )
        person = member.name if member else name.strip()
        same = held.filter(member=member) if member else held.filter(member=None, name=person)
        if same.exists():
            raise DomainError(_("This person holds the function already."))
        if function in SINGLE:
            for former in held:
                _end(former, actor, max(former.starts_on, starts_on - dt.timedelta(days=1)), starts_on)
        post = LeadershipPost.objects.create(
            organization=organization,
            function=function,
            member=member,
            name=person,
            duty=duty.strip() or (_office_of(member) if member else ""),
            starts_on=starts_on,
        )
        changes: Changes = {"function": ["", function], "name": ["", person], "starts_on": [None, starts_on]}
        audit_record(action="leadership_appoint", actor=actor, target=post, changes=changes)
    return post


def leadership_update(
    *, actor: Any, post: LeadershipPost, version: int, duty: str, starts_on: dt.date, ends_on: dt.date | None
) -> LeadershipPost:
    """Correct the office held and the days. Raises NotAllowed, EditConflict, or DomainError when the days are out of
    order or the function would have two holders."""
    _may_manage(actor, post.organization)
    if ends_on and ends_on < starts_on:
        raise DomainError(_("The last day lies before the first."))
    others = LeadershipPost.objects.filter(organization=post.organization_id, function=post.function, ends_on=None)
    if ends_on is None and post.function in SINGLE and others.exclude(pk=post.pk).exists():
        raise DomainError(_("Somebody else holds this function now. Give the last day of this one."))
    changes = differences(post, {"duty": duty, "starts_on": starts_on, "ends_on": ends_on})
    with transaction.atomic():
        post.save_version(version, duty=duty, starts_on=starts_on, ends_on=ends_on)
        audit_record(action="leadership_update", actor=actor, target=post, changes=changes)
    return post


def leadership_end(*, actor: Any, post: LeadershipPost, ends_on: dt.date | None = None) -> LeadershipPost:
    """End a function today, or on `ends_on`. Raises NotAllowed, StateConflict when it has ended already, or DomainError
    for a day before it began."""
    _may_manage(actor, post.organization)
    if post.ends_on is not None:
        raise StateConflict
    last = ends_on or clock.today()
    with transaction.atomic():
        _end(post, actor, last, last)
    return post


def leadership_take_suggested(*, actor: Any, organization: Organization) -> list[LeadershipPost]:
    """Fill what is vacant as b.1 has it: the secretary is first responsible person and head of the group, the deputy
    secretary directly responsible. Raises NotAllowed, or DomainError when there is nothing to fill."""
    _may_manage(actor, organization)
    with transaction.atomic():
        lock(organization)
        suggested = leadership_suggestion(organization)
        if not suggested:
            raise DomainError(_("There is nothing to take over: enter the party positions of the members first."))
        posts = LeadershipPost.objects.bulk_create(
            LeadershipPost(
                organization=organization,
                function=function,
                member=member,
                name=member.name,
                duty=_office_of(member),
                starts_on=clock.today(),
            )
            for function, member in suggested
        )
        audit_record_many(action="leadership_appoint", actor=actor, targets=posts)
    return posts


def _end(post: LeadershipPost, actor: Any, ends_on: dt.date, at_least: dt.date) -> None:
    if at_least < post.starts_on:
        raise DomainError(
            _("%(name)s holds this function since %(day)s. Choose a later day.")
            % {"name": post.name, "day": post.starts_on.isoformat()}
        )
    post.save_version(post.version, ends_on=ends_on)
    audit_record(action="leadership_end", actor=actor, target=post, changes={"ends_on": [None, ends_on]})


def _office_of(member: Member) -> str:
    return str(member.get_party_post_display() or member.admin_post)


def _may_manage(actor: Any, organization: Organization) -> None:
    if actor is not None and not reaches(actor, Cap.LEADERSHIP_MANAGE, organization.path):
        raise NotAllowed


def _check_person(actor: Any, member: Member | None, name: str) -> None:
    if member is None and not name.strip():
        raise DomainError(_("Choose a member or write a name."))
    if member is None:
        return
    if not member.is_present:
        raise DomainError(_("This person is no member of the organization any more."))
    if actor is not None and not Member.objects.visible_to(actor).filter(pk=member.pk).exists():
        raise NotAllowed
