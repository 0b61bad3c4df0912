"""Accounts and organizations as they are written on the command line."""

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from orgs.models import Organization, OrganizationQuerySet, User


def account_named(username: str | None) -> User | None:
    """Return the active account whose rights count; None where none is named: the system. Raises CommandError."""
    if not username:
        return None
    found: User | None = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise CommandError(_("There is no active account %(name)s.") % {"name": username})
    return found


def organization_named(written: str, among: OrganizationQuerySet | None = None) -> Organization:
    """Return the organization with this code, else with this full name. Raises CommandError where there is none, or where
    several are called so."""
    places = Organization.objects.all() if among is None else among
    by_code = list(places.filter(code=written))
    found: list[Organization] = by_code or list(places.filter(name=written)[:2])
    if not found:
        raise CommandError(f"there is no organization with the code or full name {written!r}")
    if len(found) > 1:
        raise CommandError(f"several organizations are called {written!r}; give the code")
    return found[0]
