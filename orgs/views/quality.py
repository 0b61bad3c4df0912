"""The quality of data: every check with its number, the findings of one, and suspected doubles."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import GatedRequest, access, gate, reaches
from campaign.common.capabilities import Cap
from campaign.common.listing import BoundedPaginator, listing
from orgs import selectors
from orgs.doubles import managed, pair_made, pairs_of
from orgs.exports import export_root
from orgs.forms.quality import ResolveForm
from orgs.listings.quality import FindingFilter, FindingTable
from orgs.models import DistinctPair, Member, Organization
from orgs.quality import Check, checks, checks_for, findings
from orgs.services import quality as services
from orgs.services.doubles import double_resolve as record_keep
from orgs.takeover import reasons_against, takeover_of

PER_PAGE = 20


@access(GET=Cap.DATA_QUALITY)
def quality_list(request: GatedRequest) -> HttpResponse:
    """Every check that concerns the person, with its number of findings."""
    chosen = FindingFilter(request.GET, queryset=Organization.objects.none(), request=request)
    organization = chosen.form.cleaned_data.get("organization") if chosen.form.is_valid() else None
    query = f"?organization={organization.pk}" if organization else ""
    counted = findings(request.user, organization)
    context = {"filter": chosen, "findings": counted, "query": query, "clean": all(n == "0" for _c, n in counted)}
    return render(request, "orgs/quality/list.html", context)


def _check(request: GatedRequest, key: str) -> Check:
    """The check of this name, if it concerns the person."""
    if key not in checks or checks.get(key) not in checks_for(request.user):
        raise Http404
    return checks.get(key)


def _crumbs() -> list[dict[str, str]]:
    return [{"label": _("Quality of data"), "url": reverse("quality_list")}]


@access(GET=Cap.DATA_QUALITY)
def quality_check(request: GatedRequest, key: str) -> HttpResponse:
    check = _check(request, key)
    if key == "doubles":
        return redirect("quality_doubles")
    found = listing(
        request,
        queryset=check.find(request.user),
        table_class=FindingTable,
        filter_class=FindingFilter,
        check=check,
        viewer=request.user,
    )
    context = {
        **found,
        "title": check.title,
        "lead": check.explanation,
        "crumbs": _crumbs(),
        "actions": _export(request, check),
        "empty_icon": "circle-check",
        "empty_title": _("Nothing found"),
        "empty_text": _("All records in your sight pass this check."),
    }
    return render(request, "components/list_page.html", context)


def _export(request: GatedRequest, check: Check) -> list[dict[str, Any]]:
    top = export_root(request.user, check.needs)
    if top is None:
        return []
    url = reverse("list_export", args=[top.pk, f"quality-{check.key}"])
    return [{"label": _("Export"), "url": url, "icon": "file-spreadsheet", "post": True}]


# -- suspected doubles ---------------------------------------------------------------------------------------------


@access(GET=Cap.MEMBER_MANAGE)
def quality_doubles(request: GatedRequest) -> HttpResponse:
    """Pairs of members who look like one, those side by side; each is parted or resolved here."""
    check = checks.get("doubles")
    chosen = FindingFilter(request.GET, queryset=check.find(request.user), request=request)
    page = BoundedPaginator(chosen.qs, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "filter": chosen,
        "page": page,
        "pairs": [_shown(pair, request.user) for pair in pairs_of(page, request.user)],
        "title": check.title,
        "crumbs": _crumbs(),
        "actions": _export(request, check),
        "parted": _parted(request)[:PER_PAGE],
    }
    return render(request, "orgs/quality/doubles.html", context)


def _parted(request: GatedRequest) -> Any:
    """Return the pairs of which somebody said that they are two, the latest first."""
    members = managed(request.user).order_by().values("pk")
    pairs = DistinctPair.objects.filter(first__in=members, second__in=members)
    return pairs.select_related("first__organization", "second__organization", "decided_by").order_by("-decided_at")


def _shown(pair: Any, user: Any) -> dict[str, Any]:
    units = selectors.units_of_staff(user)
    sides = [
        {
            "member": member,
            "personal": selectors.member_personal(member, user),
            "phone": selectors.phone_shown(member, user, units),
        }
        for member in (pair.first, pair.second)
    ]
    return {"pair": pair, "sides": sides}


def _two(request: GatedRequest, first: int, second: int) -> tuple[Member, Member]:
    members = Member.objects.select_related("organization")
    one, other = gate(request, members, pk=first), gate(request, members, pk=second)
    if not pair_made(one, other):
        raise Http404
    return one, other


@access(POST=Cap.MEMBER_MANAGE)
def double_dismiss(request: GatedRequest, first: int, second: int) -> HttpResponse:
    one, other = _two(request, first, second)
    services.double_dismiss(actor=request.user, first=one, second=other)
    messages.success(request, _("Noted: two persons. You can take that back at the end of this page."))
    return redirect("quality_doubles")


@access(POST=Cap.MEMBER_MANAGE)
def double_restore(request: GatedRequest, pk: int) -> HttpResponse:
    pair = DistinctPair.objects.select_related("first__organization", "second__organization").filter(pk=pk).first()
    if pair is None or not all(
        reaches(request.user, Cap.MEMBER_MANAGE, member.organization.path) for member in (pair.first, pair.second)
    ):
        raise Http404
    services.double_restore(actor=request.user, pair=pair)
    messages.success(request, _("The pair is suspected again."))
    return redirect("quality_doubles")


@access(GET=Cap.MEMBER_MANAGE, POST=Cap.MEMBER_MANAGE)
def double_resolve(request: GatedRequest, first: int, second: int) -> HttpResponse:
    """Which record to keep: what goes over to it is said before; the other one's membership ends, its past stays."""
    one, other = _two(request, first, second)
    form = ResolveForm(request.POST or None, members=(one, other))
    if form.is_valid() and form.attempt(record_keep, actor=request.user, **form.chosen()):
        messages.success(request, _("Done: one record is kept, the membership of the other has ended."))
        return redirect("quality_doubles")
    pair = pair_made(one, other)
    context = {
        "form": form,
        **_shown(pair, request.user),
        "choices": [takeover_of(one, other), takeover_of(other, one)],
        "against": reasons_against(one, other),
        "crumbs": [*_crumbs(), {"label": _("Suspected doubles"), "url": reverse("quality_doubles")}],
    }
    return render(request, "orgs/quality/resolve.html", context)
