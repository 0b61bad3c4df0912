"""Honours in the record of a member and of an organization."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from awards.models import Honour, HonourQuerySet
from campaign.common.access import under
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Kind, Row
from campaign.models import Audience
from orgs.models import Member, Organization
from orgs.records import RecordPart, RecordRequest, records

CHUNK = 2000
HONOURS = FormSheet(
    name="表彰奖励",
    title="表彰奖励情况",
    freeze=1,
    columns=(
        FormColumn("受表彰对象", width=24),
        FormColumn("表彰时所在党组织", width=30),
        FormColumn("荣誉称号", width=18),
        FormColumn("评选批次", width=30),
        FormColumn("证书编号", Kind.CODE, width=14),
        FormColumn("表彰日期", Kind.DATE, width=12),
    ),
)


def of_member(member: Member, request: RecordRequest) -> list[Filled]:
    seen = Honour.objects.visible_to(request.viewer).filter(member=member, audience=Audience.MEMBER)
    return [(HONOURS, _rows(seen, request))]


def of_organization(organization: Organization, request: RecordRequest) -> list[Filled]:
    """Those of the organization, of what lies below it, and of the members there at that time."""
    seen = Honour.objects.visible_to(request.viewer).filter(under(organization.path, "organization__path"))
    return [(HONOURS, _rows(seen, request))]


def _rows(honours: HonourQuerySet, request: RecordRequest) -> Iterator[Row]:
    found = request.within(honours, "decided_on").select_related("batch")
    for honour in found.order_by("decided_on", "pk").iterator(chunk_size=CHUNK):
        yield (
            honour.name,
            honour.organization_name,
            honour.title,
            honour.batch.name,
            honour.number,
            honour.decided_on,
        )


def register() -> None:
    records.register(RecordPart("honours", _("Honours"), of_member, of_organization))
