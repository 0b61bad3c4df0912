"""Making and changing organizations, and the pages that show them."""

import datetime as dt
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from orgs.management.named import organization_named
from orgs.models import Member, Organization
from orgs.services import (
    organization_activate,
    organization_create,
    organization_deactivate,
    organization_update,
)
from tests.world import World

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="orgs.authentication.AccountBackend")
    return client


# -- services ------------------------------------------------------------------------------------------------------


def test_staff_make_organizations_below_their_own(world: World) -> None:
    staff = world.user("staff", "east")
    made = organization_create(actor=staff, parent=world.orgs["east"], name="东山公司机关党支部", type="branch")
    assert (made.higher(), made.code, made.initials) == (world.orgs["east"], "DZ00001", "dsgsjgdzb")
    assert Organization.objects.find_problems() == ([], [], [], [], [])
    entry = AuditEntry.objects.get(action="organization_create")
    assert (entry.actor, entry.changes["name"]) == (staff, ["", "东山公司机关党支部"])


@pytest.mark.parametrize(
    ("role", "at", "below"),
    [
        ("staff", "east", "west"),
        ("staff", "east", "root"),
        ("secretary", "east_one", "east_one"),
        ("leader", "root", "east"),
        ("audit_admin", "root", "east"),
    ],
)
def test_nobody_makes_organizations_elsewhere(world: World, role: str, at: str, below: str) -> None:
    with pytest.raises(NotAllowed):
        organization_create(actor=world.user(role, at), parent=world.orgs[below], name="甲党支部", type="branch")
    assert not Organization.objects.filter(name="甲党支部").exists()


def test_only_the_system_makes_the_root_and_only_one(world: World) -> None:
    with pytest.raises(NotAllowed):
        organization_create(actor=world.user("office", "root"), parent=None, name="中共甲委员会", type="committee")
    with pytest.raises(DomainError):
        organization_create(actor=None, parent=None, name="中共甲委员会", type="committee")


def test_codes_are_one_s_own_and_dates_in_order(world: World) -> None:
    east = world.orgs["east"]
    with pytest.raises(DomainError):
        organization_create(actor=None, parent=east, name="甲党支部", type="branch", code="WEST")
    with pytest.raises(DomainError):
        organization_create(
            actor=None, parent=east, name="甲党支部", type="branch",
            term_started_on=dt.date(2026, 1, 1), term_ends_on=dt.date(2025, 1, 1),
        )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Organization.objects.filter(pk=east.pk).update(
            term_started_on=dt.date(2026, 1, 1), term_ends_on=dt.date(2025, 1, 1)
        )


def test_a_change_is_logged_and_a_second_one_at_once_refused(world: World) -> None:
    branch = Organization.objects.get(pk=world.orgs["east_one"].pk)
    organization_update(actor=world.user("staff", "east"), organization=branch, version=1, name="东山公司综采党支部")
    assert (branch.name, branch.version, branch.initials) == ("东山公司综采党支部", 2, "dsgszcdzb")
    entry = AuditEntry.objects.get(action="organization_update")
    assert entry.changes == {"name": ["东山公司采掘一区党支部", "东山公司综采党支部"]}
    with pytest.raises(EditConflict):
        organization_update(actor=None, organization=branch, version=1, name="别的")
    with pytest.raises(NotAllowed):  # staff change what is below them, not their own organization
        organization_update(actor=world.user("staff", "east"), organization=world.orgs["east"], version=1, name="别的")
    assert Organization.objects.filter(name="别的").count() == 0


def test_only_an_empty_organization_is_deactivated(world: World) -> None:
    staff = world.user("staff", "root")
    for key in ("east", "east_one"):
        with pytest.raises(DomainError):
            organization_deactivate(actor=staff, organization=world.orgs[key])
    Member.objects.filter(organization=world.orgs["east_one"]).update(status="left")
    branch = organization_deactivate(actor=staff, organization=world.orgs["east_one"], reason="撤销")
    assert not branch.is_active
    assert AuditEntry.objects.get(action="organization_deactivate").reason == "撤销"
    with pytest.raises(StateConflict):
        organization_deactivate(actor=staff, organization=branch)
    assert organization_activate(actor=staff, organization=branch).is_active


def test_a_command_finds_an_organization_by_code_before_full_name(world: World) -> None:
    assert organization_named("EAST") == world.orgs["east"]
    assert organization_named(world.orgs["east"].name) == world.orgs["east"]
    Organization.objects.filter(pk=world.orgs["west"].pk).update(name="EAST")
    assert organization_named("EAST") == world.orgs["east"]
    Organization.objects.filter(pk=world.orgs["west"].pk).update(name=world.orgs["east"].name)
    for written, said in ((world.orgs["east"].name, "several"), ("NOBODY", "no organization")):
        with pytest.raises(CommandError, match=said):
            organization_named(written)


# -- pages ---------------------------------------------------------------------------------------------------------


def test_the_tree_opens_branch_by_branch(world: World) -> None:
    client = signed_in(world.user("office", "root"))
    page = client.get(reverse("organization_list")).content.decode()
    assert "中共华岭集团东山公司委员会" in page
    assert "东山公司采掘一区党支部" not in page
    part = client.get(reverse("organization_children", args=[world.orgs["east"].pk])).content.decode()
    assert "东山公司采掘一区党支部" in part
    assert "西河公司选矿车间党支部" not in part


def test_the_tree_begins_where_the_reader_works(world: World) -> None:
    page = signed_in(world.user("staff", "east")).get(reverse("organization_list")).content.decode()
    assert "东山公司采掘一区党支部" in page
    assert "中共华岭集团委员会" not in page
    assert "西河" not in page


@pytest.mark.parametrize("words", ["采掘一区", "cjyq", "EAST_ONE"])
def test_search_by_name_initials_and_code(world: World, words: str) -> None:
    page = signed_in(world.user("office", "root")).get(reverse("organization_list"), {"q": words}).content.decode()
    assert "东山公司采掘一区党支部" in page
    assert "东山公司采掘二区党支部" not in page


def test_a_choice_offers_only_what_one_sees(world: World) -> None:
    found = signed_in(world.user("staff", "east")).post(reverse("organization_search"), {"q": "公司"}).json()["results"]
    assert {entry["text"] for entry in found} == {
        "中共华岭集团东山公司委员会",
        "东山公司采掘一区党支部",
        "东山公司采掘二区党支部",
    }


def test_branches_without_a_secretary_are_listed_and_lie_on_the_desk(world: World) -> None:
    client = signed_in(world.user("staff", "east"))
    assert "missing=secretary" not in client.get(reverse("home")).content.decode()
    Member.objects.filter(organization=world.orgs["east_two"]).update(party_post="")
    assert "missing=secretary" in client.get(reverse("home")).content.decode()
    page = client.get(reverse("organization_list"), {"missing": "secretary"}).content.decode()
    assert "东山公司采掘二区党支部" in page
    assert "东山公司采掘一区党支部" not in page


def test_the_page_tells_who_leads_and_what_happened(world: World) -> None:
    Organization.objects.filter(pk=world.orgs["east_one"].pk).update(established_on=dt.date(2013, 5, 23))
    url = reverse("organization_detail", args=[world.orgs["east_one"].pk])
    page = signed_in(world.user("secretary", "east_one")).get(url).content.decode()
    assert "张建国" in page
    assert "2013-05-23" in page
    edit = reverse("organization_edit", args=[world.orgs["east_one"].pk])
    assert edit not in page
    assert edit in signed_in(world.user("staff", "east")).get(url).content.decode()


def test_made_and_changed_in_the_browser(world: World) -> None:
    client = signed_in(world.user("staff", "east"))
    data = {"name": "东山公司机关党支部", "type": "branch", "parent": world.orgs["east"].pk}
    made = client.post(reverse("organization_create"), data)
    organization = Organization.objects.get(name="东山公司机关党支部")
    assert made["Location"] == reverse("organization_detail", args=[organization.pk])
    url = reverse("organization_edit", args=[organization.pk])
    given = {"name": "东山公司机关支部", "type": "branch", "code": organization.code, "version": 1}
    assert client.post(url, given).status_code == 302
    # Somebody opened the form before that: told, nothing lost, and saving again is a decision.
    late = client.post(url, {**given, "name": "别的名称"})
    page = late.content.decode()
    assert late.status_code == 200
    assert "别的名称" in page
    assert 'name="version" value="2"' in page
    assert Organization.objects.get(pk=organization.pk).name == "东山公司机关支部"
    wrong = client.post(url, {**given, "version": 2, "term_started_on": "2026-01-01", "term_ends_on": "2025-01-01"})
    assert "任期届满时间不晚于选举时间" in wrong.content.decode()


def statements(client: Client, url: str, **data: Any) -> int:
    """Count what a page asks the database, without the session and what frames every page."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url, data).status_code == 200
    return sum('"orgs_' in query["sql"] for query in captured.captured_queries)


def test_the_number_of_statements_does_not_grow_with_the_rows(world: World) -> None:
    office, east = signed_in(world.user("office", "root")), world.orgs["east"]
    listed, branch = reverse("organization_list"), reverse("organization_children", args=[east.pk])
    counts = []
    for rows in (1, 2):
        organization_create(actor=None, parent=east, name=f"新设{rows}党支部", type="branch")
        organization_create(actor=None, parent=east, name=f"另设{rows}党支部", type="branch")
        pages = (
            (listed, {"q": "新设"}),
            (listed, {}),
            (branch, {}),
            (reverse("organization_detail", args=[east.pk]), {}),
        )
        counts.append([statements(office, url, **data) for url, data in pages])
    # The reader and the roles are two of each; a list counts, reads, and asks for the way to what it found; the tree reads
    # the top and what is open below it, each with its members; an opened branch passes the gate and does the same.
    # Every app adds its part to the page of an organization: that it does not grow is what matters there.
    assert counts[0] == counts[1]
    assert counts[0][:3] == [6, 7, 5]
