"""One's own deputies, and acting for whom one is a deputy of."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import SIGNED_IN, GatedRequest, access
from campaign.common.acting import SESSION_KEY
from orgs import oversight, selectors
from orgs.forms.roles import DelegationForm
from orgs.models import Delegation, User
from orgs.services import delegation_act, delegation_end, delegation_give, delegation_rest

SHOWN = 50
"""Of the latest deputyships; older ones stand in the audit log."""


@access(GET=SIGNED_IN)
def delegation_list(request: GatedRequest) -> HttpResponse:
    found = list(oversight.delegations_of(request.user)[:SHOWN])
    mine = [each for each in found if each.assignment.user_id == request.user.pk]
    roles = oversight.own_roles(request.user)
    actions = []
    if request.user.acting_for is None and roles.exists():
        url = reverse("delegation_give")
        actions = [{"label": _("Hand over a role"), "url": url, "icon": "user-share", "primary": True}]
    context = {
        "given": mine,
        "received": [each for each in found if each.deputy_id == request.user.pk],
        "actions": actions,
        "roles": roles,
    }
    return render(request, "orgs/delegation_list.html", context)


def _deputies(request: GatedRequest) -> Any:
    """Return whom this person may choose for one of the own roles or another; the service looks at the one role."""
    near = Q(pk__in=())
    for assignment in oversight.own_roles(request.user):
        near |= Q(pk__in=oversight.deputies_possible(assignment).values("pk"))
    return User.objects.filter(near)


@access(POST=SIGNED_IN)
def deputy_search(request: GatedRequest) -> HttpResponse:
    """What the choice of a deputy offers for the words typed so far."""
    accounts = _deputies(request).select_related("organization").order_by("pinyin", "pk")
    found = selectors.users_matching(accounts, request.POST.get("q", ""))[: selectors.OFFERED]
    return JsonResponse(
        {"results": [{"value": each.pk, "text": f"{each.name}（{each.organization}）"} for each in found]}
    )


@access(GET=SIGNED_IN, POST=SIGNED_IN)
def delegation_give_page(request: GatedRequest) -> HttpResponse:
    roles = oversight.own_roles(request.user)
    initial = {"assignment": request.GET["role"]} if "role" in request.GET else {}
    form = DelegationForm(request.POST or None, roles=roles, deputies=_deputies(request), initial=initial)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.attempt(delegation_give, actor=request.user, **form.cleaned_data)
    ):
        text = _("%(name)s can act for you from %(first)s to %(last)s.")
        given = form.result
        messages.success(request, text % {"name": given.deputy.name, "first": given.starts_on, "last": given.ends_on})
        return redirect("delegation_list")
    crumbs = [{"label": _("Deputies"), "url": reverse("delegation_list")}]
    return render(request, "orgs/delegation_form.html", {"form": form, "roles": roles, "crumbs": crumbs})


def _one_of(request: GatedRequest, pk: int) -> Delegation:
    found = oversight.delegations_of(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@access(POST=SIGNED_IN)
def delegation_end_page(request: GatedRequest, pk: int) -> HttpResponse:
    delegation_end(actor=request.user, delegation=_one_of(request, pk), reason=request.POST.get("reason", ""))
    messages.success(request, _("The deputyship has been taken back."))
    return redirect("delegation_list")


@access(POST=SIGNED_IN)
def delegation_act_page(request: GatedRequest, pk: int) -> HttpResponse:
    delegation = _one_of(request, pk)
    delegation_act(actor=request.user, delegation=delegation)
    request.session[SESSION_KEY] = delegation.pk
    messages.success(request, _("You act for %(name)s now.") % {"name": delegation.assignment.user.name})
    return redirect("home")


@access(POST=SIGNED_IN)
def delegation_rest_page(request: GatedRequest) -> HttpResponse:
    delegation_rest(actor=request.user)
    request.session.pop(SESSION_KEY, None)
    messages.success(request, _("You act as yourself again."))
    return redirect("home")
