"""Signing in by account name, personnel number or phone."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db.models import Q
from django.http import HttpRequest

from orgs.models import User


class AccountBackend(BaseBackend):
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        if not username or not password:
            return None
        known = Q(username=username) | Q(member__personnel_no=username) | Q(member__phone=username)
        # A phone shared by two accounts identifies nobody.
        found = list(User.objects.filter(known, is_active=True)[:2])
        if len(found) != 1:
            make_password(password)  # as slow as a wrong password, so that names cannot be guessed by time
            return None
        return found[0] if found[0].check_password(password) else None

    def get_user(self, user_id: int) -> User | None:
        found: User | None = User.objects.filter(pk=user_id, is_active=True).first()
        return found
