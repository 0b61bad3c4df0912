"""Mobile members (流动党员, 2-domain c): marked by a roster, told on the record, found by the mark."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import Member
from orgs.services import plan_of, plan_store
from orgs.services.members import id_digest
from tests.orgs.books import MEMBER_HEADINGS, book, id_number, person
from tests.world import World

pytestmark = pytest.mark.django_db


def marked(*people: dict[str, Any]) -> bytes:
    """Return a roster that has the column."""
    return book((*MEMBER_HEADINGS, "流动党员"), people, "党员花名册")


def test_a_roster_marks_mobile_members(world: World) -> None:
    people = [person(1, 流动党员="√"), person(2, 流动党员="否"), person(3, 流动党员="")]
    plan_store(kind="members", plan=plan_of(kind="members", source=marked(*people), actor=None, base=None), actor=None)
    found = {one.id_number: one.is_mobile for one in Member.objects.exclude(id_number_digest=None)}
    assert [found[id_number(number)] for number in (1, 2, 3)] == [True, False, False]
    again = plan_of(kind="members", source=marked(person(1, 流动党员="")), actor=None, base=None)
    assert (again.unchanged, again.changed) == (1, [])  # a blank cell says nothing
    other = plan_of(kind="members", source=marked(person(1, 流动党员="否")), actor=None, base=None)
    assert other.changed[0].changes == {"is_mobile": (True, False)}
    assert other.changed[0].record.id_number_digest == id_digest(id_number(1))


@pytest.mark.parametrize(("mark", "found"), [("is_mobile", True), ("is_frontline", False), ("nonsense", True)])
def test_the_list_is_filtered_by_the_mark(world: World, client: Client, mark: str, found: bool) -> None:
    member = world.members["east_one"][1]
    Member.objects.filter(pk=member.pk).update(is_mobile=True, is_frontline=False)
    client.force_login(world.user("secretary", "east_one"))
    shown = client.post(reverse("member_list"), {"mark": mark}, follow=True).content.decode()
    assert (reverse("member_detail", args=[member.pk]) in shown) == found


def test_the_record_says_so(world: World, client: Client) -> None:
    member = world.members["east_one"][2]
    client.force_login(world.user("secretary", "east_one"))
    page = reverse("member_detail", args=[member.pk])
    assert "是否流动党员</dt><dd>是" not in "".join(client.get(page).content.decode().split())
    Member.objects.filter(pk=member.pk).update(is_mobile=True)
    assert "是否流动党员" in client.get(page).content.decode()
    assert 'name="is_mobile"' in client.get(reverse("member_edit", args=[member.pk])).content.decode()
