"""Accounts: made by the system administrator, with a one-time code that is shown once."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap, Role
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.text import found_by, pinyin
from orgs.lockout import failures_forget
from orgs.models import Member, Organization, RoleAssignment, Session, SignInPolicy, User
from orgs.oversight import beyond, holds_more
from orgs.services.changes import differences
from orgs.services.one_time import NewPassword, codes_issue


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
    """Make an account with a one-time code, which leads to choosing a password at the first login.

    A member's account is named after the personnel number, others after the pinyin of the name, unless `username` is
    given. `password` is for the system alone (demo). Raises NotAllowed, or DomainError for a taken account name or a
    member who has an account.
    """
    if actor is not None and (password or not reaches(actor, Cap.ACCOUNT_MANAGE, organization.path)):
        raise NotAllowed
    if actor is not None and member is not None and not reaches(actor, Cap.ACCOUNT_MANAGE, member.organization.path):
        raise NotAllowed
    with transaction.atomic():
        if member is not None and User.objects.filter(member=member).exists():
            raise DomainError(_("This member has an account already."))
        username = username or (member.personnel_no if member else _free_username(name))
        if User.objects.filter(username=username).exists():
            raise DomainError(_("This account name is taken. Please choose another."))
        user = User(
            username=username,
            name=name,
            **found_by(name),
            email=email,
            member=member,
            organization=organization,
            must_change_password=password is None,
        )
        user.set_password(password)  # None: no password fits, the code alone leads in
        user.save(force_insert=True)
        changes = {"username": ["", username], "name": ["", name], "organization": ["", organization.name]}
        audit_record(action="user_create", actor=actor, target=user, changes=changes)
        if password is not None:
            return NewPassword(user, password)
        lasts = dt.timedelta(days=SignInPolicy.current().code_days)
        return codes_issue(users=[user], actor=actor, lasts=lasts)[0]


def _free_username(name: str) -> str:
    """Return the pinyin of `name` in one word, with a number behind it where that is taken."""
    stem = "".join(letter for letter in pinyin(name) if letter.isascii() and letter.isalnum())[:40] or "user"
    taken = set(User.objects.filter(username__startswith=stem).values_list("username", flat=True))
    return next(
        free for number in range(len(taken) + 1) if (free := f"{stem}{number + 1 if number else ''}") not in taken
    )


def user_update(*, actor: Any, user: User, name: str, email: str, organization: Organization) -> User:
    """Change an account's name, mail and place. Raises NotAllowed, or DomainError for the mail of an account with rights
    out of reach: a link to set the password goes there."""
    _may_manage(actor, user)
    if email != user.email:
        refuse_rights_beyond(actor, user)
    if actor is not None and not reaches(actor, Cap.ACCOUNT_MANAGE, organization.path):
        raise NotAllowed
    changes = differences(user, {"name": name, "email": email})
    if user.organization_id != organization.pk:
        changes["organization"] = (user.organization.name if user.organization else "", organization.name)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(name=name, **found_by(name), email=email, organization=organization)
        user.refresh_from_db()
        audit_record(action="user_update", actor=actor, target=user, changes=changes)
    return user


def user_reset_password(*, actor: Any, user: User) -> NewPassword:
    """Take the password of an active account away and give it a one-time code; who is signed in is signed out.

    Raises NotAllowed, or DomainError for one's own or a deactivated account, and one with rights out of reach.
    """
    _may_manage(actor, user)
    refuse_rights_beyond(actor, user)
    return _replace_password(actor=actor, user=user, action="user_reset_password")


def code_issue(*, actor: Any, user: User) -> NewPassword:
    """Help a member of one's branch who has forgotten the password, as its secretary: a one-time code, shown once.

    Only for those who are nothing but members: administrators, people with a role and deputies are helped by the system
    administrator. Raises NotAllowed, or DomainError for them, oneself and a deactivated account.
    """
    member = user.member
    if member is None or not reaches(actor, Cap.ACCOUNT_CODE, member.organization.path):
        raise NotAllowed
    if holds_more(user):
        raise DomainError(_("This person holds a role. For safety only the system administrator issues the code."))
    return _replace_password(actor=actor, user=user, action="code_issue")


def _replace_password(*, actor: Any, user: User, action: str) -> NewPassword:
    if actor is not None and actor.pk == user.pk:
        raise DomainError(_("Change your own password on the page “Change password”."))
    if not user.is_active:
        raise DomainError(_("This account is deactivated. Activate it first."))
    user.set_unusable_password()
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(password=user.password, must_change_password=True)
        user.must_change_password = True
        Session.objects.filter(user=user).delete()
        failures_forget(user)  # who forgot the password has tried it; the code must not find a locked door
        lasts = dt.timedelta(hours=SignInPolicy.current().reset_hours)
        (made,) = codes_issue(users=[user], actor=actor, lasts=lasts)
        audit_record(action=action, actor=actor, target=user)
    return made


def user_unlock(*, actor: Any, user: User) -> None:
    """Open an account that is locked after failures. Raises NotAllowed, StateConflict when there is nothing to open."""
    _may_manage(actor, user)
    with transaction.atomic():
        if not failures_forget(user):
            raise StateConflict
        audit_record(action="user_unlock", actor=actor, target=user)


def user_deactivate(*, actor: Any, user: User, reason: str = "") -> User:
    """Close an account; its roles and history stay. Raises NotAllowed, StateConflict, or DomainError for one's own
    account and for the last administrator of a kind."""
    _may_manage(actor, user)
    if actor is not None and actor.pk == user.pk:
        raise DomainError(_("You cannot deactivate your own account."))
    user_close(actor=actor, user=user, reason=reason)
    return user


def user_close(*, actor: Any, user: User, reason: str) -> None:
    """Close an account on behalf of a service that has asked whether `actor` may. Raises StateConflict, or DomainError for
    the last administrator of a kind."""
    with transaction.atomic():
        for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
            refuse_last_administrator(role, RoleAssignment.objects.filter(user=user))
        _set_active(user, active=False, actor=actor, reason=reason)
        Session.objects.filter(user=user).delete()


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


def refuse_rights_beyond(actor: Any, user: User) -> None:
    """Raise DomainError when `user` holds a role, or stands in for its holder, where `actor` manages no accounts: who can
    sign in as somebody has all their rights."""
    if beyond(actor, [user.pk]):
        raise DomainError(
            _(
                "This person holds a role in an organization whose accounts you do not manage. Ask the administrator there."
            )
        )


def refuse_last_administrator(role: Role, ending: Any) -> None:
    """Raise DomainError when nobody would hold `role` any more without the roles `ending` (a queryset): nobody could make
    or entitle anybody then."""
    roles = RoleAssignment.objects.on(clock.today()).filter(role=role)
    # Two who each end the role of the other's last colleague come one after the other.
    list(roles.select_for_update().order_by("pk").values_list("pk", flat=True))
    holders = roles.filter(user__is_active=True)
    keys = ending.order_by().values("pk")
    if holders.filter(pk__in=keys).exists() and not holders.exclude(pk__in=keys).exists():
        raise DomainError(_("This is the last administrator of this kind. Appoint another one first."))
