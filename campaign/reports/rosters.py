"""Forms of what the lower floors hold: the roster of members (2-domain d.1)."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Kind, Row
from campaign.common.masking import mask
from campaign.reports.registry import Report, ReportRequest
from orgs.models import Member
from orgs.models.members import MemberQuerySet

ROSTER = FormSheet(
    name="党员花名册",
    title="党员花名册",
    freeze=1,
    columns=(
        FormColumn("姓名", width=10),
        FormColumn("性别", width=6, align="center"),
        FormColumn("民族", width=8, align="center"),
        FormColumn("出生年月", Kind.YEAR_MONTH, width=10),
        FormColumn("身份证号", Kind.CODE, width=21),
        FormColumn("籍贯", width=12),
        FormColumn("学历", width=10),
        FormColumn("学位", width=8),
        FormColumn("参加工作时间", Kind.DATE, width=12),
        FormColumn("入党时间", Kind.DATE, width=12),
        FormColumn("转正时间", Kind.DATE, width=12),
        FormColumn("人员类别(正式/预备)", width=12),
        FormColumn("所在党组织", width=26),
        FormColumn("所在党小组", width=12),
        FormColumn("党内职务", width=10),
        FormColumn("行政职务", width=12),
        FormColumn("岗位/工种", width=12),
        FormColumn("专业技术职称", width=12),
        FormColumn("是否一线", Kind.YES_NO, width=8),
        FormColumn("是否党务工作者", Kind.YES_NO, width=10),
        FormColumn("联系电话", Kind.CODE, width=14),
        FormColumn("党籍状态", width=10),
        FormColumn("备注", width=14),
    ),
)
CHUNK = 2000


def _members(request: ReportRequest) -> MemberQuerySet:
    members = Member.objects.all() if request.user is None else Member.objects.visible_to(request.user)
    return members.present().in_subtree(request.organization)


def _rows(request: ReportRequest) -> Iterator[Row]:
    members = _members(request).select_related("organization").order_by("organization__path", "pinyin", "pk")
    for member in members.iterator(chunk_size=CHUNK):
        yield _row(member, unmasked=request.unmasked)


def _row(member: Member, *, unmasked: bool) -> Row:
    id_number = member.id_number
    return (
        member.name,
        member.get_sex_display(),
        member.ethnicity,
        member.birth_date,
        id_number if unmasked else mask(id_number),
        member.native_place,
        member.education,
        member.degree,
        member.started_work_on,
        member.joined_on,
        member.full_member_on,
        member.get_kind_display(),
        member.organization.name,
        member.cell,
        member.get_party_post_display(),
        member.admin_post,
        member.job,
        member.technical_title,
        member.is_frontline,
        member.is_party_worker,
        member.phone if unmasked else mask(member.phone),
        member.get_status_display(),
        member.remarks,
    )


def _sheets(request: ReportRequest) -> list[Filled]:
    return [(ROSTER, _rows(request))]


MEMBER_ROSTER = Report(
    key="roster",
    form="d.1",
    label=_("Roster of members"),
    description=_("Every member of the organization and those below it, one row each, in the order of the roll."),
    sheets=_sheets,
    count=lambda request: _members(request).count(),
    by_period=False,
    icon="users",
)
