"""Asking for pages as somebody."""

import html
from typing import Any

from django.test import Client

from orgs.models import User


def as_(user: User) -> Client:
    """Return the browser of `user`, signed in."""
    client = Client()
    client.force_login(user, backend="orgs.authentication.AccountBackend")
    return client


def text(response: Any) -> str:
    """Return a page as it reads."""
    return html.unescape(response.content.decode())
