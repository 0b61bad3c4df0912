"""What a campaign asks of a pledge: how many items, and what mark a result earns."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from campaign.common.errors import EditConflict
from campaign.drafts.forms import dropped, keep
from campaign.drafts.services import draft_clear
from campaign.models import Campaign
from pledges import services
from pledges.forms import RulesForm
from pledges.selectors import rules_of


@access(GET=Cap.CAMPAIGN_MANAGE, POST=Cap.CAMPAIGN_MANAGE)
def pledge_rules(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the rules of a campaign; those who write and judge meet them from then on."""
    campaign: Campaign = gate(request, Campaign.objects.select_related("organization"), pk=pk)
    key = f"pledge_rules:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    form = keep(request, RulesForm.of(rules_of(campaign), request.POST or None), key)
    if request.method == "POST" and form.is_valid():
        if form.attempt(services.pledge_rules_update, campaign=campaign, actor=request.user, **form.given()):
            draft_clear(request=request, key=key)
            messages.success(request, _("The rules are saved. What was handed in or appraised before stays as it is."))
            return redirect("campaign_detail", pk=pk)
        if isinstance(form.refusal, EditConflict):
            form.renew(rules_of(campaign))
    back = reverse("campaign_detail", args=[pk])
    crumbs = [{"label": _("Campaigns"), "url": reverse("campaign_list")}, {"label": str(campaign), "url": back}]
    context = {"form": form, "campaign": campaign, "back": back, "crumbs": crumbs}
    return render(request, "pledges/pledge_rules.html", context)
