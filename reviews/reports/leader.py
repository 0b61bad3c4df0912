"""Form d.4: leader reviews of a period one by one, and their coverage by unit (2-domain d.4).

What becomes of the problems that a review names (整改) has no records yet: these columns stay empty until it has.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.capabilities import Cap
from campaign.common.exact import half_up
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Keyed, Kind, Row
from campaign.models import Audience, Period
from campaign.reports.figures import Records
from campaign.reports.places import OWN, place_of, within
from campaign.reports.registry import Report, ReportRequest, reports
from orgs.models import Organization, User
from orgs.models.members import PartyPost
from reviews.models.leader import LeaderReview, LeaderReviewQuerySet, ReviewMode
from reviews.selectors.leader import due_members, due_organizations, reviewed_in

CHUNK = 1000
WHOLE = 10_000


def _reviews(request: ReportRequest) -> LeaderReviewQuerySet:
    """Return the reviews of the period in the subtree of the report that the person may see."""
    seen = LeaderReview.objects.all() if request.user is None else LeaderReview.objects.visible_to(request.user)
    found = seen.submitted().filter(under(request.organization.path, "organization__path"))
    return found.during(request.period) if request.period is not None else found.none()


# -- the ledger --------------------------------------------------------------------------------------------------------

LEDGER = FormSheet(
    name="领导点评情况统计表",
    title="领导点评情况统计表",
    freeze=2,
    columns=(
        FormColumn("点评单位", width=24),
        FormColumn("点评领导", width=9, align="center"),
        FormColumn("职务", width=12),
        FormColumn("点评时间", Kind.DATE, width=12),
        FormColumn("点评方式", width=8, align="center"),
        FormColumn("点评对象类别(党组织/书记/党员)", width=11, align="center"),
        FormColumn("点评对象", width=22),
        FormColumn("肯定成绩", width=30),
        FormColumn("存在问题", width=30),
        FormColumn("努力方向", width=30),
        FormColumn("是否形成整改", Kind.YES_NO, width=8),
        FormColumn("整改时限", Kind.DATE, width=12),
        FormColumn("整改完成情况", width=10, align="center"),
        FormColumn("备注", width=12),
    ),
)


def _ledger_rows(request: ReportRequest) -> Iterator[Row]:
    found = _reviews(request).select_related("reviewing_organization", "organization", "member")
    for review in found.order_by("organization__path", "held_on", "pk").iterator(chunk_size=CHUNK):
        yield Keyed(
            review.pk,
            (
                review.reviewing_organization.name, review.reviewer_name, review.reviewer_post, review.held_on,
                review.get_mode_display(), _kind(review), review.subject_name, review.achievements, review.problems,
                review.direction, None, None, None, review.organization.name if review.member_id else "",
            ),
        )  # fmt: skip


def _kind(review: LeaderReview) -> str:
    if review.member is None:
        return "党组织"
    return "书记" if review.member.party_post == PartyPost.SECRETARY else "党员"


# -- the statistics ----------------------------------------------------------------------------------------------------


@dataclass
class Counts:
    """The figures of a unit."""

    reviewers: int = 0
    due: Mapping[Audience, int] = field(default_factory=dict)
    reviewed: Mapping[Audience, int] = field(default_factory=dict)
    modes: Mapping[str, int] = field(default_factory=dict)

    def cells(self) -> Row:
        """Return the figures in the order of the columns."""
        coverage: list[int | None] = []
        for audience in (Audience.ORGANIZATION, Audience.MEMBER):
            due, done = self.due.get(audience, 0), self.reviewed.get(audience, 0)
            coverage += [due, done, half_up(done * WHOLE, due) if due else None]
        return (self.reviewers, *coverage, *(self.modes.get(mode, 0) for mode in ReviewMode), None, None, None)


def _due(request: ReportRequest, audience: Audience) -> QuerySet[Any]:
    """Return who in the subtree is due a review. The organization of the report itself is reviewed from above."""
    if audience == Audience.ORGANIZATION:
        found = due_organizations().filter(under(request.organization.path)).exclude(pk=request.organization.pk)
        return found if request.user is None else found.allowed(request.user, Cap.REVIEW_COVERAGE)
    members = due_members().in_subtree(request.organization)
    return members if request.user is None else members.allowed(request.user, Cap.REVIEW_COVERAGE)


def _done(request: ReportRequest, audience: Audience) -> QuerySet[Any]:
    return _due(request, audience).filter(reviewed_in(_period(request), audience))


def _period(request: ReportRequest) -> Period:
    assert request.period is not None, "report_check asks for a period"  # noqa: S101
    return request.period


def _place_lookup(queryset: QuerySet[Any]) -> str:
    return "path" if queryset.model is Organization else "organization__path"


def _by_unit(queryset: QuerySet[Any], step: int) -> dict[str, int]:
    """Count by the first `step` characters of the place: one grouped query."""
    units = queryset.order_by().values(unit=Left(_place_lookup(queryset), step)).annotate(found=Count("pk"))
    return dict(units.values_list("unit", "found"))


def unit_counts(request: ReportRequest) -> tuple[dict[str, Counts], Counts]:
    """Return the figures by place of the units directly below the report's organization and of what lies in it itself, and
    the figures of all: seven queries, whatever the number of units."""
    top = request.organization.path
    step = len(top) + Organization.steplen
    due = {each: _by_unit(_due(request, each), step) for each in Audience}
    done = {each: _by_unit(_done(request, each), step) for each in Audience}
    modes: dict[str, dict[str, int]] = defaultdict(dict)
    held = _reviews(request).order_by()
    rows = held.values(unit=Left("organization__path", step)).annotate(found=Count("pk"), mode=F("mode"))
    for unit, mode, number in rows.values_list("unit", "mode", "found"):
        modes[unit][mode] = number
    people = held.values(unit=Left("organization__path", step)).annotate(found=Count("reviewer", distinct=True))
    reviewers = dict(people.values_list("unit", "found"))
    places = {place for found in (*due.values(), modes) for place in found}
    counts = {
        place: Counts(
            reviewers.get(place, 0),
            {each: due[each].get(place, 0) for each in Audience},
            {each: done[each].get(place, 0) for each in Audience},
            modes.get(place, {}),
        )
        for place in places
    }
    total = Counts(
        held.aggregate(found=Count("reviewer", distinct=True))["found"],
        {each: sum(due[each].values()) for each in Audience},
        {each: sum(done[each].values()) for each in Audience},
        {mode: sum(found.get(mode, 0) for found in modes.values()) for mode in ReviewMode},
    )
    return counts, total


Behind = Callable[[ReportRequest, str], Records]
PEOPLE = {Audience.ORGANIZATION: ("name", "type"), Audience.MEMBER: ("name", "organization__name")}
PAGES = {Audience.ORGANIZATION: "organization_detail", Audience.MEMBER: "member_detail"}


def subjects(audience: Audience, *, done: bool = False, share: bool = False) -> Behind:
    """Return what is behind a figure that counts who is due a review, or has one; with `share` the rate of these."""

    def records(request: ReportRequest, key: str) -> Records:
        place = place_of(request, key, Cap.REVIEW_COVERAGE)

        def here(found: QuerySet[Any]) -> QuerySet[Any]:
            kept: QuerySet[Any] = found.filter(within(place, key, _place_lookup(found)))
            return kept

        found = here(_done(request, audience) if done or share else _due(request, audience))
        whole = here(_due(request, audience)) if share else None
        return Records(found, PEOPLE[audience], PAGES[audience], about=place.name, of=whole)

    return records


def reviews(mode: str) -> Behind:
    """Return the reviews of one mode."""

    def records(request: ReportRequest, key: str) -> Records:
        place = place_of(request, key, Cap.REVIEW_COVERAGE)
        found = _reviews(request).filter(within(place, key), mode=mode)
        fields = ("organization__name", "member__name", "reviewer_name", "held_on", "mode")
        return Records(found, fields, "review_detail", about=place.name)

    return records


def reviewers(request: ReportRequest, key: str) -> Records:
    """Return the leaders who have reviewed."""
    place = place_of(request, key, Cap.REVIEW_COVERAGE)
    wrote = _reviews(request).filter(within(place, key)).order_by().values("reviewer")
    return Records(User.objects.filter(pk__in=wrote), ("name", "organization__name"), about=place.name)


UNITS = FormSheet(
    name="领导点评覆盖统计表",
    title="领导点评覆盖情况统计表",
    freeze=1,
    columns=(
        FormColumn("单位", width=30),
        FormColumn("参加点评的领导人数", Kind.INTEGER, width=9, counts=reviewers),
        FormColumn("应点评", Kind.INTEGER, width=8, group="党组织", counts=subjects(Audience.ORGANIZATION)),
        FormColumn("已点评", Kind.INTEGER, width=8, group="党组织", counts=subjects(Audience.ORGANIZATION, done=True)),
        FormColumn("覆盖率%", Kind.HUNDREDTHS, width=9, group="党组织", counts=subjects(Audience.ORGANIZATION, share=True)),
        FormColumn("应点评", Kind.INTEGER, width=8, group="党员", counts=subjects(Audience.MEMBER)),
        FormColumn("已点评", Kind.INTEGER, width=8, group="党员", counts=subjects(Audience.MEMBER, done=True)),
        FormColumn("覆盖率%", Kind.HUNDREDTHS, width=9, group="党员", counts=subjects(Audience.MEMBER, share=True)),
        FormColumn("集中", Kind.INTEGER, width=7, group="点评方式", counts=reviews(ReviewMode.ASSEMBLED)),
        FormColumn("个别", Kind.INTEGER, width=7, group="点评方式", counts=reviews(ReviewMode.INDIVIDUAL)),
        FormColumn("现场", Kind.INTEGER, width=7, group="点评方式", counts=reviews(ReviewMode.ONSITE)),
        FormColumn("随机", Kind.INTEGER, width=7, group="点评方式", counts=reviews(ReviewMode.RANDOM)),
        FormColumn("提出问题数", Kind.INTEGER, width=8, group="问题整改"),
        FormColumn("已整改数", Kind.INTEGER, width=8, group="问题整改"),
        FormColumn("整改率%", Kind.HUNDREDTHS, width=9, group="问题整改"),
    ),
    notes=(
        "注：1.填报单位本身由上级点评，不计入应点评党组织。2.一名领导点评多个单位的，合计中计一人。3.覆盖率＝已点评÷应点评。",
    ),
)


def _units(request: ReportRequest) -> list[Filled]:
    counts, total = unit_counts(request)
    top = request.organization
    places = Organization.objects.active().filter(under(top.path), depth__lte=top.depth + 1).order_by("path")
    rows: list[Row] = []
    for place in places:
        own = place.pk == top.pk
        if own and place.numchild and place.path not in counts:
            continue
        name = f"{place.name}（本级）" if own and place.numchild else place.name
        key = f"{place.pk}{OWN}" if own else place.pk
        rows.append(Keyed(key, (name, *counts.get(place.path, Counts()).cells())))
    return [(_with_totals(total), rows)]


def _with_totals(total: Counts) -> FormSheet:
    from dataclasses import replace

    return replace(UNITS, totals=(None, *total.cells()))


def _count_units(request: ReportRequest) -> int:
    top = request.organization
    found: int = Organization.objects.active().filter(under(top.path), depth__lte=top.depth + 1).count()
    return found


REVIEW_LEDGER = Report(
    key="review_ledger",
    form="d.4",
    label=_("Leader reviews"),
    description=_("Every leader review of a period, one row each: who, whom, how, what was affirmed and what is wrong."),
    sheets=lambda request: [(LEDGER, _ledger_rows(request))],
    count=lambda request: _reviews(request).count(),
    icon="message-2-star",
)
REVIEW_STATISTICS = Report(
    key="review_statistics",
    form="d.4",
    label=_("Coverage of leader reviews"),
    description=_("One row for each unit of a level: leaders who reviewed, who is covered, in which of the four ways."),
    sheets=_units,
    count=_count_units,
    icon="chart-donut",
)


def register() -> None:
    reports.register(REVIEW_LEDGER)
    reports.register(REVIEW_STATISTICS)
