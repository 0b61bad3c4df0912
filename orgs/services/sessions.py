"""Signing in and out, and the sessions that come of it."""

from typing import Any

from django.db import transaction

from campaign.audit.services import audit_record
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import NotAllowed
from orgs.models import Session, User


def session_record(*, user: User, action: str) -> None:
    """Note a login or logout in the audit log (classified protection asks for both, 2-domain b.16)."""
    audit_record(action=action, actor=user, target=user)


def sessions_end_others(*, user: User, session_key: str) -> int:
    """Sign `user` out everywhere but in the session `session_key`; returns how many sessions ended."""
    with transaction.atomic():
        ended = Session.objects.filter(user=user).exclude(session_key=session_key).delete()[0]
        if ended:
            audit_record(action="sessions_end", actor=user, target=user, changes={"sessions": [ended, 0]})
    return ended


def sessions_end(*, actor: Any, user: User) -> int:
    """Sign somebody out everywhere, as an administrator; returns how many sessions ended. Raises NotAllowed."""
    if user.organization is None or not reaches(actor, Cap.ACCOUNT_MANAGE, user.organization.path):
        raise NotAllowed
    with transaction.atomic():
        ended = Session.objects.filter(user=user).delete()[0]
        audit_record(action="sessions_end", actor=actor, target=user, changes={"sessions": [ended, 0]})
    return ended
