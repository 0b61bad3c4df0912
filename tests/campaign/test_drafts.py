"""What is typed into forms is kept for the person who typed it, and for nobody else."""

import datetime as dt
import json
from typing import Any

import pytest
import time_machine
from django.test import Client

from campaign.drafts.models import Draft
from campaign.drafts.selectors import draft_of
from campaign.drafts.services import LARGEST, MOST, draft_save, drafts_expire
from tests.world import World

pytestmark = pytest.mark.django_db
URL = "/drafts/pledge:7/"


def keep(client: Client, fields: Any, url: str = URL) -> Any:
    return client.post(url, {"fields": json.dumps(fields)})


def test_a_draft_is_kept_and_the_later_one_counts(client: Client, world: World) -> None:
    user = world.users["secretary@east_one"]
    client.force_login(user)
    assert keep(client, [["text", "检修水泵"]]).status_code == 200
    assert keep(client, [["text", "检修三十台水泵"], ["text", "二"]]).status_code == 200
    found = draft_of(user, "pledge:7")
    assert found is not None
    assert found.fields == [["text", "检修三十台水泵"], ["text", "二"]]


def test_nobody_meets_anothers_draft(client: Client, world: World) -> None:
    mine, theirs = world.users["secretary@east_one"], world.users["office@root"]
    draft_save(user=mine, key="pledge:7", fields=[["text", "检修水泵"]])
    assert draft_of(theirs, "pledge:7") is None
    client.force_login(theirs)
    assert keep(client, [["text", "另一个人"]]).status_code == 200
    assert Draft.objects.get(user=mine).fields == [["text", "检修水泵"]]
    client.logout()
    assert keep(client, [["text", "x"]]).status_code == 302
    assert Draft.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "url", "status"),
    [
        ([["text", "字" * LARGEST]], URL, 422),
        ([["text", "a"]], "/drafts/Pledge-7/", 422),
        ([["text"]], URL, 422),
        ([["text", 5]], URL, 422),
        ("text", URL, 422),
        ({"a": 1}, URL, 422),
        (None, URL, 400),
    ],
)
def test_what_is_no_form_is_refused(client: Client, world: World, fields: Any, url: str, status: int) -> None:
    client.force_login(world.users["office@root"])
    assert keep(client, fields, url).status_code == status
    assert not Draft.objects.exists()


def test_a_body_that_is_no_json_is_refused(client: Client, world: World) -> None:
    client.force_login(world.users["office@root"])
    assert client.post(URL, {"fields": "{"}).status_code == 400
    assert client.post(URL).status_code == 400


def test_old_drafts_go(world: World) -> None:
    user = world.users["office@root"]
    with time_machine.travel(dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)):
        draft_save(user=user, key="pledge:1", fields=[])
    with time_machine.travel(dt.datetime(2026, 4, 1, 9, tzinfo=dt.UTC)):
        draft_save(user=user, key="pledge:2", fields=[])
        assert drafts_expire() == 1
    assert Draft.objects.get().key == "pledge:2"


def test_the_oldest_of_very_many_goes(world: World) -> None:
    user = world.users["office@root"]
    for number in range(MOST + 1):
        draft_save(user=user, key=f"pledge:{number}", fields=[])
    assert Draft.objects.count() == MOST
    assert not Draft.objects.filter(key="pledge:0").exists()
