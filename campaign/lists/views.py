"""The pages of a list by workbook: send it, look at what was understood, store it, undo it. Each kind has its own set."""

import io
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.common import clock
from campaign.common.access import GatedRequest, access, gate
from campaign.common.downloads import download
from campaign.common.errors import NotAllowed
from campaign.common.excel.sheet import file_name
from campaign.common.excel.writer import write_xlsx
from campaign.lists.forms import WorkbookForm
from campaign.lists.models import SentList
from campaign.lists.registry import Ground, ListKind
from campaign.lists.services import list_annotated, list_send, list_store, list_undo, plan_of

View = Callable[..., HttpResponseBase]


def list_urls(prefix: str, kind: ListKind) -> list[URLPattern]:
    """Return the addresses of the pages of `kind` under `prefix`: `KEY` takes the workbook of a place, `KEY_template` gives it
    out; `KEY_detail`, `KEY_store`, `KEY_undo` and `KEY_annotated` are of one that was sent."""
    place, one = f"{prefix}<int:pk>/", f"{prefix}sent/<uuid:pk>/"
    return [
        path(place, _send(kind), name=kind.key),
        path(f"{place}template/", _template(kind), name=f"{kind.key}_template"),
        path(one, _detail(kind), name=f"{kind.key}_detail"),
        path(f"{one}store/", _store(kind), name=f"{kind.key}_store"),
        path(f"{one}undo/", _undo(kind), name=f"{kind.key}_undo"),
        path(f"{one}annotated/", _annotated(kind), name=f"{kind.key}_annotated"),
    ]


def _open(request: GatedRequest, kind: ListKind, place: int) -> Ground:
    try:
        return kind.open(request.user, place)
    except NotAllowed:
        raise Http404 from None


def _own(request: GatedRequest, kind: ListKind, pk: UUID) -> SentList:
    sent: SentList = gate(request, SentList.objects.filter(kind=kind.key), pk=pk)
    _open(request, kind, sent.place)
    return sent


def _send(kind: ListKind) -> View:
    @access(GET=kind.capability, POST=kind.capability)
    def send(request: GatedRequest, pk: int) -> HttpResponse:
        ground = _open(request, kind, pk)
        form = WorkbookForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            given = {"content": file.read(), "file_name": file.name or ""}
            if form.attempt(list_send, kind=kind, place=pk, actor=request.user, **given):
                return redirect(f"{kind.key}_detail", pk=form.result.pk)
        template = reverse(f"{kind.key}_template", args=[pk])
        context = {"kind": kind, "ground": ground, "form": form, "template": template, "crumbs": _crumbs(ground)}
        return render(request, "lists/send.html", context)

    return send


def _crumbs(ground: Ground, *more: dict[str, str]) -> list[dict[str, str]]:
    return [{"label": ground.back_label, "url": ground.back_url}, *more]


def _template(kind: ListKind) -> View:
    @access(GET=kind.capability)
    def template(request: GatedRequest, pk: int) -> HttpResponseBase:
        ground, target = _open(request, kind, pk), io.BytesIO()
        sheet, rows = kind.form(ground)
        write_xlsx(target, [(sheet, rows)], made_at=clock.now())
        name = file_name(ground.title, sheet.name, "", clock.today())
        return download(target, name)

    return template


def _detail(kind: ListKind) -> View:
    @access(GET=kind.capability)
    def detail(request: GatedRequest, pk: UUID) -> HttpResponse:
        sent = _own(request, kind, pk)
        ground, plan = plan_of(sent, request.user) if sent.is_waiting else (_open(request, kind, sent.place), None)
        again, folds = reverse(kind.key, args=[sent.place]), sent.folds
        context: dict[str, Any] = {
            "kind": kind,
            "ground": ground,
            "sent": sent,
            "plan": plan,
            "errors": [fold for fold in folds if fold.problem.is_error],
            "notes": [fold for fold in folds if not fold.problem.is_error],
            "again": again,
            "urls": {step: reverse(f"{kind.key}_{step}", args=[pk]) for step in ("store", "undo", "annotated")},
            "crumbs": _crumbs(ground, {"label": str(kind.heading), "url": again}),
        }
        return render(request, "lists/sent.html", context)

    return detail


def _store(kind: ListKind) -> View:
    @access(POST=kind.capability)
    def store(request: GatedRequest, pk: UUID) -> HttpResponse:
        sent = list_store(sent=_own(request, kind, pk), actor=request.user)
        count = len(sent.made)
        messages.success(request, ngettext("%(n)s entry stored.", "%(n)s entries stored.", count) % {"n": count})
        return redirect(f"{kind.key}_detail", pk=pk)

    return store


def _undo(kind: ListKind) -> View:
    @access(POST=kind.capability)
    def undo(request: GatedRequest, pk: UUID) -> HttpResponse:
        done, left = list_undo(sent=_own(request, kind, pk), actor=request.user)
        messages.success(request, ngettext("%(n)s entry taken back.", "%(n)s entries taken back.", done) % {"n": done})
        if left:
            text = ngettext(
                "%(n)s was changed or handed in since and stays.",
                "%(n)s were changed or handed in since and stay.",
                left,
            )
            messages.warning(request, text % {"n": left})
        return redirect(f"{kind.key}_detail", pk=pk)

    return undo


def _annotated(kind: ListKind) -> View:
    @access(GET=kind.capability)
    def annotated(request: GatedRequest, pk: UUID) -> HttpResponseBase:
        sent, target = _own(request, kind, pk), io.BytesIO()
        list_annotated(sent=sent, actor=request.user, target=target)
        name = f"{sent.file_name.rsplit('.', 1)[0]}_{_('mistakes')}_{clock.today():%Y%m%d}.xlsx"
        return download(target, name)

    return annotated
