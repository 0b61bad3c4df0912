"""The catalogue of forms, and the page from which one is previewed and exported."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import access
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.listing import list_response
from campaign.common.text import is_key
from campaign.jobs.services import job_request
from campaign.reports.forms import ReportForm
from campaign.reports.preview import as_text
from campaign.reports.registry import Report, reports
from campaign.reports.services import report_discrepancies, report_preview, report_records
from campaign.reports.tables import records_table


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
            asked = form.request()
            context |= {"preview": report_preview(report, asked), "checked": report_discrepancies(report, asked)}
        except NotAllowed:
            raise Http404 from None
        except DomainError as error:
            form.add_error(None, str(error))
    return render(request, "reports/report_export.html", context)


@access(GET=Cap.REPORT_EXPORT)
def report_records_list(request: HttpRequest, key: str) -> HttpResponse:
    """The records that a figure of the preview counts."""
    report = _report(key)
    form = ReportForm(request.GET, report=report, user=request.user)
    form.fields["format"].required = False
    number = request.GET.get("sheet", "0")
    if not form.is_valid() or not is_key(number):
        raise Http404
    asked, heading = form.request(), request.GET.get("column", "")
    try:
        column, behind = report_records(report, asked, int(number), heading, request.GET.get("row", ""))
    except DomainError:
        raise Http404 from None
    if isinstance(behind, str):
        return redirect(behind)
    rows, table_class = records_table(behind)
    back = f"{reverse('report_export', args=[key])}?{request.GET.urlencode()}"
    context = {
        "title": f"{behind.about}　{column.heading}" if behind.about else column.heading,
        "figure": as_text(column.kind, behind.figure()),
        "records": behind,
        "crumbs": [
            {"label": _("Excel reports"), "url": reverse("report_list")},
            {"label": report.label, "url": back},
        ],
    }
    return list_response(
        request, context, template="reports/report_records.html", queryset=rows, table_class=table_class
    )
