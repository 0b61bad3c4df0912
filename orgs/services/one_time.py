"""One-time codes: random, stored as keyed hashes with an end, each good for setting one's own password once.

A password hash is slow on purpose: 100 000 of them would take hours. A code of 58 random bits needs none, a keyed hash of it
can neither be reversed nor guessed.
"""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.crypto import constant_time_compare

from campaign.common import clock
from campaign.common.crypto import digest
from orgs.models import CodeSheet, OneTimeCode, User

# Without what is easily misread on paper: 0 O o, 1 l I i.
LETTERS = "abcdefghjkmnpqrstuvwxyz"
DIGITS = "23456789"
GROUPS, GROUP_LENGTH = 3, 4
BATCH = 500


@dataclass(frozen=True)
class NewPassword:
    """An account and its one-time code in the clear, which is stored nowhere: show it once."""

    user: User
    password: str
    expires_at: dt.datetime | None = None


def one_time_password() -> str:
    """Return a random code of three groups like k7mp-2xqa-9hdw: about 58 bits, at least a letter and a digit."""
    while True:
        text = "-".join(
            "".join(secrets.choice(LETTERS + DIGITS) for _place in range(GROUP_LENGTH)) for _group in range(GROUPS)
        )
        if set(text) & set(LETTERS) and set(text) & set(DIGITS):
            return text


def normalized(code: str) -> str:
    """Return a code as it was made, however it was typed: capitals, spaces, without hyphens."""
    return "".join(letter for letter in code.lower() if letter.isascii() and letter.isalnum())


def codes_issue(
    *, users: Sequence[User], actor: Any, lasts: dt.timedelta, sheet: CodeSheet | None = None
) -> list[NewPassword]:
    """Give each of `users` a new code, valid for `lasts`, in the place of an earlier one; a constant number of statements
    per 500. Call it inside a transaction of a service that has checked the right and writes the audit entry."""
    moment = clock.now()
    made = [NewPassword(user, one_time_password(), moment + lasts) for user in users]
    keys = [user.pk for user in users]
    for start in range(0, len(keys), BATCH):
        OneTimeCode.objects.filter(user__in=keys[start : start + BATCH]).delete()
    OneTimeCode.objects.bulk_create(
        (
            OneTimeCode(
                user=new.user,
                digest=_digest(new.user.pk, new.password),
                issued_at=moment,
                expires_at=moment + lasts,
                issued_by=actor,
                sheet=sheet,
            )
            for new in made
        ),
        batch_size=BATCH,
    )
    return made


def code_fits(user: User, typed: str) -> bool:
    """Tell whether `typed` is the unspent code of `user`."""
    code = OneTimeCode.objects.filter(user=user, expires_at__gt=clock.now()).first()
    return code is not None and constant_time_compare(code.digest, _digest(user.pk, typed))


def is_current(user_id: int, password: str, stored: str) -> bool:
    """Tell whether the stored hash is the one of this account's code (a printed sheet leaves out spent ones)."""
    return constant_time_compare(stored, _digest(user_id, password))


def _digest(user_id: int, code: str) -> str:
    # The account goes in: a code moved to another row of the table fits nobody.
    return digest(f"{user_id}:{normalized(code)}", purpose="one_time_code")
