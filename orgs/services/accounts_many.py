"""Accounts for many members at once."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from campaign.audit.services import audit_record_many
from campaign.common.capabilities import Cap
from campaign.common.errors import NotAllowed
from campaign.common.text import found_by
from orgs.models import CodeSheet, Member, SignInPolicy, User
from orgs.services.one_time import BATCH, NewPassword, codes_issue


def accounts_create(
    *,
    actor: Any,
    members: Sequence[Member],
    usernames: Mapping[int, str] | None = None,
    emails: Mapping[int, str] | None = None,
    sheet: CodeSheet | None = None,
) -> list[NewPassword]:
    """Make an account for each of `members` who has none; returns account and one-time code of each, in their order.

    Accounts are called by personnel number; `usernames` and `emails` give others by member id. A name that is taken gets a
    number behind it. There is no password to begin with: the code is the only way in, once, until the days of
    `SignInPolicy.code_days` are over, and leads to choosing a password. The codes are in the answer alone: show them once,
    or keep them with `sheet_store` (which takes what this returns) on a sheet to be printed. `sheet` notes in the codes where
    they were printed.

    Set-based: about ten statements per 500 members, no password hash. An account with an entry in the audit log each.
    Raises NotAllowed unless `actor` (None: the system) manages the accounts of every member's organization.
    """
    wanted = {member.pk: member for member in members}
    _may_manage_all(actor, list(wanted))
    with transaction.atomic():
        for key in _with_account(list(wanted)):
            del wanted[key]
        named = _free_names({key: (usernames or {}).get(key) or member.personnel_no for key, member in wanted.items()})
        mails = emails or {}
        users: list[User] = User.objects.bulk_create(
            [
                User(
                    username=named[key],
                    name=member.name,
                    **found_by(member.name),
                    email=mails.get(key, ""),
                    member=member,
                    organization_id=member.organization_id,
                    password=make_password(None),
                    must_change_password=True,
                )
                for key, member in wanted.items()
            ],
            batch_size=BATCH,
        )
        lasts = dt.timedelta(days=SignInPolicy.current().code_days)
        made = codes_issue(users=users, actor=actor, lasts=lasts, sheet=sheet)
        audit_record_many(action="user_create", actor=actor, targets=users)
    return made


def _may_manage_all(actor: Any, keys: list[int]) -> None:
    if actor is None:
        return
    reached = Member.objects.allowed(actor, Cap.ACCOUNT_MANAGE)
    parts = (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))
    if sum(reached.filter(pk__in=part).count() for part in parts) != len(keys):
        raise NotAllowed


def _with_account(keys: list[int]) -> list[int]:
    """Return which of these members have an account."""
    parts = (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))
    return [key for part in parts for key in User.objects.filter(member__in=part).values_list("member_id", flat=True)]


def _free_names(wanted: Mapping[int, str]) -> dict[int, str]:
    """Return the wanted account names, each that is taken (or wanted twice) with a number behind it."""
    names = list(wanted.values())
    parts = (names[start : start + BATCH] for start in range(0, len(names), BATCH))
    taken = {
        name for part in parts for name in User.objects.filter(username__in=part).values_list("username", flat=True)
    }
    free: dict[int, str] = {}
    for key, name in wanted.items():
        free[key] = name if name not in taken else _numbered(name, taken)
        taken.add(free[key])
    return free


def _numbered(name: str, taken: set[str]) -> str:
    # Rare: an account of somebody else bears this personnel number as its name.
    taken |= set(User.objects.filter(username__startswith=f"{name}-").values_list("username", flat=True))
    return next(numbered for number in range(2, len(taken) + 3) if (numbered := f"{name}-{number}") not in taken)


def users_create_for_members(
    *, actor: None, members: Iterable[Member], password: str, usernames: Mapping[int, str] | None = None
) -> list[User]:
    """Make an account for each of `members`, all with one `password`: for the system alone (the demo).

    `usernames` names single accounts by member id; the others are called by personnel number. Who has an account already is
    passed over. The hash is computed once, since Argon2 is slow on purpose.
    """
    named, encoded = usernames or {}, make_password(password)
    with transaction.atomic():
        wanted = list(members)
        taken = set(User.objects.exclude(member=None).values_list("member_id", flat=True))
        users: list[User] = User.objects.bulk_create(
            [
                User(
                    username=named.get(member.pk, member.personnel_no),
                    name=member.name,
                    **found_by(member.name),
                    member=member,
                    organization_id=member.organization_id,
                    password=encoded,
                )
                for member in wanted
                if member.pk not in taken
            ],
            batch_size=BATCH,
        )
        audit_record_many(action="user_create", actor=actor, targets=users)
    return users
