"""The periods of a campaign: what state each is in, who froze it; more are added."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign import services
from campaign.common.access import GatedRequest, access, gate, holds, reaches
from campaign.common.capabilities import Cap
from campaign.models import Campaign, PeriodKind
from campaign.scoring.forms.periods import CalendarForm, RangeForm
from campaign.scoring.selectors import periods_of


@access(GET=Cap.CAMPAIGN_VIEW, POST=Cap.CAMPAIGN_MANAGE)
def period_list(request: GatedRequest, pk: int) -> HttpResponse:
    """The periods of the campaign `pk`; who sets it up adds to them."""
    campaign = gate(request, Campaign.objects.select_related("organization"), pk=pk)
    user: Any = request.user
    manages = reaches(user, Cap.CAMPAIGN_MANAGE, campaign.organization.path)
    op = request.POST.get("op", "")
    calendar = CalendarForm(request.POST if op == "calendar" else None)
    days = RangeForm(request.POST if op == "range" else None)
    if request.method == "POST" and _added(request, campaign, calendar, days):
        return redirect("period_list", pk)
    context = {
        "campaign": campaign,
        "periods": periods_of(campaign),
        "manages": manages,
        "sees_scores": holds(user, Cap.SCORE_VIEW),
        "calendar": calendar,
        "days": days,
        "crumbs": [{"label": campaign.name, "url": reverse("campaign_detail", args=[pk])}],
    }
    return render(request, "scoring/period_list.html", context)


def _added(request: GatedRequest, campaign: Campaign, calendar: CalendarForm, days: RangeForm) -> bool:
    given: dict[str, Any] = {"campaign": campaign, "actor": request.user}
    if calendar.is_bound and calendar.is_valid():
        kind = PeriodKind(calendar.cleaned_data["kind"])
        number = services.periods_add(**given, kind=kind)
        said = ngettext("%(n)s period was added.", "%(n)s periods were added.", number) % {"n": number}
        messages.success(request, said if number else _("All of this kind are there already."))
        return True
    if days.is_bound and days.is_valid() and days.attempt(services.period_add_range, **given, **days.cleaned_data):
        messages.success(request, _("The period was added."))
        return True
    return False


@access(POST=Cap.CAMPAIGN_MANAGE)
def period_remove(request: GatedRequest, pk: int) -> HttpResponse:
    """Take out a period that nobody has been scored in."""
    campaign = gate(request, Campaign.objects.select_related("organization"), periods=pk)
    services.period_remove(period=campaign.periods.get(pk=pk), actor=request.user)
    messages.success(request, _("The period is taken out."))
    return redirect("period_list", campaign.pk)
