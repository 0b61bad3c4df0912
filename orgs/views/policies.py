"""The rules of signing in, for the security administrator at the top."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaign.common.access import GatedRequest, access
from campaign.common.capabilities import Cap
from orgs.forms.accounts import PolicyForm
from orgs.models import SignInPolicy
from orgs.services import policy_update
from orgs.services.passwords import may_set_policy
from orgs.views.forms import save_version_form


@access(GET=Cap.SIGN_IN_POLICY, POST=Cap.SIGN_IN_POLICY)
def policy_edit(request: GatedRequest) -> HttpResponse:
    if not may_set_policy(request.user):
        raise Http404
    policy = SignInPolicy.current()
    form = PolicyForm(request.POST or None, instance=policy)
    if request.method == "POST" and form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        if save_version_form(form, policy, policy_update, actor=request.user, **values):
            messages.success(request, _("Saved. The rules hold from now on."))
            return redirect("policy_edit")
    return render(request, "orgs/policy_form.html", {"form": form})
