"""What a password must be (2-domain b.16): validators that read the rules the security administrator has set."""

from typing import Any

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from orgs.models import PastPassword, SignInPolicy


def kinds_in(password: str) -> int:
    """Count the kinds of characters: capital letters, small letters, digits, anything else."""
    tests = (
        lambda letter: letter.isascii() and letter.isupper(),
        lambda letter: letter.isascii() and letter.islower(),
        lambda letter: letter.isascii() and letter.isdigit(),
        lambda letter: not (letter.isascii() and letter.isalnum()),
    )
    return sum(any(test(letter) for letter in password) for test in tests)


class CompositionValidator:
    """Length and kinds of characters."""

    def validate(self, password: str, user: Any = None) -> None:
        policy = SignInPolicy.current()
        if len(password) < policy.min_length:
            raise ValidationError(
                _("The password has %(has)s characters; it needs at least %(least)s.")
                % {"has": len(password), "least": policy.min_length},
                code="password_too_short",
            )
        if kinds_in(password) < policy.kinds:
            raise ValidationError(
                _("Use at least %(kinds)s of these four: capital letters, small letters, digits, other characters.")
                % {"kinds": policy.kinds},
                code="password_too_plain",
            )

    def get_help_text(self) -> str:
        policy = SignInPolicy.current()
        return _(
            "At least %(least)s characters, of at least %(kinds)s of these four kinds: capital letters, small letters, "
            "digits, other characters."
        ) % {"least": policy.min_length, "kinds": policy.kinds}


class HistoryValidator:
    """None of the passwords used last, the present one among them."""

    def validate(self, password: str, user: Any = None) -> None:
        policy = SignInPolicy.current()
        if user is None or not user.pk or not policy.history:
            return
        past = PastPassword.objects.filter(user=user).values_list("encoded", flat=True)[: policy.history - 1]
        if any(check_password(password, encoded) for encoded in [user.password, *past]):
            raise ValidationError(
                _("This is one of the last %(history)s passwords. Choose another one.") % {"history": policy.history},
                code="password_used_before",
            )

    def get_help_text(self) -> str:
        history = SignInPolicy.current().history
        return _("None of the last %(history)s passwords.") % {"history": history} if history else ""


class CommonValidator(CommonPasswordValidator):
    """None of the 20 000 passwords used most; the rule of `PersonalValidator` says so beforehand."""

    def get_help_text(self) -> str:
        return ""


class PersonalValidator:
    """Nothing that others know of the person: names, numbers, phone, date of birth, end of the id number."""

    def validate(self, password: str, user: Any = None) -> None:
        written = password.lower()
        if any(value in written for value in _known_of(user)):
            raise ValidationError(
                _(
                    "The password holds your account name, a number or a date of yours. Others know these; leave them out."
                ),
                code="password_personal",
            )

    def get_help_text(self) -> str:
        return _("Nothing of your account name, numbers, phone or date of birth, and no common word.")


def _known_of(user: Any) -> list[str]:
    """Return what may not stand in the password of `user`, small letters; what is shorter than four proves nothing."""
    if user is None:
        return []
    known = [user.username, user.email.partition("@")[0]]
    member = user.member
    if member is not None:
        known += [member.personnel_no, member.phone, member.phone[-8:], member.id_number[-6:]]
        if member.birth_date:
            known += [f"{member.birth_date:%Y%m%d}", f"{member.birth_date:%y%m%d}"]
    return [value.lower() for value in known if len(value) >= 4]
