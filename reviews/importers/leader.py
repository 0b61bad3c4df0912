"""Lists of reviews that people fill in as a workbook: leader reviews (what form d.4 asks of a reviewer)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.schema import ParsedRow, ParsedTable
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind
from campaign.common.excel.values import date, label, person_name, text
from campaign.lists.entries import Entry, EntryList, Line, ListColumn, parted
from campaign.lists.registry import Ground
from campaign.models import Campaign, Period
from campaign.selectors import current_campaign
from orgs.models import Member, Organization, User
from reviews.models.leader import LeaderReview, ReviewMode
from reviews.selectors import leader as selectors
from reviews.services import leader as services

MODES = {
    ReviewMode.ASSEMBLED: ("集中点评", "集中"),
    ReviewMode.INDIVIDUAL: ("个别点评", "个别"),
    ReviewMode.ONSITE: ("现场点评", "现场"),
    ReviewMode.RANDOM: ("随机点评", "随机"),
}
OUTSIDE = mistake(
    "review.outside_the_campaign",
    gettext_lazy("The day of the review lies outside the campaign."),
    gettext_lazy("Correct the day."),
    Category.RULE,
)
BEGUN_ELSEWHERE = mistake(
    "review.begun_elsewhere",
    gettext_lazy("You have begun a review of the same subject in another campaign."),
    gettext_lazy("Hand that one over or throw it away first."),
    Category.CONFLICT,
)


@dataclass
class ReviewGround(Ground):
    """What one reviewer writes of what lies directly below an organization, and of its members."""

    organization: Organization
    campaign: Campaign
    period: Period
    periods: list[Period]


class ReviewList(EntryList):
    key = "review_import"
    heading = gettext_lazy("Leader reviews by workbook")
    explained = gettext_lazy(
        "The workbook has your drafts as they are and everybody whom you have not reviewed in this half-year. What you "
        "fill in becomes a draft that only you see until you hand it over."
    )
    capability = Cap.REVIEW_WRITE
    sheet = FormSheet(
        name="领导点评",
        title="领导点评填报表",
        columns=(),
        freeze=3,
        notes=(
            "注：1.每行填写对一个党组织或一名党员的点评，不点评的行留空。2.点评方式填集中点评、个别点评、现场点评或随机点评。",
            "3.肯定成绩、存在问题、努力方向每项不超过2000字，三项齐全才能提交。",
        ),
    )
    columns = (
        ListColumn("organization", FormColumn("党组织", width=28), label(), whom=True),
        ListColumn("name", FormColumn("姓名", width=10), person_name(), whom=True),
        ListColumn("personnel_no", FormColumn("人员编号", Kind.CODE, width=13), text(30), aliases=("工号",), whom=True),
        ListColumn.of_choices("mode", "点评方式", MODES, width=11, align="center", needed=True),
        ListColumn("held_on", FormColumn("点评日期", Kind.DATE, width=13), date(), aliases=("点评时间",), needed=True),
        ListColumn("achievements", FormColumn("肯定成绩", width=36), text(services.MAX_TEXT)),
        ListColumn("problems", FormColumn("存在问题", width=36), text(services.MAX_TEXT), aliases=("指出问题",)),
        ListColumn("direction", FormColumn("努力方向", width=36), text(services.MAX_TEXT), aliases=("今后方向",)),
    )

    def open(self, actor: User, place: int) -> ReviewGround:
        organization = Organization.objects.allowed(actor, Cap.REVIEW_COVERAGE).filter(pk=place).first()
        if organization is None:
            raise NotAllowed
        campaign = current_campaign(actor)
        periods = list(campaign.periods.all()) if campaign is not None else []
        period = selectors.period_on(periods, clock.today())
        if campaign is None or period is None:
            raise DomainError(
                _("No campaign is running. Reviews can be written when the campaign office has started one.")
            )
        within = reaches(actor, self.capability, organization.path)
        back = reverse("review_choose_in", args=[place]) if within else reverse("review_choose")
        return ReviewGround(actor, organization.name, _("Choose"), back, organization, campaign, period, periods)

    def entries(self, ground: ReviewGround, *, locked: bool = False) -> Iterable[Entry]:
        actor, period, place = ground.actor, ground.period, ground.organization
        below = selectors.candidate_organizations(actor, period).filter(selectors.children_of(place)).order_by("path")
        members = selectors.candidate_members(actor, period, [place.pk]).select_related("organization")
        drafts = {each.subject: each for each in selectors.drafts_of(actor, locked=locked)}
        return [_entry(ground, subject, drafts.get(subject)) for subject in (*below, *members.order_by("pinyin", "pk"))]

    def check(self, ground: ReviewGround, table: ParsedTable, row: ParsedRow, line: Line) -> None:
        held_on = (line.values or {})["held_on"]
        if selectors.period_on(ground.periods, held_on) is None:
            table.report(row, "held_on", OUTSIDE)

    def save(self, ground: ReviewGround, lines: Sequence[Line]) -> None:
        new, changed, gone = parted(lines)
        services.leader_reviews_write(
            actor=ground.actor,
            campaign=ground.campaign,
            new=[(line.entry.subject, line.values or {}) for line in new],
            changed=[(line.entry.record, line.values or {}) for line in changed],
            gone=[line.entry.record for line in gone],
        )


def _entry(ground: ReviewGround, subject: Any, draft: LeaderReview | None) -> Entry:
    is_member = isinstance(subject, Member)
    names = {
        "organization": subject.organization.name if is_member else subject.name,
        "name": subject.name if is_member else "",
        "personnel_no": subject.personnel_no if is_member else "",
    }
    fields = ("mode", "held_on", "achievements", "problems", "direction")
    return Entry(
        ref=f"{'m' if is_member else 'o'}{subject.pk}",
        title=subject.name if is_member else subject.display_name,
        names=names,
        values=None if draft is None else {name: getattr(draft, name) for name in fields},
        record=draft,
        subject=subject,
        closed=BEGUN_ELSEWHERE if draft is not None and draft.campaign_id != ground.campaign.pk else None,
        shown=draft is not None or not subject.reviewed,
    )


REVIEWS = ReviewList()
