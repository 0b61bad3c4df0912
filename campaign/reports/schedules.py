"""Monthly exports to a list of people.

Every recipient gets a job of their own, with their own rights: the file holds what they may see and nothing else, and
nobody opens another's. The owner's right is asked for each time; without it the export pauses. What people get is a
reminder with a link to their job; nothing is ever attached to a message.
"""

import calendar
import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import ancestors_and_self
from campaign.common.capabilities import MATRIX, Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.models import lock
from campaign.jobs.models import JobState
from campaign.jobs.services import job_request
from campaign.models import Campaign, Period, PeriodState
from campaign.notices.registry import Due, ReminderRule
from campaign.reports.choices import EXPORT_KIND
from campaign.reports.models import LAST_DAY, ReportDelivery, ReportSchedule, ScheduleState
from campaign.reports.registry import Report
from campaign.reports.services import FORMATS, report_check, request_from
from campaign.selectors import current_period
from orgs.models import Organization, RoleAssignment, User

logger = logging.getLogger(__name__)

MOST_SCHEDULES = 50
REMINDED_DAYS = 3
"""A delivery is told of on its day, or on one of these after it when its job took long."""


def possible_recipients(organization: Organization) -> QuerySet[User]:
    """Return the accounts that may export the organization: who holds a role with that right there or above today."""
    held = RoleAssignment.objects.on(clock.today()).filter(
        organization__path__in=ancestors_and_self(organization.path), role__in=list(MATRIX[Cap.REPORT_EXPORT])
    )
    found: QuerySet[User] = User.objects.filter(pk__in=held.values("user"), is_active=True).order_by("name", "pk")
    return found


@transaction.atomic
def schedule_create(
    *,
    actor: Any,
    report: Report,
    organization: Organization,
    campaign: Campaign | None,
    day: int,
    recipients: Iterable[User],
    format_: str = "xlsx",
    options: dict[str, str] | None = None,
    columns: Sequence[str] = (),
) -> ReportSchedule:
    """Set up a monthly export on `day` (31: the last of the month), for the first time on the next such day.

    Raises NotAllowed, DomainError when something is missing or a recipient may not have it.
    """
    if actor.acting_for is not None:
        raise DomainError(_("Monthly exports are set up in one's own name, not for somebody else."))
    people = list(recipients)
    allowed = set(possible_recipients(organization).values_list("pk", flat=True))
    if not people or any(person.pk not in allowed for person in people):
        raise DomainError(_("Please choose recipients who may export this organization themselves."))
    if not 1 <= day <= LAST_DAY or format_ not in FORMATS:
        raise DomainError(_("Please choose a day of the month and a file format."))
    if ReportSchedule.objects.filter(owner=actor).exclude(state=ScheduleState.ENDED).count() >= MOST_SCHEDULES:
        raise DomainError(_("You have %(most)d monthly exports. End one first.") % {"most": MOST_SCHEDULES})
    schedule = ReportSchedule(
        owner=actor,
        report=report.key,
        organization=organization,
        campaign=campaign,
        options=options or {},
        columns=list(columns),
        format=format_,
        day=day,
        next_on=next_day(day, clock.today()),
    )
    report_check(*request_from(actor, parameters_of(schedule, schedule.next_on)))
    schedule.save()
    schedule.recipients.set(people)
    changes: dict[str, list[Any]] = {"report": ["", report.key], "day": [None, day], "recipients": [None, len(people)]}
    audit_record(action="schedule_create", actor=actor, target=schedule, changes=changes)
    return schedule


def next_day(day: int, after: dt.date) -> dt.date:
    """Return the first day after `after` that is the `day`-th of its month, or its last where the month is shorter."""
    year, month = after.year, after.month
    while True:
        found = dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))
        if found > after:
            return found
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def schedule_step(*, schedule: ReportSchedule, actor: Any, step: str) -> None:
    """Pause, resume or end an own monthly export. Raises NotAllowed, StateConflict."""
    if schedule.owner_id != actor.pk:
        raise NotAllowed
    action, before, after = _STEPS[step]
    changed: dict[str, Any] = {"state": after, "note": ""}
    if step == "resume":
        changed["next_on"] = next_day(schedule.day, clock.today())
    with transaction.atomic():
        if not ReportSchedule.objects.filter(pk=schedule.pk, state__in=before).update(**changed):
            raise StateConflict
        audit_record(action=action, actor=actor, target=schedule, changes={"state": [schedule.state, str(after)]})
    schedule.refresh_from_db()


_STEPS = {
    "pause": ("schedule_pause", (ScheduleState.ACTIVE,), ScheduleState.PAUSED),
    "resume": ("schedule_resume", (ScheduleState.PAUSED,), ScheduleState.ACTIVE),
    "end": ("schedule_end", (ScheduleState.ACTIVE, ScheduleState.PAUSED), ScheduleState.ENDED),
}


def parameters_of(schedule: ReportSchedule, day: dt.date) -> dict[str, Any]:
    """Return the parameters of the schedule's job on `day`: never unmasked, and worded as its owner words the form, since it is
    the owner's form that goes to everybody. A report by period speaks of the last frozen one
    that ended before the day, else of the one that holds it; a report by year of the present one."""
    period = _period(schedule.campaign, day)
    return {
        "report": schedule.report,
        "organization": schedule.organization_id,
        "campaign": schedule.campaign_id,
        "period": period.pk if period else None,
        "format": schedule.format,
        "options": schedule.options,
        "columns": schedule.columns,
        "schedule": schedule.pk,
        "worded_by": schedule.owner_id,
    }


def _period(campaign: Campaign | None, day: dt.date) -> Period | None:
    if campaign is None:
        return None
    ended = campaign.periods.filter(ends_on__lt=day, state=PeriodState.FROZEN).order_by("-ends_on", "-starts_on")
    return ended.first() or current_period(campaign, day)


def schedules_run(*, day: dt.date | None = None) -> int:
    """Export what is due on `day` (today) and return how many jobs were asked for. Safe to run twice: each schedule is taken
    with its row locked, and moves on to its next day in the same transaction. After an outage one export makes up for all.
    One that fails is logged and stays due; those after it do not wait for it."""
    today, asked = day or clock.today(), 0
    for key in list(ReportSchedule.objects.due(today).order_by("next_on", "pk").values_list("pk", flat=True)):
        try:
            asked += _run_if_due(key, today)
        except Exception:
            logger.exception("The monthly export %s could not be asked for", key)
    return asked


@transaction.atomic
def _run_if_due(key: int, day: dt.date) -> int:
    lock(ReportSchedule(pk=key))
    found = ReportSchedule.objects.due(day).filter(pk=key).select_related("owner", "organization", "campaign").first()
    return _run(found, day) if found is not None else 0


def _run(schedule: ReportSchedule, day: dt.date) -> int:
    refusal = _refused_to_owner(schedule, day)
    if refusal:
        ReportSchedule.objects.filter(pk=schedule.pk).update(state=ScheduleState.PAUSED, note=refusal[:200])
        audit_record(
            action="schedule_pause",
            actor=None,
            target=schedule,
            reason=refusal[:200],
            changes={"state": [schedule.state, str(ScheduleState.PAUSED)]},
        )
        ReportDelivery.objects.get_or_create(
            schedule=schedule, user=schedule.owner, on=day, defaults={"note": refusal[:200]}
        )
        return 0
    asked = sum(_deliver(schedule, person, day) for person in schedule.recipients.order_by("pk"))
    ReportSchedule.objects.filter(pk=schedule.pk).update(next_on=next_day(schedule.day, day))
    return asked


def _refused_to_owner(schedule: ReportSchedule, day: dt.date) -> str:
    """Return why the export may not go on, "" when it may."""
    try:
        if not schedule.owner.is_active:
            raise NotAllowed
        report_check(*request_from(schedule.owner, parameters_of(schedule, day)))
    except NotAllowed:
        return _("Who set it up no longer has the right to export this.")
    except DomainError as error:
        return str(error)
    return ""


def _deliver(schedule: ReportSchedule, person: User, day: dt.date) -> bool:
    """Ask for one person's file; tell whether it was asked for. Who may not have it any more is noted and passed over."""
    job, note = None, ""
    try:
        if not person.is_active:
            raise NotAllowed
        job = job_request(kind=EXPORT_KIND, actor=person, parameters=parameters_of(schedule, day))
    except NotAllowed:
        note = _("No longer has the right to export this.")
    except DomainError as error:
        note = str(error)[:200]
    ReportDelivery.objects.create(schedule=schedule, user=person, on=day, job=job, note=note)
    return job is not None


# -- what people are told ----------------------------------------------------------------------------------------------


def deliveries_due(day: dt.date) -> Iterator[Due]:
    """Tell recipients of their files, and owners of an export that paused by itself. Two queries, whatever the numbers."""
    since = day - dt.timedelta(days=REMINDED_DAYS)
    found = ReportDelivery.objects.filter(on__gt=since, on__lte=day).select_related("schedule", "job")
    for delivery in found.filter(job__state=JobState.SUCCEEDED).order_by("pk"):
        text = _("The monthly export “%(name)s” is ready to be downloaded.") % {"name": delivery.schedule.label}
        yield Due(
            delivery.user_id,
            f"delivery:{delivery.pk}",
            text,
            reverse("jobs_detail", args=[delivery.job_id]),
            delivery.on,
        )
    paused = found.filter(job=None, schedule__state=ScheduleState.PAUSED).exclude(schedule__note="")
    for delivery in paused.order_by("pk"):
        text = _("The monthly export “%(name)s” has paused: %(why)s") % {
            "name": delivery.schedule.label,
            "why": delivery.note,
        }
        url = reverse("schedule_detail", args=[delivery.schedule_id])
        if delivery.schedule.owner_id == delivery.user_id:
            yield Due(delivery.user_id, f"paused:{delivery.pk}", text[:300], url, delivery.on)


RULE = ReminderRule("reports.schedules", gettext_lazy("Monthly exports"), deliveries_due)
