"""Who may review whom, and what becomes of a review (2-domain b.6)."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from campaign.models import Action, Campaign, CampaignState, StageAction
from orgs.models import Member, PartyPost
from reviews.models import LeaderReview, ReviewMode, ReviewState
from reviews.services import (
    leader_review_create,
    leader_review_discard,
    leader_review_submit,
    leader_review_update,
    leader_review_withdraw,
)
from tests.reviews.leader_case import DAY, NOON, draft, reviewed
from tests.world import World


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def campaign(world: World) -> Campaign:
    return world.campaign()


@pytest.mark.django_db
def test_a_leader_reviews_an_organization_below(world: World, campaign: Campaign) -> None:
    review = reviewed(world.user("leader", "east"), campaign, world.orgs["east_one"])
    assert (review.state, review.period.code, review.organization) == ("submitted", "2026H1", world.orgs["east_one"])
    assert (review.reviewer_name, review.reviewing_organization) == ("east leader", world.orgs["east"])
    actions = list(AuditEntry.objects.filter(target_id=str(review.pk)).order_by("pk").values_list("action", flat=True))
    assert actions[-2:] == ["leader_review_create", "leader_review_submit"]


@pytest.mark.django_db
def test_a_secretary_reviews_a_member_of_the_branch(world: World, campaign: Campaign) -> None:
    member = world.members["east_one"][1]
    review = reviewed(world.user("secretary", "east_one"), campaign, member)
    assert (review.member, review.organization, review.audience) == (member, world.orgs["east_one"], "member")
    assert review.reviewer_post == str(PartyPost.SECRETARY.label)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "at", "subject"),
    [
        ("leader", "east", "east"),  # their own
        ("leader", "east", "root"),  # above them
        ("leader", "east", "west_one"),  # another company's
        ("secretary", "east_one", "east_one"),  # their own
        ("staff", "east", "east_one"),  # no reviewer
        ("member", "east_one", "east_one"),
    ],
)
def test_reviews_go_downward_only(world: World, campaign: Campaign, role: str, at: str, subject: str) -> None:
    with pytest.raises(NotAllowed):
        draft(world.user(role, at), campaign, world.orgs[subject])
    assert not LeaderReview.objects.exists()


@pytest.mark.django_db
def test_nobody_reviews_oneself_or_the_own_organization(world: World, campaign: Campaign) -> None:
    secretary = world.user("secretary", "east_one")
    with pytest.raises(DomainError, match=r"\w"):
        draft(secretary, campaign, secretary.member)
    leader = world.user("leader", "root")
    leader.member = Member.objects.create(
        personnel_no="L1", name="林国强", sex="male", organization=world.orgs["east_one"]
    )
    leader.save()
    leader = world.user("leader", "root")
    for subject in (leader.member, world.orgs["east_one"]):
        with pytest.raises(DomainError):
            draft(leader, campaign, subject)
    assert not LeaderReview.objects.exists()
    draft(leader, campaign, world.orgs["east_two"])


@pytest.mark.django_db
def test_a_member_of_another_branch_is_out_of_reach(world: World, campaign: Campaign) -> None:
    with pytest.raises(NotAllowed):
        draft(world.user("secretary", "east_one"), campaign, world.members["east_two"][1])


@pytest.mark.django_db
def test_the_day_decides_the_half_year(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    with clock.at(clock.start_of(dt.date(2026, 8, 2))):
        assert draft(leader, campaign, world.orgs["east_one"], held_on=dt.date(2026, 6, 30)).period.code == "2026H1"
        assert draft(leader, campaign, world.orgs["east_two"], held_on=dt.date(2026, 7, 1)).period.code == "2026H2"


@pytest.mark.django_db
@pytest.mark.parametrize("held_on", [DAY + dt.timedelta(days=1), dt.date(2025, 12, 31)])
def test_a_day_to_come_or_outside_the_campaign_is_refused(world: World, campaign: Campaign, held_on: dt.date) -> None:
    with pytest.raises(DomainError):
        draft(world.user("leader", "east"), campaign, world.orgs["east_one"], held_on=held_on)


@pytest.mark.django_db
@pytest.mark.parametrize("missing", ["achievements", "problems", "direction"])
def test_all_three_texts_are_needed_to_hand_over(world: World, campaign: Campaign, missing: str) -> None:
    leader = world.user("leader", "east")
    review = draft(leader, campaign, world.orgs["east_one"], **{missing: "  "})
    with pytest.raises(DomainError):
        leader_review_submit(review=review, actor=leader)
    with pytest.raises(IntegrityError), transaction.atomic():
        LeaderReview.objects.filter(pk=review.pk).update(state=ReviewState.SUBMITTED, submitted_at=NOON)
    review.refresh_from_db()
    assert review.is_draft


@pytest.mark.django_db
def test_a_text_may_have_two_thousand_characters(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    assert draft(leader, campaign, world.orgs["east_one"], problems="问" * 2000)
    with pytest.raises(DomainError):
        draft(leader, campaign, world.orgs["east_two"], problems="问" * 2001)


@pytest.mark.django_db
def test_the_stage_must_have_reviews(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    review = draft(leader, campaign, world.orgs["east_one"])
    StageAction.objects.filter(action=Action.REVIEW).delete()
    with pytest.raises(DomainError):
        leader_review_submit(review=review, actor=leader)


@pytest.mark.django_db
def test_a_closed_campaign_has_no_reviews(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    review = draft(leader, campaign, world.orgs["east_one"])
    Campaign.objects.update(state=CampaignState.CLOSED)
    review.refresh_from_db()
    with pytest.raises(DomainError):
        leader_review_submit(review=LeaderReview.objects.get(pk=review.pk), actor=leader)


@pytest.mark.django_db
def test_one_draft_at_a_time_but_any_number_of_reviews(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    for subject in (world.orgs["east_one"], world.members["east_one"][0]):
        reviewed(leader, campaign, subject)
        draft(leader, campaign, subject)
        with pytest.raises(DomainError):
            draft(leader, campaign, subject)
    assert LeaderReview.objects.count() == 4


@pytest.mark.django_db
def test_editing_needs_the_present_version_and_the_writer(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    review = draft(leader, campaign, world.orgs["east_one"])
    new = {
        "mode": ReviewMode.RANDOM, "held_on": DAY, "achievements": "甲", "problems": "乙", "direction": "丙",
    }  # fmt: skip
    leader_review_update(review=LeaderReview.objects.get(pk=review.pk), version=1, actor=leader, **new)  # type: ignore[arg-type]
    with pytest.raises(EditConflict):
        leader_review_update(review=review, version=1, actor=leader, **{**new, "problems": "丁"})  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        leader_review_update(review=review, version=2, actor=world.user("leader", "root"), **new)  # type: ignore[arg-type]
    review.refresh_from_db()
    assert (review.problems, review.mode, review.version) == ("乙", "random", 2)


@pytest.mark.django_db
def test_a_form_opened_before_handing_over_cannot_overwrite(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    stale = draft(leader, campaign, world.orgs["east_one"])
    leader_review_submit(review=LeaderReview.objects.get(pk=stale.pk), actor=leader)
    content = {"mode": ReviewMode.RANDOM, "held_on": DAY, "achievements": "", "problems": "", "direction": ""}
    with pytest.raises(EditConflict):
        leader_review_update(review=stale, version=1, actor=leader, **content)  # type: ignore[arg-type]
    stale.refresh_from_db()
    assert (stale.state, stale.problems) == ("submitted", "台账更新不及时")


@pytest.mark.django_db
def test_handing_over_twice_counts_once(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    review = draft(leader, campaign, world.orgs["east_one"])
    again = LeaderReview.objects.get(pk=review.pk)
    leader_review_submit(review=review, actor=leader)
    with pytest.raises(StateConflict):
        leader_review_submit(review=again, actor=leader)
    assert AuditEntry.objects.filter(action="leader_review_submit").count() == 1


@pytest.mark.django_db
def test_it_is_taken_back_within_a_day(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    review = reviewed(leader, campaign, world.orgs["east_one"])
    with clock.at(NOON + dt.timedelta(hours=24)):
        assert leader_review_withdraw(review=review, actor=leader).submitted_at is None
    leader_review_submit(review=review, actor=leader)
    with clock.at(NOON + dt.timedelta(hours=24, seconds=1)), pytest.raises(DomainError):
        leader_review_withdraw(review=review, actor=leader)


@pytest.mark.django_db
def test_only_its_writer_hands_over_and_takes_back(world: World, campaign: Campaign) -> None:
    leader, other = world.user("leader", "east"), world.user("leader", "root")
    review = draft(leader, campaign, world.orgs["east_one"])
    with pytest.raises(NotAllowed):
        leader_review_submit(review=review, actor=other)
    leader_review_submit(review=review, actor=leader)
    with pytest.raises(NotAllowed):
        leader_review_withdraw(review=review, actor=other)


@pytest.mark.django_db
def test_taking_back_beside_a_new_draft_is_refused(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    review = reviewed(leader, campaign, world.orgs["east_one"])
    draft(leader, campaign, world.orgs["east_one"])
    with pytest.raises(DomainError):
        leader_review_withdraw(review=review, actor=leader)
    assert LeaderReview.objects.submitted().count() == 1


@pytest.mark.django_db
def test_a_draft_is_thrown_away_by_its_writer_a_review_by_nobody(world: World, campaign: Campaign) -> None:
    leader = world.user("leader", "east")
    gone = draft(leader, campaign, world.orgs["east_one"])
    with pytest.raises(NotAllowed):
        leader_review_discard(review=gone, actor=world.user("leader", "root"))
    leader_review_discard(review=gone, actor=leader)
    kept = reviewed(leader, campaign, world.orgs["east_one"])
    with pytest.raises(StateConflict):
        leader_review_discard(review=kept, actor=leader)
    assert list(LeaderReview.objects.all()) == [kept]


@pytest.mark.django_db
def test_a_member_who_moved_away_is_no_longer_theirs_to_review(world: World, campaign: Campaign) -> None:
    secretary = world.user("secretary", "east_one")
    review = draft(secretary, campaign, world.members["east_one"][1])
    Member.objects.filter(pk=world.members["east_one"][1].pk).update(organization=world.orgs["west_one"])
    with pytest.raises(NotAllowed):
        leader_review_submit(review=LeaderReview.objects.get(pk=review.pk), actor=secretary)


@pytest.mark.django_db
def test_an_organization_outside_the_campaign_takes_no_part(world: World) -> None:
    campaign = world.campaign()
    Campaign.objects.filter(pk=campaign.pk).update(organization=world.orgs["west"])
    with pytest.raises(DomainError):
        leader_review_create(
            actor=world.user("leader", "east"),
            campaign=Campaign.objects.get(pk=campaign.pk),
            subject=world.orgs["east_one"],
            mode=ReviewMode.ONSITE,
            held_on=DAY,
        )
