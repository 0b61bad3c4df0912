"""Monthly exports: one's own list, a new one, what became of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.listing import list_response
from campaign.reports.forms import ReportForm, ScheduleForm
from campaign.reports.models import ReportSchedule, ScheduleState
from campaign.reports.registry import reports
from campaign.reports.schedules import possible_recipients, schedule_create, schedule_step
from campaign.reports.tables import DeliveryTable, ScheduleTable


@access(GET=Cap.JOB_VIEW)
def schedule_list(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Monthly exports"),
        "lead": _("Each recipient gets a reminder with a link to a file of their own, made with their own rights."),
        "crumbs": [_reports()],
        "empty_icon": "calendar-repeat",
        "empty_title": _("No monthly exports yet"),
        "empty_text": _("Open a report, choose what it shows, and press “Every month”."),
        "empty_url": reverse("report_list"),
        "empty_label": _("Excel reports"),
    }
    own = ReportSchedule.objects.visible_to(request.user).select_related("organization")  # type: ignore[arg-type]
    return list_response(request, context, queryset=own, table_class=ScheduleTable)


def _reports() -> dict[str, Any]:
    return {"label": _("Excel reports"), "url": reverse("report_list")}


@access(GET=Cap.REPORT_EXPORT, POST=Cap.REPORT_EXPORT)
def schedule_new(request: HttpRequest, key: str) -> HttpResponse:
    """Set up a monthly export of what was chosen on the report's page; the choice lies in the address."""
    if key not in reports:
        raise Http404
    report = reports.get(key)
    chosen = ReportForm(request.GET, report=report, user=request.user)
    if not chosen.is_valid():
        raise Http404
    asked = chosen.request()
    form = ScheduleForm(
        request.POST or None,
        people=possible_recipients(asked.organization),
        initial={"recipients": [request.user.pk]},
    )
    if request.method == "POST" and form.is_valid():
        try:
            done = form.attempt(
                schedule_create,
                actor=request.user,
                report=report,
                organization=asked.organization,
                campaign=asked.campaign,
                day=form.cleaned_data["day"],
                recipients=form.cleaned_data["recipients"],
                format_=form.cleaned_data["format"],
                options=dict(asked.options),
                columns=asked.columns,
            )
        except NotAllowed:
            raise Http404 from None
        if done:
            schedule: Any = form.result
            messages.success(request, _("The export is set up; the first is on %(day)s.") % {"day": schedule.next_on})
            return redirect("schedule_detail", pk=schedule.pk)
    context = {
        "report": report,
        "form": form,
        "organization": asked.organization,
        "crumbs": [
            _reports(),
            {"label": report.label, "url": f"{reverse('report_export', args=[key])}?{chosen.query()}"},
        ],
    }
    return render(request, "reports/schedule_new.html", context)


@access(GET=Cap.JOB_VIEW)
def schedule_detail(request: HttpRequest, pk: int) -> HttpResponse:
    schedule: ReportSchedule = gate(request, ReportSchedule.objects.select_related("organization", "campaign"), pk=pk)
    people = list(schedule.recipients.order_by("name", "pk"))
    context = {
        "schedule": schedule,
        "rows": _facts(schedule, [person.name for person in people]),
        "steps": _steps(schedule),
        "crumbs": [_reports(), {"label": _("Monthly exports"), "url": reverse("schedule_list")}],
        "empty_icon": "calendar-repeat",
        "empty_title": _("Nothing was exported yet"),
        "empty_text": _("The first export is on the day above."),
    }
    deliveries = schedule.deliveries.select_related("user", "job")
    return list_response(
        request, context, template="reports/schedule_detail.html", queryset=deliveries, table_class=DeliveryTable
    )


def _facts(schedule: ReportSchedule, people: list[str]) -> list[tuple[str, Any]]:
    last = (
        _("the last day of the month") if schedule.day > 28 else _("day %(day)d of the month") % {"day": schedule.day}
    )
    running = schedule.state == ScheduleState.ACTIVE
    return [
        (_("Organization"), schedule.organization.name),
        (_("Campaign"), schedule.campaign.name if schedule.campaign else "—"),
        (_("Every month on"), last),
        (_("Next on"), f"{schedule.next_on:%Y-%m-%d}" if running else "—"),
        (_("File"), schedule.format),
        (_("Recipients"), "、".join(people)),
    ]


def _steps(schedule: ReportSchedule) -> list[dict[str, Any]]:
    """Return the steps that are open, as actions of the page."""
    url = reverse("schedule_step", args=[schedule.pk])
    pause = {"label": _("Pause"), "name": "pause", "icon": "player-pause"}
    resume = {"label": _("Resume"), "name": "resume", "icon": "player-play"}
    end = {
        "label": _("End it"),
        "name": "end",
        "icon": "player-stop",
        "confirm": _("End this monthly export for good?"),
    }
    open_ = {ScheduleState.ACTIVE: [pause, end], ScheduleState.PAUSED: [resume, end], ScheduleState.ENDED: []}
    return [{**step, "url": url} for step in open_[ScheduleState(schedule.state)]]


@access(POST=Cap.JOB_VIEW)
def schedule_change(request: HttpRequest, pk: int) -> HttpResponse:
    schedule: ReportSchedule = gate(request, ReportSchedule.objects, pk=pk)
    step = request.POST.get("step", "")
    if step not in ("pause", "resume", "end"):
        raise DomainError(_("Please choose a step."))
    schedule_step(schedule=schedule, actor=request.user, step=step)
    messages.success(request, _("The monthly export is now: %(state)s.") % {"state": schedule.get_state_display()})
    return redirect("schedule_detail", pk=pk)
