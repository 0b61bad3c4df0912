"""Leader reviews on the page of a member or an organization."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.models import Audience
from orgs.models import Member, Organization
from orgs.timeline import TimelineEntry, TimelineSource, sources
from reviews.models.leader import LeaderReview, LeaderReviewQuerySet

SHOWN = 50


def of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    return _entries(LeaderReview.objects.visible_to(viewer).filter(member=member))


def of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    own = LeaderReview.objects.visible_to(viewer).filter(organization=organization, audience=Audience.ORGANIZATION)
    return _entries(own)


def _entries(reviews: LeaderReviewQuerySet) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            on=review.held_on,
            label=_("Leader review"),
            text=f"{review.reviewer_name} · {review.get_mode_display()}",
            url=reverse("review_detail", args=[review.pk]),
            icon="message-2",
        )
        for review in reviews.submitted()[:SHOWN]
    ]


def register() -> None:
    sources.register(TimelineSource("leader_reviews", _("Leader reviews"), of_member, of_organization))
