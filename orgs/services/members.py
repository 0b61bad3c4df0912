"""Making and changing members."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.crypto import encrypt
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.text import found_by
from orgs.models import (
    Enrolment,
    EnrolmentOrigin,
    Member,
    MemberEvent,
    MemberEventKind,
    MembershipStatus,
    Organization,
    Transfer,
)
from orgs.models.members import PRESENT, id_digest
from orgs.rules import member_breaches, refuse_errors
from orgs.services.changes import differences
from orgs.services.codes import PERSONNEL_NUMBERS, codes_next
from orgs.services.enrolments import (
    accounts_follow,
    enrolments_move,
    enrolments_open,
    enrolments_settle,
    positions_follow,
)
from orgs.services.roles import roles_leave

HAS_LEFT = _("This member has left and holds no position any more.")


class MemberValues(TypedDict, total=False):
    personnel_no: str
    name: str
    sex: str
    ethnicity: str
    birth_date: dt.date | None
    native_place: str
    education: str
    degree: str
    started_work_on: dt.date | None
    joined_on: dt.date | None
    full_member_on: dt.date | None
    kind: str
    status: str
    status_since: dt.date | None
    probation_ends_on: dt.date | None
    cell: str
    party_post: str
    admin_post: str
    job: str
    technical_title: str
    is_frontline: bool
    is_party_worker: bool
    is_mobile: bool
    is_exempt: bool
    phone: str
    remarks: str


def identity_fields(id_number: str) -> dict[str, str | None]:
    """Return how an id number is stored: encrypted, and findable by its keyed hash."""
    return {"id_number_cipher": encrypt(id_number.upper()), "id_number_digest": id_digest(id_number)}


def member_create(
    *, actor: Any, organization: Organization, id_number: str = "", **values: Unpack[MemberValues]
) -> Member:
    """Enrol a new member in `organization`. `name` and `sex` are needed; without `personnel_no` one is made.

    `id_number` has been checked (`campaign.common.excel.values.id_number`). Raises NotAllowed, or DomainError for an id
    or personnel number that belongs to somebody else, a deactivated organization, or values that contradict each other.
    """
    _may_manage(actor, organization)
    _date_status(None, values)
    if values.get("party_post") and values.get("status", MembershipStatus.NORMAL) not in PRESENT:
        raise DomainError(HAS_LEFT)
    with transaction.atomic():
        _check(None, organization, id_number, values)
        number = values.pop("personnel_no", "") or codes_next(PERSONNEL_NUMBERS, 1)[0]
        member = Member.objects.create(
            organization=organization,
            personnel_no=number,
            **values,
            **identity_fields(id_number),
            **search_names(values["name"]),
        )
        if member.is_present:
            enrolments_open([member], starts_on=None, origin=EnrolmentOrigin.ENTERED)
        given = {"organization": organization.name, "personnel_no": number, "id_number": id_number, **values}
        changes = {field: ["", value] for field, value in given.items() if value}
        audit_record(action="member_create", actor=actor, target=member, changes=changes)
    return member


def member_update(
    *,
    actor: Any,
    member: Member,
    version: int,
    organization: Organization | None = None,
    id_number: str | None = None,
    **values: Unpack[MemberValues],
) -> Member:
    """Change a member; `organization` moves them there (where it was wrong: a real move is a transfer), `id_number` None
    leaves it. `version` is the form's. A new status counts from `status_since`, else from today. Roles of the account in
    the organization that is left end.

    Raises NotAllowed (also when only one of the two organizations is the actor's), EditConflict, or DomainError as
    `member_create`, for a move while a transfer is under way, and for a day of leaving or coming back that lies within
    the time in another branch.
    """
    _may_manage(actor, member.organization)
    _date_status(member, values)
    changes: dict[str, tuple[Any, Any]] = differences(member, values)
    if changes.get("party_post", ("", ""))[1] and values.get("status", member.status) not in PRESENT:
        raise DomainError(HAS_LEFT)
    updates: dict[str, Any] = dict(values)
    if organization is not None and organization.pk != member.organization_id:
        _may_manage(actor, organization)
        if Transfer.objects.open().filter(member=member).exists():
            raise DomainError(_("A transfer of this member is under way. Finish or withdraw it first."))
        changes["organization"] = (member.organization.name, organization.name)
        updates["organization"] = organization
    if id_number is not None and id_digest(id_number) != member.id_number_digest:
        changes["id_number"] = (member.id_number_digest, id_number)
        updates |= identity_fields(id_number)
    if "name" in changes:
        updates |= search_names(values["name"])
    was_present, left = member.is_present, member.organization_id
    with transaction.atomic():
        _check(member, organization, id_number if id_number is not None else member.id_number, values)
        member.save_version(version, **updates)
        if "status" in changes:
            MemberEvent.objects.bulk_create(events_of_status([member], actor))
        if member.is_present != was_present:
            enrolments_settle([member], changed_on=member.status_since or clock.today())
            member.refresh_from_db()
        elif "organization" in changes and was_present:
            enrolments_move([member], moved_on=clock.today(), origin=EnrolmentOrigin.CORRECTED)
            member.refresh_from_db()
        elif "party_post" in changes and was_present:
            positions_follow([member], changed_on=clock.today())
        if "organization" in changes:
            accounts_follow([member.pk])
            roles_leave(left={member.pk: left}, reason=gettext("Moved to another branch."))
        audit_record(action="member_update", actor=actor, target=member, changes=changes)
    return member


def _date_status(member: Member | None, values: MemberValues) -> None:
    """Date a new status today where no day is given. Raises DomainError for a day that has not come."""
    today = clock.today()
    old = member.status if member else MembershipStatus.NORMAL
    if values.get("status", old) != old:
        given = values.get("status_since")
        kept = member is not None and given == member.status_since
        values["status_since"] = today if given is None or kept else given
    since = values.get("status_since")
    if since is not None and since > today:
        raise DomainError(_("The day of the status lies in the future."))
    if member is not None and since is not None and values.get("status", old) != old:
        _check_time_in_branches(member, since)


def _check_time_in_branches(member: Member, since: dt.date) -> None:
    """Raise DomainError where a status that begins on `since` would lie within the time in another branch.

    Today is always taken: who was entered today by mistake leaves today, and comes back.
    """
    if since == clock.today():
        return
    spans = list(Enrolment.objects.filter(member=member).values_list("starts_on", "ends_on"))
    begun = max((starts_on for starts_on, ends_on in spans if starts_on and ends_on is None), default=since)
    if since < begun:
        text = _("The member belongs to the present branch since %(day)s. Choose that day or a later one.")
        raise DomainError(text % {"day": begun})
    until = max((ends_on for _starts_on, ends_on in spans if ends_on), default=None)
    if not member.is_present and until is not None and since <= until:
        raise DomainError(_("The member belonged to a branch until %(day)s. Choose a later day.") % {"day": until})


def events_of_status(members: Iterable[Member], actor: Any) -> list[MemberEvent]:
    """Return the events that the new status of `members` (stored already) is; the caller stores them."""
    return [
        MemberEvent(
            member=member,
            organization_id=member.organization_id,
            kind=MemberEventKind.STATUS,
            status=member.status,
            happened_on=member.status_since or clock.today(),
            recorded_by=actor,
        )
        for member in members
    ]


def _may_manage(actor: Any, organization: Organization) -> None:
    if actor is not None and not reaches(actor, Cap.MEMBER_MANAGE, organization.path):
        raise NotAllowed


def search_names(name: str) -> dict[str, str]:
    """Return what a member called `name` is found and sorted by."""
    return found_by(name)


def _check(member: Member | None, organization: Organization | None, id_number: str, values: MemberValues) -> None:
    """Raise DomainError for what cannot be, looking at stored values where none are given."""
    if organization is not None and not Organization.objects.active().filter(pk=organization.pk).exists():
        raise DomainError(_("This organization is deactivated."))
    others = Member.objects.exclude(pk=member.pk) if member else Member.objects.all()
    if id_number and others.filter(id_number_digest=id_digest(id_number)).exists():
        raise DomainError(_("A member with this id number exists already."))
    number = values.get("personnel_no")
    if number and others.filter(personnel_no=number).exists():
        raise DomainError(_("This personnel number is taken."))
    fields = ("sex", "birth_date", "joined_on", "full_member_on", "kind")
    given: dict[str, Any] = {field: values.get(field, getattr(member, field, None)) for field in fields}
    refuse_errors(member_breaches(id_number=id_number, **given))
