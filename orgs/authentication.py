"""Signing in by account name, personnel number or phone, with a password or a one-time code."""

import re
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from orgs.models import User

PHONE_MARKS = re.compile(r"^\+?86(?=1\d{10}$)|[\s-]")


def account_named(name: str) -> User | None:
    """Return the active account that goes by `name`: an account name before a personnel number before a phone.

    A phone of two active accounts identifies nobody. The same three statements whatever is found, so that their time
    tells nothing.
    """
    typed = name.strip()
    accounts = User.objects.filter(is_active=True)
    phone = PHONE_MARKS.sub("", PHONE_MARKS.sub("", typed))
    by_name = list(accounts.filter(username=typed)[:1])
    by_number = list(accounts.filter(member__personnel_no=typed)[:1])
    by_phone = list(accounts.filter(member__phone=phone)[:2]) if phone else []
    by_phone = by_phone if len(by_phone) == 1 else []
    return next(iter(by_name or by_number or by_phone), None)


class AccountBackend(BaseBackend):
    """Answers the same, after about the same work, to a name that nobody has and to a wrong password."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        from orgs.services.one_time import code_fits

        if not username or not password:
            return None
        user = account_named(username)
        if user is None:
            make_password(password)  # as slow as a wrong password, so that names cannot be guessed by time
            return None
        fits = code_fits(user, password)
        return user if user.check_password(password) or fits else None

    def get_user(self, user_id: int) -> User | None:
        found: User | None = User.objects.filter(pk=user_id, is_active=True).first()
        return found
