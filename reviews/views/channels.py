"""Pages of those who hold a round, for votes without an account: slips and ballots on paper, printing, counting."""

from typing import Any

import segno
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from campaign.ballots import selectors as ballots
from campaign.ballots.models import Batch, Channel, Subject
from campaign.ballots.slips import grouped
from campaign.common.access import GatedRequest, access, gate
from campaign.common.capabilities import Cap
from campaign.common.listing import BoundedPaginator
from campaign.common.text import is_key
from reviews.forms.channels import ChannelForm, CountForm, SlipForm
from reviews.models.rounds import EvaluationRound, RoundState
from reviews.selectors import channels as selectors
from reviews.services import channels as services

PER_PAGE = 50
PRINTED = 2000
"""So many slips are printed at once."""


@access(GET=Cap.ROUND_MANAGE, POST=Cap.ROUND_MANAGE)
def round_channels(request: GatedRequest, pk: int) -> HttpResponse:
    """Who votes without an account: batches of slips and ballots on paper, as far as the round has come."""
    found = _round(request, pk)
    units = selectors.units_of(found)
    classes = list(found.ballot.classes.order_by("order").values_list("key", "name"))
    form = ChannelForm(request.POST or None, units=units, classes=classes)
    given = {"evaluation_round": found, "actor": request.user}
    sent = request.method == "POST" and form.is_valid()
    if sent and form.attempt(services.ballots_plan, **given, **form.arguments()):
        messages.success(request, _("Prepared for %(n)s units.") % {"n": len(form.result)})
        return redirect("round_channels", pk=pk)
    batches = selectors.batches_of(found)
    context = {
        "round": found,
        "form": form,
        "units": units,
        "workers": sum(unit.workers for unit in units),
        "representatives": sum(unit.representatives for unit in units),
        "page": BoundedPaginator(batches, PER_PAGE).get_page(request.GET.get("page")),
        "unprinted": _unprinted(found).count(),
        "begun": not _may_renew(found),
        "exchange": SlipForm(),
        "terminal": request.build_absolute_uri(f"{reverse('slip_enter')}?terminal=1"),
        "crumbs": _crumbs(found),
    }
    return render(request, "reviews/channels/batches.html", context)


def _may_renew(found: EvaluationRound) -> bool:
    return found.state == RoundState.DRAFT or (found.state == RoundState.OPEN and not found.ballot.is_running())


def _unprinted(found: EvaluationRound) -> Any:
    """Batches whose codes are still kept, in the order of their units."""
    return (
        Batch.objects.filter(ballot=found.ballot, channel=Channel.SLIP)
        .exclude(cipher="")
        .order_by("organization__path", "rater_class__order")
    )


@access(POST=Cap.ROUND_MANAGE)
@never_cache
def slips_print(request: GatedRequest, pk: int) -> HttpResponse:
    """The sheets of slips for cutting, shown once: of one batch, or of as many as fit that were not printed yet."""
    found = _round(request, pk)
    waiting = _unprinted(found).select_related("organization", "rater_class")
    if is_key(batch := request.POST.get("batch", "")):
        waiting = waiting.filter(pk=batch)
    codes = services.slips_print(evaluation_round=found, batches=_that_fit(waiting), actor=request.user)
    address = request.build_absolute_uri(reverse("slip_enter"))
    sheets = [
        {"batch": batch, "slips": [{"code": grouped(code), "qr": _qr(f"{address}#{code}")} for code in of_batch]}
        for batch, of_batch in codes.items()
    ]
    return render(request, "reviews/channels/print.html", {"round": found, "sheets": sheets, "address": address})


def _that_fit(batches: Any) -> list[Batch]:
    chosen: list[Batch] = []
    for batch in batches:
        if chosen and sum(each.count for each in chosen) + batch.count > PRINTED:
            break
        chosen.append(batch)
    return chosen


def _qr(text: str) -> str:
    return segno.make(text, error="m", mask=3, micro=False).svg_data_uri(scale=3, border=1)


@access(POST=Cap.ROUND_MANAGE)
def ballots_remove(request: GatedRequest, pk: int, batch: int) -> HttpResponse:
    found = _round(request, pk)
    services.ballots_remove(evaluation_round=found, batch=_batch(found, batch), actor=request.user)
    messages.success(request, _("The batch is removed. Codes that were printed already are worth nothing."))
    return redirect("round_channels", pk=pk)


@access(POST=Cap.ROUND_MANAGE)
def slips_renew(request: GatedRequest, pk: int, batch: int) -> HttpResponse:
    found = _round(request, pk)
    reason = request.POST.get("reason", "")
    services.slips_renew(evaluation_round=found, batch=_batch(found, batch), actor=request.user, reason=reason)
    messages.success(request, _("New codes are made. Print them; the old slips are worth nothing."))
    return redirect("round_channels", pk=pk)


@access(POST=Cap.ROUND_MANAGE)
def slips_block(request: GatedRequest, pk: int, batch: int) -> HttpResponse:
    found = _round(request, pk)
    reason = request.POST.get("reason", "")
    services.slips_block(evaluation_round=found, batch=_batch(found, batch), actor=request.user, reason=reason)
    messages.success(request, _("The slips of this batch that were not used yet are blocked."))
    return redirect("round_channels", pk=pk)


@access(POST=Cap.ROUND_MANAGE)
@never_cache
@sensitive_post_parameters("code")
def slip_exchange(request: GatedRequest, pk: int) -> HttpResponse:
    """A new slip for a spoiled one that was handed back, shown once."""
    found = _round(request, pk)
    form = SlipForm(request.POST)
    context: dict[str, Any] = {"round": found, "form": form, "crumbs": _crumbs(found)}
    if form.is_valid() and form.attempt(
        services.slip_exchange, evaluation_round=found, code=form.cleaned_data["code"], actor=request.user
    ):
        address = request.build_absolute_uri(reverse("slip_enter"))
        slip = {"code": grouped(form.result), "qr": _qr(f"{address}#{form.result}")}
        context |= {"slip": slip, "address": address}
    return render(request, "reviews/channels/exchange.html", context)


# -- counting paper ------------------------------------------------------------------------------------------------


@access(GET=Cap.ROUND_COUNT)
def count_list(request: GatedRequest) -> HttpResponse:
    """The rounds in which one may count ballots on paper."""
    rounds = [(found, _progress(request, found)) for found in selectors.rounds_to_count(request.user)[:PER_PAGE]]
    return render(request, "reviews/channels/count_list.html", {"rounds": rounds})


def _progress(request: GatedRequest, found: EvaluationRound) -> tuple[int, int]:
    sheets = selectors.sheets_to_count(request.user, found)
    return sum(sheet.is_agreed for sheet in sheets), len(sheets)


@access(GET=Cap.ROUND_COUNT)
def count_round(request: GatedRequest, pk: int) -> HttpResponse:
    """Which sheets of a round are counted: by nobody, by one, by two alike or differently. No number stands here."""
    found = _round_to_count(request, pk)
    sheets = selectors.sheets_to_count(request.user, found)
    context = {
        "round": found,
        "page": BoundedPaginator(sheets, PER_PAGE).get_page(request.GET.get("page")),
        "agreed": sum(sheet.is_agreed for sheet in sheets),
        "total": len(sheets),
        "crumbs": [{"label": _("Count ballots"), "url": reverse("count_list")}],
    }
    return render(request, "reviews/channels/count_round.html", context)


@access(GET=Cap.ROUND_COUNT, POST=Cap.ROUND_COUNT)
@never_cache
@sensitive_post_parameters()
def count_enter(request: GatedRequest, pk: int, subject: int) -> HttpResponse:
    """One's own sheet about a subject; the other's numbers stand beside it when both have counted."""
    found = _round_to_count(request, pk)
    rated: Subject = gate(request, Subject.objects, pk=subject, ballot=pk)
    sheets = selectors.sheets(request.user, found, Subject.objects.filter(pk=rated.pk))
    if not sheets:
        raise Http404
    asked = ballots.questionnaire(found.ballot)
    form = CountForm(request.POST or None, sheets=sheets, asked=asked, user=request.user)
    given = {"evaluation_round": found, "subject": rated, "actor": request.user}
    if request.method == "POST" and form.is_valid():
        entered = {"counts": form.counts(), "overfull": form.cleaned_data["overfull"]}
        if form.attempt(services.paper_count_enter, **given, **entered):
            messages.success(request, _("Your count is stored."))
            return redirect("count_enter", pk=pk, subject=subject)
    context = {
        "round": found,
        "subject": rated,
        "sheets": sheets,
        "form": form,
        "own": any(selectors.own_count(request.user, sheet) for sheet in sheets),
        "may_count": all(selectors.may_count(request.user, sheet) for sheet in sheets),
        "differences": [row for sheet in sheets if sheet.differs for row in _differences(sheet, asked)],
        "agreed": all(sheet.is_agreed for sheet in sheets),
        "crumbs": [
            {"label": _("Count ballots"), "url": reverse("count_list")},
            {"label": found.name, "url": reverse("count_round", args=[pk])},
        ],
    }
    return render(request, "reviews/channels/count.html", context)


def _differences(sheet: selectors.Sheet, asked: ballots.Questionnaire) -> list[tuple[str, str, int, int]]:
    """Return (class, what, one number, the other) wherever the two sheets differ."""
    answers = [*(choice.label for choice in asked.choices), _("Abstained")]
    labels = [_("issued"), _("returned"), _("valid"), _("invalid")]
    labels += [f"{item.text} · {answer}" for item in asked.items for answer in answers]
    one, other = (count.figures for count in sheet.counts)
    return [(sheet.rater_class.name, label, a, b) for label, a, b in zip(labels, one, other, strict=True) if a != b]


@access(POST=Cap.ROUND_COUNT)
def count_withdraw(request: GatedRequest, pk: int, subject: int) -> HttpResponse:
    found = _round_to_count(request, pk)
    rated: Subject = gate(request, Subject.objects, pk=subject, ballot=pk)
    services.paper_count_withdraw(evaluation_round=found, subject=rated, actor=request.user)
    messages.success(request, _("Your count is taken back. Somebody else can count now."))
    return redirect("count_round", pk=pk)


def _round(request: GatedRequest, pk: int) -> EvaluationRound:
    return gate(request, EvaluationRound.objects.select_related("ballot", "organization", "campaign"), pk=pk)


def _round_to_count(request: GatedRequest, pk: int) -> EvaluationRound:
    found = selectors.rounds_to_count(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _batch(found: EvaluationRound, pk: int) -> Batch:
    batch: Batch | None = selectors.batches_of(found).select_related("ballot").filter(pk=pk).first()
    if batch is None:
        raise Http404
    return batch


def _crumbs(found: EvaluationRound) -> list[dict[str, str]]:
    return [
        {"label": _("Mass evaluation"), "url": reverse("round_list")},
        {"label": found.name, "url": reverse("round_detail", args=[found.pk])},
    ]
