"""Appraisals in the record of a member and of an organization, and the list of branches to take out."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.capabilities import Cap
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Kind, Row
from orgs.exports import ListExport, exports
from orgs.models import Member, Organization
from orgs.records import RecordPart, RecordRequest, records
from reviews.models.appraisal import AppraisalGrade, AppraisedMember, BranchState
from reviews.selectors.appraisal import branches_for

CHUNK = 2000
APPRAISALS = FormSheet(
    name="民主评议党员",
    title="民主评议党员情况",
    freeze=1,
    columns=(
        FormColumn("姓名", width=10),
        FormColumn("评议时所在党组织", width=28),
        FormColumn("年度", Kind.INTEGER, width=8),
        FormColumn("审核日期", Kind.DATE, width=12),
        FormColumn("评定等次", width=10),
        FormColumn("主要问题或改进措施", width=36),
        FormColumn("处理意见", width=14),
        FormColumn("期限", Kind.DATE, width=12),
        FormColumn("落实情况", width=30),
    ),
)
BRANCHES = FormSheet(
    name="民主评议党员进度",
    title="民主评议党员工作进度表",
    freeze=1,
    columns=(
        FormColumn("党支部", width=30),
        FormColumn("评议名称", width=28),
        FormColumn("状态", width=14),
        FormColumn("参评党员", Kind.INTEGER, width=9, total=True),
        FormColumn("已交自评", Kind.INTEGER, width=9, total=True),
        *(
            FormColumn(str(label), Kind.INTEGER, width=9, total=True)
            for label in ("优秀", "合格", "基本合格", "不合格")
        ),
        FormColumn("上报日期", Kind.DATE, width=12),
    ),
)


def of_member(member: Member, request: RecordRequest) -> list[Filled]:
    seen = AppraisedMember.objects.visible_to(request.viewer).filter(member=member)
    return [(APPRAISALS, _rows(seen, request))]


def of_organization(organization: Organization, request: RecordRequest) -> list[Filled]:
    seen = AppraisedMember.objects.visible_to(request.viewer).filter(under(organization.path, "organization__path"))
    return [(APPRAISALS, _rows(seen, request))]


def _rows(entries: Any, request: RecordRequest) -> Iterator[Row]:
    """Yield what is confirmed: the member has been told it."""
    told = request.moments(entries.filter(branch__state=BranchState.CONFIRMED), "branch__decided_at")
    ordered = told.select_related("organization", "branch").order_by("organization__path", "branch__year", "pk")
    for entry in ordered.iterator(chunk_size=CHUNK):
        yield (
            entry.name,
            entry.organization.name,
            entry.branch.year,
            timezone.localdate(entry.branch.decided_at),
            entry.get_grade_display() or "不评定",
            entry.problems,
            entry.get_consequence_display() if entry.consequence != "none" else "",
            entry.due_on,
            entry.outcome,
        )


def branch_rows(user: Any, organization: Organization) -> Iterator[Row]:
    """Yield how far each branch below `organization` is."""
    present = Q(members__attendance="present")
    grades = {grade.value: Count("members", filter=Q(members__grade=grade)) for grade in AppraisalGrade}
    found: Any = branches_for(user).filter(under(organization.path, "organization__path"))
    counted = found.annotate(
        taking_part=Count("members", filter=present),
        written=Count("members", filter=present & Q(members__self_at__isnull=False)),
        **grades,
    )
    for branch in counted.order_by("-year", "organization__path", "pk").iterator(chunk_size=CHUNK):
        yield (
            branch.organization.name,
            branch.appraisal.name,
            branch.get_state_display(),
            branch.taking_part,
            branch.written,
            *(getattr(branch, grade.value) for grade in AppraisalGrade),
            timezone.localdate(branch.submitted_at) if branch.submitted_at else None,
        )


def register() -> None:
    records.register(RecordPart("appraisals", _("Appraisals of members"), of_member, of_organization))
    exports.register(
        ListExport("appraisals", _("Export the appraisals of branches"), Cap.APPRAISAL_VIEW, BRANCHES, branch_rows)
    )
