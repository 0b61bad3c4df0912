"""What people keep for their reports: wording, views. Only their own; nothing of it says anything about a record."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.common.errors import DomainError
from campaign.jobs.models import Job
from campaign.reports.models import FormWording, ReportView
from campaign.reports.registry import LINES, Report, reports

EXPORT_KIND = "reports.export"
MOST_VIEWS = 20
OFTEN = 4
_LOOKED_AT = 100


def wording_of(user: Any, report: Report) -> dict[str, str]:
    """Return the lines of a form as the person words them; only those that differ from what every form has."""
    found = FormWording.objects.filter(user=user, report=report.key).first() if user is not None else None
    return dict(found.lines) if found else {}


def wording_save(*, report: Report, actor: Any, lines: Mapping[str, str]) -> None:
    """Keep how the person words the lines of a form; an empty line is again as every form has it."""
    kept = {name: lines[name].strip() for name in LINES if lines.get(name, "").strip()}
    if kept != wording_of(actor, report):
        FormWording.objects.update_or_create(user=actor, report=report.key, defaults={"lines": kept})


@transaction.atomic
def view_save(*, report: Report, actor: Any, name: str, columns: Sequence[str]) -> ReportView:
    """Keep a choice of columns by name; an own view of this name is replaced.

    Raises DomainError for a report without a choice of columns, no name, no column, or too many views.
    """
    name = name.strip()
    if not report.is_list or not columns:
        raise DomainError(_("Please choose at least one column."))
    if not name:
        raise DomainError(_("Please give the view a name."))
    others = ReportView.objects.of(actor, report.key).exclude(name=name)
    if others.count() >= MOST_VIEWS:
        raise DomainError(_("You have %(most)d views of this report. Delete one first.") % {"most": MOST_VIEWS})
    view, _created = ReportView.objects.update_or_create(
        user=actor, report=report.key, name=name, defaults={"columns": list(columns)}
    )
    audit_record(action="report_view_save", actor=actor, target=view, changes={"report": ["", report.key]})
    return view


@transaction.atomic
def view_delete(*, report: Report, actor: Any, name: str) -> None:
    """Delete an own view. Raises DomainError when there is none of this name."""
    view = ReportView.objects.of(actor, report.key).filter(name=name).first()
    if view is None:
        raise DomainError(_("There is no view of this name."))
    audit_record(action="report_view_delete", actor=actor, target=view, changes={"report": [report.key, ""]})
    view.delete()


def often_used(user: Any) -> list[Report]:
    """Return the reports that the person exported lately and again and again: each of the last hundred exports counts, the later
    the more."""
    asked = Job.objects.filter(requested_by=user, kind=EXPORT_KIND, parameters__schedule__isnull=True).order_by(
        "-created_at"
    )
    weights: dict[str, float] = defaultdict(float)
    for place, key in enumerate(asked.values_list("parameters__report", flat=True)[:_LOOKED_AT], start=1):
        weights[key] += 1 / place
    first = sorted(weights, key=lambda key: -weights[key])
    return [reports.get(key) for key in first if key in reports][:OFTEN]
