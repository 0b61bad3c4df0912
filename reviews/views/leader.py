"""Pages of leader reviews: choose whom, write, hand over, look back, see who was left out."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common.access import GatedRequest, access, gate, holds, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.listing import BoundedPaginator, list_response
from campaign.common.text import is_key
from campaign.models import Audience, Period
from campaign.selectors import current_campaign
from orgs.models import Member, Organization
from reviews.filters.leader import LeaderReviewFilters, periods_for
from reviews.forms.leader import CONTENTS, LeaderReviewEditForm, LeaderReviewForm
from reviews.models.leader import LeaderReview
from reviews.selectors import leader as selectors
from reviews.services import leader as services
from reviews.tables.leader import LeaderReviewTable
from reviews.workflow.leader import LEADER_REVIEWS

STEPS = {
    "leader_review_submit": (services.leader_review_submit, gettext_lazy("Handed over. The reviewed can read it now.")),
    "leader_review_withdraw": (services.leader_review_withdraw, gettext_lazy("Taken back. It is a draft again.")),
}
PER_PAGE = 50


@access(GET=Cap.REVIEW_VIEW)
def review_list(request: GatedRequest) -> HttpResponse:
    actions: list[dict[str, Any]] = []
    if holds(request.user, Cap.REVIEW_COVERAGE):
        actions.append({"label": _("Coverage"), "url": reverse("review_coverage"), "icon": "chart-bar"})
    if holds(request.user, Cap.REVIEW_OWN):
        actions.append(
            {"label": _("Write a review"), "url": reverse("review_choose"), "icon": "pencil", "primary": True}
        )
    context = {
        "title": _("Leader reviews"),
        "lead": _("Every half-year: achievements affirmed, problems found, direction to take."),
        "empty_title": _("No reviews yet"),
        "empty_text": _("Reviews appear here when they have been handed over."),
        "empty_icon": "message-2",
        "actions": actions,
    }
    return list_response(
        request,
        context,
        queryset=selectors.reviews_for(request.user),
        table_class=LeaderReviewTable,
        filter_class=LeaderReviewFilters,
    )


@access(GET=Cap.REVIEW_OWN)
def review_choose(request: GatedRequest) -> HttpResponse:
    """Whom to review: the organizations directly below and the members of the own branch, those left out first."""
    user: Any = request.user
    period = _present_period(user)
    if period is None:
        return render(request, "reviews/leader/choose.html", {"period": None})
    organizations = selectors.candidate_organizations(user, period)
    query = request.GET.get("q", "").strip()
    found = selectors.named(organizations, query) if query else organizations.filter(selectors.directly_below(user))
    members = [] if query else selectors.candidate_members(user, period, selectors.branches_led(user))
    return _choose(request, period, found, members, query=query, import_places=selectors.writing_places(user))


@access(GET=Cap.REVIEW_WRITE)
def review_choose_in(request: GatedRequest, pk: int) -> HttpResponse:
    """The same one step further down: what lies directly below one organization, and its members."""
    user: Any = request.user
    organization: Organization = gate(request, Organization.objects, pk=pk)
    period = _present_period(user)
    if period is None:
        return render(request, "reviews/leader/choose.html", {"period": None})
    below = selectors.candidate_organizations(user, period).filter(selectors.children_of(organization))
    members = selectors.candidate_members(user, period, [organization.pk])
    return _choose(request, period, below, members, inside=organization, import_places=[organization])


def _choose(request: GatedRequest, period: Period, organizations: Any, members: Any, **context: Any) -> HttpResponse:
    page = BoundedPaginator(organizations, PER_PAGE).get_page(request.GET.get("page"))
    shown = {"period": period, "page": page, "members": members, **context}
    return render(request, "reviews/leader/choose.html", shown)


@access(GET=Cap.REVIEW_WRITE_ORG, POST=Cap.REVIEW_WRITE_ORG)
def review_create_organization(request: GatedRequest, pk: int) -> HttpResponse:
    return _create(request, gate(request, Organization.objects, pk=pk))


@access(GET=Cap.REVIEW_WRITE, POST=Cap.REVIEW_WRITE)
def review_create_member(request: GatedRequest, pk: int) -> HttpResponse:
    return _create(request, gate(request, Member.objects.select_related("organization"), pk=pk))


def _create(request: GatedRequest, subject: Organization | Member) -> HttpResponse:
    user: Any = request.user
    campaign = current_campaign(user)
    if campaign is None:
        raise DomainError(_("No campaign is running. Reviews can be written when the campaign office has started one."))
    if refusal := selectors.review_refusal(user, subject):
        raise refusal
    if begun := selectors.draft_of(user, subject):
        return redirect("review_edit", pk=begun.pk)
    form = LeaderReviewForm(request.POST or None)
    if form.is_valid() and form.attempt(
        services.leader_review_create, actor=user, campaign=campaign, subject=subject, **form.cleaned_data
    ):
        return _saved(request, form.result)
    return _form_page(request, form, subject, reverse("review_choose"))


@access(GET=Cap.REVIEW_OWN, POST=Cap.REVIEW_OWN)
def review_edit(request: GatedRequest, pk: int) -> HttpResponse:
    review: LeaderReview = gate(request, _with_subject(), pk=pk)
    if not review.is_draft:
        messages.error(request, _("This review has been handed over. Take it back first, or write another one."))
        return redirect("review_detail", pk=pk)
    names = ("mode", "held_on", "achievements", "problems", "direction", "version")
    form = LeaderReviewEditForm(request.POST or None, initial={name: getattr(review, name) for name in names})
    if form.is_valid() and form.attempt(
        services.leader_review_update, review=review, actor=request.user, **form.cleaned_data
    ):
        return _saved(request, form.result)
    return _form_page(request, form, review.subject, reverse("review_detail", args=[pk]))


def _form_page(request: GatedRequest, form: Any, subject: Organization | Member, cancel_url: str) -> HttpResponse:
    audience = Audience.MEMBER if isinstance(subject, Member) else Audience.ORGANIZATION
    context = {"form": form, "subject": subject, "contents": CONTENTS[audience], "cancel_url": cancel_url}
    return render(request, "reviews/leader/form.html", context)


def _saved(request: GatedRequest, review: LeaderReview) -> HttpResponse:
    """The text is stored; hand it over if that button was pressed. A refusal leaves the draft where it is."""
    if "hand_over" not in request.POST:
        messages.success(request, _("Saved. Only you see the draft until you hand it over."))
        return redirect("review_detail", pk=review.pk)
    return _take(request, review, "leader_review_submit")


@access(POST=Cap.REVIEW_OWN)
def review_step(request: GatedRequest, pk: int, step: str) -> HttpResponse:
    review: LeaderReview = gate(request, _with_subject(), pk=pk)
    if step not in STEPS:
        raise Http404
    return _take(request, review, step)


def _take(request: GatedRequest, review: LeaderReview, step: str) -> HttpResponse:
    service, told = STEPS[step]
    try:
        service(review=review, actor=request.user)
    except NotAllowed:
        raise
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, told)
    return redirect("review_detail", pk=review.pk)


@access(POST=Cap.REVIEW_OWN)
def review_discard(request: GatedRequest, pk: int) -> HttpResponse:
    services.leader_review_discard(review=gate(request, _with_subject(), pk=pk), actor=request.user)
    messages.success(request, _("The draft has been thrown away."))
    return redirect("review_list")


@access(GET=Cap.REVIEW_VIEW)
def review_detail(request: GatedRequest, pk: int) -> HttpResponse:
    review: LeaderReview = gate(request, _with_subject(), pk=pk)
    steps = LEADER_REVIEWS.available(review, request.user)
    own = review.is_draft and review.reviewer_id == request.user.pk
    return render(request, "reviews/leader/detail.html", {"review": review, "steps": steps, "own_draft": own})


@access(GET=Cap.REVIEW_COVERAGE)
def review_coverage(request: GatedRequest) -> HttpResponse:
    """Where a person's responsibility begins; who has several places chooses one."""
    places = selectors.coverage_places(request.user)
    if len(places) == 1:
        return _coverage(request, places[0])
    return render(request, "reviews/leader/coverage_places.html", {"places": places})


@access(GET=Cap.REVIEW_COVERAGE)
def review_coverage_of(request: GatedRequest, pk: int) -> HttpResponse:
    return _coverage(request, gate(request, Organization.objects, pk=pk), inside=True)


def _coverage(request: GatedRequest, organization: Organization, *, inside: bool = False) -> HttpResponse:
    user: Any = request.user
    periods = periods_for(request)
    wanted = request.GET.get("period", "")
    period = get_object_or_404(periods, pk=wanted) if is_key(wanted) else _present_period(user)
    context: dict[str, Any] = {
        "organization": organization, "inside": inside, "period": period, "periods": periods,
    }  # fmt: skip
    if period is not None:
        context["coverage"] = selectors.coverage(period, organization)
        context["members_left"] = selectors.members_left(period, organization)
        context["may_review"] = reaches(user, Cap.REVIEW_WRITE, organization.path)
    return render(request, "reviews/leader/coverage.html", context)


def _present_period(user: Any) -> Period | None:
    campaign = current_campaign(user)
    return selectors.review_period(campaign) if campaign is not None else None


def _with_subject() -> Any:
    return LeaderReview.objects.select_related(
        "campaign", "period", "organization", "member__organization", "reviewing_organization"
    )
