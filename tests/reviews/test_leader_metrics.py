"""The metrics and the coverage page against a slow count in plain Python that shares nothing with them."""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest

from campaign.common import clock
from campaign.models import Audience, Campaign, Period, PeriodKind
from campaign.scoring.engine import figures_of
from campaign.scoring.registry import MetricScope, metrics
from campaign.scoring.roll import Extent
from orgs.models import Member, Organization
from reviews.models import LeaderReview, ReviewMode, ReviewState
from reviews.selectors.leader import coverage
from tests.reviews.leader_case import NOON
from tests.world import World

AS_OF = clock.start_of(dt.date(2026, 8, 1))


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


def scatter(world: World, campaign: Campaign, rng: random.Random) -> None:
    """Reviews of every kind: in and out of the period, drafts, entered late, several of one subject; odd members and
    organizations."""
    organizations, members = list(Organization.objects.all()), list(Member.objects.all())
    for member in rng.sample(members, 8):
        member.status = rng.choice(["lost_contact", "suspended", "left", "deceased"])
        member.save()
    closed = rng.choice([o for o in organizations if o.type == "branch"])
    Organization.objects.filter(pk=closed.pk).update(is_active=False)
    cell_above = rng.choice([o for o in organizations if o.type == "branch"])
    Organization.objects.add_child(
        Organization.objects.get(pk=cell_above.pk), create_kwargs={"code": "CELL", "name": "第一党小组", "type": "cell"}
    )
    reviewer = world.users["leader@root"]
    other = world.campaign(code="C2")
    for n in range(60):
        held_on = dt.date(2026, 1, 1) + dt.timedelta(days=rng.randrange(360))
        in_campaign = campaign if rng.random() < 0.85 else other
        member = rng.choice(members) if rng.random() < 0.6 else None
        place = member.organization if member else rng.choice(organizations)
        draft = rng.random() < 0.15
        half = in_campaign.periods.get(starts_on__lte=held_on, ends_on__gte=held_on)
        entered = clock.start_of(held_on + dt.timedelta(days=rng.choice([0, 3, 150])))
        try_to_add(
            campaign=in_campaign, period=half, organization=place, member=member,
            audience=Audience.MEMBER if member else Audience.ORGANIZATION, reviewer=reviewer, reviewer_name="x",
            reviewing_organization=organizations[0], mode=ReviewMode.RANDOM, held_on=held_on,
            achievements="a", problems="b", direction=str(n),
            state=ReviewState.DRAFT if draft else ReviewState.SUBMITTED, submitted_at=None if draft else entered,
        )  # fmt: skip
    members[0].organization = rng.choice([o for o in organizations if o.type == "branch"])
    members[0].save()


def try_to_add(**values: Any) -> None:
    """A second draft of the same subject is refused by the database; that is tested elsewhere."""
    drafts = LeaderReview.objects.filter(state="draft", member=values["member"], organization=values["organization"])
    if values["state"] != "draft" or not drafts.exists():
        LeaderReview.objects.create(**values)


def plain_reviewed(kind: str, pk: int, campaign: Campaign, period: Period, as_of: dt.datetime) -> bool:
    for review in LeaderReview.objects.all():
        subject = review.member_id if review.audience == "member" else review.organization_id
        if (review.audience, subject, review.campaign_id) != (kind, pk, campaign.pk) or review.submitted_at is None:
            continue
        if period.starts_on <= review.held_on <= period.ends_on and review.submitted_at <= as_of:
            return True
    return False


def due_a_review() -> tuple[list[Organization], list[Member]]:
    organizations = [o for o in Organization.objects.all() if o.is_active and o.type != "cell"]
    members = [m for m in Member.objects.select_related("organization") if m.status == "normal"]
    return organizations, members


def plain_received(audience: str, path: str, campaign: Campaign, period: Period) -> dict[int, tuple[int, int]]:
    organizations, members = due_a_review()
    if audience == "organization":
        inside = [o.pk for o in organizations if o.path.startswith(path)]
    else:
        inside = [m.pk for m in members if m.organization.path.startswith(path)]
    return {pk: (int(plain_reviewed(audience, pk, campaign, period, AS_OF)), 1) for pk in inside}


def plain_coverage(path: str, campaign: Campaign, period: Period) -> dict[int, tuple[int, int]]:
    organizations, members = due_a_review()
    found = {}
    for organization in organizations:
        if not organization.path.startswith(path):
            continue
        below = [o for o in organizations if o.path.startswith(organization.path) and o.path != organization.path]
        people = [m for m in members if m.organization.path.startswith(organization.path)]
        done = sum(plain_reviewed("organization", o.pk, campaign, period, AS_OF) for o in below)
        done += sum(plain_reviewed("member", m.pk, campaign, period, AS_OF) for m in people)
        found[organization.pk] = (done, len(below) + len(people))
    return found


@pytest.fixture
def during() -> Iterator[None]:
    """Within both half-years' time: who belongs where is a matter of the roll, and tried there."""
    with clock.at(clock.start_of(dt.date(2026, 3, 1))):
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("during")
@pytest.mark.parametrize("seed", range(6))
def test_the_metrics_agree_with_a_slow_count(world: World, seed: int) -> None:
    rng = random.Random(seed)
    campaign = world.campaign()
    scatter(world, campaign, rng)
    half = campaign.periods.get(code="2026H1")
    quarter = Period.objects.create(
        campaign=campaign,
        code="2026Q2",
        kind=PeriodKind.QUARTER,
        starts_on=dt.date(2026, 4, 1),
        ends_on=dt.date(2026, 6, 30),
    )
    for period in (half, quarter):
        for path in (world.orgs["root"].path, world.orgs["east"].path, world.orgs["west_one"].path):
            for audience in (Audience.ORGANIZATION, Audience.MEMBER):
                found = figures_of(metrics.get("reviews.received"), Extent(period, path, AS_OF), audience)
                assert found == plain_received(audience, path, campaign, period)
            found = figures_of(metrics.get("reviews.coverage"), Extent(period, path, AS_OF), Audience.ORGANIZATION)
            plain = plain_coverage(path, campaign, period)
            due = {pk: figure for pk, figure in found.items() if pk in plain}  # no sheet asks for the others
            assert due == {pk: figure for pk, figure in plain.items() if figure[1]}


@pytest.mark.django_db
@pytest.mark.usefixtures("during")
@pytest.mark.parametrize("seed", range(3))
def test_the_coverage_page_adds_up_to_the_metric(world: World, seed: int) -> None:
    campaign = world.campaign()
    scatter(world, campaign, random.Random(seed))
    period = campaign.periods.get(code="2026H1")
    extent = Extent(period, world.orgs["root"].path, AS_OF + dt.timedelta(days=500))
    figures = figures_of(metrics.get("reviews.coverage"), extent, Audience.ORGANIZATION)
    for key, organization in world.orgs.items():
        if organization.pk in figures:
            total = coverage(period, Organization.objects.get(pk=organization.pk)).total
            assert (total.reviewed, total.due) == figures[organization.pk], key


@pytest.mark.django_db
def test_the_metrics_cost_the_same_at_any_size(world: World, django_assert_num_queries: Any) -> None:
    campaign = world.campaign()
    period = campaign.periods.get(code="2026H1")
    for key in ("reviews.received", "reviews.coverage"):
        for audience in Audience:
            with django_assert_num_queries(1):
                list(metrics.get(key).figures(MetricScope(period, audience, AS_OF)))


@pytest.mark.django_db
def test_the_counted_records_are_a_click_away(world: World) -> None:
    from django.test import Client

    from tests.reviews.leader_case import reviewed

    campaign, leader = world.campaign(), world.user("leader", "root")
    review = reviewed(leader, campaign, world.members["east_one"][1])
    reviewed(leader, campaign, world.orgs["east_one"])
    period = campaign.periods.get(code="2026H1")
    client = Client()
    client.force_login(leader, backend="orgs.authentication.AccountBackend")
    url = metrics.get("reviews.received").records_url(world.members["east_one"][1], period)
    assert [row.record for row in client.get(url).context["table"].rows] == [review]
    url = metrics.get("reviews.coverage").records_url(world.orgs["east_one"], period)
    assert client.get(url).context["coverage"].total.members_text == "1 / 6"
