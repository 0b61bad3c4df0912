"""Pages of bonus, deductions and vetoes: enter, look at the evidence, confirm as the second person."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from campaign.attachments.downloads import attachment_response
from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import GatedRequest, access, gate, own_member_ids
from campaign.common.capabilities import Cap
from campaign.common.errors import EditConflict
from campaign.common.exact import hundredths
from campaign.common.listing import BOUND, listing, search_key
from campaign.common.text import is_key
from campaign.scoring import selectors, services, subjects
from campaign.scoring.filters import EntryFilter
from campaign.scoring.forms.entries import EntryEditForm, EntryForm
from campaign.scoring.models import EntryState, ScoreEntry, ScoreEntryQuerySet
from campaign.scoring.services.deciding import is_own_recall
from campaign.scoring.services.entries import is_own
from campaign.scoring.tables import EntryTable
from campaign.scoring.views.decisions import crumbs, who_and_when
from campaign.selectors import campaigns_for

FEW = 3
"""Campaigns whose workbooks are offered."""


def _crumbs() -> list[dict[str, str]]:
    return crumbs(_("Bonus and deductions"), "entry_list")


@access(GET=Cap.SCORE_RUN, POST=Cap.SCORE_RUN)
def entry_list(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    found = listing(request, queryset=selectors.entries_for(user), table_class=EntryTable, filter_class=EntryFilter)
    if request.method == "POST":  # a search: it is kept in the session
        return redirect("entry_list")
    found["table"].before_page(user)
    waiting, own = _waiting(found["filter"].qs, user)
    context = {
        "waiting": waiting,
        "own": own,
        "seen": _moment(selectors.entries_for(user).undecided().aggregate(last=Max("updated_at"))["last"]),
        "campaigns": campaigns_for(user).begun()[:FEW],
        "crumbs": _crumbs()[:1],
    }
    return render(request, "scoring/entry_list.html", found | context)


def _waiting(entries: ScoreEntryQuerySet, user: Any) -> tuple[int, int]:
    """Return how many of `entries` wait for `user` as the second person, and how many only for somebody else."""
    every = entries.order_by().waiting()
    mine = every.of_others(user)[: BOUND + 1].count()
    return mine, every[: BOUND + 1].count() - mine


@access(POST=Cap.SCORE_RUN)
def entry_confirm_many(request: HttpRequest) -> HttpResponse:
    """Confirm what is ticked, or all that the list shows as it is filtered: then as many as were told."""
    user, expected = request.user, None
    entries: Any = ScoreEntry.objects.filter(pk__in=[pk for pk in request.POST.getlist("entry") if is_key(pk)])
    if request.POST.get("op") == "all":
        kept = QueryDict(request.session.get(search_key(reverse("entry_list")), ""))
        entries = EntryFilter(kept, queryset=selectors.entries_for(user), request=request).qs
        count = request.POST.get("count", "")
        expected = int(count) if is_key(count) else 0
    done = services.entries_confirm_many(entries=entries, actor=user, seen=_seen(request), expected=expected)
    if done:
        text = ngettext(
            "%(n)s entry confirmed; it counts from now on.", "%(n)s entries confirmed; they count from now on.", done
        )
        messages.success(request, text % {"n": done})
    else:
        messages.warning(request, _("Nothing was confirmed: tick entries that others entered and that still wait."))
    return redirect("entry_list")


@access(POST=Cap.SCORE_RUN)
def subject_search(request: HttpRequest) -> HttpResponse:
    """What the searchable choice of a subject offers for the words typed so far."""
    found = subjects.subjects_matching(request.user, request.POST.get("q", ""))
    return JsonResponse({"results": [{"value": subjects.key_of(one), "text": subjects.name_of(one)} for one in found]})


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


@access(GET=Cap.SCORE_RUN, POST=Cap.SCORE_RUN)
def entry_edit(request: GatedRequest, pk: int) -> HttpResponse:
    """Change one's own entry, as long as nobody has decided on it."""
    entry = gate(request, _with_all(), pk=pk)
    if not (entry.is_open and is_own(entry, request.user)):
        messages.warning(request, _("Who entered it may change it, until a second person has decided on it."))
        return redirect("entry_detail", pk)
    form = EntryEditForm(request.user, request.POST or None, request.FILES or None, entry=entry)
    if request.method == "POST" and form.is_valid():
        if form.attempt(services.entry_change, entry=entry, actor=request.user, **form.cleaned_data):
            messages.success(request, _("It is changed. A second person can confirm it now."))
            return redirect("entry_detail", pk)
        if isinstance(form.refusal, EditConflict):
            form.renew(ScoreEntry.objects.get(pk=pk))
    crumbs = [*_crumbs(), {"label": str(entry), "url": entry.get_absolute_url()}]
    return render(request, "scoring/entry_edit.html", {"form": form, "entry": entry, "crumbs": crumbs})


@access(GET=Cap.SCORE_RUN)
def entry_detail(request: HttpRequest, pk: int) -> HttpResponse:
    entry = gate(request, _with_all(), pk=pk)
    user: Any = request.user
    own = is_own_recall(entry, user) if entry.state == EntryState.RECALLED else is_own(entry, user)
    context = {
        "entry": entry,
        "score_entry": entry,  # under the name of its kind: who can see it, what was done to it
        "rows": _rows(entry),
        "own": own and (entry.is_open or entry.state == EntryState.RECALLED),
        "concerned": entry.member_id in own_member_ids(user),
        "actions": [] if entry.member_id in own_member_ids(user) else _actions(entry, own=own),
        "crumbs": _crumbs(),
    }
    return render(request, "scoring/entry_detail.html", context)


def _with_all() -> Any:
    return ScoreEntry.objects.select_related(
        "campaign__organization", "organization", "member", "entered_by", "decided_by", "recalled_by", "revoked_by",
        "attachment",
    )  # fmt: skip


def _actions(entry: ScoreEntry, *, own: bool) -> list[dict[str, Any]]:
    """Return what may be done with an entry now; `own`: by whom it waits for somebody else."""
    match entry.state:
        case EntryState.ENTERED if own:
            edit = {"label": _("Edit"), "url": reverse("entry_edit", args=[entry.pk]), "icon": "edit"}
            return [edit, _refuse(entry, pgettext("score entry", "Withdraw"))]
        case EntryState.ENTERED:
            question = _("Confirm this entry? It counts from now on.")
            confirm = _step(entry, "entry_confirm", pgettext("score entry", "Confirm"), "check", question)
            confirm |= {"primary": True, "fields": {"seen": _moment(entry.updated_at)}}
            return [confirm, _refuse(entry, _("Refuse"))]
        case EntryState.CONFIRMED:
            question = _("Ask for it to be taken back? It counts until a second person agrees.")
            recall = _step(entry, "entry_recall", pgettext("score entry", "Take back"), "arrow-back-up", question)
            return [recall | {"reason": _("Why (the second person reads this)")}]
        case EntryState.RECALLED:
            kept = _("Withdraw the request") if own else _("Let it count")
            keep = _step(entry, "entry_keep", kept, "check", _("Let it count on as before?"))
            question = _("Take it back? It counts no more from now on.")
            revoke = _step(entry, "entry_revoke", pgettext("score entry", "Take back"), "arrow-back-up", question) | {
                "primary": True
            }
            return [keep] if own else [revoke, keep]
    return []


def _refuse(entry: ScoreEntry, label: str) -> dict[str, Any]:
    question = _("Close this entry without letting it count?")
    refuse = _step(entry, "entry_refuse", label, "arrow-back-up", question)
    return refuse | {"reason": _("Why (who entered it reads this)")}


def _step(entry: ScoreEntry, name: str, label: str, icon: str, question: str) -> dict[str, Any]:
    url = reverse(name, args=[entry.pk])
    return {"label": label, "url": url, "icon": icon, "post": True, "confirm": question}


def _rows(entry: ScoreEntry) -> list[tuple[str, str]]:
    rows = [
        (_("Campaign"), str(entry.campaign)),
        (_("Subject"), str(entry.subject)),
        (_("Party organization"), entry.organization.name),
        (_("Kind"), entry.get_kind_display()),
        (_("Marks"), hundredths(entry.points) if entry.points else ""),
        (_("Highest grade"), entry.grade),
        (_("Work honoured"), entry.work),
        (_("Date"), entry.happened_on.isoformat()),
        (pgettext("score entry", "Reason"), entry.reason),
        (_("Basis"), entry.basis),
        (_("Proposed by itself"), _("for an honour that was announced") if entry.origin else ""),
        (_("Entered by"), who_and_when(entry.entered_by, entry.created_at)),
        (_("Decided by"), who_and_when(entry.decided_by, entry.decided_at)),
        (_("Remark on the decision"), entry.note),
    ]
    if entry.recalled_by:
        rows += [
            (_("To be taken back, asked by"), str(entry.recalled_by)),
            (_("Reason to take it back"), entry.recall_reason),
            (_("Taken back by"), who_and_when(entry.revoked_by, entry.revoked_at)),
        ]
    return rows


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


def _moment(last_change: dt.datetime | None) -> str:
    """Return when the page is drawn, and no earlier than what it shows was changed: clocks of two machines differ."""
    now = clock.now()
    return max(now, last_change or now).isoformat()


def _seen(request: HttpRequest) -> dt.datetime | None:
    """When the page was drawn on which something is decided: what was changed since is not what was looked at."""
    return clock.read(request.POST.get("seen", ""))


@access(POST=Cap.SCORE_RUN)
def entry_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    services.entry_confirm(entry=gate(request, _with_all(), pk=pk), actor=request.user, seen=_seen(request))
    messages.success(request, _("Confirmed; it counts from now on."))
    return redirect("entry_detail", pk)


@access(POST=Cap.SCORE_RUN)
def entry_refuse(request: HttpRequest, pk: int) -> HttpResponse:
    note = request.POST.get("reason", "").strip()
    services.entry_refuse(entry=gate(request, _with_all(), pk=pk), actor=request.user, note=note)
    messages.success(request, _("Closed; it does not count."))
    return redirect("entry_detail", pk)


@access(POST=Cap.SCORE_RUN)
def entry_recall(request: HttpRequest, pk: int) -> HttpResponse:
    entry = gate(request, _with_all(), pk=pk)
    services.entry_recall(entry=entry, actor=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("A second person can take it back now; it counts until then."))
    return redirect("entry_detail", pk)


@access(POST=Cap.SCORE_RUN)
def entry_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    services.entry_revoke(entry=gate(request, _with_all(), pk=pk), actor=request.user)
    messages.success(request, _("Taken back; it counts no more."))
    return redirect("entry_detail", pk)


@access(POST=Cap.SCORE_RUN)
def entry_keep(request: HttpRequest, pk: int) -> HttpResponse:
    services.entry_keep(entry=gate(request, _with_all(), pk=pk), actor=request.user)
    messages.success(request, _("It counts on."))
    return redirect("entry_detail", pk)
