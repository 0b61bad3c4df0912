"""The pages that change the structure: nothing happens before the preview is confirmed as it was shown. And terms of office."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaign.common import clock
from campaign.common.errors import DomainError, EditConflict, NotAllowed
from campaign.notices.models import Notice
from campaign.notices.services import reminders_sweep
from orgs.models import Member, Organization, OrganizationEvent
from orgs.places import children_page, months_left, nodes_of
from orgs.rules import Sizes, place_findings, size_findings, term_end, term_findings
from orgs.services import (
    organization_create,
    organization_elect,
    organization_extend_term,
    organization_merge,
    organization_update,
)
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = dt.date


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="orgs.authentication.AccountBackend")
    return client


def fresh(organization: Organization) -> Organization:
    return Organization.objects.get(pk=organization.pk)


def mark_in(page: str) -> str:
    found = re.search(r'name="confirm" value="(\w+)"', page)
    assert found
    return found[1]


# -- form, preview, confirm ------------------------------------------------------------------------------------------


def test_a_move_is_previewed_then_confirmed(world: World) -> None:
    client, branch = signed_in(world.user("office", "root")), world.orgs["east_one"]
    url, typed = reverse("organization_move", args=[branch.pk]), {"parent": world.orgs["west"].pk, "reason": "划转"}
    assert client.get(url).status_code == 200
    page = client.post(url, typed).content.decode()
    assert fresh(branch).higher() == world.orgs["east"]
    assert re.search(r'class="touch-count">6</span>', page)  # its members
    done = client.post(url, {**typed, "confirm": mark_in(page)}, follow=True)
    assert fresh(branch).higher() == world.orgs["west"]
    assert "中共华岭集团东山公司委员会" in done.content.decode()  # how to undo it


def test_what_changed_since_the_preview_is_shown_once_more(world: World) -> None:
    client, branch = signed_in(world.user("office", "root")), world.orgs["east_one"]
    url, typed = reverse("organization_merge", args=[branch.pk]), {"into": world.orgs["east_two"].pk}
    old = mark_in(client.post(url, typed).content.decode())
    Member.objects.filter(pk=world.members["east_one"][4].pk).update(status="left")
    again = client.post(url, {**typed, "confirm": old}).content.decode()
    assert fresh(branch).is_active
    assert "note-warning" in again
    assert client.post(url, {**typed, "confirm": mark_in(again)}).status_code == 302
    assert fresh(branch).merged_into == world.orgs["east_two"]


def test_a_choice_out_of_reach_is_none(world: World) -> None:
    client, url = signed_in(world.user("staff", "east")), reverse("organization_move", args=[world.orgs["east_one"].pk])
    page = client.post(url, {"parent": world.orgs["west"].pk}).content.decode()
    assert 'name="confirm"' not in page
    assert signed_in(world.user("secretary", "east_one")).get(url).status_code == 404


def test_a_refusal_stands_in_the_form_with_what_was_typed(world: World) -> None:
    client, url = signed_in(world.user("office", "root")), reverse("organization_move", args=[world.orgs["east"].pk])
    page = client.post(url, {"parent": world.orgs["east_one"].pk, "reason": "写错了"}).content.decode()
    assert "写错了" in page
    assert 'name="confirm"' not in page


def test_a_split_by_party_group(world: World) -> None:
    old = world.orgs["east_one"]
    Member.objects.filter(pk__in=[member.pk for member in world.members["east_one"][:2]]).update(cell="第一党小组")
    client, url = signed_in(world.user("staff", "east")), reverse("organization_split", args=[old.pk])
    typed = {"name": "东山公司采掘三区党支部", "type": "branch", "place": "beside", "cells": ["第一党小组"],
             "members": [world.members["east_one"][2].pk]}  # fmt: skip
    assert client.post(url, {**typed, "cells": [], "members": []}).status_code == 200
    page = client.post(url, typed).content.decode()
    assert client.post(url, {**typed, "confirm": mark_in(page)}).status_code == 302
    made = Organization.objects.get(name="东山公司采掘三区党支部")
    assert Member.objects.filter(organization=made).count() == 3


def test_out_of_use_needs_an_empty_organization(world: World) -> None:
    client, url = (
        signed_in(world.user("staff", "east")),
        reverse("organization_deactivate", args=[world.orgs["east_one"].pk]),
    )
    assert 'name="confirm"' not in client.post(url, {"reason": ""}).content.decode()
    assert fresh(world.orgs["east_one"]).is_active


def test_the_page_of_a_merged_one_leads_to_the_heir_where_one_may_see_it(world: World) -> None:
    organization_merge(actor=None, organization=world.orgs["east_one"], into=world.orgs["west_one"])
    url, heir = reverse("organization_detail", args=[world.orgs["east_one"].pk]), world.orgs["west_one"]
    link = reverse("organization_detail", args=[heir.pk])
    assert link in signed_in(world.user("office", "root")).get(url).content.decode()
    page = signed_in(world.user("staff", "east")).get(url).content.decode()
    assert heir.name in page
    assert link not in page


# -- the tree --------------------------------------------------------------------------------------------------------


def test_more_than_fit_are_loaded_on_demand(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgs.places.CHILDREN_SHOWN", 3)
    for number in range(4):
        organization_create(actor=None, parent=world.orgs["east"], name=f"新设{number}党支部", type="branch")
    office, names, after = world.user("office", "root"), [], ""
    for expected in (3, 3):
        nodes, after = children_page(fresh(world.orgs["east"]), office, after)
        assert len(nodes) == expected
        names += [node.place.name for node in nodes]
    assert after == ""
    assert len(set(names)) == 6
    client = signed_in(office)
    url = reverse("organization_children", args=[world.orgs["east"].pk])
    part = client.get(url).content.decode()
    link = re.search(r'data-more="[^"?]+\?after=(\w{4})', part)
    assert link
    assert "新设3党支部" not in part
    assert "新设3党支部" in client.get(url, {"after": link[1]}).content.decode()


def test_nodes_tell_what_is_missing(world: World) -> None:
    Member.objects.filter(organization=world.orgs["east_two"]).update(party_post="")
    Organization.objects.filter(pk=world.orgs["east_one"].pk).update(term_ends_on=clock.today() - dt.timedelta(days=1))
    one, two = nodes_of([fresh(world.orgs["east_one"]), fresh(world.orgs["east_two"])])
    assert (one.members, one.lacks_secretary, one.term) == (6, False, "over")
    assert (two.members, two.lacks_secretary, two.term) == (6, True, "")


def test_filters_and_the_way_to_what_is_found(world: World) -> None:
    today = clock.today()
    Organization.objects.filter(pk=world.orgs["east_one"].pk).update(term_ends_on=today - dt.timedelta(days=1))
    Organization.objects.filter(pk=world.orgs["east_two"].pk).update(
        term_ends_on=today + dt.timedelta(days=100), category="support"
    )
    client = signed_in(world.user("office", "root"))

    def found(**query: str) -> set[str]:
        page = client.get(reverse("organization_list"), query).content.decode()
        return {name for name in ("采掘一区", "采掘二区", "选矿车间", "机电车间") if f"{name}党支部" in page}

    assert found(term="over") == {"采掘一区"}
    assert found(term="soon") == {"采掘二区"}
    assert found(term="unknown") == {"选矿车间", "机电车间"}
    assert found(category="support") == {"采掘二区"}
    assert found(state="inactive") == set()
    page = client.get(reverse("organization_list"), {"q": "采掘一区"}).content.decode()
    assert "中共华岭集团委员会 › 中共华岭集团东山公司委员会" in page
    assert (
        "中共华岭集团委员会"
        not in signed_in(world.user("staff", "east"))
        .get(reverse("organization_list"), {"q": "采掘一区"})
        .content.decode()
    )


# -- terms of office -------------------------------------------------------------------------------------------------


def test_a_new_term_ends_as_the_rule_says(world: World) -> None:
    branch = fresh(world.orgs["east_one"])
    organization_elect(actor=world.user("staff", "east"), organization=branch, version=1, elected_on=DAY(2026, 2, 1))
    assert (branch.term_started_on, branch.term_ends_on) == (DAY(2026, 2, 1), DAY(2029, 2, 1))
    event = OrganizationEvent.objects.get(organization=branch)
    assert (event.kind, event.happened_on, event.until) == ("elected", DAY(2026, 2, 1), DAY(2029, 2, 1))
    for day in (DAY(2026, 2, 1), clock.today() + dt.timedelta(days=1)):
        with pytest.raises(DomainError):
            organization_elect(actor=None, organization=branch, version=2, elected_on=day)
    with pytest.raises(EditConflict):
        organization_elect(actor=None, organization=branch, version=1, elected_on=DAY(2026, 3, 1))
    with pytest.raises(NotAllowed):
        organization_elect(
            actor=world.user("secretary", "east_one"), organization=branch, version=2, elected_on=DAY(2026, 3, 1)
        )


def test_a_term_is_extended_by_at_most_a_year(world: World) -> None:
    branch = fresh(world.orgs["east_one"])
    with pytest.raises(DomainError):  # no term is known
        organization_extend_term(actor=None, organization=branch, version=1, ends_on=DAY(2027, 1, 1), reason="防汛")
    organization_elect(actor=None, organization=branch, version=1, elected_on=DAY(2024, 2, 1))
    for ends_on, reason in ((DAY(2028, 2, 2), "防汛"), (DAY(2027, 2, 1), "防汛"), (DAY(2027, 8, 1), " ")):
        with pytest.raises(DomainError):
            organization_extend_term(actor=None, organization=branch, version=2, ends_on=ends_on, reason=reason)
    organization_extend_term(actor=None, organization=branch, version=2, ends_on=DAY(2027, 8, 1), reason="防汛")
    organization_extend_term(actor=None, organization=branch, version=3, ends_on=DAY(2028, 2, 1), reason="防汛")
    with pytest.raises(DomainError):  # a year in all, however often
        organization_extend_term(actor=None, organization=branch, version=4, ends_on=DAY(2028, 2, 2), reason="防汛")
    kinds = OrganizationEvent.objects.filter(organization=branch).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["elected", "extended", "extended"]


def test_the_form_fills_in_the_end_of_a_term(world: World) -> None:
    client = signed_in(world.user("staff", "east"))
    given = {
        "name": "东山公司机关党支部",
        "type": "branch",
        "parent": world.orgs["east"].pk,
        "term_started_on": "2024-02-29",
    }
    assert client.post(reverse("organization_create"), given).status_code == 302
    assert Organization.objects.get(name="东山公司机关党支部").term_ends_on == DAY(2027, 3, 1)


def test_both_the_organization_and_the_office_above_are_reminded_once(world: World) -> None:
    today = DAY(2026, 3, 1)
    Organization.objects.filter(pk=world.orgs["east_one"].pk).update(term_ends_on=DAY(2026, 9, 1))
    Organization.objects.filter(pk=world.orgs["west_one"].pk).update(term_ends_on=DAY(2026, 9, 2))
    for _again in range(2):
        reminders_sweep(day=today)
    notices = Notice.objects.filter(rule="orgs.term_end")
    people = {world.users[key].pk for key in ("secretary@east_one", "staff@east")}
    assert set(notices.values_list("user_id", flat=True)) == people
    assert notices.count() == 2
    reminders_sweep(day=DAY(2026, 9, 2))  # it has ended; and the other one ends today
    assert notices.filter(user=world.users["staff@east"]).count() == 2
    assert notices.filter(user=world.users["staff@west"]).count() == 1


@pytest.mark.parametrize(
    ("day", "ends_on", "left"),
    [
        (DAY(2026, 3, 15), DAY(2026, 9, 15), 6),
        (DAY(2026, 3, 15), DAY(2026, 9, 14), 5),
        (DAY(2026, 3, 15), DAY(2026, 3, 15), 0),
        (DAY(2026, 3, 15), DAY(2026, 3, 14), -1),
        (DAY(2026, 3, 15), DAY(2025, 12, 31), -3),
        (DAY(2026, 3, 15), None, None),
    ],
)
def test_months_left(day: dt.date, ends_on: dt.date | None, left: int | None) -> None:
    with clock.at(clock.start_of(day)):
        assert months_left(ends_on) == left


# -- rules that warn -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "above", "found"),
    [
        ("branch", "committee", []),
        ("branch", "general_branch", []),
        ("cell", "branch", []),
        ("cell", "committee", ["place"]),
        ("branch", "branch", ["place"]),
        ("committee", "general_branch", ["place"]),
        ("committee", None, []),
    ],
)
def test_what_may_stand_below_what(kind: str, above: str | None, found: list[str]) -> None:
    assert [finding.key for finding in place_findings(kind, above)] == found


@pytest.mark.parametrize(
    ("kind", "sizes", "units", "found"),
    [
        ("committee", Sizes(100), "", []),
        ("committee", Sizes(99), "", ["small"]),
        ("general_branch", Sizes(50), "", []),
        ("general_branch", Sizes(49), "", ["small"]),
        ("general_branch", Sizes(100), "", ["large"]),
        ("branch", Sizes(3, full=3), "", []),
        ("branch", Sizes(2, full=2), "", ["small"]),
        ("branch", Sizes(51, full=6), "", ["large"]),
        ("branch", Sizes(7, full=7, committee=2), "", ["committee"]),
        ("branch", Sizes(7, full=7, committee=3), "", []),
        ("branch", Sizes(50, full=50, committee=8), "", ["committee"]),
        ("joint_branch", Sizes(5, full=5), "甲公司、乙公司、丙公司、丁公司、戊公司", []),
        ("joint_branch", Sizes(5, full=5), "甲公司、乙公司,丙公司 丁公司;戊公司;己公司", ["units"]),
        ("cell", Sizes(1), "", []),
    ],
)
def test_sizes_that_the_rules_name(kind: str, sizes: Sizes, units: str, found: list[str]) -> None:
    assert [finding.key for finding in size_findings(kind, sizes, covered_units=units)] == found


def test_terms_that_the_rules_name() -> None:
    today = DAY(2026, 3, 1)

    def keys(started: dt.date | None, ends: dt.date | None) -> list[str]:
        return [finding.key for finding in term_findings("branch", started, ends, today)]

    assert keys(DAY(2024, 1, 1), DAY(2027, 1, 1)) == []
    assert keys(DAY(2023, 9, 1), DAY(2026, 9, 1)) == ["term_soon"]
    assert keys(None, DAY(2026, 2, 28)) == ["term_over"]
    assert keys(DAY(2024, 1, 1), DAY(2028, 1, 2)) == ["term_long"]
    assert term_end("committee", today) == DAY(2031, 3, 1)
    assert term_end("cell", today) is None


def test_findings_warn_and_block_nothing(world: World) -> None:
    client = signed_in(world.user("staff", "east"))
    given = {"name": "不该在这里的党小组", "type": "cell", "parent": world.orgs["east"].pk}
    page = client.post(reverse("organization_create"), given, follow=True).content.decode()
    assert Organization.objects.filter(name="不该在这里的党小组").exists()
    assert page.count("支部工作条例") >= 2  # as a message, and on the page


# -- history ---------------------------------------------------------------------------------------------------------


def test_a_new_name_is_history_and_a_correction_is_none(world: World) -> None:
    branch, staff = fresh(world.orgs["east_one"]), world.user("staff", "east")
    organization_update(actor=staff, organization=branch, version=1, name="东山公司综采党支部", type="joint_branch")
    organization_update(actor=staff, organization=branch, version=2, name="东山公司综采一党支部", is_correction=True)
    events = OrganizationEvent.objects.filter(organization=branch).order_by("pk")
    assert [(event.kind, event.old_name, event.old_type) for event in events] == [
        ("renamed", "东山公司采掘一区党支部", ""),
        ("converted", "", "branch"),
    ]
    page = signed_in(staff).get(reverse("organization_detail", args=[branch.pk])).content.decode()
    assert "东山公司采掘一区党支部" in page
