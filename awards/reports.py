"""Form d.7: who is recommended for what, unit by unit, with the record of each (2-domain d.7).

The rank that a unit gives, the score of the inspection and what consultation said have no records yet: these columns stay empty
until they have.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from awards.models import STANDING, AwardBatch, AwardCategory, BatchState, Honour, Nomination, NominationQuerySet
from awards.selectors import batches_for
from campaign.ballots.models import Result
from campaign.common.access import under
from campaign.common.errors import NotAllowed
from campaign.common.exact import percent
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Keyed, Kind, Row
from campaign.common.text import is_key
from campaign.models import Audience
from campaign.reports.checks import Check, Discrepancy, Tables
from campaign.reports.registry import Option, Report, ReportRequest, reports
from reviews.models.appraisal import AppraisalGrade
from reviews.selectors.appraisal import last_grades
from reviews.selectors.rounds import published_results

CHUNK = 500
DEEDS = 100
"""So many characters of the account of deeds stand in the form (2-domain d.7)."""
TOGETHER = "、"


def _batch_choices(user: Any) -> Any:
    found = batches_for(user).exclude(state=BatchState.DRAFT).order_by("-opens_on", "-pk")
    return [(str(batch.pk), batch.name) for batch in found[:50]]


BATCH = Option("batch", _("Award batch"), _batch_choices)


def _of_year(request: ReportRequest) -> Q:
    """Return the condition "a batch of the year", of the campaign and the batch that were chosen."""
    wanted = Q(opens_on__year=request.year or request.today.year) & ~Q(state=BatchState.DRAFT)
    if request.campaign is not None:
        wanted &= Q(campaign=request.campaign)
    chosen = request.options.get("batch", "")
    return wanted & Q(pk=int(chosen) if is_key(chosen) else 0) if chosen else wanted


def _batches(request: ReportRequest) -> Any:
    """Return the batches of the report that the person may see."""
    found = request.seen(AwardBatch.objects.all())
    return found.filter(_of_year(request))


def _nominations(request: ReportRequest) -> NominationQuerySet:
    """Return who stands in these batches, nominated by the subtree of the report, as far as the person may see."""
    seen = request.seen(Nomination.objects.all())
    found: NominationQuerySet = seen.filter(
        under(request.organization.path, "organization__path"),
        state__in=STANDING,
        batch__in=AwardBatch.objects.filter(_of_year(request)).order_by().values("pk"),
    )
    return found


def score_page(request: ReportRequest, key: str) -> str:
    """The score of an evaluation is no count: its tally says where it comes from. Raises NotAllowed."""
    found = _nominations(request).filter(pk=int(key) if is_key(key) else 0)
    result = next(iter(_scores(request, found).values()), None)
    if result is None:
        raise NotAllowed
    return f"{reverse('round_result', args=[result.ballot_id, result.subject_id])}#total"


SHEET = FormSheet(
    name="评选表彰推荐汇总表",
    title="评选表彰推荐汇总（排序）表",
    freeze=4,
    columns=(
        FormColumn("推荐单位", width=18),
        FormColumn("推荐类别", width=11),
        FormColumn("排序", Kind.INTEGER, width=6),
        FormColumn("姓名(党组织名称)", width=12),
        FormColumn("性别", width=5, align="center"),
        FormColumn("民族", width=7, align="center"),
        FormColumn("出生年月", Kind.YEAR_MONTH, width=9),
        FormColumn("学历", width=9, align="center"),
        FormColumn("入党时间", Kind.YEAR_MONTH, width=9),
        FormColumn("单位及职务", width=20),
        FormColumn("是否一线", Kind.YES_NO, width=6),
        FormColumn("上年民主评议等次", width=9, align="center"),
        FormColumn("群众评议得分", Kind.HUNDREDTHS, width=9, counts=score_page),
        FormColumn("考核得分", Kind.HUNDREDTHS, width=9),
        FormColumn("曾获表彰", width=16),
        FormColumn("主要事迹(100字)", width=36),
        FormColumn("征求意见结果", width=10, align="center"),
        FormColumn("推荐单位意见", width=10, align="center"),
        FormColumn("备注", width=9),
    ),
)


@dataclass(frozen=True)
class Beside:
    """What stands beside a nomination in other records, by nomination; five queries for a whole chunk."""

    grades: dict[int, str]
    honours: dict[int, list[str]]
    scores: dict[int, Result]


def _beside(request: ReportRequest, chunk: list[Nomination]) -> Beside:
    members = {each.member_id: each.pk for each in chunk if each.member_id}
    grades: dict[int, str] = {}
    by_year: dict[int, list[int]] = defaultdict(list)
    for each in chunk:
        if each.member_id:
            by_year[each.batch.opens_on.year].append(each.member_id)
    for year, concerned in by_year.items():
        grades |= {members[member]: grade for member, grade in last_grades(concerned, year).items()}
    found = Nomination.objects.filter(pk__in=[each.pk for each in chunk])
    return Beside(grades, _honours(chunk), _scores(request, found))


def _honours(chunk: list[Nomination]) -> dict[int, list[str]]:
    """Return what the nominees were honoured with before, the latest first."""
    members = [each.member_id for each in chunk if each.member_id]
    places = [each.nominee_organization_id for each in chunk if not each.member_id]
    held = Honour.objects.filter(
        Q(member__in=members) | Q(organization__in=places, audience=Audience.ORGANIZATION)
    ).order_by("-decided_on", "-pk")
    by_nominee: dict[tuple[int | None, int | None], list[Honour]] = defaultdict(list)
    for honour in held:
        by_nominee[honour.member_id, None if honour.member_id else honour.organization_id].append(honour)
    return {
        each.pk: [
            f"{honour.decided_on.year}年{honour.title}"
            for honour in by_nominee[_of(each)]
            if honour.nomination_id != each.pk
        ]
        for each in chunk
    }


def _of(nomination: Nomination) -> tuple[int | None, int | None]:
    return nomination.member_id, None if nomination.member_id else nomination.nominee_organization_id


def _scores(request: ReportRequest, nominations: Any) -> dict[int, Result]:
    """Return the last published result of each nominee's mass evaluation that the person may see."""
    people = nominations.filter(audience=Audience.MEMBER).order_by().values("member")
    places = nominations.filter(audience=Audience.ORGANIZATION).order_by().values("nominee_organization")
    results = published_results(request.user).filter(
        Q(subject__audience=Audience.MEMBER, subject__member__in=people)
        | Q(subject__audience=Audience.ORGANIZATION, subject__organization__in=places),
        total__isnull=False,
    )
    last: dict[tuple[int | None, int | None], Result] = {}
    for result in results.select_related("subject").order_by("ballot__sealed_at", "pk"):
        subject = result.subject
        last[subject.member_id, None if subject.member_id else subject.organization_id] = result
    return {each.pk: last[key] for each in nominations if (key := _of(each)) in last}


def _rows(request: ReportRequest) -> Iterator[Row]:
    ordered = (
        _nominations(request)
        .select_related("batch", "category", "organization", "member", "nominee_organization")
        .order_by("batch_id", "category__order", "organization__path", "pk")
        .iterator(chunk_size=CHUNK)
    )
    while chunk := list(islice(ordered, CHUNK)):
        beside = _beside(request, chunk)
        for nomination in chunk:
            yield Keyed(nomination.pk, _row(nomination, beside))


def _row(nomination: Nomination, beside: Beside) -> Row:
    member, said = nomination.member, nomination.deeds
    place = nomination.snapshot.get("organization") or nomination.nominee_organization.name
    person: Row = (None,) * 5
    if member is not None:
        born = member.birth_date
        person = (
            member.get_sex_display(), member.ethnicity, born and born.replace(day=1), member.education, member.joined_on,
        )  # fmt: skip
    post = TOGETHER.join(part for part in (str(place), _post(nomination)) if part) if member else place
    result, grade = beside.scores.get(nomination.pk), beside.grades.get(nomination.pk)
    return (
        nomination.organization.name, nomination.category.name, None, nomination.nominee_name, *person, post,
        member.is_frontline if member else None, str(AppraisalGrade(grade).label) if grade else None,
        result.total if result else None, None, TOGETHER.join(beside.honours[nomination.pk]),
        said if len(said) <= DEEDS else f"{said[: DEEDS - 1]}…", None, "同意推荐", nomination.get_state_display(),
    )  # fmt: skip


def _post(nomination: Nomination) -> str:
    member = nomination.member
    return "" if member is None else member.admin_post or member.job or str(member.get_party_post_display() or "")


# -- the check line and the cross-check ------------------------------------------------------------------------------------


def _quotas(request: ReportRequest) -> list[tuple[AwardCategory, int]]:
    """Return the categories of these batches with how many stand in each. Two queries."""
    found = dict(
        _nominations(request).order_by().values("category").annotate(found=Count("pk")).values_list("category", "found")
    )
    categories = AwardCategory.objects.filter(batch__in=_batches(request).order_by().values("pk"))
    ordered = categories.select_related("batch").order_by("batch_id", "order")
    return [(category, found.get(category.pk, 0)) for category in ordered]


def check_line(request: ReportRequest) -> str:
    """Return the line under the form: places, how many are recommended, the share of the front line."""
    quotas = _quotas(request)
    people = _nominations(request).filter(audience=Audience.MEMBER)
    counted = people.order_by().aggregate(all=Count("pk"), front=Count("pk", filter=Q(member__is_frontline=True)))
    parts = "；".join(f"{category.name}名额{category.quota}，实际推荐{number}" for category, number in quotas)
    share = percent(counted["front"], counted["all"])
    return f"注：{parts or '本年没有评选表彰'}。推荐个人{counted['all']}人，其中一线{counted['front']}人，占{share}。"


def _within_quota(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    for category, number in _quotas(request):
        if number > category.quota:
            yield Discrepancy(
                gettext("%(name)s: %(n)d are recommended for %(quota)d places.")
                % {"name": category.name, "n": number, "quota": category.quota},
                reverse("batch_detail", args=[category.batch_id]),
            )


WITHIN_QUOTA = Check("d.20.6", _("No more are recommended than there are places"), _within_quota)


def _sheets(request: ReportRequest) -> list[Filled]:
    return [(replace(SHEET, notes=(check_line(request),)), _rows(request))]


NOMINATION_SUMMARY = Report(
    key="nomination_summary",
    form="d.7",
    label=_("Summary of nominations"),
    description=_(
        "Who is recommended for which award, with record, last grade, evaluation and honours; places and share."
    ),
    sheets=_sheets,
    count=lambda request: _nominations(request).count(),
    by_period=False,
    by_year=True,
    icon="award",
    checks=(WITHIN_QUOTA,),
    options=(BATCH,),
    records=True,
)


def register() -> None:
    reports.register(NOMINATION_SUMMARY)
