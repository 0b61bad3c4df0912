"""One's own password: changed, chosen with a one-time code, or set anew by a link in a mail."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import paths_of
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from orgs.lockout import failures_forget
from orgs.models import OneTimeCode, Organization, PastPassword, Session, SignInPolicy, User
from orgs.services.changes import differences
from orgs.services.one_time import code_fits

MAIL_PAUSE = 5 * 60
"""Seconds before the same account gets another mail."""
KEPT = 24
"""Former passwords that are kept at most, as many as the rules can ever ask for."""


class WrongPassword(DomainError):
    """The present password, asked for before something is changed, is another one."""

    message = _("The present password is not right.")


def password_change(*, user: User, old_password: str, new_password: str) -> User:
    """Change one's own password; every session of the account ends, the caller renews its own.

    Raises WrongPassword, or DomainError for a new one that is against the rules.
    """
    if not user.check_password(old_password):
        raise WrongPassword
    return _set_password(user, new_password, action="password_change")


def password_choose(*, user: User, new_password: str) -> User:
    """Choose a password after signing in with a one-time code, which is spent by it.

    Raises DomainError when the code has been replaced or spent meanwhile, or the password is against the rules.
    """
    if user.has_usable_password():
        raise NotAllowed
    code = OneTimeCode.objects.filter(user=user, expires_at__gt=clock.now())
    if not code.exists():
        raise DomainError(_("Your one-time code is no longer valid. Ask for a new one and sign in with it."))
    if code_fits(user, new_password):
        raise DomainError(_("The one-time code itself cannot be your password. Choose one of your own."))
    return _set_password(user, new_password, action="password_choose")


def _set_password(user: User, password: str, *, action: str) -> User:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError(" ".join(error.messages)) from None
    before, moment = user.password, clock.now()
    changed = User(password="")
    changed.set_password(password)
    with transaction.atomic():
        # Two requests at once: only the one that finds the password it replaces goes through.
        if not User.objects.filter(pk=user.pk, password=before).update(
            password=changed.password, must_change_password=False, password_changed_at=moment
        ):
            raise DomainError(_("The password has been changed meanwhile. Sign in again."))
        _remember(user, before, moment)
        OneTimeCode.objects.filter(user=user).delete()
        Session.objects.filter(user=user).delete()
        failures_forget(user)
        audit_record(action=action, actor=user, target=user)
    user.password, user.must_change_password, user.password_changed_at = changed.password, False, moment
    return user


def _remember(user: User, encoded: str, moment: dt.datetime) -> None:
    if not user.has_usable_password():
        return
    PastPassword.objects.create(user=user, encoded=encoded, replaced_at=moment)
    kept = PastPassword.objects.filter(user=user).values_list("pk", flat=True)[:KEPT]
    PastPassword.objects.filter(user=user).exclude(pk__in=list(kept)).delete()


def password_age_check(*, user: User) -> bool:
    """Let a password that is older than the rules allow be changed first; called when somebody signs in. Tells whether."""
    days = SignInPolicy.current().max_days
    since = user.password_changed_at or user.created_at
    if not days or user.must_change_password or since > clock.now() - dt.timedelta(days=days):
        return False
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    user.must_change_password = True
    return True


# -- by mail -------------------------------------------------------------------------------------------------------


def mail_is_set_up() -> bool:
    """Tell whether this installation can send mail."""
    return bool(settings.EMAIL_URL)


def reset_link_ask(*, name: str, address: str) -> None:
    """Let a link go to the mail of the account called `name`, if it has one; tells the caller nothing.

    `address` is the portal's own. The worker does the rest, so that a name that somebody has takes no
    longer than one that nobody has.
    """
    from orgs.authentication import account_named
    from orgs.tasks import send_reset_link

    user = account_named(name)
    known = user is not None and bool(user.email) and cache.add(f"reset_link:{user.pk}", 1, MAIL_PAUSE)
    # An id that nobody has: the same message to the worker for every name.
    send_reset_link.delay(user.pk if known and user is not None else 0, address)


def reset_link_send(*, user_id: int, address: str) -> bool:
    """Send the mail with the link, valid for RESET_LINK_MINUTES and until the password changes; tells whether."""
    user = User.objects.filter(pk=user_id, is_active=True).exclude(email="").first()
    if user is None:
        return False
    token = default_token_generator.make_token(user)
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    key = urlsafe_base64_encode(force_bytes(user.pk))
    link = address.rstrip("/") + reverse("password_link", kwargs={"key": key, "token": token})
    text = render_to_string("orgs/password_mail.txt", {"account": user, "link": link, "minutes": minutes})
    send_mail(str(_("Set your password anew")), text, None, [user.email])
    audit_record(action="password_mail", actor=None, target=user)
    return True


def account_of_link(*, key: str, token: str) -> User | None:
    """Return the account that a link from a mail is for; None when it is wrong, spent or too old."""
    try:
        user = User.objects.filter(pk=int(urlsafe_base64_decode(key).decode()), is_active=True).first()
    except (ValueError, OverflowError):
        return None
    return user if user is not None and default_token_generator.check_token(user, token) else None


def password_set_by_link(*, key: str, token: str, new_password: str) -> User:
    """Set the password with a link from a mail, which is spent by it. Raises DomainError as the links and rules say."""
    user = account_of_link(key=key, token=token)
    if user is None:
        raise DomainError(_("This link is no longer valid. Ask for a new one."))
    return _set_password(user, new_password, action="password_set_by_link")


# -- the rules -----------------------------------------------------------------------------------------------------


def policy_update(*, actor: Any, version: int, **values: int) -> SignInPolicy:
    """Change the rules of signing in, which hold for the whole installation (2-domain b.16).

    Raises NotAllowed unless `actor` is security administrator at the very top, EditConflict when somebody else did so
    meanwhile.
    """
    if not may_set_policy(actor):
        raise NotAllowed
    with transaction.atomic():
        policy, _made = SignInPolicy.objects.get_or_create(pk=1)
        changes = differences(policy, values)
        policy.save_version(version, **values)
        audit_record(action="policy_update", actor=actor, target=policy, changes=changes)
    return policy


def may_set_policy(actor: Any) -> bool:
    """Tell whether `actor` sets the rules for everybody: not from a part of the tree for the others."""
    return any(len(path) == Organization.steplen for path in paths_of(actor, Cap.SIGN_IN_POLICY))
