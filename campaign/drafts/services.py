"""Keeping what was typed, and forgetting it once it is stored where it belongs."""

import datetime as dt
import json
import re
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.errors import DomainError
from campaign.drafts.models import Draft

KEY = re.compile(r"[a-z_]{1,30}:\d{1,12}")
LARGEST = 64 * 1024
"""Characters of one draft; the longest form of the portal has a tenth of that."""
MOST = 200
"""Drafts that one account keeps at a time; beyond, the oldest goes."""
KEPT = dt.timedelta(days=30)
DONE = "drafts_done"


def draft_save(*, user: Any, key: str, fields: Sequence[Sequence[str]]) -> Draft:
    """Keep the fields of a form of `user`, in place of an earlier draft. Raises DomainError for what is no form's."""
    pairs = all(len(pair) == 2 and all(isinstance(part, str) for part in pair) for pair in fields)
    spoilt = pairs and any("\0" in part for pair in fields for part in pair)
    if not KEY.fullmatch(key) or not pairs or spoilt or len(json.dumps(fields, ensure_ascii=False)) > LARGEST:
        raise DomainError(_("This is too much to be kept for you. Please save the form."))
    draft, made = Draft.objects.update_or_create(
        user=user, key=key, defaults={"fields": [list(pair) for pair in fields], "saved_at": clock.now()}
    )
    if made:
        newest = Draft.objects.filter(user=user).order_by("-saved_at", "-pk")[MOST:]
        Draft.objects.filter(pk__in=list(newest.values_list("pk", flat=True))).delete()
    return draft


def draft_clear(*, request: HttpRequest, key: str) -> None:
    """Forget the draft of a form that has been stored; the next page tells the browser to forget its copy too."""
    Draft.objects.filter(user=request.user.pk, key=key).delete()
    request.session[DONE] = [*request.session.get(DONE, []), key]


def drafts_expire() -> int:
    """Delete what nobody came back to for KEPT; returns how many."""
    return Draft.objects.filter(saved_at__lt=clock.now() - KEPT).delete()[0]
