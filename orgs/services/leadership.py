"""The leading group and the campaign office: who holds which function, from when until when (2-domain b.1)."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypedDict

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import Changes, audit_record, audit_record_each, audit_record_many
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.models import lock
from orgs.leadership import leadership_suggestion
from orgs.models import LeadershipPost, Member, Organization
from orgs.models.leadership import SINGLE
from orgs.services.changes import differences

BATCH = 500
HELD_ALREADY = _("This person holds the function already.")
HELD_BY_ANOTHER = _("Somebody else holds this function now. Give the last day of this one.")


class PostValues(TypedDict):
    duty: str
    starts_on: dt.date
    ends_on: dt.date | None


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
            raise DomainError(HELD_ALREADY)
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
        audit_record(action="leadership_appoint", actor=actor, target=post, changes=_appointed(post))
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
    changes = differences(post, {"duty": duty, "starts_on": starts_on, "ends_on": ends_on})
    with transaction.atomic():
        lock(post.organization)
        if ends_on is None and post.function in SINGLE and others.exclude(pk=post.pk).exists():
            raise DomainError(HELD_BY_ANOTHER)
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


def leadership_posts_write(
    *,
    actor: Any,
    new: Sequence[tuple[LeadershipPost, PostValues]] = (),
    changed: Sequence[tuple[LeadershipPost, PostValues]] = (),
    gone: Sequence[LeadershipPost] = (),
) -> None:
    """Give the functions of `new` (not stored yet: organization, function, and a member or a name), correct or end those of
    `changed` and take out `gone` (given by mistake), in a constant number of statements. What is changed or goes is locked
    by the caller.

    Raises NotAllowed, or DomainError: a last day before the first, a deactivated organization, a function with two holders
    or twice with one person, nobody named. Then nothing is written.
    """
    given = [post for post, _values in new]
    _may_write(actor, given, [*(post for post, _values in changed), *gone])
    written = [(post, differences(post, values)) for post, values in changed]
    for post, values in (*new, *changed):
        for name, value in values.items():
            setattr(post, name, value)
    kept = [post for post, _values in changed]
    for post in given:
        post.name = post.member.name if post.member else post.name.strip()
        post.duty = post.duty or (_office_of(post.member) if post.member else "")
    for post in kept:
        post.version, post.updated_at = post.version + 1, clock.now()
    if any(post.ends_on and post.ends_on < post.starts_on for post in (*given, *kept)):
        raise DomainError(_("The last day lies before the first."))
    with transaction.atomic():
        _check_places(given)
        _check_holders([*given, *kept], gone)
        _write(given, kept, gone)
        _record(actor, given, written, gone)


def _may_write(actor: Any, given: Sequence[LeadershipPost], touched: Sequence[LeadershipPost]) -> None:
    places = {post.organization_id for post in (*given, *touched)}
    if Organization.objects.allowed(actor, Cap.LEADERSHIP_MANAGE).filter(pk__in=places).count() != len(places):
        raise NotAllowed
    members = {post.member_id for post in given if post.member_id}
    if Member.objects.visible_to(actor).present().filter(pk__in=members).count() != len(members):
        raise NotAllowed
    if any(not post.member_id and not post.name.strip() for post in given):
        raise DomainError(_("Choose a member or write a name."))


def _check_places(given: Sequence[LeadershipPost]) -> None:
    """Lock the organizations that get somebody, in one order for all, and refuse deactivated ones."""
    places = Organization.objects.select_for_update().filter(pk__in={post.organization_id for post in given})
    if not all(places.order_by("pk").values_list("is_active", flat=True)):
        raise DomainError(_("This organization is deactivated."))


def _check_holders(posts: Sequence[LeadershipPost], gone: Sequence[LeadershipPost]) -> None:
    """One query for all: no function has two holders that one person holds, nobody holds a function twice."""
    touched = {post.pk for post in (*posts, *gone)}
    open_now = LeadershipPost.objects.filter(organization__in={post.organization_id for post in posts}, ends_on=None)
    held: set[tuple[Any, ...]] = set()
    for post in (*(other for other in open_now if other.pk not in touched), *posts):
        if post.ends_on is not None:
            continue
        function = (post.organization_id, post.function)
        person = (*function, post.member_id or post.name)
        if person in held:
            raise DomainError(HELD_ALREADY)
        if function in held:
            raise DomainError(HELD_BY_ANOTHER)
        held |= {person, function} if post.function in SINGLE else {person}


def _write(given: Sequence[LeadershipPost], kept: Sequence[LeadershipPost], gone: Sequence[LeadershipPost]) -> None:
    """Who leaves a function goes first: a holder follows."""
    fields = [*PostValues.__annotations__, "version", "updated_at"]
    LeadershipPost.objects.filter(pk__in=[post.pk for post in gone]).delete()
    for ended in (True, False):
        some = [post for post in kept if (post.ends_on is not None) == ended]
        LeadershipPost.objects.bulk_update(some, fields, batch_size=BATCH)
    LeadershipPost.objects.bulk_create(given, batch_size=BATCH)


def _record(
    actor: Any,
    given: Sequence[LeadershipPost],
    written: Sequence[tuple[LeadershipPost, Changes]],
    gone: Sequence[LeadershipPost],
) -> None:
    ended = [(post, found) for post, found in written if "ends_on" in found and post.ends_on]
    others = [(post, found) for post, found in written if not ("ends_on" in found and post.ends_on)]
    entries: dict[str, list[tuple[LeadershipPost, Changes]]] = {
        "leadership_appoint": [(post, _appointed(post)) for post in given],
        "leadership_end": ended,
        "leadership_update": others,
        "leadership_remove": [(post, {"name": [post.name, ""], "starts_on": [post.starts_on, None]}) for post in gone],
    }
    for action, some in entries.items():
        audit_record_each(action=action, actor=actor, entries=some)


def _appointed(post: LeadershipPost) -> Changes:
    return {"function": ["", post.function], "name": ["", post.name], "starts_on": [None, post.starts_on]}


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
