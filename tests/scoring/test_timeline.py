"""Scores on the pages of an organization and of a member."""

import pytest
from django.urls import reverse

from campaign.scoring.models import PeriodScore
from campaign.scoring.timeline import of_member, of_organization
from tests.orgs.test_organizations import signed_in
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def scored(measured_world: World) -> World:
    run(ready(measured_world, BRANCHES, COMMITTEES, MEMBERS), measured_world.orgs["root"])
    return measured_world


def test_an_organization_shows_its_points_to_those_who_see_them(scored: World) -> None:
    branch = scored.orgs["east_one"]
    score = PeriodScore.objects.get(organization=branch, member=None)
    (entry,) = of_organization(branch, scored.user("secretary", "east_one"))
    assert (entry.on, entry.url) == (score.period.ends_on, reverse("score_detail", args=[score.pk]))
    assert str(score.period) in entry.text
    assert f"{score.total // 100}." in entry.text
    page = (
        signed_in(scored.user("office", "root")).get(reverse("organization_detail", args=[branch.pk])).content.decode()
    )
    assert entry.url in page
    for who, at in (("secretary", "east_two"), ("member", "east_one"), ("audit_admin", "root")):
        assert of_organization(branch, scored.user(who, at)) == []


def test_a_member_is_told_by_grade_alone(scored: World) -> None:
    member = scored.user("member", "east_one").member
    assert member is not None
    score = PeriodScore.objects.get(member=member)
    for who in ("member", "secretary"):
        (entry,) = of_member(member, scored.user(who, "east_one"))
        assert entry.url == reverse("grade_detail", args=[score.pk])
        assert str(score.total // 100) not in entry.text.removeprefix(str(score.period))
    page = signed_in(scored.user("member", "east_one")).get(reverse("member_mine"), follow=True).content.decode()
    assert reverse("grade_detail", args=[score.pk]) in page
    for who, at in (("office", "root"), ("secretary", "west_one"), ("staff", "east")):
        assert of_member(member, scored.user(who, at)) == []


def test_a_score_that_was_computed_anew_stands_there_once(scored: World) -> None:
    branch = scored.orgs["east_one"]
    score = PeriodScore.objects.get(organization=branch, member=None)
    run(score.period, scored.orgs["root"])
    assert len(of_organization(branch, scored.user("office", "root"))) == 1
