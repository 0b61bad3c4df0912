"""Honours on the page of a member or an organization."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from awards.models import Honour, HonourQuerySet
from campaign.models import Audience
from orgs.models import Member, Organization
from orgs.timeline import TimelineEntry, TimelineSource, sources


def of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    return _entries(Honour.objects.visible_to(viewer).filter(member=member))


def of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    own = Honour.objects.visible_to(viewer).filter(organization=organization, audience=Audience.ORGANIZATION)
    return _entries(own)


def _entries(honours: HonourQuerySet) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            on=honour.decided_on,
            label=honour.title,
            text=f"{honour.batch.name} · {honour.number}",
            icon="trophy",
        )
        for honour in honours.select_related("batch")
    ]


def register() -> None:
    sources.register(TimelineSource("honours", _("Honours"), of_member, of_organization))
