"""Leader reviews through the browser's eyes: write, hand over, read, find out who was left out."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaign.common import clock
from campaign.models import Campaign
from orgs.models import RoleAssignment, User
from reviews.models import LeaderReview
from tests.reviews.leader_case import DAY, NOON, draft, reviewed
from tests.world import World

TEXTS = {"achievements": "安全生产四百天", "problems": "学习记录不全", "direction": "六月底前补齐"}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def campaign(world: World) -> Campaign:
    return world.campaign()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="orgs.authentication.AccountBackend")
    return client


def payload(**options: Any) -> dict[str, Any]:
    return {"mode": "onsite", "held_on": DAY.isoformat(), **TEXTS, **options}


@pytest.mark.django_db
def test_from_choosing_to_the_secretary_reading_it(world: World, campaign: Campaign) -> None:
    leader = signed_in(world.user("leader", "east"))
    choose = leader.get(reverse("review_choose")).content.decode()
    address = reverse("review_create_organization", args=[world.orgs["east_one"].pk])
    assert address in choose
    assert reverse("review_create_organization", args=[world.orgs["west_one"].pk]) not in choose
    assert "六月底前" not in leader.get(address).content.decode()
    response = leader.post(address, payload(hand_over="1"))
    review = LeaderReview.objects.get()
    assert response["Location"] == reverse("review_detail", args=[review.pk])
    secretary = signed_in(world.user("secretary", "east_one"))
    page = secretary.get(response["Location"]).content.decode()
    assert all(text in page for text in TEXTS.values())
    assert "采掘一区" in secretary.get(reverse("review_list")).content.decode()


@pytest.mark.django_db
def test_the_reviewed_member_reads_it_others_do_not(world: World, campaign: Campaign) -> None:
    review = reviewed(world.user("secretary", "east_one"), campaign, world.members["east_one"][1])
    address = reverse("review_detail", args=[review.pk])
    assert signed_in(world.user("member", "east_one")).get(address).status_code == 200
    for role, at in (("member2", "east_one"), ("secretary", "east_two"), ("staff", "west"), ("system_admin", "root")):
        client = signed_in(world.user(role, at))
        assert client.get(address).status_code == 404


@pytest.mark.django_db
def test_a_draft_is_seen_by_its_writer_alone(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    review = draft(leader, campaign, world.orgs["east_one"])
    assert signed_in(leader).get(reverse("review_detail", args=[review.pk])).status_code == 200
    for role, at in (("secretary", "east_one"), ("leader", "root"), ("staff", "east")):
        client = signed_in(world.user(role, at))
        assert client.get(reverse("review_detail", args=[review.pk])).status_code == 404
        assert client.get(reverse("review_edit", args=[review.pk])).status_code == 404
        assert "采掘一区" not in client.get(reverse("review_list")).content.decode()
    assert review.is_draft


@pytest.mark.django_db
def test_what_is_missing_is_named_and_nothing_typed_is_lost(world: World, campaign: Campaign) -> None:
    leader = signed_in(world.user("leader", "east"))
    address = reverse("review_create_organization", args=[world.orgs["east_one"].pk])
    response = leader.post(address, payload(problems="", hand_over="1"))
    assert response.status_code == 200
    assert "安全生产四百天" in response.content.decode()
    assert set(response.context["form"].errors) == {"problems"}
    assert not LeaderReview.objects.exists()
    assert leader.post(address, payload(problems="", save="1")).status_code == 302
    assert LeaderReview.objects.get().problems == ""


@pytest.mark.django_db
def test_beginning_again_leads_to_the_draft(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    review = draft(leader, campaign, world.orgs["east_one"])
    response = signed_in(leader).get(reverse("review_create_organization", args=[world.orgs["east_one"].pk]))
    assert response["Location"] == reverse("review_edit", args=[review.pk])


@pytest.mark.django_db
def test_editing_handing_over_taking_back_and_throwing_away(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    review, client = draft(leader, campaign, world.orgs["east_one"]), signed_in(leader)
    edit = reverse("review_edit", args=[review.pk])
    client.post(edit, payload(version=1, problems="新的问题", save="1"))
    stale = client.post(edit, payload(version=1, problems="旧的问题", save="1"))
    assert stale.status_code == 200
    assert "旧的问题" in stale.content.decode()
    client.post(reverse("review_step", args=[review.pk, "leader_review_submit"]))
    review.refresh_from_db()
    assert (review.state, review.problems) == ("submitted", "新的问题")
    assert client.get(edit).status_code == 302
    client.post(reverse("review_step", args=[review.pk, "leader_review_withdraw"]))
    client.post(reverse("review_discard", args=[review.pk]))
    assert not LeaderReview.objects.exists()
    assert client.post(reverse("review_step", args=[review.pk, "leader_review_submit"])).status_code == 404


@pytest.mark.django_db
def test_what_lies_elsewhere_is_not_found(world: World, campaign: Campaign) -> None:
    client = signed_in(world.user("leader", "east"))
    west, member = world.orgs["west_one"], world.members["west_one"][1]
    for name, pk in (
        ("review_create_organization", west.pk),
        ("review_create_member", member.pk),
        ("review_choose_in", west.pk),
        ("review_coverage_of", west.pk),
    ):
        assert client.get(reverse(name, args=[pk])).status_code == 404, name
    assert client.post(reverse("review_create_organization", args=[west.pk]), payload()).status_code == 404
    foreign = reviewed(world.user("leader", "west"), campaign, west)
    assert client.get(reverse("review_detail", args=[foreign.pk])).status_code == 404
    assert not client.get(reverse("review_list"), {"organization": "选矿"}).context["table"].rows


@pytest.mark.django_db
def test_without_a_campaign_the_pages_say_so(world: World) -> None:
    client = signed_in(world.user("leader", "east"))
    for name in ("review_choose", "review_coverage", "review_list"):
        assert client.get(reverse(name)).status_code == 200
    response = client.get(reverse("review_create_organization", args=[world.orgs["east_one"].pk]), follow=True)
    assert response.status_code == 200
    assert len(response.context["messages"]) == 1


@pytest.mark.django_db
def test_filters_keep_what_they_say(world: World, campaign: Campaign) -> None:
    east, west = world.user("leader", "east"), world.user("leader", "root")
    first = reviewed(east, campaign, world.orgs["east_one"])
    second = reviewed(west, campaign, world.orgs["west_one"], mode="random")
    third = reviewed(west, campaign, world.members["east_one"][0])
    begun = draft(west, campaign, world.orgs["east_two"])
    client = signed_in(west)

    def found(**query: Any) -> set[int]:
        return {row.record.pk for row in client.get(reverse("review_list"), query).context["table"].rows}

    assert found() == {first.pk, second.pk, third.pk, begun.pk}
    assert found(mode="random") == {second.pk}
    assert found(mine="on") == {second.pk, third.pk, begun.pk}
    assert found(state="draft") == {begun.pk}
    assert found(organization="采掘") == {first.pk, third.pk, begun.pk}
    assert found(about=world.orgs["east_one"].pk) == {first.pk}
    assert found(member=world.members["east_one"][0].pk) == {third.pk}
    periods = {period.code: period.pk for period in campaign.periods.all()}
    assert found(period=periods["2026H2"]) == set()
    assert found(period=periods["2026H1"]) == {first.pk, second.pk, third.pk, begun.pk}


@pytest.mark.django_db
def test_coverage_counts_down_to_the_member_left_out(world: World, campaign: Campaign) -> None:
    reviewed(world.user("leader", "root"), campaign, world.orgs["east"])
    reviewed(world.user("leader", "east"), campaign, world.orgs["east_one"])
    for member in world.members["east_one"][2:]:
        reviewed(world.user("secretary", "east_one"), campaign, member)
    staff = signed_in(world.user("staff", "root"))
    coverage = staff.get(reverse("review_coverage")).context["coverage"]
    east = next(unit for unit in coverage.units if unit.organization == world.orgs["east"])
    assert (east.reviewed, east.counts.organizations_text, east.counts.members_text) == (True, "2 / 3", "4 / 12")
    assert (coverage.total.organizations_text, coverage.total.members_text) == ("2 / 6", "4 / 24")
    assert coverage.total.percent == "20.00%"
    branch = staff.get(reverse("review_coverage_of", args=[world.orgs["east_one"].pk]))
    assert branch.context["coverage"].total.organizations_due == 0
    assert [member.name for member in branch.context["members_left"]] == ["李秀英", "张建国"]


@pytest.mark.django_db
def test_who_has_two_places_chooses_one(world: World, campaign: Campaign) -> None:
    user = world.user("secretary", "east_one")
    RoleAssignment.objects.create(
        user=user, role="staff", organization=world.orgs["west"], starts_on=dt.date(2020, 1, 1)
    )
    page = signed_in(user).get(reverse("review_coverage"))
    assert {place.pk for place in page.context["places"]} == {world.orgs["east_one"].pk, world.orgs["west"].pk}


@pytest.mark.django_db
def test_the_list_costs_the_same_for_one_row_and_for_three(
    world: World, campaign: Campaign, django_assert_num_queries: Any
) -> None:
    leader = world.user("leader", "root")
    client = signed_in(leader)
    pages = (reverse("review_list"), reverse("review_choose"), reverse("review_coverage"))
    reviewed(leader, campaign, world.orgs["east"])
    counts = [queries_of(client, page) for page in pages]
    for key in ("west", "west_one"):
        reviewed(leader, campaign, world.orgs[key])
    reviewed(leader, campaign, world.members["east_one"][0])
    assert [queries_of(client, page) for page in pages] == counts
    assert counts == [10, 11, 14]  # three and four of them are the session, the account and its roles


def queries_of(client: Client, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.django_db
def test_the_desk_says_what_is_left_and_is_silent_when_done(world: World, campaign: Campaign) -> None:
    leader, secretary = world.user("leader", "east"), world.user("secretary", "east_one")
    assert on_desk(leader) == {reverse("review_choose"): 2}
    assert on_desk(secretary) == {reverse("review_choose"): 5}
    for key in ("east_one", "east_two"):
        reviewed(leader, campaign, world.orgs[key])
    for member in world.members["east_one"][1:]:
        reviewed(secretary, campaign, member)
    assert on_desk(world.user("leader", "east")) == on_desk(world.user("secretary", "east_one")) == {}
    draft(leader, campaign, world.orgs["east_one"])
    assert on_desk(leader) == {f"{reverse('review_list')}?state=draft": 1}
    assert on_desk(world.user("staff", "east")) == {}


def on_desk(user: User) -> dict[str, int]:
    from campaign.common.desk import desk

    return {tile.url: tile.count for tile in desk.get("leader_reviews").tiles(user) if tile.count}


@pytest.mark.django_db
def test_the_desk_costs_two_statements(world: World, campaign: Campaign, django_assert_num_queries: Any) -> None:
    from campaign.common.desk import desk

    leader = world.user("leader", "root")
    assert leader.grants
    with django_assert_num_queries(2):
        assert desk.get("leader_reviews").tiles(leader)


@pytest.mark.django_db
def test_the_timeline_shows_what_the_viewer_may_see(world: World, campaign: Campaign) -> None:
    from orgs.timeline import member_timeline, organization_timeline

    member = world.members["east_one"][1]
    secretary, leader = world.user("secretary", "east_one"), world.user("leader", "east")
    review = reviewed(secretary, campaign, member)
    reviewed(leader, campaign, world.orgs["east_one"])
    draft(leader, campaign, member)
    address = reverse("review_detail", args=[review.pk])
    assert address in [entry.url for entry in member_timeline(member, member.user)]
    assert len([e for e in member_timeline(member, leader) if e.url.startswith("/reviews/")]) == 1
    assert address not in [entry.url for entry in member_timeline(member, world.user("staff", "west"))]
    shown = [e for e in organization_timeline(world.orgs["east_one"], secretary) if e.url.startswith("/reviews/")]
    assert [entry.on for entry in shown] == [DAY]
