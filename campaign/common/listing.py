"""Lists: filter, order and page a queryset, at a cost that does not depend on the size of the whole."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import django_tables2
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render

from campaign.common.filters import Filters

LONGEST_PAGE = 200
BOUND = 10_000
"""As far as rows are counted and paged; whoever looks for something further down narrows the filter."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts at most BOUND rows: a list over a million never counts the million. A page has 1 to LONGEST_PAGE rows, whatever an
    address asks for."""

    def __init__(self, object_list: Any, per_page: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(object_list, min(max(int(per_page), 1), LONGEST_PAGE), *args, **kwargs)

    @cached_property
    def _counted(self) -> int:
        rows: Any = getattr(self.object_list, "data", self.object_list)  # the rows of a table, or plain ones
        rows = getattr(rows, "data", rows)
        if isinstance(rows, QuerySet) and not rows.query.is_sliced:
            # In whatever order: sorting a million to count the first of them takes seconds.
            return rows.order_by()[: BOUND + 1].count()
        part = rows[: BOUND + 1]
        return part.count() if isinstance(part, QuerySet) else len(part)

    @property
    def more(self) -> bool:
        """There are more rows than can be paged."""
        return self._counted > BOUND

    @cached_property
    def count(self) -> int:
        return min(self._counted, BOUND)

    @property
    def count_text(self) -> str:
        return f"{BOUND:,}+".replace(",", " ") if self.more else str(self.count)


def listing(
    request: HttpRequest,
    *,
    queryset: "QuerySet[Any, Any] | Sequence[Any]",
    table_class: type[django_tables2.Table],
    filter_class: type[Filters] | None = None,
    per_page: int = 50,
    **table_options: Any,
) -> dict[str, Any]:
    """Return the context of `components/list.html`: `table` (one page of it) and `filter` (None without filter_class).

    One statement counts up to BOUND rows, one reads the page. `queryset` must start from what the user may see.
    `table_options` go to the table (`exclude=…`, `order_by=…`).
    """
    chosen = _filter(request, queryset, filter_class) if filter_class else None
    table = table_class(chosen.qs if chosen else queryset, **table_options)
    pages = {"per_page": per_page, "paginator_class": BoundedPaginator}
    django_tables2.RequestConfig(request, paginate=pages).configure(table)
    return {"table": table, "filter": chosen}


def list_response(
    request: HttpRequest,
    context: dict[str, Any] | None = None,
    *,
    template: str = "components/list_page.html",
    **options: Any,
) -> HttpResponse:
    """Answer with a list page. `context` gives `title`, `lead`, `empty_text`, `actions`; `options` are those of `listing`.

    A posted search is kept in the session and answered with a redirect, so that reloading and paging keep it; the order
    and what else the address chooses stay, unless everything is cleared.
    """
    if request.method == "POST":
        if (filter_class := options.get("filter_class")) and filter_class.personal:
            _keep_search(request)
        kept = request.GET.copy()
        for name in list(kept) if "clear" in request.POST else ("page",):
            if name != "sort":
                kept.pop(name, None)
        return HttpResponseRedirect(f"{request.path}?{kept.urlencode()}" if kept else request.path)
    found = listing(request, **options)
    return render(request, template, {**found, **(context or {})})


def search_key(path: str) -> str:
    """Return where the session keeps the personal search of the list at `path`."""
    return f"search:{path}"


def _keep_search(request: HttpRequest) -> None:
    request.session[search_key(request.path)] = "" if "clear" in request.POST else request.POST.urlencode()


def _filter(request: HttpRequest, queryset: Any, filter_class: type[Filters]) -> Filters:
    data: Any = request.GET
    if filter_class.personal:
        if request.method == "POST":
            _keep_search(request)
        data = QueryDict(request.session.get(search_key(request.path), ""))
    return filter_class(data, queryset=queryset, request=request)
