"""Lists and the page of one pledge."""

from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import access, gate, grants_for, holds
from campaign.common.capabilities import Cap, Reach
from campaign.common.listing import list_response
from campaign.common.text import is_key
from campaign.models import Period
from campaign.scoring.registry import metrics
from campaign.selectors import campaigns_for, current_campaign
from orgs.models import Member, Organization
from pledges.filters import PledgeFilter
from pledges.metrics import counted
from pledges.models import ItemResult, Pledge, PledgeItem, PledgeState
from pledges.registry import opinions_on
from pledges.selectors import members_without, open_adjustments, organizations_without, own_pledges, pledges_for
from pledges.tables import PledgeTable
from pledges.views.appraising import items_of
from pledges.workflow import PUBLISHING, REVIEWING, WRITING, workflow


@access(GET=Cap.PLEDGE_VIEW, POST=Cap.PLEDGE_VIEW)
def pledge_list(request: HttpRequest) -> HttpResponse:
    """All pledges one may see; `?counted=` shows those behind a figure, `?work=appraise` those that wait for appraisal."""
    queryset, lead = _narrowed(request)
    actions = []
    if holds(request.user, Cap.PLEDGE_WRITE):  # type: ignore[arg-type]
        actions.append(
            {"label": _("My pledges"), "url": reverse("pledge_mine"), "icon": "writing-sign", "primary": True}
        )
    return list_response(
        request,
        {
            "title": _("Public pledges"),
            "lead": lead,
            "actions": actions,
            "empty_title": _("No pledges yet"),
            "empty_text": _("They appear here as soon as someone in your organization begins one."),
        },
        queryset=queryset,
        table_class=PledgeTable,
        filter_class=PledgeFilter,
    )


def _narrowed(request: HttpRequest) -> tuple[QuerySet[Pledge], str]:
    """Return the pledges to list, and the sentence that says which those are."""
    pledges = pledges_for(request.user)
    if key := request.GET.get("counted", ""):
        period, subject = _counted_period(request), _counted_subject(request)
        if key not in metrics or not key.startswith("pledges."):
            raise Http404
        lead = _("Counted for “%(figure)s” of %(subject)s in %(period)s") % {
            "figure": metrics.get(key).label, "subject": subject, "period": period,
        }  # fmt: skip
        return pledges.filter(pk__in=counted(key, period, subject).values("pk")), lead
    if request.GET.get("work") == "appraise":
        due = PledgeItem.objects.filter(pledge=OuterRef("pk"), result=ItemResult.PENDING, due_on__lt=clock.today())
        mine = Pledge.objects.allowed(request.user, Cap.PLEDGE_APPRAISE).public().not_own(request.user)  # type: ignore[arg-type]
        return pledges.filter(pk__in=mine.filter(Exists(due)).values("pk")), _("With items whose day is over")
    return pledges, ""


def _counted_period(request: HttpRequest) -> Period:
    wanted = request.GET.get("period", "")
    period = Period.objects.filter(campaign__in=campaigns_for(request.user), pk=wanted if is_key(wanted) else 0).first()
    if period is None:
        raise Http404
    return period


def _counted_subject(request: HttpRequest) -> Organization | Member:
    kind, _colon, pk = request.GET.get("of", "").partition(":")
    if kind not in ("organization", "member") or not is_key(pk):
        raise Http404
    if kind == "member":
        return gate(request, Member.objects, Cap.MEMBER_VIEW, pk=pk)
    return gate(request, Organization.objects, Cap.ORG_VIEW, pk=pk)


@access(GET=Cap.PLEDGE_WRITE)
def pledge_mine(request: HttpRequest) -> HttpResponse:
    """What a person has promised and has to write: the own pledge, and that of the organization."""
    user: Any = request.user
    campaign = current_campaign(user)
    pledges = own_pledges(request.user).active().prefetch_related(_items())
    to_start: list[tuple[str, str]] = []
    if campaign:
        own = members_without(request.user, campaign).filter(pk=user.member_id or 0)
        to_start = [
            *((f"member:{found.pk}", _("My own pledge")) for found in own),
            *((f"organization:{found.pk}", found.name) for found in organizations_without(request.user, campaign)),
        ]
    context = {
        "campaign": campaign,
        "year": clock.today().year,
        "pledges": pledges,
        "to_start": to_start,
        "import_places": Organization.objects.active().filter(path__in=_written_from(user)).order_by("path")[:5],
        "may_write_for_others": any(reach is not Reach.SELF for reach, _grant in grants_for(user, Cap.PLEDGE_WRITE)),
    }
    return render(request, "pledges/pledge_mine.html", context)


def _written_from(user: Any) -> list[str]:
    """Return the places whose members one writes for, the own ones first of all."""
    return [grant.path for reach, grant in grants_for(user, Cap.PLEDGE_WRITE) if reach is not Reach.SELF]


def _items() -> "Prefetch[Any]":
    return Prefetch("items", PledgeItem.objects.select_related("standard").order_by("order"))


@access(GET=Cap.PLEDGE_VIEW)
def pledge_detail(request: HttpRequest, pk: int) -> HttpResponse:
    joined = Pledge.objects.select_related("campaign", "organization", "reviewing_organization", "reviewed_by")
    found = gate(request, joined, pk=pk)
    items = items_of(found)
    steps = workflow.available(found, request.user)  # type: ignore[arg-type]
    names = {step.name for step in steps}
    may_write = Pledge.objects.allowed(request.user, Cap.PLEDGE_WRITE).filter(pk=pk).exists()  # type: ignore[arg-type]
    context = {
        "pledge": found,
        "items": items,
        "reviews": found.reviews.all(),
        "stages": stages_of(found),
        "writing_steps": [step for step in steps if step.name in WRITING],
        "publishing_steps": [step for step in steps if step.name in PUBLISHING],
        "may_review": bool(names & set(REVIEWING)),
        "may_edit": may_write and found.is_editable,
        "may_report": may_write and found.state in (PledgeState.PUBLISHED, PledgeState.IN_PROGRESS),
        "may_appraise": found.is_public
        and Pledge.objects.allowed(request.user, Cap.PLEDGE_APPRAISE).not_own(request.user).filter(pk=pk).exists(),  # type: ignore[arg-type]
        "crumbs": [_above(found, request.user)],
        **_supervision(request, found, items, may_write=may_write),
    }
    return render(request, "pledges/pledge_detail.html", context)


def _above(pledge: Pledge, user: Any) -> dict[str, str]:
    """Return the page above a pledge: one's own lies under "My pledges", others in the list."""
    if pledge.member_id is not None and pledge.member_id == user.member_id:
        return {"label": _("My pledges"), "url": reverse("pledge_mine")}
    return {"label": _("Public pledges"), "url": reverse("pledge_list")}


def _supervision(request: HttpRequest, pledge: Pledge, items: list[PledgeItem], *, may_write: bool) -> dict[str, Any]:
    """Return what the page shows of 督诺 and 评诺: the checks, what may be asked for, what the masses said."""
    user: Any = request.user
    running = pledge.state in (PledgeState.PUBLISHED, PledgeState.IN_PROGRESS)
    waiting = {change.item_id for item in items for change in item.adjustments.all() if change.is_open}
    for item in items:
        pending = item.result == ItemResult.PENDING
        item.may_adjust = may_write and running and pending and item.pk not in waiting  # type: ignore[attr-defined]
        item.may_explain = may_write and pledge.is_public and item.needs_explanation  # type: ignore[attr-defined]
    return {
        "checks": pledge.checks.all(),
        "has_evidence": any(entry.evidence.all() for item in items for entry in item.progress.all()),
        "opinions": opinions_on(pledge, user),
        "may_write": may_write,
        "may_check": pledge.is_public
        and Pledge.objects.allowed(user, Cap.PLEDGE_CHECK).not_own(user).filter(pk=pledge.pk).exists(),
        "may_decide": bool(waiting) and open_adjustments(user).filter(pledge=pledge).exists(),
    }


LINKS = (
    pgettext_lazy("link of the chain", "Pledge"),
    pgettext_lazy("link of the chain", "Review"),
    pgettext_lazy("link of the chain", "Display"),
    pgettext_lazy("link of the chain", "Supervision"),
    pgettext_lazy("link of the chain", "Appraisal"),
)
"""承诺、审诺、示诺、督诺、评诺 (seed 003)."""


def stages_of(pledge: Pledge) -> list[dict[str, Any]]:
    """Return the five links of the chain, those that lie behind and the present one marked."""
    done = {
        PledgeState.SUBMITTED: 1, PledgeState.APPROVED: 2, PledgeState.PUBLISHED: 3, PledgeState.IN_PROGRESS: 3,
        PledgeState.APPRAISED: 5,
    }.get(PledgeState(pledge.state), 0)  # fmt: skip
    return [{"label": label, "past": place < done, "current": place == done} for place, label in enumerate(LINKS)]
