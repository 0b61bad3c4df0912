"""Pages of the workers who are no members: list, head counts, and lists that are pasted or sent."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.common.access import GatedRequest, access, gate, holds
from campaign.common.capabilities import Cap
from campaign.common.excel.reader import WorkbookError, open_workbook
from campaign.common.listing import list_response
from orgs import exports, selectors
from orgs.forms.workers import HeadCountForm, WorkerCreateForm, WorkerEditForm, WorkerListForm
from orgs.importers.workers import HEADINGS, WorkerPlan, workbook_of, workers_plan
from orgs.listings.people import WorkerFilter, WorkerTable
from orgs.models import HeadCount, Organization, Worker
from orgs.services.workers import (
    head_count_set,
    worker_create,
    worker_set_active,
    worker_update,
    workers_store,
)
from orgs.views.forms import save_version_form

SHOWN = 20


@access(GET=Cap.WORKER_VIEW, POST=Cap.WORKER_VIEW)
def worker_list(request: GatedRequest) -> HttpResponse:
    keeps = holds(request.user, Cap.WORKER_MANAGE)
    context = {
        "title": _("Workers who are no members"),
        "figures": _figures(request.user),
        "actions": _actions(request, keeps=keeps),
        "empty_icon": "users-group",
        "empty_title": _("No workers on the list yet"),
        "empty_text": _("Paste or send the list of an organization, or enter a head count where no list is kept."),
    }
    return list_response(
        request,
        context,
        template="orgs/worker_list.html",
        queryset=selectors.workers_for(request.user),
        table_class=WorkerTable,
        filter_class=WorkerFilter,
        keeps=keeps,
    )


def _figures(user: Any) -> selectors.Electorate | None:
    root = Organization.objects.allowed(user, Cap.WORKER_VIEW).order_by("depth", "path").first()
    return selectors.electorate_of(root) if root is not None else None


def _actions(request: GatedRequest, *, keeps: bool) -> list[dict[str, Any]]:
    actions: list[dict[str, Any]] = []
    top = exports.export_root(request.user, Cap.WORKER_VIEW)
    if top is not None:
        url = reverse("list_export", args=[top.pk, "workers"])
        actions.append({"label": _("Export"), "url": url, "icon": "file-spreadsheet", "post": True})
    if keeps:
        actions += [
            {"label": _("Head count"), "url": reverse("worker_count"), "icon": "123"},
            {"label": _("Send a list"), "url": reverse("worker_import"), "icon": "table-import"},
            {"label": _("New worker"), "url": reverse("worker_create"), "icon": "plus", "primary": True},
        ]
    return actions


def _crumbs() -> list[dict[str, str]]:
    return [{"label": _("Workers who are no members"), "url": reverse("worker_list")}]


def _places(user: Any) -> Any:
    return Organization.objects.active().allowed(user, Cap.WORKER_MANAGE)


@access(GET=Cap.WORKER_MANAGE, POST=Cap.WORKER_MANAGE)
def worker_create_page(request: GatedRequest) -> HttpResponse:
    form = WorkerCreateForm(request.POST or None, organizations=_places(request.user))
    if request.method == "POST" and form.is_valid():
        given = {"actor": request.user, "organization": form.cleaned_data["organization"], **form.values}
        if form.attempt(worker_create, **given):
            messages.success(request, _("The worker stands on the list."))
            return redirect("worker_list")
    context = {"form": form, "title": _("New worker"), "crumbs": _crumbs(), "back": reverse("worker_list")}
    return render(request, "orgs/form_page.html", context)


@access(GET=Cap.WORKER_MANAGE, POST=Cap.WORKER_MANAGE)
def worker_edit(request: GatedRequest, pk: int) -> HttpResponse:
    worker = gate(request, Worker.objects.select_related("organization"), pk=pk)
    form = WorkerEditForm(request.POST or None, instance=worker, initial={"version": worker.version})
    name, place = worker.name, worker.organization.name
    if request.method == "POST" and form.is_valid():
        stored = Worker.objects.select_related("organization").get(pk=pk)
        if save_version_form(form, stored, worker_update, actor=request.user, worker=stored, **form.values):
            messages.success(request, _("Saved."))
            return redirect("worker_list")
    context = {"form": form, "title": name, "lead": place, "crumbs": _crumbs(), "back": reverse("worker_list")}
    return render(request, "orgs/form_page.html", context)


@access(POST=Cap.WORKER_MANAGE)
def worker_retire(request: GatedRequest, pk: int) -> HttpResponse:
    worker = gate(request, Worker.objects.select_related("organization"), pk=pk)
    worker_set_active(actor=request.user, worker=worker, active=False)
    messages.success(request, _("The worker has been taken off the list."))
    return redirect("worker_list")


@access(POST=Cap.WORKER_MANAGE)
def worker_restore(request: GatedRequest, pk: int) -> HttpResponse:
    worker = gate(request, Worker.objects.select_related("organization"), pk=pk)
    worker_set_active(actor=request.user, worker=worker, active=True)
    messages.success(request, _("The worker stands on the list."))
    return redirect("worker_list")


@access(GET=Cap.WORKER_MANAGE, POST=Cap.WORKER_MANAGE)
def worker_count(request: GatedRequest) -> HttpResponse:
    form = HeadCountForm(request.POST or None, organizations=_places(request.user))
    if (
        request.method == "POST"
        and form.is_valid()
        and form.attempt(head_count_set, actor=request.user, **form.cleaned_data)
    ):
        messages.success(request, _("The head count has been saved."))
        return redirect("worker_count")
    counts = HeadCount.objects.allowed(request.user, Cap.WORKER_VIEW).select_related("organization")
    context = {
        "form": form,
        "counts": counts.order_by("organization__path")[:100],
        "crumbs": _crumbs(),
    }
    return render(request, "orgs/worker_count.html", context)


@access(GET=Cap.WORKER_MANAGE, POST=Cap.WORKER_MANAGE)
def worker_import(request: GatedRequest) -> HttpResponse:
    """Shows what a list would change; sent again as it came back, it is stored."""
    form = WorkerListForm(request.POST or None, request.FILES or None, organizations=_places(request.user))
    context: dict[str, Any] = {
        "form": form,
        "headings": HEADINGS,
        "crumbs": _crumbs(),
    }
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        plan, rows = _read(data)
        if "confirm" in request.POST and not plan.problems.errors:
            given = {"organization": data["organization"], "plan": plan, "retire_missing": data["complete"]}
            if form.attempt(workers_store, actor=request.user, **given):
                text = ngettext("%(count)s worker stored.", "%(count)s workers stored.", form.result)
                messages.success(request, text % {"count": form.result})
                return redirect("worker_list")
        context |= _shown(plan, rows, data)
    return render(request, "orgs/worker_import.html", context)


def _read(data: dict[str, Any]) -> tuple[WorkerPlan, str]:
    try:
        workbook = open_workbook(data["file"]) if data["file"] else workbook_of(data["pasted"])
        return workers_plan(workbook, data["organization"])
    except WorkbookError as error:
        return WorkerPlan(error.problems()), ""


def _shown(plan: WorkerPlan, rows: str, data: dict[str, Any]) -> dict[str, Any]:
    missing = plan.missing if data["complete"] else []
    return {
        "plan": plan,
        "rows": rows,
        "data": data,
        "mistakes": list(plan.problems.folded()),
        "new": [new.values for new in plan.new[:SHOWN]],
        "new_more": max(0, len(plan.new) - SHOWN),
        "changed": [_change(entry) for entry in plan.changed[:SHOWN]],
        "changed_more": max(0, len(plan.changed) - SHOWN),
        "missing": missing[:SHOWN],
        "missing_count": len(missing),
        "missing_more": max(0, len(missing) - SHOWN),
        "does_something": bool(plan.new or plan.changed or missing) and not plan.problems.errors,
    }


def _change(entry: Any) -> dict[str, Any]:
    words = {True: _("yes"), False: _("no"), "": "—"}
    lines = [(_heading(field), words.get(old, old), words.get(new, new)) for field, (old, new) in entry.changes.items()]
    return {"name": entry.record.name, "lines": lines}


def _heading(name: str) -> str:
    field: Any = Worker._meta.get_field(name)
    return str(field.verbose_name)
