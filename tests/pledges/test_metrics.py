"""The figures of pledges against a slow count in plain Python, on random records."""

import datetime as dt
import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaign.common import clock
from campaign.models import Audience, Campaign, Period
from campaign.scoring.engine import figures_of
from campaign.scoring.registry import metrics
from campaign.scoring.roll import Extent
from orgs.models import Member, Organization
from pledges.metrics import counted
from pledges.models import PUBLIC, ItemResult, Pledge, PledgeItem, PledgeState
from tests.pledges.conftest import item, published
from tests.world import World

KEYS = ("pledges.coverage", "pledges.fulfilment", "pledges.members_fulfilment", "pledges.mark")
STATES = [*PUBLIC, PledgeState.PUBLISHED, PledgeState.APPROVED, PledgeState.SUBMITTED, PledgeState.WITHDRAWN]
MARKS = {"fulfilled": (10_000, 9_550), "basic": (8_000, 6_001), "unfulfilled": (0, 500)}


def scatter(world: World, campaign: Campaign, seed: int) -> None:
    """Fill the database with pledges in every state, items due and appraised in and around the period."""
    dice = random.Random(seed)
    for member in Member.objects.order_by("pk"):
        if dice.random() < 0.2:
            Member.objects.filter(pk=member.pk).update(is_exempt=True)
        if dice.random() < 0.1:
            Member.objects.filter(pk=member.pk).update(status="left")
        if dice.random() < 0.85:
            _pledge(dice, campaign, member.organization, member)
    for organization in Organization.objects.order_by("pk"):
        if dice.random() < 0.85:
            _pledge(dice, campaign, organization, None)
    moved = Member.objects.order_by("pk").first()
    Member.objects.filter(pk=moved.pk if moved else 0).update(organization=world.orgs["west_two"])


def _pledge(dice: random.Random, campaign: Campaign, place: Organization, member: Member | None) -> None:
    state = dice.choice(STATES)
    at = clock.start_of(dt.date(2026, 1, 1)) + dt.timedelta(days=dice.randrange(0, 330), hours=dice.randrange(24))
    pledge = Pledge.objects.create(
        campaign=campaign, subject_kind="organization" if member is None else "member", organization=place, member=member,
        year=dice.choice((2026, 2026, 2026, 2027)), reviewing_organization=place, state=state, subject_name="甲",
        submitted_at=at, reviewed_at=at, published_at=at if state in PUBLIC else None,
    )  # fmt: skip
    for order in range(1, dice.randrange(2, 5)):
        result = dice.choice(list(ItemResult))
        appraised = None if result == "pending" else at + dt.timedelta(days=dice.randrange(0, 200))
        PledgeItem.objects.create(
            pledge=pledge, order=order, kind="post", text="事", result=result, appraised_at=appraised,
            mark=dice.choice(MARKS[result]) if result in MARKS else None,
            due_on=dice.choice((None, dt.date(2026, 1, 1), dt.date(2026, 6, 30), dt.date(2026, 7, 1)))
            or dt.date(2026, 1, 1) + dt.timedelta(days=dice.randrange(0, 365)),
        )  # fmt: skip


@dataclass
class Slow:
    """The definitions of docs/scoring.md, one record after the other."""

    period: Period
    as_of: dt.datetime

    def shown(self, pledge: Pledge) -> bool:
        return pledge.state in PUBLIC and pledge.published_at is not None and pledge.published_at <= self.as_of

    def coverage(self, members: Iterable[Member]) -> tuple[int, int]:
        obliged = [
            m for m in members if not m.is_exempt and m.status in ("normal", "lost_contact", "suspended")
            and m.created_at <= self.as_of
        ]  # fmt: skip
        covered = [m for m in obliged if any(self.in_time(p) for p in m.pledges.all())]
        return len(covered), len(obliged)

    def in_time(self, pledge: Pledge) -> bool:
        return (
            self.shown(pledge) and pledge.year == 2026
            and timezone.localtime(pledge.published_at).date() <= self.period.ends_on
        )  # fmt: skip

    def items(self, pledges: Iterable[Pledge]) -> list[PledgeItem]:
        return [
            i for p in pledges if self.shown(p) for i in p.items.all()
            if i.due_on and self.period.starts_on <= i.due_on <= self.period.ends_on
        ]  # fmt: skip

    def appraised(self, one: PledgeItem) -> bool:
        return one.appraised_at is not None and one.appraised_at <= self.as_of

    def fulfilment(self, pledges: Iterable[Pledge]) -> tuple[int, int]:
        kept = measured = 0
        for one in self.items(pledges):
            if self.appraised(one):
                kept += one.result in ("fulfilled", "basic")
                measured += one.result != "adjusted"
            elif one.due_on and one.due_on < timezone.localtime(self.as_of).date():
                measured += 1
        return kept, measured

    def mark(self, pledges: Iterable[Pledge]) -> tuple[int, int]:
        marks = [one.mark for one in self.items(pledges) if self.appraised(one) and one.mark is not None]
        return sum(marks), len(marks) * 100


@dataclass
class Everything:
    """All records, read once."""

    members: list[Member]
    organizations: list[Organization]

    @classmethod
    def read(cls) -> "Everything":
        return cls(
            list(Member.objects.select_related("organization").prefetch_related("pledges__items")),
            list(Organization.objects.prefetch_related("pledges__items")),
        )

    def figures(self, key: str, audience: str, path: str, slow: Slow) -> dict[int, tuple[int, int]]:
        if audience == Audience.MEMBER:
            below = [m for m in self.members if m.is_present and m.organization.path.startswith(path)]
            found = {m.pk: getattr(slow, key)(m.pledges.all()) for m in below}
        else:
            places = [o for o in self.organizations if o.path.startswith(path)]
            found = {o.pk: self.of_organization(key, o, slow) for o in places}
        return {pk: figure for pk, figure in found.items() if figure[1]}

    def of_organization(self, key: str, organization: Organization, slow: Slow) -> tuple[int, int]:
        members = [m for m in self.members if m.is_present and m.organization.path.startswith(organization.path)]
        if key == "coverage":
            return slow.coverage(members)
        if key == "members_fulfilment":
            return slow.fulfilment([p for m in members for p in m.pledges.all()])
        own = [p for p in organization.pledges.all() if p.member_id is None]
        return slow.fulfilment(own) if key == "fulfilment" else slow.mark(own)


@pytest.mark.parametrize("seed", range(6))
def test_figures_agree_with_a_slow_count(world: World, campaign: Campaign, seed: int) -> None:
    scatter(world, campaign, seed)
    Member.objects.update(created_at=clock.start_of(dt.date(2026, 1, 1)))
    Member.objects.filter(personnel_no="east_two-3").update(created_at=clock.start_of(dt.date(2026, 8, 1)))
    everything, compared = Everything.read(), 0
    periods = campaign.periods.filter(code__in=("2026H1", "2026H2"))
    for day, period in product((dt.date(2026, 5, 15), dt.date(2026, 7, 20), dt.date(2026, 12, 31)), periods):
        as_of = clock.start_of(day) + dt.timedelta(hours=17)
        for key, place in product(KEYS, ("root", "east", "east_one")):
            for audience in metrics.get(key).audiences:
                extent = Extent(period, world.orgs[place].path, as_of)
                slow = everything.figures(key.removeprefix("pledges."), audience, extent.place, Slow(period, as_of))
                with clock.at(clock.start_of(dt.date(2026, 3, 1))):  # who belongs where is a matter of the roll
                    found = figures_of(metrics.get(key), extent, audience)
                assert found == slow, (key, audience, place, period.code, day)
                compared += len(slow)
    assert compared > 100


@pytest.mark.parametrize("key", KEYS)
def test_the_number_of_queries_is_constant(world: World, campaign: Campaign, key: str) -> None:
    period = campaign.periods.get(code="2026H1")
    for audience in metrics.get(key).audiences:
        extent = Extent(period, world.orgs["root"].path, clock.now())
        with CaptureQueriesContext(connection) as before:
            figures_of(metrics.get(key), extent, audience)
        scatter(world, campaign, 1)
        with CaptureQueriesContext(connection) as after:
            figures_of(metrics.get(key), extent, audience)
        assert len(before) == len(after)
        PledgeItem.objects.all().delete()
        Pledge.objects.all().delete()


def test_what_a_figure_counted_can_be_listed(world: World, campaign: Campaign) -> None:
    mine = published(world, campaign, "member@east_one", item(due_on=dt.date(2026, 3, 1)), by="secretary@east_one")
    published(world, campaign, "member2@east_one", item(due_on=dt.date(2026, 9, 1)), by="secretary@east_one")
    branch = published(
        world, campaign, "secretary@east_one", item(due_on=dt.date(2026, 3, 5)), org="east_one", by="staff@east"
    )
    period, east_one = campaign.periods.get(code="2026H1"), world.orgs["east_one"]
    assert counted("pledges.coverage", period, world.orgs["east"]).count() == 2
    assert set(counted("pledges.members_fulfilment", period, east_one)) == {mine}
    assert set(counted("pledges.fulfilment", period, east_one)) == {branch}
    assert set(counted("pledges.fulfilment", period, mine.member)) == {mine}
    assert not counted("pledges.mark", period, east_one).exists()
    assert RequestFactory().get(metrics.get("pledges.coverage").records_url(east_one, period)).path == "/pledges/"
