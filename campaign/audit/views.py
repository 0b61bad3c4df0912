"""The audit log, for those who may read it."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from campaign.audit.filters import AuditFilter
from campaign.audit.selectors import audit_visible_to
from campaign.audit.tables import AuditTable
from campaign.common.access import access
from campaign.common.capabilities import Cap
from campaign.common.listing import list_response


@access(GET=Cap.AUDIT_VIEW, POST=Cap.AUDIT_VIEW)
def audit_list(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Audit log"),
        "lead": _("Who did what, when and from where. Nobody can change or delete an entry."),
        "empty_icon": "history",
        "empty_text": _("As soon as somebody changes something, it is written down here."),
    }
    return list_response(
        request, context, queryset=audit_visible_to(request.user), table_class=AuditTable, filter_class=AuditFilter
    )
