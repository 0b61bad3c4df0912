"""Forms that keep what is typed: a lost session, connection or page loses nothing of it."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

from campaign.drafts.models import Draft
from campaign.drafts.selectors import draft_of, drafts_of
from campaign.drafts.services import KEY, draft_clear

Typed = MultiValueDict[str, str]


def keep(request: HttpRequest, form: Any, key: str, *, parts: Iterable[Any] = (), paged: bool = False) -> Any:
    """Return `form`, which from now on keeps under `key` what is typed (`components/form.html` does the rest); one that was
    not sent yet shows what was kept. Call `draft_clear` once it is stored.

    `parts` are further forms of the same page. `paged`: the page is one of a list whose lines move (`kind:number of the
    page`), so that each line shows what was typed into it wherever it stood then."""
    form.draft_key = key
    if form.is_bound:
        return form
    if not paged:
        form.draft = draft_of(request.user, key)
        _show((form, *parts), form.draft)
        return form
    for draft in drafts_of(request.user, key.partition(":")[0]):
        if _show((form, *parts), draft):
            form.draft = draft
    return form


def dropped(request: HttpRequest, key: str) -> bool:
    """Tell whether somebody would rather go back to what was saved; then what was kept is forgotten. Of a list with pages
    it may be what was typed on another one: the field `key` says which."""
    if request.method != "POST" or request.POST.get("op") != "discard":
        return False
    shown, kind = request.POST.get("key", ""), key.partition(":")[0]
    draft_clear(request=request, key=shown if shown.startswith(f"{kind}:") and KEY.fullmatch(shown) else key)
    return True


def typed_in(draft: Draft | None) -> Typed:
    """Return what was typed by the names of the fields, as a request would have it."""
    found: Typed = MultiValueDict()
    for name, value in draft.fields if draft else ():
        found.appendlist(name, value)
    return found


def _show(found: Iterable[forms.Form], draft: Draft | None) -> bool:
    """Put what was typed into forms; tells whether any of it was theirs. What a form was not sent with stays as it is."""
    data, shown = typed_in(draft), False
    for form in found:
        names = {form.add_prefix(name): name for name in form.fields}
        if not names.keys() & data.keys():
            continue
        shown = True
        for place, name in names.items():
            widget = form.fields[name].widget
            if not widget.value_omitted_from_data(data, {}, place):
                form.initial[name] = widget.value_from_datadict(data, {}, place)
    return shown
