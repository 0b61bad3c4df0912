"""Pages of bonus, deductions and vetoes: enter, look at the evidence, confirm as the second person."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.attachments.downloads import attachment_response
from campaign.audit.services import audit_record
from campaign.common.access import access, actor_ids, gate
from campaign.common.capabilities import Cap
from campaign.common.exact import hundredths
from campaign.common.listing import list_response
from campaign.scoring import selectors, services
from campaign.scoring.filters import EntryFilter
from campaign.scoring.forms.entries import EntryForm
from campaign.scoring.models import ScoreEntry
from campaign.scoring.tables import EntryTable
from campaign.scoring.views.decisions import crumbs, who_and_when


def _crumbs() -> list[dict[str, str]]:
    return crumbs(_("Bonus and deductions"), "entry_list")


@access(GET=Cap.SCORE_RUN)
def entry_list(request: HttpRequest) -> HttpResponse:
    add = {"label": _("Enter a bonus or deduction"), "url": reverse("entry_add"), "icon": "plus", "primary": True}
    return list_response(
        request,
        {
            "title": _("Bonus and deductions"),
            "lead": _("Each with its evidence; what is entered counts once a second person has confirmed it."),
            "empty_title": _("Nothing is entered"),
            "empty_text": _("Honours, deductions and vetoes that no figure measures are entered here."),
            "actions": [add],
            "crumbs": _crumbs()[:1],
        },
        queryset=selectors.entries_for(request.user),
        table_class=EntryTable,
        filter_class=EntryFilter,
    )


@access(GET=Cap.SCORE_RUN, POST=Cap.SCORE_RUN)
def entry_add(request: HttpRequest) -> HttpResponse:
    form = EntryForm(request.user, request.POST or None, request.FILES or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.attempt(services.entry_add, actor=request.user, **form.cleaned_data)
    ):
        messages.success(request, _("It is entered. A second person can confirm it now."))
        return redirect("entry_detail", form.result.pk)
    return render(request, "scoring/entry_add.html", {"form": form, "crumbs": _crumbs()})


@access(GET=Cap.SCORE_RUN)
def entry_detail(request: HttpRequest, pk: int) -> HttpResponse:
    entry = gate(request, _with_all(), pk=pk)
    user: Any = request.user
    own = entry.entered_by_id in actor_ids(user)
    context = {
        "entry": entry,
        "score_entry": entry,  # under the name of its kind: who can see it, what was done to it
        "rows": _rows(entry),
        "own": own,
        "actions": _actions(entry, own=own) if entry.is_open else [],
        "crumbs": _crumbs(),
    }
    return render(request, "scoring/entry_detail.html", context)


def _with_all() -> Any:
    return ScoreEntry.objects.select_related(
        "campaign", "organization", "member", "entered_by", "decided_by", "attachment"
    )


def _actions(entry: ScoreEntry, *, own: bool) -> list[dict[str, Any]]:
    confirm = {
        "label": _("Confirm"), "url": reverse("entry_confirm", args=[entry.pk]), "icon": "check", "primary": True,
        "post": True, "confirm": _("Confirm this entry? It counts from now on."),
    }  # fmt: skip
    refuse = {
        "label": _("Withdraw") if own else _("Refuse"), "url": reverse("entry_refuse", args=[entry.pk]),
        "icon": "arrow-back-up", "post": True, "confirm": _("Close this entry without letting it count?"),
    }  # fmt: skip
    return [refuse] if own else [confirm, refuse]


def _rows(entry: ScoreEntry) -> list[tuple[str, str]]:
    return [
        (_("Campaign"), str(entry.campaign)),
        (_("Subject"), str(entry.subject)),
        (_("Party organization"), entry.organization.name),
        (_("Kind"), entry.get_kind_display()),
        (_("Marks"), hundredths(entry.points) if entry.points else ""),
        (_("Highest grade"), entry.grade),
        (_("Work honoured"), entry.work),
        (_("Date"), entry.happened_on.isoformat()),
        (_("Reason"), entry.reason),
        (_("Basis"), entry.basis),
        (_("Proposed by itself"), _("for an honour that was announced") if entry.origin else ""),
        (_("Entered by"), who_and_when(entry.entered_by, entry.created_at)),
        (_("Decided by"), who_and_when(entry.decided_by, entry.decided_at)),
    ]


@access(GET=Cap.SCORE_RUN)
def entry_document(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Download the document: through the gate of its entry, with an entry in the audit log."""
    entry = gate(request, _with_all(), pk=pk)
    if entry.attachment is None:
        raise Http404
    answer = attachment_response(entry.attachment)
    changes = {"file": ["", entry.attachment.name]}
    audit_record(action="entry_download", actor=request.user, target=entry, changes=changes)
    return answer


@access(POST=Cap.SCORE_RUN)
def entry_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    services.entry_confirm(entry=gate(request, _with_all(), pk=pk), actor=request.user)
    messages.success(request, _("Confirmed; it counts from now on."))
    return redirect("entry_detail", pk)


@access(POST=Cap.SCORE_RUN)
def entry_refuse(request: HttpRequest, pk: int) -> HttpResponse:
    services.entry_refuse(entry=gate(request, _with_all(), pk=pk), actor=request.user)
    messages.success(request, _("Closed; it does not count."))
    return redirect("entry_detail", pk)
