"""Taking out the whole record of a member or an organization, as a workbook or on paper."""

import io
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from campaign.common import clock
from campaign.common.access import GatedRequest, access, gate, reaches
from campaign.common.capabilities import Cap
from campaign.common.downloads import download
from campaign.common.excel.cells import csv_text
from campaign.common.excel.sheet import NOTHING, Filled, Subtotal
from campaign.jobs.services import job_request
from orgs import selectors
from orgs.forms.records import RecordForm
from orgs.models import Member, Organization
from orgs.records import RecordRequest, record_sheets
from orgs.services.records import JOB, is_large, job_parameters, record_check, record_write
from orgs.views import organizations
from orgs.views.members import crumbs_to


@access(GET=Cap.MEMBER_VIEW)
def member_print(request: GatedRequest, pk: int) -> HttpResponse:
    """The record on paper, for whoever sees the member, masked as for them on the screen."""
    member = gate(request, selectors.members_for(request.user), pk=pk)
    sheets = record_sheets(member, RecordRequest(request.user))
    context = {
        "member": member,
        "sheets": [_shown(filled, member.name) for filled in sheets],
        "crumbs": crumbs_to(member),
    }
    return render(request, "orgs/member_print.html", context)


def _shown(filled: Filled, name: str) -> dict[str, Any]:
    """Return a sheet as a table of texts; a column that repeats the member's `name` is left out on one's own paper."""
    sheet, rows = filled
    kinds = [column.kind for column in sheet.columns]
    shown = []
    for number, row in enumerate(rows, start=1):
        values = row.values if isinstance(row, Subtotal) else row
        cells = [csv_text(kind, value).lstrip("\t'") or NOTHING for kind, value in zip(kinds, values, strict=True)]
        shown.append([str(number), *cells] if sheet.sequence else cells)
    headings = sheet.headings
    if sheet.sequence and shown and all(row[1] == name for row in shown):
        headings, shown = [headings[0], *headings[2:]], [[row[0], *row[2:]] for row in shown]
    return {
        "name": sheet.name,
        "pairs": not sheet.sequence,
        "headings": headings,
        "rows": shown,
        "cells": [list(zip(headings, cells, strict=True)) for cells in shown],
    }


@never_cache
@access(GET=Cap.REPORT_EXPORT, POST=Cap.REPORT_EXPORT)
def member_export(request: GatedRequest, pk: int) -> HttpResponseBase:
    member = gate(request, Member.objects.select_related("organization"), pk=pk)
    return _export(request, member, member.organization.path, reverse("member_detail", args=[pk]), crumbs_to(member))


@never_cache
@access(GET=Cap.REPORT_EXPORT, POST=Cap.REPORT_EXPORT)
def organization_record(request: GatedRequest, pk: int) -> HttpResponseBase:
    """The record of an organization with all below it; a large one is written by a job."""
    organization: Any = gate(request, Organization.objects, pk=pk)
    crumbs = organizations.crumbs_to(organization, request.user)
    return _export(request, organization, organization.path, reverse("organization_detail", args=[pk]), crumbs)


def _export(
    request: GatedRequest, subject: Any, path: str, back: str, crumbs: list[dict[str, str]]
) -> HttpResponseBase:
    unmasks = reaches(request.user, Cap.PERSONAL_UNMASK, path)
    whole = isinstance(subject, Member)
    year = clock.today().year
    initial = {} if whole else {"starts_on": f"{year}-01-01", "ends_on": f"{year}-12-31"}
    form = RecordForm(request.POST if request.method == "POST" else None, unmasks=unmasks, initial=initial)
    if request.method == "POST" and form.is_valid():
        wanted = RecordRequest(request.user, **form.cleaned_data)
        if form.attempt(record_check, subject=subject, request=wanted):
            return _answer(request, subject, wanted)
    context = {
        "form": form,
        "title": _("Record of %(name)s") % {"name": subject.name},
        "lead": _("Everything that is kept: record, positions, pledges, reviews, results and honours, a sheet each."),
        "back": back,
        "crumbs": crumbs,
        "submit": _("Export"),
    }
    return render(request, "orgs/form_page.html", context)


def _answer(request: GatedRequest, subject: Any, wanted: RecordRequest) -> HttpResponseBase:
    if isinstance(subject, Organization) and is_large(subject):
        job = job_request(kind=JOB, actor=request.user, parameters=job_parameters(subject, wanted))
        return redirect("jobs_detail", pk=job.pk)
    file = io.BytesIO()
    name = record_write(subject=subject, request=wanted, target=file)
    return download(file, name)
