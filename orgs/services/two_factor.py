"""The second factor: a code generator on the phone (TOTP), with recovery codes for the day it is lost."""

import secrets
from base64 import b32encode
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_otp.oath import TOTP

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.crypto import decrypt, digest, encrypt
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from orgs.models import RecoveryCode, SecondFactor, Session, User
from orgs.services.accounts import refuse_rights_beyond
from orgs.services.one_time import normalized, one_time_password
from orgs.services.passwords import WrongPassword

SECRET_BYTES = 20
DRIFT = 1
"""Steps of 30 seconds by which a phone's clock may be wrong, either way."""
RECOVERY_CODES = 10
PROVED, SETTING_UP = "second_factor", "second_factor_secret"
"""Keys in the session: which factor was given in it, and the secret of a set-up that is not finished."""


def has_proved(session: Any, user: Any) -> bool:
    """Tell whether the second factor that `user` has now was given in this session."""
    return bool(session.get(PROVED) == _mark(user))


def prove(session: Any, user: User) -> None:
    """Note in the session that the second factor was given."""
    session[PROVED] = _mark(user)
    session.pop(SETTING_UP, None)


def _mark(user: Any) -> str:
    return str(user.two_factor_since.isoformat()) if user.two_factor_since else ""


def secret_for(session: Any) -> bytes:
    """Return the secret of the set-up that was begun in this session, else a new one; kept there encrypted until the
    first code proves that the phone has it."""
    if SETTING_UP not in session:
        session[SETTING_UP] = encrypt(secrets.token_hex(SECRET_BYTES))
    return bytes.fromhex(decrypt(session[SETTING_UP]))


def two_factor_enable(*, user: User, secret: bytes, token: str) -> list[str]:
    """Take a second factor into use when `token` fits `secret`; returns the recovery codes, which are shown once and stored
    as hashes. Raises DomainError for a wrong token, StateConflict when a factor is in use already."""
    moment = clock.now()
    factor = SecondFactor(user=user, secret_cipher=encrypt(secret.hex()), confirmed_at=moment)
    step = _step(factor, token)
    if step is None:
        raise DomainError(WRONG_TOKEN)
    factor.last_step = step
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, two_factor_since=None).update(two_factor_since=moment):
            raise StateConflict
        factor.save(force_insert=True)
        user.two_factor_since = moment
        codes = _make_recovery_codes(user)
        audit_record(action="two_factor_enable", actor=user, target=user)
    return codes


WRONG_TOKEN = _(
    "This code is not right. Check that the phone's clock is set by the network, and type the code shown now."
)


def two_factor_check(*, user: User, token: str) -> bool:
    """Tell whether `token` is the generator's present code or a recovery code; each is good once."""
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        return False
    step = _step(factor, token)
    if step is not None:
        # Two requests at once: only one moves the step on.
        return bool(SecondFactor.objects.filter(user=user, last_step__lt=step).update(last_step=step))
    return _recover(user, token)


def _recover(user: User, token: str) -> bool:
    spent = digest(normalized(token), purpose="recovery_code")
    with transaction.atomic():
        if not RecoveryCode.objects.filter(user=user, digest=spent).delete()[0]:
            return False
        left = RecoveryCode.objects.filter(user=user).count()
        audit_record(action="two_factor_recover", actor=user, target=user, changes={"left": [left + 1, left]})
    return True


def _step(factor: SecondFactor, token: str) -> int | None:
    """Return the time step that `token` belongs to, if it is one after the step used last."""
    digits = "".join(token.split())
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        return None
    totp = TOTP(bytes.fromhex(decrypt(factor.secret_cipher)))
    totp.time = clock.now().timestamp()
    fits = totp.verify(int(digits), tolerance=DRIFT, min_t=factor.last_step + 1)
    return int(totp.t()) if fits else None


def recovery_codes_renew(*, user: User) -> list[str]:
    """Return new recovery codes in the place of the old ones. Raises StateConflict without a factor."""
    if user.two_factor_since is None:
        raise StateConflict
    with transaction.atomic():
        codes = _make_recovery_codes(user)
        audit_record(action="recovery_codes_renew", actor=user, target=user)
    return codes


def _make_recovery_codes(user: User) -> list[str]:
    codes = [one_time_password() for _number in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=digest(normalized(code), purpose="recovery_code")) for code in codes
    )
    return codes


def two_factor_disable(*, user: User, password: str) -> None:
    """Do without the second factor. Raises WrongPassword, or DomainError for an administrator who must have one."""
    if not user.check_password(password):
        raise WrongPassword
    if user.needs_two_factor:
        raise DomainError(_("Administrators must use a second factor. Ask another system administrator to reset it."))
    with transaction.atomic():
        _remove(user)
        audit_record(action="two_factor_disable", actor=user, target=user)


def two_factor_reset(*, actor: Any, user: User, reason: str) -> None:
    """Take a lost second factor away; the person is signed out, and sets one up anew where it is required.

    Raises NotAllowed, or DomainError for one's own (another system administrator must do it), for an account with rights
    out of reach, and without a reason.
    """
    if user.organization is None or not reaches(actor, Cap.ACCOUNT_MANAGE, user.organization.path):
        raise NotAllowed
    if actor.pk == user.pk:
        raise DomainError(_("Nobody resets a second factor of one's own. Ask another system administrator."))
    refuse_rights_beyond(actor, user)
    if not reason.strip():
        raise DomainError(_("Say why, for example: phone lost, identity checked in person."))
    with transaction.atomic():
        _remove(user)
        Session.objects.filter(user=user).delete()
        audit_record(action="two_factor_reset", actor=actor, target=user, reason=reason)


def _remove(user: User) -> None:
    if not User.objects.filter(pk=user.pk).exclude(two_factor_since=None).update(two_factor_since=None):
        raise StateConflict
    user.two_factor_since = None
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


def secret_shown(secret: bytes) -> str:
    """Return a secret as people type it into a generator: groups of four letters and digits (base 32)."""
    text = b32encode(secret).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
