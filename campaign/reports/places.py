"""Rows that are about an organization: the key of such a row is the organization's, and is looked up within reach."""

from typing import Any

from django.db.models import Q

from campaign.common.access import under
from campaign.common.capabilities import Cap
from campaign.common.errors import NotAllowed
from campaign.common.text import is_key
from campaign.reports.registry import ReportRequest
from orgs.models import Organization

OWN = "-own"
"""Marks the key of a row that is about what lies in an organization itself, without what is below it."""


def place_of(request: ReportRequest, key: str, capability: Cap = Cap.REPORT_EXPORT) -> Organization:
    """Return the organization that a row is about, within that of the report and what `capability` of the person reaches;
    the report's own for the row 合计. Raises NotAllowed."""
    wanted = key.removesuffix(OWN)
    places: Any = Organization.objects.filter(under(request.organization.path))
    if request.user is not None:
        places = places.allowed(request.user, capability)
    found: Organization | None = places.filter(pk=int(wanted) if is_key(wanted) else request.organization.pk).first()
    if found is None:
        raise NotAllowed
    return found


def within(place: Organization, key: str, lookup: str = "organization__path") -> Q:
    """Return the condition "in this row": at or below the place, or in it itself where the key says so."""
    return Q(**{lookup: place.path}) if key.endswith(OWN) else under(place.path, lookup)
