"""Batches, nominations, decisions, honours (2-domain b.10): what goes, beside what does not."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from awards.models import AwardBatch, AwardCategory, Honour, Nomination
from awards.services import (
    award_announce,
    batch_close,
    batch_create,
    batch_open,
    batch_reopen,
    batch_update,
    nomination_create,
    nomination_decide,
    nomination_submit,
    nomination_update,
    nomination_withdraw,
)
from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from campaign.models import Action, Campaign, CampaignState, StageAction
from campaign.scoring.services import ensure_builtin_sheets
from orgs.models import Member, Organization, RoleAssignment
from tests.awards.case import DAY, DEEDS, NOON, category, closed, fresh, made, nominated, opened
from tests.world import World


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def campaign(world: World) -> Campaign:
    return world.campaign()


@pytest.fixture
def batch(world: World, campaign: Campaign) -> AwardBatch:
    return opened(world, campaign)


# --- batches


@pytest.mark.django_db
def test_a_batch_is_made_from_the_template(world: World, campaign: Campaign) -> None:
    batch = made(world, campaign)
    found = [(c.kind, c.audience, c.name, c.quota) for c in batch.categories.all()]
    assert found == [
        ("excellent_member", "member", "优秀共产党员", 2),
        ("excellent_worker", "member", "优秀党务工作者", 1),
        ("advanced_organization", "organization", "先进基层党组织", 1),
    ]
    assert batch.state == "draft"
    other = made(world, campaign, template="benchmarks", quotas=None)
    assert list(other.categories.values_list("quota", flat=True)) == [30, 53]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "at", "of"), [("staff", "east", "root"), ("staff", "root", "east"), ("secretary", "east_one", "east_one")]
)
def test_a_batch_is_held_by_those_who_may(world: World, campaign: Campaign, role: str, at: str, of: str) -> None:
    with pytest.raises(NotAllowed):
        batch_create(
            actor=world.user(role, at),
            campaign=campaign,
            organization=world.orgs[of],
            name="x",
            opens_on=DAY,
            closes_on=DAY,
        )
    made(world, campaign, "east")
    assert AwardBatch.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "options",
    [
        {"template": "unknown"},
        {"closes_on": DAY - dt.timedelta(days=1)},
        {"quotas": {"excellent_member": -1}},
        {"quotas": {"excellent_member": 10_000}},
    ],
)
def test_a_batch_with_nonsense_is_refused(world: World, campaign: Campaign, options: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        made(world, campaign, **options)
    assert not AwardBatch.objects.exists()


@pytest.mark.django_db
def test_a_batch_of_an_organization_outside_the_campaign_is_refused(world: World, campaign: Campaign) -> None:
    Campaign.objects.update(organization=world.orgs["west"])
    with pytest.raises(DomainError):
        made(world, Campaign.objects.get(), "east")


@pytest.mark.django_db
def test_a_batch_opens_closes_and_opens_again(world: World, batch: AwardBatch) -> None:
    staff = world.user("staff", "root")
    with pytest.raises(StateConflict):
        batch_open(batch=batch, actor=staff)
    batch_close(batch=batch, actor=staff)
    with pytest.raises(NotAllowed):
        batch_reopen(batch=batch, actor=world.user("staff", "east"))
    assert batch_reopen(batch=batch, actor=staff).takes_nominations
    batch_close(batch=batch, actor=staff)
    with clock.at(NOON + dt.timedelta(days=21)), pytest.raises(DomainError):
        batch_reopen(batch=batch, actor=staff)


@pytest.mark.django_db
def test_quotas_change_but_not_below_what_is_given_away(world: World, batch: AwardBatch) -> None:
    staff = world.user("staff", "root")
    nomination = nominated(world, batch, world.members["east_one"][1])
    closed(world, batch)
    nomination_decide(nomination=fresh(nomination), actor=world.user("committee", "root"), approve=True)
    given: dict[str, Any] = {
        "name": batch.name,
        "opens_on": batch.opens_on,
        "closes_on": batch.closes_on,
        "actor": staff,
    }
    current = AwardBatch.objects.get(pk=batch.pk)
    with pytest.raises(DomainError):
        batch_update(batch=current, version=current.version, quotas={"excellent_member": 0}, **given)
    batch_update(batch=current, version=current.version, quotas={"excellent_member": 1}, **given)
    assert category(batch).quota == 1
    with pytest.raises(EditConflict):
        batch_update(batch=batch, version=1, quotas={}, **given)
    with pytest.raises(NotAllowed):
        batch_update(
            batch=current, version=current.version, quotas={}, **{**given, "actor": world.user("staff", "east")}
        )


# --- nominations


@pytest.mark.django_db
def test_a_branch_nominates_and_the_record_of_that_day_is_kept(world: World, batch: AwardBatch) -> None:
    member = world.members["east_one"][1]
    nomination = nominated(world, batch, member)
    Member.objects.filter(pk=member.pk).update(name="改名", organization=world.orgs["west_one"])
    kept = fresh(nomination)
    assert (kept.state, kept.nominee_name, kept.snapshot["organization"]) == (
        "nominated",
        "李秀英",
        "东山公司采掘一区党支部",
    )
    assert kept.snapshot["joined_on"] == "2005-07-01"
    assert set(kept.snapshot) == {
        "name",
        "organization",
        "party_post",
        "admin_post",
        "job",
        "joined_on",
        "is_frontline",
    }
    assert kept.nominee_organization == world.orgs["east_one"]


@pytest.mark.django_db
def test_a_committee_nominates_an_organization_below(world: World, batch: AwardBatch) -> None:
    nomination = nominated(world, batch, world.orgs["east_one"], by="staff@east", kind="advanced_organization")
    assert (nomination.member, nomination.nominee, nomination.snapshot["members"]) == (None, world.orgs["east_one"], 6)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("by", "of"), [("secretary@east_two", "east_one"), ("staff@root", "east_one"), ("member@east_one", "east_one")]
)
def test_nobody_nominates_for_another_organization(world: World, batch: AwardBatch, by: str, of: str) -> None:
    role, at = by.split("@")
    with pytest.raises(NotAllowed):
        nomination_create(
            actor=world.user(role, at),
            category=category(batch),
            organization=world.orgs[of],
            nominee=world.members[of][1],
        )


@pytest.mark.django_db
def test_an_organization_nominates_its_own(world: World, batch: AwardBatch) -> None:
    for nominee in (world.members["west_one"][1], world.members["east_two"][1]):
        with pytest.raises(DomainError):
            nominated(world, batch, nominee)
    with pytest.raises(DomainError):
        nominated(world, batch, world.orgs["east"], kind="advanced_organization")
    nominated(world, batch, world.members["east_two"][1], by="staff@east")
    nominated(world, batch, world.orgs["east_one"], kind="advanced_organization")


@pytest.mark.django_db
def test_a_batch_takes_nominations_from_below_it_only(world: World, campaign: Campaign) -> None:
    east = opened(world, campaign, "east")
    with pytest.raises(DomainError):
        nominated(world, east, world.members["west_one"][1], by="secretary@west_one")
    nominated(world, east, world.members["east_one"][1])


@pytest.mark.django_db
@pytest.mark.parametrize("record", [{"kind": "probationary"}, {"status": "lost_contact"}, {"status": "suspended"}])
def test_only_full_members_of_normal_standing(world: World, batch: AwardBatch, record: dict[str, str]) -> None:
    member = world.members["east_one"][1]
    Member.objects.filter(pk=member.pk).update(**record)
    with pytest.raises(DomainError):
        nominated(world, batch, Member.objects.get(pk=member.pk))


@pytest.mark.django_db
def test_what_a_nominee_is_decides_the_category(world: World, batch: AwardBatch, campaign: Campaign) -> None:
    plain, secretary = world.members["east_one"][1], world.members["east_one"][0]
    with pytest.raises(DomainError):
        nominated(world, batch, plain, kind="excellent_worker")
    nominated(world, batch, secretary, kind="excellent_worker")
    with pytest.raises(DomainError):
        nominated(world, batch, plain, kind="advanced_organization")
    with pytest.raises(DomainError):
        nominated(world, batch, world.orgs["east_one"], kind="excellent_member")
    benchmarks = opened(world, campaign, template="benchmarks", quotas=None)
    with pytest.raises(DomainError):
        nominated(world, benchmarks, world.orgs["east"], by="staff@east", kind="benchmark_branch")
    nominated(world, benchmarks, world.orgs["east_one"], by="staff@east", kind="benchmark_branch")


@pytest.mark.django_db
def test_nobody_stands_twice_in_a_batch(world: World, batch: AwardBatch, campaign: Campaign) -> None:
    secretary = world.members["east_one"][0]
    first = nominated(world, batch, secretary)
    for by, kind in (("secretary@east_one", "excellent_worker"), ("staff@east", "excellent_member")):
        with pytest.raises(DomainError):
            nominated(world, batch, secretary, by=by, kind=kind)
    nominated(world, opened(world, campaign), secretary, kind="excellent_worker")  # another batch
    nomination_withdraw(nomination=first, actor=world.user("secretary", "east_one"))
    nominated(world, batch, secretary, by="staff@east", kind="excellent_worker")
    organization = world.orgs["east_one"]
    nominated(world, batch, organization, kind="advanced_organization")
    with pytest.raises(DomainError):
        nominated(world, batch, organization, by="staff@east", kind="advanced_organization")


@pytest.mark.django_db
def test_the_database_itself_keeps_a_nominee_from_standing_twice(world: World, batch: AwardBatch) -> None:
    first = nominated(world, batch, world.members["east_one"][0])
    second = nomination_create(
        actor=world.user("staff", "east"), category=category(batch), organization=world.orgs["east"],
        nominee=world.members["east_one"][0], deeds=DEEDS,
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Nomination.objects.filter(pk=second.pk).update(
            state="nominated", nominated_by=first.nominated_by, nominated_at=NOON
        )


@pytest.mark.django_db
def test_a_nomination_needs_the_window_the_stage_and_deeds(world: World, campaign: Campaign) -> None:
    batch, secretary = made(world, campaign), world.user("secretary", "east_one")
    nomination = nomination_create(
        actor=secretary,
        category=category(batch),
        organization=world.orgs["east_one"],
        nominee=world.members["east_one"][1],
    )
    with pytest.raises(DomainError):  # not open
        nomination_submit(nomination=fresh(nomination), actor=secretary)
    batch_open(batch=batch, actor=world.user("staff", "root"))
    with pytest.raises(DomainError):  # no deeds
        nomination_submit(nomination=fresh(nomination), actor=secretary)
    nomination_update(nomination=fresh(nomination), version=1, actor=secretary, deeds=DEEDS)
    for late in (NOON - dt.timedelta(days=1), NOON + dt.timedelta(days=21)):
        with clock.at(late), pytest.raises(DomainError):
            nomination_submit(nomination=fresh(nomination), actor=secretary)
    with transaction.atomic():
        StageAction.objects.filter(action=Action.NOMINATE).delete()
        with pytest.raises(DomainError):
            nomination_submit(nomination=fresh(nomination), actor=secretary)
        transaction.set_rollback(True)
    with transaction.atomic():
        Campaign.objects.update(state=CampaignState.CLOSED)
        with pytest.raises(DomainError):
            nomination_submit(nomination=fresh(nomination), actor=secretary)
        transaction.set_rollback(True)
    with clock.at(NOON + dt.timedelta(days=20)):
        assert nomination_submit(nomination=fresh(nomination), actor=secretary).state == "nominated"


@pytest.mark.django_db
def test_deeds_have_a_length_and_a_version(world: World, batch: AwardBatch) -> None:
    secretary = world.user("secretary", "east_one")
    given: dict[str, Any] = {"category": category(batch), "organization": world.orgs["east_one"]}
    member, other = world.members["east_one"][1:3]
    with pytest.raises(DomainError):
        nomination_create(actor=secretary, nominee=member, deeds="事" * 2001, **given)
    nomination = nomination_create(actor=secretary, nominee=member, deeds="事" * 2000, **given)
    with pytest.raises(DomainError):  # a second draft of the same
        nomination_create(actor=secretary, nominee=member, **given)
    nomination_create(actor=secretary, nominee=other, **given)
    nomination_update(nomination=fresh(nomination), version=1, actor=secretary, deeds=DEEDS)
    with pytest.raises(EditConflict):
        nomination_update(nomination=nomination, version=1, actor=secretary, deeds="别的")
    with pytest.raises(NotAllowed):
        nomination_update(
            nomination=fresh(nomination), version=2, actor=world.user("secretary", "east_two"), deeds="别的"
        )
    nomination_submit(nomination=fresh(nomination), actor=secretary)
    with pytest.raises(EditConflict):  # a form opened before handing in
        nomination_update(nomination=nomination, version=2, actor=secretary, deeds="别的")
    with pytest.raises(StateConflict):
        nomination_update(nomination=fresh(nomination), version=3, actor=secretary, deeds="别的")
    assert fresh(nomination).deeds == DEEDS


# --- decisions


@pytest.mark.django_db
def test_the_committee_decides_after_the_close(world: World, batch: AwardBatch) -> None:
    committee = world.user("committee", "root")
    first = nominated(world, batch, world.members["east_one"][1])
    second = nominated(world, batch, world.members["east_one"][2])
    with pytest.raises(DomainError):
        nomination_decide(nomination=fresh(first), actor=committee, approve=True)
    closed(world, batch)
    approved = nomination_decide(nomination=fresh(first), actor=committee, approve=True)
    assert (approved.state, approved.decided_by, category(batch).approved) == ("approved", committee, 1)
    with pytest.raises(DomainError):  # no reason
        nomination_decide(nomination=fresh(second), actor=committee, approve=False)
    rejected = nomination_decide(nomination=fresh(second), actor=committee, approve=False, reason="事迹不够突出")
    assert (rejected.state, rejected.decision, category(batch).approved) == ("rejected", "事迹不够突出", 1)
    assert AuditEntry.objects.filter(action__in=("nomination_approve", "nomination_reject")).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "at"), [("committee", "east"), ("committee", "west"), ("staff", "root"), ("secretary", "east_one")]
)
def test_the_committee_of_the_holder_alone_decides(world: World, batch: AwardBatch, role: str, at: str) -> None:
    nomination = nominated(world, batch, world.members["east_one"][1])
    closed(world, batch)
    with pytest.raises(NotAllowed):
        nomination_decide(nomination=fresh(nomination), actor=world.user(role, at), approve=True)
    assert fresh(nomination).state == "nominated"
    assert category(batch).approved == 0


@pytest.mark.django_db
def test_who_nominates_does_not_decide_nor_does_the_nominee(world: World, batch: AwardBatch) -> None:
    for user in (world.user("secretary", "east_one"), world.user("member", "east_one")):
        RoleAssignment.objects.create(user=user, role="committee", organization=world.orgs["root"], starts_on=DAY)
    nomination = nominated(world, batch, world.members["east_one"][1])
    closed(world, batch)
    for role in ("secretary", "member"):
        for approve in (True, False):
            with pytest.raises(DomainError):
                nomination_decide(
                    nomination=fresh(nomination), actor=world.user(role, "east_one"), approve=approve, reason="x"
                )
    with pytest.raises(IntegrityError), transaction.atomic():
        Nomination.objects.update(state="approved", decided_by=nomination.nominated_by, decided_at=NOON)
    nomination_decide(nomination=fresh(nomination), actor=world.user("committee", "root"), approve=True)


@pytest.mark.django_db
def test_the_stage_must_have_decisions(world: World, batch: AwardBatch) -> None:
    nomination = nominated(world, batch, world.members["east_one"][1])
    closed(world, batch)
    StageAction.objects.filter(action=Action.DECIDE).delete()
    with pytest.raises(DomainError):
        nomination_decide(nomination=fresh(nomination), actor=world.user("committee", "root"), approve=True)


@pytest.mark.django_db
def test_no_more_than_the_quota(world: World, batch: AwardBatch) -> None:
    committee = world.user("committee", "root")
    nominations = [nominated(world, batch, member) for member in world.members["east_one"][1:4]]
    closed(world, batch)
    for nomination in nominations[:2]:
        nomination_decide(nomination=fresh(nomination), actor=committee, approve=True)
    with pytest.raises(DomainError):
        nomination_decide(nomination=fresh(nominations[2]), actor=committee, approve=True)
    assert fresh(nominations[2]).state == "nominated"
    with pytest.raises(IntegrityError), transaction.atomic():
        AwardCategory.objects.filter(pk=category(batch).pk).update(approved=3)
    nomination_decide(nomination=fresh(nominations[2]), actor=committee, approve=False, reason="名额已满")


@pytest.mark.django_db
def test_two_deciders_at_once_decide_once(world: World, batch: AwardBatch) -> None:
    nomination = nominated(world, batch, world.members["east_one"][1])
    closed(world, batch)
    one, two = fresh(nomination), fresh(nomination)
    nomination_decide(nomination=one, actor=world.user("committee", "root"), approve=True)
    RoleAssignment.objects.create(
        user=world.user("leader", "root"), role="committee", organization=world.orgs["root"], starts_on=DAY
    )
    for approve in (True, False):
        with pytest.raises(StateConflict):
            nomination_decide(nomination=two, actor=world.user("leader", "root"), approve=approve, reason="x")
    assert (fresh(nomination).state, category(batch).approved) == ("approved", 1)


@pytest.mark.django_db
def test_nothing_is_decided_in_a_batch_that_was_opened_again_meanwhile(world: World, batch: AwardBatch) -> None:
    """A page read a moment ago says that nominations are closed; what counts is how it is now."""
    nomination = nominated(world, batch, world.members["east_one"][1])
    held = closed(world, batch)
    read = fresh(nomination)
    assert read.batch.state == "closed"
    batch_reopen(batch=held, actor=world.user("office", "root"))
    with pytest.raises(DomainError, match="推荐截止后"):
        nomination_decide(nomination=read, actor=world.user("committee", "root"), approve=True)
    assert fresh(nomination).state == "nominated"
    assert category(batch).approved == 0


def test_what_is_decided_cannot_be_withdrawn(world: World, batch: AwardBatch) -> None:
    secretary = world.user("secretary", "east_one")
    first = nominated(world, batch, world.members["east_one"][1])
    second = nominated(world, batch, world.members["east_one"][2])
    with pytest.raises(NotAllowed):
        nomination_withdraw(nomination=fresh(second), actor=world.user("secretary", "east_two"))
    closed(world, batch)
    nomination_decide(nomination=fresh(first), actor=world.user("committee", "root"), approve=True)
    with pytest.raises(StateConflict):
        nomination_withdraw(nomination=fresh(first), actor=secretary)
    assert nomination_withdraw(nomination=fresh(second), actor=secretary).state == "withdrawn"
    with pytest.raises(DomainError):
        batch_reopen(batch=AwardBatch.objects.get(pk=batch.pk), actor=world.user("staff", "root"))


# --- honours


@pytest.mark.django_db
def test_announcing_makes_numbered_honours(world: World, batch: AwardBatch) -> None:
    committee, staff = world.user("committee", "root"), world.user("staff", "root")
    organization = nominated(world, batch, world.orgs["east_two"], by="staff@east", kind="advanced_organization")
    second = nominated(world, batch, world.members["west_one"][1], by="secretary@west_one")
    first = nominated(world, batch, world.members["east_one"][1])
    batch = closed(world, batch)
    with pytest.raises(DomainError):  # undecided ones wait
        award_announce(batch=batch, actor=staff)
    for nomination in (first, second, organization):
        nomination_decide(nomination=fresh(nomination), actor=committee, approve=True)
    with pytest.raises(NotAllowed):
        award_announce(batch=batch, actor=world.user("staff", "east"))
    with clock.at(NOON + dt.timedelta(days=30)):
        honours = award_announce(batch=batch, actor=staff)
    assert [(h.number, h.title, h.name) for h in honours] == [
        ("2026-0001", "优秀共产党员", "李秀英"),
        ("2026-0002", "优秀共产党员", "李秀英"),
        ("2026-0003", "先进基层党组织", "东山公司采掘二区党支部"),
    ]
    assert [(h.member, h.organization) for h in honours[::2]] == [
        (world.members["east_one"][1], world.orgs["east_one"]),
        (None, world.orgs["east_two"]),
    ]
    assert {h.decided_on for h in honours} == {DAY}
    assert set(Nomination.objects.values_list("state", flat=True)) == {"awarded"}
    assert AwardBatch.objects.get().announced_on == DAY + dt.timedelta(days=30)
    with pytest.raises(StateConflict):
        award_announce(batch=batch, actor=staff)
    assert Honour.objects.count() == 3


@pytest.mark.django_db
def test_nothing_to_announce_is_refused(world: World, batch: AwardBatch) -> None:
    nomination = nominated(world, batch, world.members["east_one"][1])
    batch = closed(world, batch)
    nomination_decide(nomination=fresh(nomination), actor=world.user("committee", "root"), approve=False, reason="x")
    with pytest.raises(DomainError):
        award_announce(batch=batch, actor=world.user("staff", "root"))
    assert AwardBatch.objects.get().state == "closed"


@pytest.mark.django_db
def test_announcing_costs_the_same_for_one_and_for_twelve(world: World, campaign: Campaign) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ensure_builtin_sheets(campaign=campaign)  # the first announcement would make them
    counts = []
    for members in (world.members["east_one"][:1], [m for branch in world.members.values() for m in branch[1:4]]):
        batch = opened(world, campaign, quotas={"excellent_member": 50})
        for member in members:
            nominated(world, batch, member, by=f"secretary@{member.organization.code.lower()}")
        batch = closed(world, batch)
        for nomination in batch.nominations.all():
            nomination_decide(nomination=nomination, actor=world.user("committee", "root"), approve=True)
        staff = world.user("staff", "root")
        assert staff.grants
        with CaptureQueriesContext(connection) as captured:
            assert len(award_announce(batch=batch, actor=staff)) == len(members)
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_an_organization_can_be_a_nominee_of_any_type_but_a_cell(world: World, batch: AwardBatch) -> None:
    Organization.objects.filter(pk=world.orgs["east_two"].pk).update(type="cell")
    with pytest.raises(DomainError):
        nominated(
            world,
            batch,
            Organization.objects.get(pk=world.orgs["east_two"].pk),
            by="staff@east",
            kind="advanced_organization",
        )
    nominated(world, batch, world.orgs["east"], by="staff@east", kind="advanced_organization")
