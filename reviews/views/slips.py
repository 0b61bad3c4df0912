"""Voting with a slip: no account, no session, nothing kept of who asks. Also at a terminal that many share."""

import hashlib
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from campaign.ballots.models import Paper
from campaign.ballots.sheet import BadBallot
from campaign.ballots.slips import UnknownSlip, slip_cast, slip_paper
from campaign.common.access import PUBLIC, access
from campaign.common.context import client_address
from reviews.forms.channels import SlipForm
from reviews.forms.rounds import VoteForm
from reviews.models.rounds import EvaluationRound

FAILURES, PAUSE = 10, 15 * 60
"""So many wrong codes from one browser at one address, then it waits for so many seconds."""
ALARM = 500
"""So many wrong codes from everywhere within that time are told to the operators."""
IDLE_SECONDS = 180
"""A shared terminal forgets a paper that nobody touches for so long."""
View = Callable[..., HttpResponse]
logger = logging.getLogger(__name__)


def quiet(view: View) -> View:
    """Nothing is kept by browser or proxy, no search engine finds it, no other site learns of it."""

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "same-origin"
        return response

    return never_cache(sensitive_post_parameters()(kept))


@access(GET=PUBLIC, POST=PUBLIC)
@quiet
def slip_enter(request: HttpRequest) -> HttpResponse:
    """Take the code, which the page itself reads from behind the #, and answer with the paper."""
    form = SlipForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _paper_page(request, _found(request, form.cleaned_data["code"]))
        except UnknownSlip as refusal:
            form.add_error("code", str(refusal))
    terminal = _terminal(request)
    context = {"form": form, "terminal": terminal, "idle_seconds": IDLE_SECONDS}
    return render(request, "reviews/slips/enter.html", context)


@access(POST=PUBLIC)
@quiet
def slip_vote(request: HttpRequest) -> HttpResponse:
    """Cast the paper of a slip, once. The code comes with the answers; no cookie holds it."""
    try:
        paper = _found(request, request.POST.get("code", ""))
        form = VoteForm(request.POST, sheet=paper.sheet)
        if not form.is_valid():
            return _paper_page(request, paper, form)
        try:
            slip_cast(paper=paper, answers=form.answers(), remarks=form.remarks())
        except BadBallot as refusal:
            form.add_error(None, str(refusal))
            return _paper_page(request, paper, form)
    except UnknownSlip as refusal:
        entry = SlipForm()
        context = {"form": entry, "refusal": str(refusal), "terminal": _terminal(request), "idle_seconds": IDLE_SECONDS}
        return render(request, "reviews/slips/enter.html", context, status=409)
    return redirect(_after(reverse("slip_done"), request))


@access(GET=PUBLIC)
@quiet
def slip_done(request: HttpRequest) -> HttpResponse:
    """Say that the vote was counted; of which round, and by whom, this page does not know."""
    return render(request, "reviews/slips/done.html", {"terminal": _terminal(request)})


def _paper_page(request: HttpRequest, paper: Paper, form: VoteForm | None = None) -> HttpResponse:
    context = {
        "round": EvaluationRound.objects.select_related("ballot", "organization").get(pk=paper.ballot_id),
        "form": form or VoteForm(sheet=paper.sheet),
        "code": request.POST["code"],
        "terminal": _terminal(request),
        "idle_seconds": IDLE_SECONDS,
    }
    return render(request, "reviews/slips/vote.html", context)


def _terminal(request: HttpRequest) -> bool:
    """Tell whether this is a terminal that many share: said by its address, and by the forms on its pages."""
    return bool(request.GET.get("terminal") or request.POST.get("terminal"))


def _after(url: str, request: HttpRequest) -> str:
    return f"{url}?terminal=1" if _terminal(request) else url


def _found(request: HttpRequest, code: str) -> Paper:
    """Return the paper of a code, with failures counted. Raises UnknownSlip."""
    key = _browser(request)
    if cache.get(key, 0) >= FAILURES:
        raise UnknownSlip(_("Too many wrong codes were typed here. Wait a quarter of an hour, then try again."))
    try:
        return slip_paper(code=code)
    except UnknownSlip:
        _count(key)
        if _count("slips:failures") == ALARM:
            logger.warning("%s wrong slip codes within %s seconds", ALARM, PAUSE)
        raise


def _browser(request: HttpRequest) -> str:
    """Return under what failures are counted: a browser at an address. Never the address alone: a plant sits behind one,
    and one person's guessing must not keep the others from voting."""
    told = f"{client_address(request)} {request.COOKIES.get('csrftoken', '')}"
    return f"slips:{hashlib.sha256(told.encode()).hexdigest()}"


def _count(key: str) -> int:
    cache.add(key, 0, PAUSE)
    try:
        return cache.incr(key)
    except ValueError:  # it ran out between the two
        return 1
