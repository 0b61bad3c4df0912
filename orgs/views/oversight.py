"""Who can see an object, and what was done to it: one page for every kind of object."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.audit.selectors import history_of
from campaign.audit.tables import history_lines
from campaign.common.access import SIGNED_IN, access
from campaign.common.capabilities import Cap
from campaign.common.listing import BoundedPaginator
from campaign.common.oversight import ObjectKind, Standing, kinds, standing
from orgs.readers import readers_of

PER_PAGE = 30


@access(GET=SIGNED_IN)
def oversight_readers(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Who can see the object, by role, with the reason."""
    found, record, stands, opens = _object(request, kind, pk)
    if not stands.sees_readers:
        raise Http404
    context = {
        **_frame(found, record, stands, "oversight_readers", opens=opens),
        "groups": readers_of(found, record),
        "also": [str(text) for text in found.also(record)],
    }
    return render(request, "orgs/oversight_readers.html", context)


@access(GET=SIGNED_IN)
def oversight_history(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """What was done to the object, the latest first."""
    found, record, stands, opens = _object(request, kind, pk)
    if not stands.sees_history:
        raise Http404
    entries = history_of(found, record)
    pages: Paginator[Any] = BoundedPaginator(entries, PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        **_frame(found, record, stands, "oversight_history", opens=opens),
        "page": page,
        "lines": history_lines(page.object_list, record),
    }
    return render(request, "orgs/oversight_history.html", context)


def _object(request: HttpRequest, key: str, pk: int) -> tuple[ObjectKind, Any, Standing, bool]:
    """Return the kind, the object, how the person stands to it, and whether the person may open its page. Who neither sees
    it nor audits its organization is told "not found"."""
    user: Any = request.user
    if key not in kinds:
        raise Http404
    kind = kinds.get(key)
    record = kind.objects().filter(pk=pk).first()
    if record is None:
        raise Http404
    opens = any(kind.objects().allowed(user, each).filter(pk=pk).exists() for each in kind.capabilities(record))
    if not opens and not kind.objects().allowed(user, Cap.AUDIT_VIEW).filter(pk=pk).exists():
        raise Http404
    return kind, record, standing(user, kind, record), opens


def _frame(kind: ObjectKind, record: Any, stands: Standing, here: str, *, opens: bool) -> dict[str, Any]:
    pages = [("oversight_readers", _("Who can see this"))]
    if stands.sees_history:
        pages.append(("oversight_history", _("Operations record")))
    tabs = [
        {"label": label, "url": reverse(name, args=[kind.key, record.pk]), "active": name == here}
        for name, label in pages
    ]
    crumbs = [{"label": str(record), "url": reverse(kind.page, args=[record.pk])}] if opens else []
    return {"record": record, "kind_name": kind.model._meta.verbose_name, "tabs": tabs, "crumbs": crumbs}
