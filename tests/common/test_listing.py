"""Lists: bounded counts, filters, order, pages."""

from typing import Any

import django_tables2 as tables
import pytest
from django.core.paginator import Paginator
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from campaign.common import listing as module
from campaign.common.listing import BoundedPaginator, list_response, listing
from orgs.models import Organization
from tests.world import World


class OrganizationTable(tables.Table):
    class Meta:
        model = Organization
        fields = ("name", "code")


def context_of(params: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    request = RequestFactory().get("/", params or {})
    found = Organization.objects.order_by("path")
    return listing(request, queryset=found, table_class=OrganizationTable, **options)


def names(context: dict[str, Any]) -> list[str]:
    return [row.record.name for row in context["table"].page.object_list]


def test_a_page_costs_two_statements_whatever_the_size(world: World) -> None:
    for per_page in (1, 3, 50):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            names(context_of(per_page=per_page))
        assert len(queries) == 2


def test_counting_stops_at_the_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BOUND", 3)
    with CaptureQueriesContext(connection) as queries:
        paginator = context_of(per_page=2)["table"].paginator
        assert (paginator.count, paginator.count_text, paginator.num_pages) == (3, "3+", 2)
    assert "LIMIT 4" in queries[0]["sql"]


def test_below_the_bound_the_count_is_exact(world: World) -> None:
    paginator = context_of()["table"].paginator
    assert (paginator.count, paginator.count_text, paginator.more) == (7, "7", False)


def test_thousands_are_told_apart() -> None:
    assert BoundedPaginator(range(20_000), 50).count_text == "10 000+"
    assert BoundedPaginator([], 50).count == Paginator([], 50).count == 0


def test_order_and_page_come_from_the_address(world: World) -> None:
    everything = names(context_of({"sort": "-code"}))
    assert everything == [o.name for o in Organization.objects.order_by("-code")]
    assert names(context_of({"sort": "-code", "page": "2"}, per_page=3)) == everything[3:6]


@pytest.mark.parametrize("params", [{"page": "999"}, {"page": "x"}, {"sort": "no_such_column"}, {"sort": ""}])
def test_nonsense_in_the_address_shows_a_page_all_the_same(world: World, params: dict[str, str]) -> None:
    assert names(context_of(params, per_page=3))


def test_a_posted_search_is_kept_out_of_the_address(world: World) -> None:
    client = Client()
    client.force_login(world.user("audit_admin", "root"), backend="orgs.authentication.AccountBackend")
    world.campaign()
    answer = client.post("/audit/", {"person": "nobody of this name"})
    assert (answer.status_code, answer["Location"]) == (302, "/audit/")
    assert not list(client.get("/audit/").context["table"].data)
    assert len(client.get("/audit/?page=1").context["table"].data) == 0
    client.post("/audit/", {"clear": "1", "person": "nobody of this name"})
    assert len(client.get("/audit/").context["table"].data) == 1


def test_a_search_keeps_the_order_and_what_the_address_chooses_until_it_is_cleared(world: World) -> None:
    client = Client()
    client.force_login(world.user("audit_admin", "root"), backend="orgs.authentication.AccountBackend")
    address = "/audit/?sort=at&of=1&page=3"
    assert client.post(address, {"person": "nobody"})["Location"] == "/audit/?sort=at&of=1"
    assert client.post(address, {"clear": "1"})["Location"] == "/audit/?sort=at"


def test_list_response_shows_title_actions_and_what_to_do_when_empty(world: World) -> None:
    request = RequestFactory().get("/")
    request.user = world.user("staff", "root")
    context = {
        "title": "标题甲", "empty_text": "请先新建", "actions": [{"label": "新建乙", "url": "/new/", "primary": True}],
    }  # fmt: skip
    empty = list_response(request, context, queryset=Organization.objects.none(), table_class=OrganizationTable)
    filled = list_response(request, context, queryset=Organization.objects.all(), table_class=OrganizationTable)
    for response in (empty, filled):
        assert "标题甲" in text(response)
        assert 'href="/new/"' in text(response)
    assert "请先新建" in text(empty)
    assert "请先新建" not in text(filled)
    assert 'data-label="' in text(filled)


def text(response: HttpResponse) -> str:
    return response.content.decode()
