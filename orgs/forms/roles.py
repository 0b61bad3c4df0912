"""Forms of roles and deputies."""

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaign.common import clock
from campaign.common.capabilities import Role
from campaign.common.forms import DateInput, Form, RemoteSelect
from orgs.models import Organization, OrganizationQuerySet, RoleAssignment, User
from orgs.oversight import DUTIES

TWO_WEEKS = 14


class RoleForm(Form):
    user = forms.ModelChoiceField(
        User.objects.none(),
        label=_("account"),
        widget=RemoteSelect("user_search", _("Type a name or an account name")),
    )
    role = forms.ChoiceField(label=_("role"), choices=[], widget=forms.RadioSelect)
    organization = forms.ModelChoiceField(
        Organization.objects.none(),
        label=_("in the organization"),
        widget=RemoteSelect("organization_search"),
        help_text=_("The role reaches from there to everything below."),
    )
    is_interim = forms.BooleanField(
        label=_("acting holder"),
        required=False,
        help_text=_("Does the work until somebody is appointed; shown as acting wherever the holder is named."),
    )
    starts_on = forms.DateField(
        label=_("from"), required=False, widget=DateInput, help_text=_("Leave empty for today.")
    )
    ends_on = forms.DateField(
        label=_("until"), required=False, widget=DateInput, help_text=_("Leave empty for a role without an end.")
    )

    def __init__(self, *args: Any, users: Any, organizations: OrganizationQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = users  # type: ignore[attr-defined]
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role.value, explained(role)) for role in Role if role != Role.MEMBER
        ]


def explained(role: Role) -> str:
    """Return the role with the sentence that says what it is for."""
    return format_html('<strong>{}</strong> <span class="text-secondary">{}</span>', role.label, DUTIES[role])


class DelegationForm(Form):
    assignment = forms.ModelChoiceField(RoleAssignment.objects.none(), label=_("role handed over"))
    deputy = forms.ModelChoiceField(
        User.objects.none(),
        label=_("deputy"),
        widget=RemoteSelect("deputy_search", _("Type a name or an account name")),
        help_text=_("Somebody with an account in the same organization, below it or above it."),
    )
    starts_on = forms.DateField(label=_("from"), widget=DateInput)
    ends_on = forms.DateField(label=_("until"), widget=DateInput)
    reason = forms.CharField(label=_("reason"), max_length=200, help_text=_("For example: business trip, leave."))

    def __init__(self, *args: Any, roles: Any, deputies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days, today = settings.DELEGATION_MAX_DAYS, clock.today()
        last = today + dt.timedelta(days=min(TWO_WEEKS, days) - 1)
        own: Any = self.fields["assignment"]
        own.queryset, own.label_from_instance = roles, role_of
        if not self.initial.get("assignment") and len(found := list(roles[:2])) == 1:
            self.initial["assignment"] = found[0]
        self.fields["deputy"].queryset = deputies  # type: ignore[attr-defined]
        self.initial.setdefault("starts_on", today)
        self.initial.setdefault("ends_on", last)
        self.fields["ends_on"].help_text = ngettext(
            "The last day; at most %(days)s day in all.", "The last day; at most %(days)s days in all.", days
        ) % {"days": days}


def role_of(assignment: RoleAssignment) -> str:
    """Return a role of one's own with its place."""
    return f"{assignment.title} · {assignment.organization.name}"
