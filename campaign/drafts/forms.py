"""Forms that keep what is typed: a lost session, connection or page loses nothing of it."""

from typing import Any

from django import forms
from django.http import HttpRequest

from campaign.drafts.models import Draft
from campaign.drafts.selectors import draft_of
from campaign.drafts.services import draft_clear


def keep(request: HttpRequest, form: Any, key: str) -> Any:
    """Return `form`, which from now on keeps under `key` what is typed (`components/form.html` does the rest); one that was
    not sent yet shows what was kept. Call `draft_clear` once it is stored."""
    form.draft_key = key
    if not form.is_bound:
        form.draft = draft_of(request.user, key)
        form.initial.update(_typed(form, form.draft))
    return form


def dropped(request: HttpRequest, key: str) -> bool:
    """Tell whether somebody would rather go back to what was saved; then what was kept is forgotten."""
    if request.method != "POST" or request.POST.get("op") != "discard":
        return False
    draft_clear(request=request, key=key)
    return True


def _typed(form: forms.Form, draft: Draft | None) -> dict[str, str]:
    return {name: value for name, value in (draft.fields if draft else ()) if name in form.fields}
