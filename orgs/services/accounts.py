"""Accounts: made by the system administrator, with a random password that is shown once."""

import secrets
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap, Role
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.text import pinyin
from orgs.models import Member, Organization, RoleAssignment, User
from orgs.services.changes import differences

# Without what is easily misread on paper: 0 O o, 1 l I i.
LETTERS = "abcdefghjkmnpqrstuvwxyz"
DIGITS = "23456789"
GROUPS, GROUP_LENGTH = 3, 4


@dataclass(frozen=True)
class NewPassword:
    """An account and its one-time password, which is stored nowhere: show it once."""

    user: User
    password: str


def one_time_password() -> str:
    """Return a random password of three groups like k7mp-2xqa-9hdw: about 58 bits, at least a letter and a digit."""
    while True:
        text = "-".join(
            "".join(secrets.choice(LETTERS + DIGITS) for _place in range(GROUP_LENGTH)) for _group in range(GROUPS)
        )
        if set(text) & set(LETTERS) and set(text) & set(DIGITS):
            return text


def user_create(
    *,
    actor: Any,
    name: str,
    organization: Organization,
    username: str = "",
    member: Member | None = None,
    email: str = "",
    password: str | None = None,
) -> NewPassword:
    """Make an account with a one-time password that must be changed at the first login.

    A member's account is named after the personnel number, others after the pinyin of the name, unless `username` is
    given. `password` is for the system alone (demo). Raises NotAllowed, or DomainError for a taken account name or a
    member who has an account.
    """
    if actor is not None and (password or not reaches(actor, Cap.ACCOUNT_MANAGE, organization.path)):
        raise NotAllowed
    if actor is not None and member is not None and not reaches(actor, Cap.ACCOUNT_MANAGE, member.organization.path):
        raise NotAllowed
    given = password or one_time_password()
    with transaction.atomic():
        if member is not None and User.objects.filter(member=member).exists():
            raise DomainError(_("This member has an account already."))
        username = username or (member.personnel_no if member else _free_username(name))
        if User.objects.filter(username=username).exists():
            raise DomainError(_("This account name is taken. Please choose another."))
        user = User(
            username=username,
            name=name,
            email=email,
            member=member,
            organization=organization,
            must_change_password=password is None,
        )
        user.set_password(given)
        user.save(force_insert=True)
        changes = {"username": ["", username], "name": ["", name], "organization": ["", organization.name]}
        audit_record(action="user_create", actor=actor, target=user, changes=changes)
    return NewPassword(user, given)


def _free_username(name: str) -> str:
    """Return the pinyin of `name` in one word, with a number behind it where that is taken."""
    stem = "".join(letter for letter in pinyin(name) if letter.isascii() and letter.isalnum())[:40] or "user"
    taken = set(User.objects.filter(username__startswith=stem).values_list("username", flat=True))
    return next(
        free for number in range(len(taken) + 1) if (free := f"{stem}{number + 1 if number else ''}") not in taken
    )


def user_update(*, actor: Any, user: User, name: str, email: str, organization: Organization) -> User:
    """Change an account's name, mail and place. Raises NotAllowed."""
    _may_manage(actor, user)
    if actor is not None and not reaches(actor, Cap.ACCOUNT_MANAGE, organization.path):
        raise NotAllowed
    changes = differences(user, {"name": name, "email": email})
    if user.organization_id != organization.pk:
        changes["organization"] = (user.organization.name if user.organization else "", organization.name)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(name=name, email=email, organization=organization)
        user.refresh_from_db()
        audit_record(action="user_update", actor=actor, target=user, changes=changes)
    return user


def user_reset_password(*, actor: Any, user: User) -> NewPassword:
    """Give an active account a new one-time password; who is signed in with the old one is signed out.

    Raises NotAllowed, or DomainError for one's own or a deactivated account.
    """
    _may_manage(actor, user)
    if actor is not None and actor.pk == user.pk:
        raise DomainError(_("Change your own password on the page “Change password”."))
    if not user.is_active:
        raise DomainError(_("This account is deactivated. Activate it first."))
    password = one_time_password()
    user.set_password(password)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(password=user.password, must_change_password=True)
        user.must_change_password = True
        audit_record(action="user_reset_password", actor=actor, target=user)
    return NewPassword(user, password)


def user_deactivate(*, actor: Any, user: User, reason: str = "") -> User:
    """Close an account; its roles and history stay. Raises NotAllowed, StateConflict, or DomainError for one's own
    account and for the last administrator of a kind."""
    _may_manage(actor, user)
    if actor is not None and actor.pk == user.pk:
        raise DomainError(_("You cannot deactivate your own account."))
    with transaction.atomic():
        for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
            refuse_last_administrator(user, role)
        _set_active(user, active=False, actor=actor, reason=reason)
    return user


def user_activate(*, actor: Any, user: User) -> User:
    """Open a closed account again. Raises NotAllowed, StateConflict."""
    _may_manage(actor, user)
    with transaction.atomic():
        _set_active(user, active=True, actor=actor)
    return user


def _set_active(user: User, *, active: bool, actor: Any, reason: str = "") -> None:
    if User.objects.filter(pk=user.pk, is_active=not active).update(is_active=active) != 1:
        raise StateConflict
    user.is_active = active
    audit_record(
        action="user_activate" if active else "user_deactivate",
        actor=actor,
        target=user,
        reason=reason,
        changes={"is_active": [not active, active]},
    )


def _may_manage(actor: Any, user: User) -> None:
    if actor is not None and not User.objects.allowed(actor, Cap.ACCOUNT_MANAGE).filter(pk=user.pk).exists():
        raise NotAllowed


def refuse_last_administrator(user: User, role: Role) -> None:
    """Raise DomainError when `user` is the only active holder of `role`: nobody could make or entitle anybody then."""
    today = clock.today()
    holders = RoleAssignment.objects.on(today).filter(role=role, user__is_active=True)
    if holders.filter(user=user).exists() and not holders.exclude(user=user).exists():
        raise DomainError(_("This is the last administrator of this kind. Appoint another one first."))


def password_change(*, user: User, old_password: str, new_password: str) -> User:
    """Change one's own password. Raises DomainError when the old one is wrong, or the new one is the same or too weak."""
    if not user.check_password(old_password):
        raise DomainError(_("The present password is not right."))
    if old_password == new_password:
        raise DomainError(_("The new password must be another one."))
    try:
        validate_password(new_password, user)
    except ValidationError as error:
        raise DomainError(" ".join(error.messages)) from None
    user.set_password(new_password)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(password=user.password, must_change_password=False)
        user.must_change_password = False
        audit_record(action="password_change", actor=user, target=user)
    return user


def session_record(*, user: User, action: str) -> None:
    """Note a login or logout in the audit log (classified protection asks for both, 2-domain b.16)."""
    audit_record(action=action, actor=user, target=user)
