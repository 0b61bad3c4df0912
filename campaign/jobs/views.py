"""A person's own background jobs: how far they are, and what came out of them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from campaign.common.downloads import download
from campaign.common.listing import list_response
from campaign.jobs.filters import JobFilter
from campaign.jobs.models import Job
from campaign.jobs.selectors import has_file, jobs_for, took
from campaign.jobs.services import job_cancel, job_download, job_retry
from campaign.jobs.tables import JobTable


@access(GET=Cap.JOB_VIEW)
def jobs_list(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Background jobs"),
        "lead": _("Imports, exports and scores that you asked for. They go on when you leave the page."),
        "empty_icon": "progress",
        "empty_title": _("No jobs yet"),
        "empty_text": _("When you import a workbook, export a report or compute scores, you will find it here."),
    }
    return list_response(
        request, context, queryset=jobs_for(request.user), table_class=JobTable, filter_class=JobFilter
    )


@access(GET=Cap.JOB_VIEW)
def jobs_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    return render(request, "jobs/job_detail.html", _shown(gate(request, Job.objects, pk=pk)))


@access(GET=Cap.JOB_VIEW)
def jobs_fragment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of the page that changes; it asks for itself every second as long as the job is active."""
    return render(request, "jobs/job_fragment.html", _shown(gate(request, Job.objects, pk=pk)))


def _shown(job: Job) -> dict[str, Any]:
    return {"job": job, "has_file": has_file(job), "took": took(job)}


@access(GET=Cap.JOB_VIEW)
def jobs_download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    job = gate(request, Job.objects, pk=pk)
    path = job_download(job=job, actor=request.user)
    return download(path.open("rb"), job.file_name or path.name)


@access(POST=Cap.JOB_VIEW)
def jobs_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    job = gate(request, Job.objects, pk=pk)
    job_cancel(job=job, actor=request.user)
    messages.success(request, _("The job is being cancelled."))
    return redirect("jobs_detail", pk=job.pk)


@access(POST=Cap.JOB_VIEW)
def jobs_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    job = gate(request, Job.objects, pk=pk)
    return redirect("jobs_detail", pk=job_retry(job=job, actor=request.user).pk)
