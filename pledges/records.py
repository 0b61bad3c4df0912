"""Pledges in the record of a member and of an organization: one row an item, with how it was fulfilled; one row for each
entry of progress, with the names of its evidence."""

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Kind, Row
from orgs.models import Member, Organization
from orgs.records import RecordPart, RecordRequest, records
from pledges.models import ACTIVE, Pledge, PledgeItem, PledgeProgress, PledgeQuerySet

CHUNK = 2000
PLEDGES = FormSheet(
    name="公开承诺",
    title="公开承诺及兑现情况",
    freeze=1,
    columns=(
        FormColumn("承诺人(党组织)", width=20),
        FormColumn("承诺时所在党组织", width=26),
        FormColumn("年度", Kind.INTEGER, width=8),
        FormColumn("承诺类别", width=10),
        FormColumn("承诺事项", width=36),
        FormColumn("衡量标准", width=20),
        FormColumn("完成时限", Kind.DATE, width=12),
        FormColumn("状态", width=10),
        FormColumn("完成情况", width=12),
        FormColumn("评诺得分", Kind.HUNDREDTHS, width=10),
        FormColumn("评诺日期", Kind.DATE, width=12),
    ),
)

PROGRESS = FormSheet(
    name="践诺记录",
    title="公开承诺践诺记录",
    freeze=1,
    columns=(
        FormColumn("承诺人(党组织)", width=20),
        FormColumn("承诺时所在党组织", width=26),
        FormColumn("年度", Kind.INTEGER, width=8),
        FormColumn("承诺事项", width=36),
        FormColumn("日期", Kind.DATE, width=12),
        FormColumn("践诺情况", width=48),
        FormColumn("佐证材料", width=30),
        FormColumn("填报人", width=12),
    ),
)


def of_member(member: Member, request: RecordRequest) -> list[Filled]:
    seen = Pledge.objects.visible_to(request.viewer).filter(member=member)
    return _sheets(seen, request)


def of_organization(organization: Organization, request: RecordRequest) -> list[Filled]:
    """Those of the organization, of what lies below it, and of the members there at that time."""
    seen = Pledge.objects.visible_to(request.viewer).filter(under(organization.path, "organization__path"))
    return _sheets(seen, request)


def _sheets(seen: PledgeQuerySet, request: RecordRequest) -> list[Filled]:
    pledges = _of_period(seen, request)
    return [(PLEDGES, _rows(pledges)), (PROGRESS, _progress(pledges))]


def _of_period(pledges: PledgeQuerySet, request: RecordRequest) -> PledgeQuerySet:
    """Pledges are made for a year: keep those of the years that the period touches."""
    if request.starts_on is not None:
        pledges = pledges.filter(year__gte=request.starts_on.year)
    if request.ends_on is not None:
        pledges = pledges.filter(year__lte=request.ends_on.year)
    return pledges


def _rows(pledges: PledgeQuerySet) -> Iterator[Row]:
    items = PledgeItem.objects.filter(pledge__in=pledges.values("pk"), pledge__state__in=ACTIVE)
    ordered = items.select_related("pledge").order_by("pledge__organization__path", "pledge__year", "pledge", "order")
    for item in ordered.iterator(chunk_size=CHUNK):
        pledge = item.pledge
        yield (
            pledge.subject_name,
            pledge.organization_name,
            pledge.year,
            item.get_kind_display(),
            item.text,
            item.target,
            item.due_on,
            pledge.get_state_display(),
            item.get_result_display(),
            item.mark,
            timezone.localtime(item.appraised_at).date() if item.appraised_at else None,
        )


def _progress(pledges: PledgeQuerySet) -> Iterator[Row]:
    """What was noted, with the names of the files that show it; the files themselves are opened on the pledge's page."""
    entries = PledgeProgress.objects.filter(item__pledge__in=pledges.values("pk"), item__pledge__state__in=ACTIVE)
    place = ("item__pledge__organization__path", "item__pledge__year", "item__pledge", "item__order", "on", "pk")
    joined = entries.select_related("item__pledge").prefetch_related("evidence__attachment").order_by(*place)
    for entry in joined.iterator(chunk_size=CHUNK):
        pledge = entry.item.pledge
        yield (
            pledge.subject_name,
            pledge.organization_name,
            pledge.year,
            entry.item.text,
            entry.on,
            entry.text,
            "、".join(str(one) for one in entry.evidence.all()),
            entry.by_name,
        )


def register() -> None:
    records.register(RecordPart("pledges", _("Public pledges"), of_member, of_organization))
