"""People who press in the same second, on a real database: exactly one of them succeeds."""

from collections.abc import Callable

import pytest

from campaign.common.errors import DomainError
from campaign.models import Campaign
from pledges import services
from pledges.models import Pledge, PledgeItem, PledgeReview
from tests.at_once import at_once
from tests.pledges.conftest import item, submitted, write
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


def test_one_of_eight_approvals_counts(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "member@east_one")
    secretary = world.user("secretary", "east_one")

    def approve() -> None:
        services.pledge_approve(pledge=Pledge.objects.get(pk=pledge.pk), actor=secretary)

    def approve_many() -> None:
        if not services.pledges_approve_many(queryset=Pledge.objects.filter(pk=pledge.pk), actor=secretary):
            raise DomainError

    outcomes = at_once(*[approve] * 5, *[approve_many] * 3)
    assert outcomes.count("") == 1
    assert PledgeReview.objects.count() == 1


def test_one_of_six_savings_counts(world: World, campaign: Campaign) -> None:
    pledge = write(world, campaign, "member@east_one")
    member, version = world.user("member", "east_one"), pledge.version

    def save(text: str) -> Callable[[], object]:
        return lambda: services.pledge_save(
            pledge=pledge, actor=member, version=version, items=[item(text), item(f"{text}之二")]
        )

    outcomes = at_once(*[save(f"第{number}人") for number in range(6)])
    assert sorted(outcomes) == ["", *["EditConflict"] * 5]
    texts = list(PledgeItem.objects.order_by("order").values_list("text", flat=True))
    assert texts == [texts[0], f"{texts[0]}之二"]


def test_saved_or_submitted_but_never_submitted_incomplete(world: World, campaign: Campaign) -> None:
    """Someone empties the target while another hands the pledge in: whichever comes first, nothing incomplete is in review."""
    member = world.user("member", "east_one")
    for _round in range(5):
        Pledge.objects.all().delete()
        pledge = write(world, campaign, "member@east_one")
        version = pledge.version
        at_once(
            lambda pledge=pledge: services.pledge_submit(pledge=pledge, actor=member),  # type: ignore[misc]
            lambda pledge=pledge, version=version: services.pledge_save(  # type: ignore[misc]
                pledge=pledge, actor=member, version=version, items=[item(target="")]
            ),
        )
        pledge.refresh_from_db()
        assert (pledge.state, pledge.items.get().target == "") in {("submitted", False), ("draft", True)}


def test_two_starts_make_one_pledge(world: World, campaign: Campaign) -> None:
    member = world.user("member", "east_one")
    start = [lambda: services.pledge_start(campaign=campaign, actor=member, member=member.member)] * 4
    assert at_once(*start).count("") == 1
    assert Pledge.objects.count() == 1


def test_of_two_reviewers_one_decides(world: World, campaign: Campaign) -> None:
    """One approves while the other returns: the pledge, its review and its items say the same, whoever was first."""
    secretary = world.user("secretary", "east_one")
    for _round in range(5):
        Pledge.objects.all().delete()
        pledge = submitted(world, campaign, "member@east_one")
        version = pledge.version
        outcomes = at_once(
            lambda pledge=pledge, version=version: services.pledge_approve(  # type: ignore[misc]
                pledge=pledge, actor=secretary, version=version
            ),
            lambda pledge=pledge, version=version: services.pledge_return(  # type: ignore[misc]
                pledge=pledge, actor=secretary, version=version, decisions={1: services.ItemDecision(lacking=("post",))}
            ),
        )
        pledge.refresh_from_db()
        review = PledgeReview.objects.get(pledge=pledge)
        assert outcomes.count("") == 1
        assert review.decision == pledge.state
        assert [record["decision"] for record in review.items] == [pledge.state]


def test_an_approval_is_taken_back_or_published_never_both(world: World, campaign: Campaign) -> None:
    secretary = world.user("secretary", "east_one")
    for _round in range(5):
        Pledge.objects.all().delete()
        pledge = submitted(world, campaign, "member@east_one")
        services.pledge_approve(pledge=pledge, actor=secretary)
        chosen = Pledge.objects.filter(pk=pledge.pk)
        at_once(
            lambda chosen=chosen: services.pledges_unapprove_many(queryset=chosen, actor=secretary),  # type: ignore[misc]
            lambda chosen=chosen: services.pledges_publish_many(queryset=chosen, actor=secretary),  # type: ignore[misc]
        )
        pledge.refresh_from_db()
        public = pledge.state == "published"
        assert (pledge.state, pledge.published_at is not None) in {("published", True), ("submitted", False)}
        assert (pledge.reviewed_at is not None, pledge.display_until is not None) == (public, public)
