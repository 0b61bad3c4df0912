"""The whole record of a member or an organization, as sheets: each app registers its part (seed 000: results feed the
annual assessment). The same sheets are the workbook and the print view."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Kind, Row
from campaign.common.registry import Registry
from orgs.models import Enrolment, Member, Organization, Position, Transfer
from orgs.roster import CHUNK, ROSTER, roster_row, roster_rows
from orgs.selectors import member_personal


@dataclass(frozen=True)
class RecordRequest:
    """For whom a record is written, and for which days (None: all). `unmasked` needs the right and a reason."""

    viewer: Any
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    unmasked: bool = False
    reason: str = ""
    asked_at: dt.datetime = field(default_factory=clock.now)

    def within(self, queryset: Any, lookup: str) -> Any:
        """Keep the rows of `queryset` whose day (the date field `lookup`) lies within the period."""
        if self.starts_on is not None:
            queryset = queryset.filter(**{f"{lookup}__gte": self.starts_on})
        if self.ends_on is not None:
            queryset = queryset.filter(**{f"{lookup}__lte": self.ends_on})
        return queryset

    def moments(self, queryset: Any, lookup: str) -> Any:
        """As `within`, for a field that holds a moment."""
        if self.starts_on is not None:
            queryset = queryset.filter(**{f"{lookup}__gte": clock.start_of(self.starts_on)})
        if self.ends_on is not None:
            queryset = queryset.filter(**{f"{lookup}__lt": clock.start_of(self.ends_on + dt.timedelta(days=1))})
        return queryset


@dataclass(frozen=True)
class RecordPart:
    """The sheets of one app. Each function starts from what the viewer may see; rows are read once, streaming."""

    key: str
    label: str | Promise
    of_member: Callable[[Member, RecordRequest], list[Filled]]
    of_organization: Callable[[Organization, RecordRequest], list[Filled]]


records: Registry[RecordPart] = Registry("records")


def record_sheets(subject: Member | Organization, request: RecordRequest) -> list[Filled]:
    """Return every part of the record of `subject`, each sheet with the lines that all forms carry."""
    found: list[Filled] = []
    for part in records:
        of_subject: Callable[[Any, RecordRequest], list[Filled]] = (
            part.of_member if isinstance(subject, Member) else part.of_organization
        )
        found += of_subject(subject, request)
    day = timezone.localtime(request.asked_at).date()
    unit = subject.organization.name if isinstance(subject, Member) else subject.name
    frame: dict[str, Any] = {
        "left": f"单位：{unit}",
        "middle": _period(request),
        "right": f"填报日期：{day.year}年{day.month}月{day.day}日",
        "provenance": _provenance(subject, request),
    }
    return [(replace(sheet, **frame), rows) for sheet, rows in found]


def _period(request: RecordRequest) -> str:
    if request.starts_on is None and request.ends_on is None:
        return ""
    return f"统计时间：{request.starts_on or '—'} 至 {request.ends_on or '—'}"


def _provenance(subject: Member | Organization, request: RecordRequest) -> str:
    moment = timezone.localtime(request.asked_at)
    scope = subject.name if isinstance(subject, Member) else f"{subject.name}及其下级"
    masked = "个人信息未脱敏" if request.unmasked else "个人信息已脱敏"
    return f"系统导出；导出人：{request.viewer or '系统'}；导出时间：{moment:%Y-%m-%d %H:%M}；口径：{scope}，{masked}"


# -- the part of the ground ----------------------------------------------------------------------------------------

BASICS = FormSheet(
    name="基本情况",
    title="基本情况",
    sequence=False,
    landscape=False,
    columns=(FormColumn("项目", width=20), FormColumn("内容", width=60)),
)
POSTS = FormSheet(
    name="党内任职",
    title="党内任职情况",
    landscape=False,
    columns=(
        FormColumn("姓名", width=10),
        FormColumn("党内职务", width=16),
        FormColumn("任职党组织", width=32),
        FormColumn("任职时间", Kind.DATE, width=12),
        FormColumn("免职时间", Kind.DATE, width=12),
    ),
)
BRANCHES = FormSheet(
    name="所在党组织",
    title="所在党组织情况",
    landscape=False,
    columns=(
        FormColumn("党组织名称", width=40),
        FormColumn("起始时间", Kind.DATE, width=12),
        FormColumn("截止时间", Kind.DATE, width=12),
        FormColumn("来源", width=12),
    ),
)
TRANSFERS = FormSheet(
    name="组织关系转接",
    title="组织关系转接情况",
    columns=(
        FormColumn("姓名", width=10),
        FormColumn("转出党组织", width=30),
        FormColumn("转入党组织", width=30),
        FormColumn("申请日期", Kind.DATE, width=12),
        FormColumn("状态", width=10),
        FormColumn("生效日期", Kind.DATE, width=12),
        FormColumn("事由", width=30),
    ),
)


def _of_member(member: Member, request: RecordRequest) -> list[Filled]:
    viewer = request.viewer
    spans = Enrolment.objects.visible_to(viewer).filter(member=member).select_related("organization")
    held = Position.objects.visible_to(viewer).filter(member=member).select_related("organization", "member")
    moved = Transfer.objects.visible_to(viewer).filter(member=member).select_related("member", "source", "target")
    return [
        (replace(BASICS, title=f"{member.name} 基本情况"), _basics(member, request)),
        (POSTS, (_post(position) for position in held)),
        (
            BRANCHES,
            ((span.organization.name, span.starts_on, span.ends_on, span.get_origin_display()) for span in spans),
        ),
        (TRANSFERS, (_transfer(transfer) for transfer in moved)),
    ]


def _basics(member: Member, request: RecordRequest) -> Iterator[Row]:
    """Yield heading and value of the roster's columns, personal ones as the viewer may read them."""
    row = dict(
        zip((column.header for column in ROSTER.columns), roster_row(member, unmasked=request.unmasked), strict=True)
    )
    if not request.unmasked:
        personal = member_personal(member, request.viewer)
        row |= {"身份证号": personal.id_number, "联系电话": personal.phone, "出生年月": personal.birth}
    if member.probation_end is not None:
        row["预备期满"] = member.probation_end
    yes_no = {True: "是", False: "否"}
    for heading, value in row.items():
        shown = f"{value:%Y-%m-%d}" if isinstance(value, dt.date) else value
        yield heading, yes_no[shown] if isinstance(shown, bool) else shown


def _post(position: Position) -> Row:
    return (
        position.member.name,
        position.title,
        position.organization.name,
        position.starts_on,
        position.ends_on,
    )


def _transfer(transfer: Transfer) -> Row:
    return (
        transfer.member.name,
        transfer.source.name,
        transfer.target.name,
        timezone.localtime(transfer.requested_at).date(),
        transfer.get_state_display(),
        transfer.effective_on,
        transfer.reason,
    )


def _of_organization(organization: Organization, request: RecordRequest) -> list[Filled]:
    viewer = request.viewer
    members = Member.objects.visible_to(viewer).present().in_subtree(organization)
    held = Position.objects.visible_to(viewer).in_subtree(organization).select_related("member", "organization")
    held = held.order_by("organization__path", "starts_on", "pk")
    seen = Transfer.objects.visible_to(viewer).concerning(organization).select_related("member", "source", "target")
    return [
        (replace(BASICS, title=f"{organization.name} 基本情况"), _facts(organization)),
        (ROSTER, roster_rows(members, unmasked=request.unmasked)),
        (POSTS, (_post(position) for position in _within_spans(held, request).iterator(chunk_size=CHUNK))),
        (
            TRANSFERS,
            (_transfer(transfer) for transfer in request.moments(seen, "requested_at").iterator(chunk_size=CHUNK)),
        ),
    ]


def _within_spans(spans: Any, request: RecordRequest) -> Any:
    """Keep what held on any day of the period."""
    if request.starts_on is not None:
        spans = spans.filter(Q(ends_on=None) | Q(ends_on__gte=request.starts_on))
    if request.ends_on is not None:
        spans = spans.filter(Q(starts_on=None) | Q(starts_on__lte=request.ends_on))
    return spans


def _facts(organization: Organization) -> Iterator[Row]:
    names = (
        "name", "short_name", "code", "type", "category", "unit_kind", "established_on", "term_started_on",
        "term_ends_on", "contact_name", "address", "guided_by",
    )  # fmt: skip
    for name in names:
        label = getattr(organization, f"get_{name}_display", None)
        value = label() if label else getattr(organization, name)
        yield (
            _heading(name),
            f"{value:%Y-%m-%d}" if isinstance(value, dt.date) else value,
        )


def _heading(name: str) -> str:
    field: Any = Organization._meta.get_field(name)
    return str(field.verbose_name)


def register() -> None:
    records.register(RecordPart("record", _("Record"), _of_member, _of_organization))
