"""审诺 and 示诺: the queue, the decision on one pledge, the board's door."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from campaign.common.listing import BoundedPaginator
from pledges import services
from pledges.forms import ReviewForm
from pledges.hints import pledge_hints
from pledges.models import Pledge, PledgeItem, PledgeQuerySet
from pledges.selectors import queue_for, to_publish_for
from pledges.workflow import PUBLISHING

PER_PAGE = 30


def _with_items(pledges: PledgeQuerySet) -> Any:
    return pledges.prefetch_related(Prefetch("items", PledgeItem.objects.order_by("order")))


@access(GET=Cap.PLEDGE_REVIEW, POST=Cap.PLEDGE_REVIEW)
def pledge_queue(request: HttpRequest) -> HttpResponse:
    """What waits for one's decision; several at once may be approved, a return is written one by one."""
    if request.method == "POST":
        return _approve_chosen(request)
    approved = to_publish_for(request.user).select_related("organization", "member").order_by("reviewed_at", "pk")
    pages: dict[str, Paginator[Any]] = {
        "review": BoundedPaginator(_with_items(queue_for(request.user)), PER_PAGE),
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
    context = {"page": pages[shown].get_page(request.GET.get("page")), "shown": shown, "tabs": tabs}
    return render(request, "pledges/pledge_queue.html", context)


def _chosen(request: HttpRequest) -> Any:
    field = "shown" if request.POST.get("op") == "page" else "pledge"
    return Pledge.objects.filter(pk__in=[pk for pk in request.POST.getlist(field) if pk.isdigit()])


def _approve_chosen(request: HttpRequest) -> HttpResponse:
    publish = request.POST.get("publish") == "1"
    count = services.pledges_approve_many(queryset=_chosen(request), actor=request.user, publish=publish)
    if not count:
        messages.warning(request, _("Nothing was chosen. Tick the pledges that you have read, then approve them."))
    elif publish:
        messages.success(
            request,
            ngettext("%(n)s pledge approved and on the board.", "%(n)s pledges approved and on the board.", count)
            % {"n": count},
        )
    else:
        messages.success(request, ngettext("%(n)s pledge approved.", "%(n)s pledges approved.", count) % {"n": count})
    return redirect("pledge_queue")


@access(POST=Cap.PLEDGE_PUBLISH)
def pledge_queue_publish(request: HttpRequest) -> HttpResponse:
    count = services.pledges_publish_many(queryset=_chosen(request), actor=request.user)
    if count:
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
    form = ReviewForm(request.POST or None, items=items, initial={"version": pledge.version})
    if request.method == "POST" and form.is_valid() and _decided(request, form, pledge):
        return redirect("pledge_queue")
    context = {
        "pledge": pledge,
        "form": form,
        "hints": pledge_hints(pledge, items),
        "reviews": pledge.reviews.all(),
        "crumbs": [{"label": _("Pledge review"), "url": reverse("pledge_queue")}],
    }
    return render(request, "pledges/pledge_review.html", context)


def _decided(request: HttpRequest, form: ReviewForm, pledge: Pledge) -> bool:
    data, op = form.cleaned_data, request.POST.get("op")
    common = {"pledge": pledge, "actor": request.user, "version": data["version"], "reason": data["reason"]}
    if op == "return":
        done = form.attempt(services.pledge_return, item_reasons=form.remarks(), **common)
        said = _("Returned to %(name)s with your reason.")
    else:
        done = form.attempt(services.pledge_approve, publish=op == "publish", **common)
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
