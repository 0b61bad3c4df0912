"""Lockout after failures (2-domain b.16), on top of django-axes: an account by whichever of its names it was tried, and an
address from which several accounts fail.

A plant may sit behind one address, so an address is not locked by one person's five failures: what counts is how many
accounts have failed from it and not got in since. How many, and for how long, says `SignInPolicy`.
"""

import datetime as dt
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.contrib.auth.signals import user_login_failed
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.crypto import digest
from orgs.models import SignInPolicy, User


def key_of(user: User) -> str:
    """Return what stands for an account in the table of failures."""
    return f"account-{user.pk}"


def factor_credentials(user: User) -> dict[str, Any]:
    """Return the credentials under which failures of the second factor are counted: on their own, since a right password
    forgets the failures of the account, and whoever has that could guess on for ever."""
    return {"username": user.username, "key": f"factor-{user.pk}"}


def account_key(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return the key of the account that the typed name means; a keyed hash of a name that nobody has (it may be a
    stranger's phone, or a password typed into the wrong field)."""
    if credentials and "key" in credentials:
        return str(credentials["key"])
    user = account_tried(request, credentials)
    if user is not None:
        return key_of(user)
    return f"unknown-{digest(_typed(request, credentials).strip().lower(), purpose='sign_in_name')[:40]}"


def account_tried(request: HttpRequest, credentials: dict[str, Any] | None) -> User | None:
    """Return the account that the typed name means; looked up once a request, though axes asks many times."""
    from orgs.authentication import account_named

    typed = _typed(request, credentials)
    known: dict[str, User | None] = request.__dict__.setdefault("_accounts_tried", {})
    if typed not in known:
        known[typed] = account_named(typed)
    return known[typed]


def _typed(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    return str((credentials or {}).get("username") or request.POST.get("username") or "")


def policy_for(request: HttpRequest) -> SignInPolicy:
    """Return the rules in force, read once a request."""
    kept: SignInPolicy = request.__dict__.setdefault("_sign_in_policy", None) or SignInPolicy.current()
    request.__dict__["_sign_in_policy"] = kept
    return kept


def failure_limit(request: HttpRequest, _credentials: dict[str, Any] | None) -> int:
    return int(policy_for(request).lock_failures)


def cool_off(request: HttpRequest | None) -> dt.timedelta:
    policy = SignInPolicy.current() if request is None else policy_for(request)
    return dt.timedelta(minutes=policy.lock_minutes)


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]
    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return the failures of the account; as many as lock it when the address is locked."""
        failures = int(super().get_failures(request, credentials))
        limit = failure_limit(request, credentials)
        return limit if failures < limit and self._address_is_locked(request) else failures

    @staticmethod
    def _address_is_locked(request: HttpRequest) -> bool:
        most, address = policy_for(request).address_failures, getattr(request, "axes_ip_address", None)
        if not most or not address:
            return False
        failed = AccessAttempt.objects.filter(ip_address=address, attempt_time__gte=get_cool_off_threshold(request))
        return bool(failed.order_by().values("username").distinct()[:most].count() >= most)

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        before = getattr(request, "axes_locked_out", False)
        super().user_login_failed(sender, credentials, request, **kwargs)
        if request is not None and not before and getattr(request, "axes_locked_out", False):
            audit_record(action="login_lock", actor=None, target=account_tried(request, credentials))


def is_locked(request: HttpRequest, credentials: dict[str, Any]) -> bool:
    """Tell whether nothing may be tried with `credentials` now."""
    return not AxesProxyHandler.is_allowed(request, credentials)


def failure_note(request: HttpRequest, credentials: dict[str, Any]) -> None:
    """Count a failure of somebody who is signed in already: a wrong second factor, or a wrong present password."""
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)


def locked_out_page(request: HttpRequest, *_: Any) -> HttpResponse:
    """Say that it is locked, for how long, and what to do."""
    return render(request, "orgs/locked_out.html", {"minutes": policy_for(request).lock_minutes}, status=429)


def keys_of(user: User) -> list[str]:
    """Return all keys under which failures of an account are counted."""
    return [key_of(user), str(factor_credentials(user)["key"])]


def locked_until(user: User) -> dt.datetime | None:
    """Return until when an account is locked, by its password or its second factor; None when it is not."""
    policy = SignInPolicy.current()
    wait = dt.timedelta(minutes=policy.lock_minutes)
    tried = AccessAttempt.objects.filter(username__in=keys_of(user), attempt_time__gte=clock.now() - wait)
    found = (
        tried.order_by().values("username").annotate(failures=Sum("failures_since_start"), latest=Max("attempt_time"))
    )
    ends = [row["latest"] + wait for row in found if row["failures"] >= policy.lock_failures]
    return max(ends, default=None)


def failures_forget(user: User) -> int:
    """Forget the failures of an account, which opens it; returns how many tries were forgotten."""
    return int(AccessAttempt.objects.filter(username__in=keys_of(user)).delete()[0])


def locked_accounts() -> list[int]:
    """Return the ids of the accounts that are locked now; few, since a lock lasts minutes."""
    policy = SignInPolicy.current()
    since = clock.now() - dt.timedelta(minutes=policy.lock_minutes)
    tried = AccessAttempt.objects.filter(attempt_time__gte=since).exclude(username__startswith="unknown-").order_by()
    totals = tried.values_list("username").annotate(failures=Sum("failures_since_start"))
    return [int(key.partition("-")[2]) for key, failures in totals if failures >= policy.lock_failures]
