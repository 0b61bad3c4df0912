"""审诺: the queue, the decision on one pledge, many at once, and taking an approval back; the board's door."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.common import clock
from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from campaign.common.errors import StateConflict
from campaign.common.listing import BoundedPaginator
from campaign.common.text import is_key
from campaign.drafts.forms import dropped, keep, typed_in
from campaign.drafts.services import draft_clear
from pledges import services
from pledges.filters import QueueFilter
from pledges.forms import DisplayForm, PeriodForm, ReviewForm
from pledges.hints import pledge_hints
from pledges.models import Pledge, PledgeItem, PledgeQuerySet
from pledges.queue import neighbours, put_due_days, put_earlier
from pledges.selectors import queue_for, to_publish_for
from pledges.views.saving import saved
from pledges.workflow import PUBLISHING

PER_PAGE = 30
SEARCH = "search:pledge_queue"
UNDO = "pledges_approved"
"""In the session: which pledges were approved last, for the undo."""


def _with_items(pledges: PledgeQuerySet) -> Any:
    return pledges.prefetch_related(Prefetch("items", PledgeItem.objects.order_by("order")))


def _filtered(request: HttpRequest) -> QueueFilter:
    """Return the queue as it is filtered now; the search is kept in the session, since it holds names."""
    return QueueFilter(QueryDict(request.session.get(SEARCH, "")), queryset=queue_for(request.user), request=request)


def _is_search(request: HttpRequest) -> bool:
    return "clear" in request.POST or ("name" in request.POST and "op" not in request.POST)


@access(GET=Cap.PLEDGE_REVIEW, POST=Cap.PLEDGE_REVIEW)
def pledge_queue(request: HttpRequest) -> HttpResponse:
    """What waits for one's decision; several at once may be approved, a return is written one by one."""
    if request.method == "POST":
        if _is_search(request):
            request.session[SEARCH] = "" if "clear" in request.POST else request.POST.urlencode()
            return HttpResponseRedirect(request.path)
        if dropped(request, _queue_key(request)):
            return redirect(request.get_full_path())
        return _approve_chosen(request)
    chosen = _filtered(request)
    approved = to_publish_for(request.user).select_related("organization", "member").order_by("reviewed_at", "pk")
    pages: dict[str, Paginator[Any]] = {
        "review": BoundedPaginator(_with_items(chosen.qs), PER_PAGE),
        "publish": BoundedPaginator(_with_items(approved), PER_PAGE),
    }
    shown = "publish" if request.GET.get("show") == "publish" else "review"
    tabs = [
        {"label": _("Waiting for review"), "url": "?", "active": shown == "review", "count": pages["review"].count},
        {
            "label": _("Approved, not on the board yet"),
            "url": "?show=publish",
            "active": shown == "publish",
            "count": pages["publish"].count,
        },
    ]
    page = pages[shown].get_page(request.GET.get("page"))
    put_due_days(page.object_list)
    period = keep(request, PeriodForm(), _queue_key(request))
    ticked = set(typed_in(period.draft).getlist("pledge"))
    for pledge in page.object_list:
        pledge.is_ticked = str(pledge.pk) in ticked
    context = {
        "page": page, "shown": shown, "tabs": tabs, "filter": chosen, "all_count": pages[shown].count, "period": period,
        "draft": period.draft if any(pledge.is_ticked for pledge in page.object_list) else None,
        "here": f"?show={shown}&page={page.number}", "seen_at": clock.now().isoformat(),
        "undo_count": _undoable(request).count() if request.session.get(UNDO) else 0,
    }  # fmt: skip
    return render(request, "pledges/pledge_queue.html", context)


def _queue_key(request: HttpRequest) -> str:
    """Return the key under which is kept what is ticked on this page of the queue."""
    page = request.GET.get("page", "1")
    shown = "publish" if request.GET.get("show") == "publish" else "review"
    return f"pledge_queue_{shown}:{page if is_key(page) else 1}"


def _seen_at(request: HttpRequest) -> dt.datetime | None:
    """Return when the page was opened from which somebody approves."""
    if "seen_at" not in request.POST:
        return None
    seen_at = clock.read(request.POST["seen_at"])
    if seen_at is None:
        raise StateConflict(_("The queue has changed meanwhile. Look at it again, then approve."))
    return seen_at


def _undoable(request: HttpRequest) -> PledgeQuerySet:
    return to_publish_for(request.user).filter(pk__in=request.session.get(UNDO, []))


def _chosen(request: HttpRequest) -> Any:
    field = "shown" if request.POST.get("op") == "page" else "pledge"
    return Pledge.objects.filter(pk__in=[pk for pk in request.POST.getlist(field) if is_key(pk)])


def _approve_chosen(request: HttpRequest) -> HttpResponse:
    """Approve what is ticked, the page, or all that the filter leaves: then as many as were confirmed."""
    publish, expected, queryset = request.POST.get("publish") == "1", None, _chosen(request)
    if request.POST.get("op") in ("all", "all-publish"):
        queryset, publish = _filtered(request).qs, request.POST["op"] == "all-publish"
        typed = request.POST.get("count", "0")
        expected = int(typed) if is_key(typed) else 0
    ids = services.pledges_approve_many(
        queryset=queryset, actor=request.user, publish=publish, expected=expected, seen_at=_seen_at(request)
    )
    count = len(ids)
    if count:
        draft_clear(request=request, key=_queue_key(request))
    if not count:
        messages.warning(request, _("Nothing was chosen. Tick the pledges that you have read, then approve them."))
    elif publish:
        messages.success(
            request,
            ngettext("%(n)s pledge approved and on the board.", "%(n)s pledges approved and on the board.", count)
            % {"n": count},
        )
    else:
        request.session[UNDO] = ids
        messages.success(request, ngettext("%(n)s pledge approved.", "%(n)s pledges approved.", count) % {"n": count})
    return redirect("pledge_queue")


@access(POST=Cap.PLEDGE_REVIEW)
def pledge_queue_undo(request: HttpRequest) -> HttpResponse:
    """Take approvals back while nobody has put them on the board: those just given, or those that are ticked."""
    last = request.POST.get("op") == "last"
    queryset = _undoable(request) if last else _chosen(request)
    count = services.pledges_unapprove_many(queryset=queryset, actor=request.user)
    if last:
        request.session.pop(UNDO, None)
    elif count:
        draft_clear(request=request, key=_queue_key(request))
    if count:
        text = ngettext("%(n)s approval taken back.", "%(n)s approvals taken back.", count) % {"n": count}
        messages.success(request, text)
    else:
        messages.warning(request, _("Nothing was taken back: what is on the board has to be taken down first."))
    return redirect("pledge_queue")


@access(POST=Cap.PLEDGE_PUBLISH)
def pledge_queue_publish(request: HttpRequest) -> HttpResponse:
    form = PeriodForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the days of the period as dates."))
        return redirect(f"{reverse('pledge_queue')}?show=publish")
    queryset = to_publish_for(request.user) if request.POST.get("op") == "all" else _chosen(request)
    count = services.pledges_publish_many(queryset=queryset, actor=request.user, period=form.period())
    if count:
        draft_clear(request=request, key=_queue_key(request))
        messages.success(
            request, ngettext("%(n)s pledge put on the board.", "%(n)s pledges put on the board.", count) % {"n": count}
        )
    else:
        messages.warning(request, _("Nothing was chosen. Tick the pledges that go on the board."))
    return redirect(f"{reverse('pledge_queue')}?show=publish")


@access(GET=Cap.PLEDGE_REVIEW, POST=Cap.PLEDGE_REVIEW)
def pledge_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Read one pledge item by item and decide: approve it, or return it with what is to be changed."""
    pledge = gate(request, Pledge.objects.select_related("organization", "member", "campaign"), pk=pk)
    items = list(pledge.items.select_related("standard").order_by("order"))
    reviews = list(pledge.reviews.all())
    put_earlier(items, reviews[0] if reviews else None)
    put_due_days([pledge])
    queue = _filtered(request).qs
    before, after = neighbours(queue, pledge) if pledge.submitted_at else (None, None)
    key = f"pledge_review:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    form = keep(request, ReviewForm(request.POST or None, items=items, initial={"version": pledge.version}), key)
    if request.method == "POST" and form.is_valid() and _decided(request, form, pledge):
        draft_clear(request=request, key=key)
        return redirect("pledge_review", pk=after) if after else redirect("pledge_queue")
    context = {
        "pledge": pledge,
        "form": form,
        "hints": pledge_hints(pledge, items),
        "reviews": reviews,
        "before": before,
        "after": after,
        "is_own": not Pledge.objects.filter(pk=pk).not_own(request.user).exists(),  # type: ignore[arg-type]
        "crumbs": [{"label": _("Pledge review"), "url": reverse("pledge_queue")}],
    }
    return render(request, "pledges/pledge_review.html", context)


def _decided(request: HttpRequest, form: ReviewForm, pledge: Pledge) -> bool:
    data, op = form.cleaned_data, request.POST.get("op")
    common = {"pledge": pledge, "actor": request.user, "reason": data["reason"]}
    if op == "return":
        done = saved(form, pledge, services.pledge_return, decisions=form.decisions(), **common)
        said = _("Returned to %(name)s with your reason.")
    elif returned := form.returned():
        text = _("Item %(number)s is not approved. Press “Return for revision”, or approve it first.")
        form.add_error(f"decision_{returned[0]}", text % {"number": returned[0]})
        return False
    else:
        done = saved(form, pledge, services.pledge_approve, publish=op == "publish", **common)
        said = (
            _("The pledge of %(name)s is approved and on the board.")
            if op == "publish"
            else _("The pledge of %(name)s is approved.")
        )
    if done:
        messages.success(request, said % {"name": pledge.subject_name})
    return done


@access(POST=Cap.PLEDGE_PUBLISH)
def pledge_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Put on the board or take off it: the field `step` says which."""
    pledge = gate(request, Pledge.objects, pk=pk)
    step = request.POST.get("step", "")
    if step == "pledge_publish":
        services.pledge_publish(pledge=pledge, actor=request.user)
        messages.success(request, _("The pledge is on the board now."))
    elif step in PUBLISHING:
        services.pledge_take_down(pledge=pledge, actor=request.user, reason=request.POST.get("reason", ""))
        messages.success(request, _("The pledge is off the board."))
    return redirect("pledge_detail", pk=pk)


@access(GET=Cap.PLEDGE_PUBLISH, POST=Cap.PLEDGE_PUBLISH)
def pledge_display(request: HttpRequest, pk: int) -> HttpResponse:
    """Change from when until when a pledge hangs."""
    pledge = gate(request, Pledge.objects.select_related("campaign"), pk=pk)
    key = f"pledge_display:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    begins_on = pledge.display_from or clock.today()
    shown = {"begins_on": begins_on, "ends_on": pledge.display_until, "version": pledge.version}
    form = keep(request, DisplayForm(request.POST or None, initial=shown), key)
    given = {"pledge": pledge, "actor": request.user}
    if (
        request.method == "POST"
        and form.is_valid()
        and saved(form, pledge, services.pledge_display, period=form.period(), **given)
    ):
        draft_clear(request=request, key=key)
        messages.success(request, _("The period of display is changed."))
        return redirect("pledge_detail", pk=pk)
    crumbs = [{"label": pledge, "url": reverse("pledge_detail", args=[pk])}]
    context = {"form": form, "pledge": pledge, "crumbs": crumbs, "title": _("Period of display")}
    return render(request, "pledges/supervising_form.html", context)
