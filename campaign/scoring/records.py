"""Scores in the record of a member and of an organization: members by grade only (2-domain f.2)."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.capabilities import Cap
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Kind, Row
from campaign.scoring.selectors import grades_for, scores_for
from orgs.models import Member, Organization
from orgs.records import RecordPart, RecordRequest, records

CHUNK = 2000
GRADES = FormSheet(
    name="党员等次",
    title="党员各期等次",
    freeze=1,
    columns=(
        FormColumn("姓名", width=10),
        FormColumn("所在党组织", width=30),
        FormColumn("考核期", width=20),
        FormColumn("等次", width=10),
    ),
)
SCORES = FormSheet(
    name="综合得分",
    title="党组织各期综合得分",
    freeze=1,
    columns=(
        FormColumn("党组织", width=32),
        FormColumn("考核期", width=20),
        FormColumn("合计", Kind.HUNDREDTHS, width=10),
        FormColumn("等次", width=10),
        FormColumn("加分", Kind.HUNDREDTHS, width=10),
        FormColumn("扣分", Kind.HUNDREDTHS, width=10),
    ),
)


def of_member(member: Member, request: RecordRequest) -> list[Filled]:
    grades = grades_for(request.viewer, Cap.SCORE_VIEW_MEMBER).filter(member=member)
    return [(GRADES, _grades(grades, request))]


def of_organization(organization: Organization, request: RecordRequest) -> list[Filled]:
    place = under(organization.path, "organization__path")
    scores = scores_for(request.viewer).of_organizations().filter(place)
    grades = grades_for(request.viewer, Cap.SCORE_VIEW_MEMBER).filter(place)
    return [(SCORES, _scores(scores, request)), (GRADES, _grades(grades, request))]


def _of_period(scores: Any, request: RecordRequest) -> Any:
    """Keep the periods that end within the days asked for."""
    return request.within(scores, "period__ends_on")


def _grades(scores: Any, request: RecordRequest) -> Iterator[Row]:
    for score in _of_period(scores, request).iterator(chunk_size=CHUNK):
        yield score.member.name, score.organization.name, str(score.period), score.grade


def _scores(scores: Any, request: RecordRequest) -> Iterator[Row]:
    for score in _of_period(scores, request).iterator(chunk_size=CHUNK):
        yield (
            score.organization.name,
            str(score.period),
            score.total,
            score.grade,
            score.bonus,
            score.deductions,
        )


def register() -> None:
    records.register(RecordPart("scores", _("Periodic scores"), of_member, of_organization))
