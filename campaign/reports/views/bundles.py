"""一键导出: several reports of several units by one job."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import access
from campaign.common.capabilities import Cap
from campaign.common.errors import NotAllowed
from campaign.common.text import is_key
from campaign.jobs.services import job_request
from campaign.reports.bundle import BUNDLE_KIND, MOST_FILES
from campaign.reports.forms import BundleForm
from orgs.models import Organization


@access(GET=Cap.REPORT_EXPORT, POST=Cap.REPORT_EXPORT)
def report_bundle(request: HttpRequest) -> HttpResponse:
    """GET offers the reports and the units directly below an organization; POST asks for the zip."""
    chosen = request.POST if request.method == "POST" else request.GET
    above = _above(request, chosen.get("organization", ""))
    form = BundleForm(request.POST or None, user=request.user, above=above)
    if request.method == "POST" and form.is_valid():
        try:
            if form.attempt(job_request, kind=BUNDLE_KIND, actor=request.user, parameters=form.parameters()):
                job: Any = form.result
                return redirect("jobs_detail", job.pk)
        except NotAllowed:
            raise Http404 from None
    context = {
        "form": form,
        "most": MOST_FILES,
        "crumbs": [{"label": _("Excel reports"), "url": reverse("report_list")}],
    }
    return render(request, "reports/report_bundle.html", context)


def _above(request: HttpRequest, wanted: str) -> Organization | None:
    places: Any = Organization.objects.allowed(request.user, Cap.REPORT_EXPORT).active()
    chosen: Organization | None = places.filter(pk=wanted).first() if is_key(wanted) else None
    return chosen or places.order_by("depth", "path").first()
