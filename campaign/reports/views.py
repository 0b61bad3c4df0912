"""The catalogue of forms, and the page from which one is previewed and exported."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from campaign.common.access import access
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.jobs.services import job_request
from campaign.reports.forms import ReportForm
from campaign.reports.registry import Report, reports
from campaign.reports.services import report_preview


def _report(key: str) -> Report:
    if key not in reports:
        raise Http404
    return reports.get(key)


@access(GET=Cap.REPORT_EXPORT)
def report_list(request: HttpRequest) -> HttpResponse:
    return render(request, "reports/report_list.html", {"reports": sorted(reports, key=_form_number)})


def _form_number(report: Report) -> int:
    return int(report.form.removeprefix("d."))


@access(GET=Cap.REPORT_EXPORT, POST=Cap.REPORT_EXPORT)
def report_export(request: HttpRequest, key: str) -> HttpResponse:
    """GET shows the parameters and, once they are chosen, the first rows; POST asks for the file as a job."""
    report = _report(key)
    chosen: Any = request.POST if request.method == "POST" else (request.GET or None)
    form = ReportForm(chosen, report=report, user=request.user)
    context: dict[str, Any] = {"report": report, "form": form}
    if form.is_bound and form.is_valid():
        try:
            if request.method == "POST":
                job = job_request(kind="reports.export", actor=request.user, parameters=form.parameters())
                return redirect("jobs_detail", job.pk)
            context["preview"] = report_preview(report, form.request())
        except NotAllowed:
            raise Http404 from None
        except DomainError as error:
            form.add_error(None, str(error))
    return render(request, "reports/report_export.html", context)
