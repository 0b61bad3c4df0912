"""The session engine: Django's, with columns that say whose a session is and where it began."""

import datetime as dt
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils.dateparse import parse_datetime

from campaign.common import clock

ORIGIN = "origin"
"""Where in the session's data its address, device and beginning stand (see `orgs.middleware`)."""


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> Any:
        from orgs.models import Session

        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        origin = data.get(ORIGIN) or {}
        row.user_id = int(data["_auth_user_id"]) if "_auth_user_id" in data else None
        row.address = str(origin.get("address", ""))[:45]
        row.device = str(origin.get("device", ""))[:200]
        row.began_at = parse_datetime(str(origin.get("began_at", ""))) or clock.now()
        return row


def last_seen(expires_at: dt.datetime, age: int) -> dt.datetime:
    """Return when a session was used last: every click moves its end to `age` seconds later, a poll does not."""
    return expires_at - dt.timedelta(seconds=age)
