"""Three-role separation: system, security and audit administrator are three people at any time (2-domain section (e)).

Holding a role and standing in for its holder count alike. Whoever writes either locks the accounts first, so that two
writers never both see the other's role missing.
"""

import datetime as dt

from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import ADMINISTRATORS
from campaign.common.errors import DomainError
from orgs.models import Delegation, RoleAssignment, User


def lock_accounts(*ids: int) -> None:
    """Lock accounts in one order until the transaction ends (on SQLite the whole database is locked by then)."""
    list(User.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def refuse_second_administrator(user: User, first: dt.date, last: dt.date | None) -> None:
    """Raise DomainError when `user` is an administrator, or stands in for one, on any day from `first` to `last`."""
    held = RoleAssignment.objects.during(first, last).filter(user=user, role__in=ADMINISTRATORS)
    handed = Delegation.objects.during(first, last).filter(deputy=user, assignment__role__in=ADMINISTRATORS)
    if held.exists() or handed.exists():
        raise DomainError(_("Nobody may be administrator of two kinds. End the other role first."))
