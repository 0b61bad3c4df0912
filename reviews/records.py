"""Leader reviews and results of mass evaluations in the record of a member and of an organization."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.ballots.models import Subject
from campaign.common.access import under
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Kind, Row
from orgs.models import Member, Organization
from orgs.records import RecordPart, RecordRequest, records
from reviews.models.leader import LeaderReview
from reviews.selectors.rounds import results_for

CHUNK = 2000
REVIEWS = FormSheet(
    name="领导点评",
    title="领导点评情况",
    freeze=1,
    columns=(
        FormColumn("点评对象", width=20),
        FormColumn("点评时所在党组织", width=26),
        FormColumn("点评时间", Kind.DATE, width=12),
        FormColumn("点评领导", width=10),
        FormColumn("职务", width=14),
        FormColumn("点评方式", width=10),
        FormColumn("肯定成绩", width=30),
        FormColumn("存在问题", width=30),
        FormColumn("努力方向", width=30),
    ),
)
RESULTS = FormSheet(
    name="群众评议",
    title="群众评议结果",
    freeze=1,
    columns=(
        FormColumn("评议对象", width=24),
        FormColumn("评议名称", width=32),
        FormColumn("评议日期", Kind.DATE, width=12),
        FormColumn("综合得分", Kind.HUNDREDTHS, width=10),
    ),
)


def of_member(member: Member, request: RecordRequest) -> list[Filled]:
    reviews = LeaderReview.objects.visible_to(request.viewer).filter(member=member)
    subjects = Subject.objects.visible_to(request.viewer).filter(member=member)
    return [(REVIEWS, _reviews(reviews, request)), (RESULTS, _results(subjects, request))]


def of_organization(organization: Organization, request: RecordRequest) -> list[Filled]:
    """Those of the organization, of what lies below it, and of the members there at that time."""
    place = under(organization.path, "organization__path")
    reviews = LeaderReview.objects.visible_to(request.viewer).filter(place)
    subjects = Subject.objects.visible_to(request.viewer).filter(place)
    return [(REVIEWS, _reviews(reviews, request)), (RESULTS, _results(subjects, request))]


def _reviews(reviews: Any, request: RecordRequest) -> Iterator[Row]:
    found = request.within(reviews.submitted(), "held_on").select_related("member", "organization")
    for review in found.order_by("organization__path", "held_on", "pk").iterator(chunk_size=CHUNK):
        yield (
            review.member.name if review.member else review.organization.name,
            review.organization.name,
            review.held_on,
            review.reviewer_name,
            review.reviewer_post,
            review.get_mode_display(),
            review.achievements,
            review.problems,
            review.direction,
        )


def _results(subjects: Any, request: RecordRequest) -> Iterator[Row]:
    """Yield published, valid results: what the viewer could look up round by round."""
    published = subjects.filter(ballot__in=results_for(request.viewer).values("pk"), result__verdict="valid")
    # Only keys: joins to the scope may give a subject twice.
    found = Subject.objects.filter(pk__in=published.values("pk")).select_related("result", "ballot__round")
    ordered = request.moments(found, "ballot__sealed_at").order_by("organization__path", "ballot__sealed_at", "pk")
    for subject in ordered.iterator(chunk_size=CHUNK):
        day = timezone.localtime(subject.ballot.sealed_at).date()
        yield subject.name, subject.ballot.round.name, day, subject.result.total


def register() -> None:
    records.register(RecordPart("reviews", _("Reviews and evaluations"), of_member, of_organization))
