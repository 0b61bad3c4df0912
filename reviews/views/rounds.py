"""Pages of evaluation rounds: set up, watch over, vote, look at results."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from campaign.ballots import selectors as ballots
from campaign.ballots.counting import paper_in_hand
from campaign.ballots.models import Paper, SealedPaper, Verdict
from campaign.ballots.services import NotCounted
from campaign.ballots.sheet import BadBallot
from campaign.ballots.verification import Mismatch
from campaign.common import clock
from campaign.common.access import GatedRequest, access, gate, holds
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.listing import BoundedPaginator, list_response
from reviews.forms.rounds import RollForm, VoteForm
from reviews.forms.setting_up import ExtendForm
from reviews.jobs import is_large, step_request
from reviews.models.rounds import EvaluationRound, RoundState
from reviews.selectors import rounds as selectors
from reviews.selectors.roll import roll_can_change, roll_difference
from reviews.services import roll as services_roll
from reviews.services import rounds as services
from reviews.services.setting_up import neighbours
from reviews.tables.rounds import RoundTable
from reviews.views.results import by_whom, distribution, over_subjects, ranked, subject_page
from reviews.views.setting_up import steps_of
from reviews.workflow.rounds import ROUNDS

STEPS: dict[str, Any] = {
    "round_leave_out": gettext_lazy("Noted: classes without raters are left out of the total."),
    "round_open": gettext_lazy("The round is open. Voters find it on their desk."),
    "round_close": gettext_lazy("The round is closed and sealed. Look at the results, then publish them."),
    "round_publish": gettext_lazy("The results are published."),
    "round_cancel": gettext_lazy("The round is cancelled. All marks and counts are destroyed."),
}
GIVEN: dict[str, dict[str, str]] = {
    "round_close": {"reason": "reason"},
    "round_cancel": {"reason": "reason"},
    "round_publish": {"decision": "reason", "leave_out": "leave_out"},
}
"""What is posted with a step: {argument of the service: field}."""
PER_PAGE = 50


@access(GET=Cap.ROUND_VIEW)
def round_list(request: GatedRequest) -> HttpResponse:
    actions: list[dict[str, Any]] = []
    if holds(request.user, Cap.ROUND_MANAGE):
        actions = [{"label": _("New round"), "url": reverse("round_create"), "icon": "plus", "primary": True}]
    context = {
        "title": _("Mass evaluation"),
        "lead": _("Secret votes on organizations and members: only counts are kept, and results appear after sealing."),
        "empty_icon": "clipboard-check",
        "empty_title": _("No rounds yet"),
        "empty_text": _("A round appears here when it has been set up, or when its results are published to you."),
        "actions": actions,
    }
    return list_response(request, context, queryset=selectors.rounds_for(request.user), table_class=RoundTable)


@access(GET=Cap.ROUND_VIEW)
def round_detail(request: GatedRequest, pk: int) -> HttpResponse:
    found: EvaluationRound = gate(request, _rounds(), pk=pk)
    manages = selectors.may_manage(request.user, found)
    context: dict[str, Any] = {
        "round": found,
        "manages": manages,
        "crumbs": _crumbs(request),
        **_electorate(request, found),
    }
    if found.state == RoundState.DRAFT:
        context["blockers"] = ballots.blockers(found.ballot)
        context["without_raters"] = not found.ballot.leave_out_empty and ballots.classes_without_raters(found.ballot)
        context |= {**selectors.small_shown(found.ballot), "neighbours": neighbours(found)}
        context["tabs"] = steps_of(found, "round_detail") if manages else []
    elif found.state == RoundState.OPEN:
        context["turnout"] = ballots.turnout(found.ballot)
        context["uncounted"] = len(ballots.uncounted(found.ballot))
    if manages:
        context["has_batches"] = found.ballot.batches.exists()
        context["roll_can_change"] = roll_can_change(found)
        context["steps"] = ROUNDS.available(found, request.user)
        context["left_out"] = selectors.classes_without_ballots(found) if found.state == RoundState.SEALED else []
        context["invalid"] = selectors.invalid_count(found) if found.has_results else 0
        context["early"] = found.state == RoundState.OPEN and found.ballot.closes_at > clock.now()
    return render(request, "reviews/rounds/detail.html", context)


def _electorate(request: GatedRequest, found: EvaluationRound) -> dict[str, Any]:
    """Return the questionnaire, and a page of the subjects with how many may rate each."""
    asked = ballots.questionnaire(found.ballot)
    page = BoundedPaginator(found.ballot.subjects.order_by("pk"), PER_PAGE).get_page(request.GET.get("page"))
    cells = {} if found.state == RoundState.CANCELLED else ballots.entitled(found.ballot)
    rows = [(subject.name, [(each, cells.get((subject.pk, each.pk), 0)) for each in asked.classes]) for subject in page]
    return {"asked": asked, "page": page, "rows": rows}


@access(POST=Cap.ROUND_MANAGE)
def round_step(request: GatedRequest, pk: int, step: str) -> HttpResponse:
    found: EvaluationRound = gate(request, _rounds(), pk=pk)
    if step not in STEPS:
        raise Http404
    given = {name: request.POST.get(field, "") for name, field in GIVEN.get(step, {}).items()}
    if is_large(found):
        return redirect("jobs_detail", pk=step_request(found, step, request.user, given).pk)
    arguments: dict[str, Any] = {"evaluation_round": found, "actor": request.user, **given}
    if step == "round_publish":
        arguments["leave_out"] = bool(given["leave_out"])
    try:
        getattr(services, step)(**arguments)
    except NotAllowed:
        raise
    except Mismatch:
        messages.error(
            request, _("The recount found a difference, so nothing was done. Please tell the administrator.")
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, STEPS[step])
    return redirect("round_detail", pk=pk)


@access(GET=Cap.ROUND_MANAGE, POST=Cap.ROUND_MANAGE)
def round_extend(request: GatedRequest, pk: int) -> HttpResponse:
    """Let an open round end later."""
    found: EvaluationRound = gate(request, _rounds(), pk=pk)
    if found.state != RoundState.OPEN:
        messages.info(request, _("Only an open round can be extended."))
        return redirect("round_detail", pk=pk)
    form = ExtendForm(request.POST or None, initial={"closes_at": found.ballot.closes_at + dt.timedelta(days=1)})
    given = {"evaluation_round": found, "actor": request.user}
    if form.is_valid() and form.attempt(services.round_extend, **given, **form.cleaned_data):
        messages.success(request, _("The round ends later now. Everybody who may vote has been told."))
        return redirect("round_detail", pk=pk)
    crumbs = [*_crumbs(request), {"label": found.name, "url": reverse("round_detail", args=[pk])}]
    return render(request, "reviews/rounds/extend.html", {"round": found, "form": form, "crumbs": crumbs})


@access(GET=Cap.ROUND_MANAGE, POST=Cap.ROUND_MANAGE)
def round_roll_change(request: GatedRequest, pk: int) -> HttpResponse:
    """Enter who joined, and strike who left, while the round is open."""
    found: EvaluationRound = gate(request, _rounds(), pk=pk)
    if not roll_can_change(found):
        messages.info(request, _("The roll of this round cannot be changed now."))
        return redirect("round_detail", pk=pk)
    form = RollForm(request.POST or None, found=roll_difference(found))
    if form.is_valid():
        given = {"joining": (), "leaving": (), **form.cleaned_data}
        if form.attempt(services_roll.round_roll_change, evaluation_round=found, actor=request.user, **given):
            messages.success(request, _("The roll is changed, and its hash is made anew."))
            return redirect("round_detail", pk=pk)
    crumbs = [*_crumbs(request), {"label": found.name, "url": reverse("round_detail", args=[pk])}]
    return render(request, "reviews/rounds/roll.html", {"round": found, "form": form, "crumbs": crumbs})


@access(GET=Cap.ROUND_RESULTS)
def round_results(request: GatedRequest, pk: int) -> HttpResponse:
    """The summary of a round: published, or the draft for those who hold it."""
    found = _with_results(request, pk)
    subjects = list(selectors.subjects_seen(request.user, found))
    asked = ballots.questionnaire(found.ballot)
    before = by_whom(list(selectors.results_before(request.user, found)))
    rows = ranked(found, subjects, selectors.totals(found), asked.classes, before)
    totals = [row.result.total for row in rows if row.result.total is not None]
    several = len(totals) > 1
    context = {
        "round": found,
        "rows": rows,
        "classes": asked.classes,
        "choices": asked.choices,
        "compared": bool(before),
        "columns": distribution(totals) if several else [],
        "together": over_subjects(asked.rules, asked.items, asked.choices, rows) if several else [],
        "say_little": sum(row.says_little for row in rows),
        "invalid": sum(row.result.verdict == Verdict.INVALID for row in rows),
        "manages": selectors.may_manage(request.user, found),
        "crumbs": _crumbs(request),
    }
    return render(request, "reviews/rounds/results.html", context)


@access(GET=Cap.ROUND_RESULTS)
def round_result(request: GatedRequest, pk: int, subject: int) -> HttpResponse:
    """The result of one subject: items × choices, classes, total (form d.5)."""
    found = _with_results(request, pk)
    seen = selectors.subjects_seen(request.user, found).filter(pk=subject).first()
    if seen is None:
        raise Http404
    before = selectors.result_before(request.user, found, seen)
    crumbs = [*_crumbs(request), {"label": found.name, "url": reverse("round_results", args=[pk])}]
    context = {"round": found, "crumbs": crumbs, **subject_page(found, seen, before)}
    if selectors.reads_remarks(request.user, found, seen):
        context["remarks"] = ballots.remarks_shown([seen]).get(seen.pk, [])
    return render(request, "reviews/rounds/result.html", context)


def _with_results(request: GatedRequest, pk: int) -> EvaluationRound:
    found: EvaluationRound = gate(request, _rounds(), pk=pk)
    if not selectors.results_visible(request.user, found):
        raise Http404
    return found


@access(GET=Cap.VOTE)
@never_cache
def vote_list(request: GatedRequest) -> HttpResponse:
    return _own_ballots(request)


def _own_ballots(request: GatedRequest, refusal: str = "") -> HttpResponse:
    """A person's papers, and the results published to them. What became of a vote stands on this page alone: a message
    would lie in the session."""
    results = selectors.results_for(request.user)[:20]
    context = {"papers": selectors.own_papers(request.user), "results": results, "refusal": refusal}
    return render(request, "reviews/rounds/vote_list.html", context, status=409 if refusal else 200)


@access(GET=Cap.VOTE, POST=Cap.VOTE)
@never_cache
@sensitive_post_parameters()
def vote(request: GatedRequest, pk: int) -> HttpResponse:
    """One's own paper in round `pk`. What is chosen lives in the page until it is cast, once."""
    paper = paper_in_hand(ballot=pk, voter=request.user.pk) if request.method == "POST" else None
    return _paper_not_in_hand(request, pk) if paper is None else _paper_page(request, paper)


def _paper_not_in_hand(request: GatedRequest, pk: int) -> HttpResponse:
    """Show the paper, or say why it cannot be cast."""
    try:
        paper: Paper = gate(request, selectors.papers(), ballot=pk)
    except Http404:
        if not SealedPaper.objects.filter(ballot=pk, voter=request.user.pk).exists():
            raise
        return _own_ballots(request, str(NotCounted()))
    if paper.marked or paper.struck or not paper.ballot.is_running():
        return _own_ballots(request, str(NotCounted())) if request.method == "POST" else redirect("vote_list")
    return _paper_page(request, paper)


def _paper_page(request: GatedRequest, paper: Paper) -> HttpResponse:
    form = VoteForm(request.POST or None, sheet=paper.sheet)
    if form.is_valid():
        try:
            services.vote_cast(paper=paper, voter=request.user, answers=form.answers(), remarks=form.remarks())
            return redirect("vote_list")
        except NotCounted as refusal:
            return _own_ballots(request, str(refusal))
        except BadBallot as refusal:
            form.add_error(None, str(refusal))
    context = {
        "round": EvaluationRound.objects.select_related("ballot", "organization").get(pk=paper.ballot_id),
        "form": form,
        "idle_seconds": settings.SESSION_COOKIE_AGE,
    }
    return render(request, "reviews/rounds/vote.html", context)


def _rounds() -> Any:
    return EvaluationRound.objects.select_related("ballot", "organization", "campaign", "previous")


def _crumbs(request: GatedRequest) -> list[dict[str, str]]:
    """Lead back to where the reader comes from: members find results on the page of their ballots."""
    if holds(request.user, Cap.ROUND_VIEW):
        return [{"label": _("Mass evaluation"), "url": reverse("round_list")}]
    return [{"label": _("My ballots"), "url": reverse("vote_list")}]
