"""Many one-time codes at once, on a sheet that is printed and handed out.

The clear codes exist in the memory of the worker that makes them and on paper. In between they lie encrypted, with a key that is
not in the database, until the sheet's maker deletes them after printing, or for KEPT_HOURS. Only its maker opens a sheet.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record, audit_record_many
from campaign.common import clock
from campaign.common.access import reaches, under
from campaign.common.capabilities import Cap
from campaign.common.crypto import decrypt, encrypt
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.jobs.models import Job
from campaign.jobs.registry import Outcome, Progress
from campaign.jobs.services import job_request
from orgs.models import (
    CodePart,
    CodePurpose,
    CodeSheet,
    Delegation,
    Member,
    OneTimeCode,
    Organization,
    RoleAssignment,
    SignInPolicy,
    User,
)
from orgs.services.accounts_many import accounts_create
from orgs.services.one_time import BATCH, NewPassword, codes_issue, is_current
from orgs.services.separation import lock_accounts

JOB = "orgs.make_codes"
KEPT_HOURS = 72
"""Hours for which a sheet can be opened."""
PART = 240
"""Slips that are printed at once, ten on a page: a part holds about as many, of whole branches where they fit."""


@dataclass(frozen=True)
class Slip:
    """One person's slip as it is printed."""

    organization: str
    name: str
    username: str
    code: str
    expires_at: dt.datetime


def members_without_account(organization: Organization) -> "QuerySet[Member, Member]":
    """Return the present members of `organization` and below who have no account, branch by branch."""
    members: QuerySet[Member, Member] = Member.objects.present().in_subtree(organization)
    return members.filter(user=None).order_by("organization__path", "pinyin", "pk")


def accounts_not_used(organization: Organization) -> "QuerySet[User, User]":
    """Return the active accounts of `organization` and below whose one-time code has not been spent, branch by branch.

    Who holds a role above or elsewhere, or stands in for its holder, is left out: that is for the administrator there (see
    `refuse_rights_beyond`).
    """
    unspent: QuerySet[User, User] = User.objects.filter(under(organization.path, "organization__path"), is_active=True)
    unspent = unspent.exclude(one_time_code=None)
    return _without_rights_beyond(unspent, organization).order_by("organization__path", "username")


def _without_rights_beyond(accounts: "QuerySet[User, User]", organization: Organization) -> "QuerySet[User, User]":
    held = RoleAssignment.objects.now_or_later().exclude(under(organization.path, "organization__path"))
    handed = Delegation.objects.now_or_later().exclude(under(organization.path, "assignment__organization__path"))
    return accounts.filter(
        ~Exists(held.filter(user=OuterRef("pk"))), ~Exists(handed.filter(deputy=OuterRef("pk"))), is_superuser=False
    )


def sheet_open(*, actor: Any, organization: Organization, purpose: str = CodePurpose.NEW) -> CodeSheet:
    """Begin a sheet for `organization` and below; `sheet_store` puts codes on it. Raises NotAllowed."""
    if not reaches(actor, Cap.ACCOUNT_MANAGE, organization.path):
        raise NotAllowed
    until = clock.now() + dt.timedelta(hours=KEPT_HOURS)
    sheet = CodeSheet.objects.create(organization=organization, purpose=purpose, requested_by=actor, expires_at=until)
    audit_record(action="code_sheet_create", actor=actor, target=sheet)
    return sheet


def sheet_store(*, sheet: CodeSheet, made: Sequence[NewPassword]) -> None:
    """Keep the codes that were just `made` on the sheet, encrypted; call it in the transaction that made them.

    They stay in their order, so give them branch by branch.
    """
    number = CodePart.objects.filter(sheet=sheet).count()
    names = _places([new.user for new in made])
    for part in _parts(made):
        number += 1
        codes = [[new.user.pk, new.password] for new in part]
        CodePart.objects.create(
            sheet=sheet,
            number=number,
            first=names.get(part[0].user.organization_id, ""),
            last=names.get(part[-1].user.organization_id, ""),
            count=len(part),
            cipher=encrypt(json.dumps(codes)),
        )
    CodeSheet.objects.filter(pk=sheet.pk).update(total=sheet.total + len(made))
    sheet.total += len(made)


def _places(users: Sequence[User]) -> dict[int | None, str]:
    keys = sorted({user.organization_id for user in users if user.organization_id is not None})
    parts = (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))
    return {place.pk: place.display_name for part in parts for place in Organization.objects.filter(pk__in=part)}


def _parts(made: Sequence[NewPassword]) -> Iterator[Sequence[NewPassword]]:
    """Cut into parts of about PART, between two branches where one ends in the second half of a part."""
    start = 0
    while start < len(made):
        end = min(start + PART, len(made))
        if end < len(made):
            changes = (
                cut
                for cut in range(end, start + PART // 2, -1)
                if made[cut].user.organization_id != made[cut - 1].user.organization_id
            )
            end = next(changes, end)
        yield made[start:end]
        start = end


# -- the job -------------------------------------------------------------------------------------------------------


def code_sheet_request(*, actor: Any, organization: Organization, purpose: str) -> CodeSheet:
    """Ask for accounts with codes for all members without one, or for new codes where none has been used, by a job.

    Raises NotAllowed, or DomainError when there is nobody to make any for, or the same codes are being made already.
    """
    with transaction.atomic():
        lock_accounts(actor.pk)  # a button pressed twice
        same = CodeSheet.objects.filter(requested_by=actor, organization=organization, purpose=purpose)
        if same.filter(job__in=Job.objects.active()).exists():
            raise DomainError(_("These codes are being made already. Open the sheet in the list and wait a moment."))
        sheet = sheet_open(actor=actor, organization=organization, purpose=purpose)
        if not _keys(sheet)[:1]:
            raise DomainError(_("There is nobody to make codes for here."))
        sheet.job = job_request(kind=JOB, actor=actor, parameters={"sheet": str(sheet.pk)})
        sheet.save(update_fields=["job"])
    return sheet


def job_check(user: Any, parameters: Mapping[str, Any]) -> None:
    """Let the job run for the sheet's maker alone, while entitled to its accounts and the sheet can be opened.

    Raises NotAllowed, DomainError.
    """
    sheet = CodeSheet.objects.select_related("organization").filter(pk=parameters["sheet"]).first()
    if sheet is None or sheet.requested_by_id != user.pk:
        raise NotAllowed
    if not reaches(user, Cap.ACCOUNT_MANAGE, sheet.organization.path):
        raise NotAllowed
    if sheet.expires_at <= clock.now():
        raise DomainError(_("The codes are no longer kept. Make new ones for the accounts not used yet."))


def sheet_run(progress: Progress) -> Outcome:
    """Make the codes (job). Each step's accounts and its encrypted part are one transaction, so a job that died
    anywhere goes on where it was: who has an account, or a code of this sheet, is passed over."""
    sheet = CodeSheet.objects.select_related("organization").get(pk=progress.parameters["sheet"])
    keys = list(_keys(sheet))
    progress.step(_("Making one-time codes"), total=len(keys))
    for start in range(0, len(keys), STEP):
        with transaction.atomic():
            made = _make(sheet, keys[start : start + STEP], progress.user)
            sheet_store(sheet=sheet, made=made)
            progress.guard()
        progress.advance(start + STEP)
    return Outcome(
        message=_("%(count)s one-time codes have been made. Print them and delete the sheet.") % {"count": sheet.total},
        url=reverse("code_sheet_detail", args=[sheet.pk]),
    )


STEP = PART * 4
"""People in one transaction: short enough that others can write in between on SQLite."""


def _keys(sheet: CodeSheet) -> Any:
    if sheet.purpose == CodePurpose.NEW:
        return members_without_account(sheet.organization).values_list("pk", flat=True)
    return accounts_not_used(sheet.organization).exclude(one_time_code__sheet=sheet).values_list("pk", flat=True)


def _make(sheet: CodeSheet, keys: list[int], actor: Any) -> list[NewPassword]:
    if sheet.purpose == CodePurpose.NEW:
        members = members_without_account(sheet.organization).filter(pk__in=keys)
        return accounts_create(actor=actor, members=list(members.select_related("organization")), sheet=sheet)
    users = list(accounts_not_used(sheet.organization).filter(pk__in=keys))
    lasts = dt.timedelta(days=SignInPolicy.current().code_days)
    made = codes_issue(users=users, actor=actor, lasts=lasts, sheet=sheet)
    audit_record_many(action="code_renew", actor=actor, targets=users)
    return made


# -- printing ------------------------------------------------------------------------------------------------------


def part_print(*, actor: Any, part: CodePart) -> list[Slip]:
    """Return the slips of a part for its sheet's maker, with an entry in the audit log; codes that have been spent or
    replaced meanwhile are left out, and those of accounts that have rights beyond the sheet's organization by now. Raises
    NotAllowed, or StateConflict when it is no longer kept."""
    sheet = part.sheet
    if sheet.requested_by_id != actor.pk or not reaches(actor, Cap.ACCOUNT_MANAGE, sheet.organization.path):
        raise NotAllowed
    if sheet.expires_at <= clock.now():
        raise StateConflict(_("The codes are no longer kept. Make new ones for the accounts not used yet."))
    codes = {int(key): str(code) for key, code in json.loads(decrypt(part.cipher))}
    people = _without_rights_beyond(User.objects.filter(pk__in=list(codes), is_active=True), sheet.organization)
    current = OneTimeCode.objects.filter(user__in=people.order_by().values("pk"), expires_at__gt=clock.now())
    found = [
        Slip(
            code.user.organization.name if code.user.organization else "",
            code.user.name,
            code.user.username,
            codes[code.user_id],
            code.expires_at,
        )
        for code in current.select_related("user__organization").order_by("user__organization__path", "user__username")
        if is_current(code.user_id, codes[code.user_id], code.digest)
    ]
    with transaction.atomic():
        CodePart.objects.filter(pk=part.pk).update(printed_at=clock.now())
        audit_record(
            action="code_sheet_print",
            actor=actor,
            target=sheet,
            changes={"part": ["", part.number], "codes": ["", len(found)]},
        )
    return found


def code_sheet_delete(*, actor: Any, sheet: CodeSheet) -> None:
    """Delete the codes of a sheet after printing; the accounts and the codes' hashes stay. Raises NotAllowed,
    StateConflict when nothing is kept or the job is still making them."""
    if sheet.requested_by_id != actor.pk:
        raise NotAllowed
    if sheet.job is not None and sheet.job.is_active:
        raise StateConflict
    with transaction.atomic():
        if not CodePart.objects.filter(sheet=sheet).delete()[0]:
            raise StateConflict
        audit_record(action="code_sheet_delete", actor=actor, target=sheet)


def code_sheets_expire() -> int:
    """Delete what is kept of sheets whose time is over; returns how many parts."""
    return CodePart.objects.filter(sheet__expires_at__lt=clock.now()).delete()[0]
