"""The catalogue of forms, and the page from which one is previewed and exported."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from campaign.common.access import access
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.listing import list_response
from campaign.common.text import is_key
from campaign.jobs.services import job_request
from campaign.reports.choices import EXPORT_KIND, often_used, view_delete, view_save, wording_of, wording_save
from campaign.reports.forms import ReportForm, WordingForm
from campaign.reports.models import ReportView
from campaign.reports.preview import as_text
from campaign.reports.registry import Group, Report, ReportRequest, reports
from campaign.reports.services import (
    headings_of,
    is_official,
    report_discrepancies,
    report_preview,
    report_printed,
    report_records,
    usual_lines,
)
from campaign.reports.tables import records_table


def _report(key: str) -> Report:
    if key not in reports:
        raise Http404
    return reports.get(key)


# -- the catalogue -----------------------------------------------------------------------------------------------------


@access(GET=Cap.REPORT_EXPORT)
def report_list(request: HttpRequest) -> HttpResponse:
    """The forms: those one exports again and again first, then all by group."""
    words = request.GET.get("q", "").strip()
    found = [report for report in sorted(reports, key=lambda each: each.number) if _matches(report, words)]
    groups = [(group.label, [_tile(report) for report in found if report.group is group]) for group in Group]
    often = [_tile(report) for report in often_used(request.user)] if not words else []
    context = {"often": often, "groups": [(label, tiles) for label, tiles in groups if tiles], "words": words}
    return render(request, "reports/report_list.html", context)


def _matches(report: Report, words: str) -> bool:
    text = f"{report.label} {report.description} {report.form}".casefold()
    return all(word in text for word in words.casefold().split())


def _tile(report: Report) -> dict[str, Any]:
    picture = f"img/forms/{report.key}.png"
    return {"report": report, "picture": picture if finders.find(picture) else ""}


# -- one form ----------------------------------------------------------------------------------------------------------


@never_cache
@access(GET=Cap.REPORT_EXPORT, POST=Cap.REPORT_EXPORT)
def report_export(request: HttpRequest, key: str) -> HttpResponse:
    """The choices of a report with its first rows; POST asks for the file as a job, or (`do`) shows the rows anew, keeps or
    deletes a view of the columns."""
    report = _report(key)
    form = ReportForm(_chosen(request, report), report=report, user=request.user)
    page = _Page(request, report, form)
    if request.method == "POST" and (answer := page.done(request.POST.get("do", "export"))):
        return answer
    return render(request, "reports/report_export.html", page.context())


def _chosen(request: HttpRequest, report: Report) -> Any:
    if request.method == "POST":
        return request.POST
    given = request.GET.copy()
    view = given.get("view", "")
    if report.is_list and is_key(view):
        saved = ReportView.objects.filter(user=request.user, report=report.key, pk=view).first()  # type: ignore[misc]
        given.setlist("columns", saved.columns if saved else [])
    if not set(given) & {"organization", "campaign", "period", "year"}:
        for name, value in ReportForm(report=report, user=request.user).starting().items():
            given.setdefault(name, value)
    return given


class _Page:
    """The page of one report, from what was chosen on it."""

    def __init__(self, request: HttpRequest, report: Report, form: ReportForm) -> None:
        self.request, self.report, self.form = request, report, form
        self.posted = request.method == "POST"
        self.lines = wording_of(request.user, report)

    def done(self, what: str) -> HttpResponse | None:
        """Do what was posted; None when the page is to be shown (again)."""
        if not self.form.is_valid():
            return None
        self._keep_wording()
        steps = {"export": self._export, "save_view": self._save_view, "delete_view": self._delete_view}
        try:
            return steps[what]() if what in steps else None
        except NotAllowed:
            raise Http404 from None
        except DomainError as error:
            self.form.add_error(None, str(error))
            return None

    def _export(self) -> HttpResponse:
        if self.form.cleaned_data.get("format") == "print":
            return redirect(f"{reverse('report_print', args=[self.report.key])}?{self.form.query()}")
        job = job_request(kind=EXPORT_KIND, actor=self.request.user, parameters=self.form.parameters())
        return redirect("jobs_detail", job.pk)

    def _save_view(self) -> HttpResponse:
        view = view_save(
            report=self.report,
            actor=self.request.user,
            name=self.request.POST.get("view_name", "")[:40],
            columns=self.form.cleaned_data.get("columns") or [],
        )
        messages.success(self.request, _("The view “%(name)s” is kept.") % {"name": view.name})
        return redirect(f"{self._address()}?view={view.pk}")

    def _delete_view(self) -> HttpResponse:
        view_delete(report=self.report, actor=self.request.user, name=self.request.POST.get("view_name", ""))
        messages.success(self.request, _("The view is deleted."))
        return redirect(self._address())

    def _address(self) -> str:
        return reverse("report_export", args=[self.report.key])

    def _keep_wording(self) -> None:
        """What is worded is kept before anything else, so that the preview and the file say the same."""
        wording = WordingForm(self.request.POST)
        if wording.is_valid():
            wording_save(report=self.report, actor=self.request.user, lines=wording.cleaned_data)
            self.lines = wording_of(self.request.user, self.report)

    def context(self) -> dict[str, Any]:
        context: dict[str, Any] = {"report": self.report, "form": self.form, "is_list": self.report.is_list}
        context["crumbs"] = [{"label": _("Excel reports"), "url": reverse("report_list")}]
        if not self.form.is_valid():
            return context
        asked = replace(self.form.request(lines=self.lines), unmasked=False)
        try:
            return context | self._shown(asked)
        except NotAllowed:
            raise Http404 from None
        except DomainError as error:
            self.form.add_error(None, str(error))
            return context

    def _shown(self, asked: ReportRequest) -> dict[str, Any]:
        report, request = self.report, self.request
        sheets = report.sheets(asked)
        hints = usual_lines(report, asked, sheets[0][0])
        shown: dict[str, Any] = {
            "preview": report_preview(report, asked),
            "checked": report_discrepancies(report, asked),
            "official": is_official(report, asked),
            "wording": WordingForm(initial=self.lines, hints=hints),
            "worded": bool(self.lines),
            "paper": f"{reverse('report_print', args=[report.key])}?{self.form.query()}",
            "monthly": f"{reverse('schedule_new', args=[report.key])}?{self.form.query()}",
            "linked": any(column.counts for sheet, _rows in sheets for column in sheet.columns),
        }
        if report.is_list:
            headings, view = headings_of(sheets), request.GET.get("view", "")
            wanted = [heading for heading in dict.fromkeys(asked.columns) if heading in headings] or headings
            rest = [heading for heading in headings if heading not in wanted]
            shown["columns"] = [(heading, heading in wanted) for heading in [*wanted, *rest]]
            shown["views"] = ReportView.objects.of(request.user, report.key)
            shown["view"] = int(view) if is_key(view) else 0
        return shown


@never_cache
@access(GET=Cap.REPORT_EXPORT)
def report_print(request: HttpRequest, key: str) -> HttpResponse:
    """A form on A4 paper: all its rows, personal values masked."""
    report = _report(key)
    form = ReportForm(request.GET, report=report, user=request.user)
    if not form.is_valid():
        raise Http404
    back = f"{reverse('report_export', args=[key])}?{form.query()}"
    asked = replace(form.request(lines=wording_of(request.user, report)), unmasked=False, reason="")
    try:
        sheets = report_printed(report, asked)
    except NotAllowed:
        raise Http404 from None
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(back)
    return render(request, "reports/report_print.html", {"report": report, "sheets": sheets, "back": back})


@access(GET=Cap.REPORT_EXPORT)
def report_records_list(request: HttpRequest, key: str) -> HttpResponse:
    """The records that a figure of the preview counts."""
    report = _report(key)
    form = ReportForm(request.GET, report=report, user=request.user)
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
    context = {
        "title": f"{behind.about}　{column.heading}" if behind.about else column.heading,
        "figure": as_text(column.kind, behind.figure()),
        "records": behind,
        "crumbs": [
            {"label": _("Excel reports"), "url": reverse("report_list")},
            {"label": report.label, "url": f"{reverse('report_export', args=[key])}?{form.query()}"},
        ],
    }
    return list_response(
        request, context, template="reports/report_records.html", queryset=rows, table_class=table_class
    )
