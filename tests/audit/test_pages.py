"""The page of the audit log: in words, filtered by person, action and day."""

import datetime as dt
import re
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaign.audit.labels import ACTIONS, action_choices, action_label, changes_in_words
from campaign.audit.models import AuditEntry
from campaign.audit.services import audit_record
from campaign.common import clock
from tests.world import World

ADDRESS = "audit_list"


@pytest.fixture
def client(world: World) -> Client:
    client = Client()
    client.force_login(world.user("audit_admin", "root"), backend="orgs.authentication.AccountBackend")
    return client


def written(world: World, day: dt.date, who: str = "staff@east", **fields: Any) -> None:
    moment = timezone.make_aware(dt.datetime.combine(day, dt.time(0, 30)))
    with clock.at(moment):
        audit_record(action="member_update", actor=world.users[who], target=world.members["east_one"][0], **fields)


def shown(client: Client, **search: Any) -> list[AuditEntry]:
    if search:
        assert client.post(reverse(ADDRESS), search).status_code == 302
    return [row.record for row in client.get(reverse(ADDRESS)).context["table"].page.object_list]


def test_entries_are_told_in_words(world: World, client: Client) -> None:
    written(world, dt.date(2026, 3, 1), reason="更正", changes={"status": ["normal", "left"], "phone": ["1", "2"]})
    page = client.get(reverse(ADDRESS)).content.decode()
    for words in ("修改党员信息", "党员 张建国", "更正", "east staff"):
        assert words in page
    assert "member_update" not in re.sub(r"<option.*?>", "", page)


def test_changes_name_fields_and_values_as_the_forms_do(world: World) -> None:
    changes = {"status": ["normal", "left"], "is_frontline": [False, True], "remarks": ["", "x"], "gone": [1, None]}
    written(world, dt.date(2026, 3, 1), changes=changes)
    gone, frontline, remarks, status = changes_in_words(AuditEntry.objects.get())
    assert "→" in status
    assert "left" not in status
    assert "是" in frontline
    assert "→" not in remarks
    assert gone == "gone\uff1a1 → —"


def test_values_that_are_lists_are_told_too() -> None:
    entry = AuditEntry(action="x", changes={"things": [[], ["甲", {"b": True, "a": "一"}]]})
    assert list(changes_in_words(entry)) == ["things\uff1a甲、a：一；b：是"]


def test_how_an_item_was_appraised_is_told_by_the_results_of_its_form() -> None:
    changes = {"item 2": ["pending", ["basic", 8000]], "item 1": [None, ["fulfilled", None]]}
    first, second = changes_in_words(AuditEntry(action="x", target_type="pledges.pledge", changes=changes))
    assert first == "第1项\uff1a已兑现"
    assert second == "第2项\uff1a待评 → 基本兑现（80.00分）"


def test_an_entry_outlives_the_kind_of_object_it_speaks_of() -> None:
    entry = AuditEntry(action="unheard_of", target_type="gone.Thing", changes={"a": [None, "b"]})
    assert list(changes_in_words(entry)) == ["a\uff1ab"]
    assert action_label("unheard_of") == "unheard_of"


def test_filter_by_person_by_name_or_account(world: World, client: Client) -> None:
    written(world, dt.date(2026, 3, 1), who="staff@east")
    written(world, dt.date(2026, 3, 1), who="staff@west")
    west = world.users["staff@west"]
    for search in (west.username, west.name, "west"):
        assert {entry.actor_id for entry in shown(client, person=search)} == {west.pk}
    assert shown(client, person="nobody") == []


def test_filter_by_day_includes_both_ends(world: World, client: Client) -> None:
    for day in (1, 2, 3):
        written(world, dt.date(2026, 3, day))
    found = shown(client, since="2026-03-02", until="2026-03-02")
    assert [timezone.localtime(entry.at).day for entry in found] == [2]
    assert len(shown(client, since="2026-03-02")) == 2
    assert len(shown(client, until="2026-03-02")) == 2


def test_filter_by_action(world: World, client: Client) -> None:
    world.campaign()
    written(world, dt.date(2026, 3, 1))
    assert {entry.action for entry in shown(client, action="campaign_create")} == {"campaign_create"}


def sources() -> str:
    """Return the product's own Python but for this table and the commands, whose arguments have actions too."""
    return "".join(
        path.read_text(encoding="utf-8")
        for app in ("campaign", "orgs", "pledges", "reviews", "awards")
        for path in (settings.BASE_DIR / app).rglob("*.py")
        if path.name != "labels.py" and "management" not in path.parts
    )


def test_every_action_written_anywhere_has_words() -> None:
    pairs = re.findall(r'\baction="(\w+)"(?: if \w[^,\n]* else "(\w+)")?', sources())
    written_by = {name for pair in pairs for name in pair if name}
    assert len(written_by) > 30
    assert written_by - {key for key, _label in action_choices()} == set()


def test_no_words_for_actions_that_are_gone() -> None:
    code = sources()
    assert [action for action in ACTIONS if f'"{action}"' not in code] == []


def test_nobody_else_reads_it(world: World) -> None:
    for role in ("office", "system_admin", "security_admin"):
        other = Client()
        other.force_login(world.user(role, "root"), backend="orgs.authentication.AccountBackend")
        assert other.get(reverse(ADDRESS)).status_code == 404


def test_the_list_takes_as_many_statements_for_three_as_for_one(world: World, client: Client) -> None:
    counts = []
    for day in (1, 2, 3):
        written(world, dt.date(2026, 3, day))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(ADDRESS)).status_code == 200
        counts.append(len(queries))
    assert counts == [8, 8, 8]
