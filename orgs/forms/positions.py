"""Forms of party positions, of earlier branches, and of transfers between branches."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.forms import Form, RemoteSelect
from orgs.models import Organization, OrganizationQuerySet, PartyPost


class _Dated(Form):
    """The dates of something past or present: the date pickers offer no later day than today."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.DateField):
                field.widget.attrs["max"] = clock.today().isoformat()


class SpanForm(_Dated):
    starts_on = forms.DateField(label=_("from"), required=False, help_text=_("Leave empty when it is not known."))
    ends_on = forms.DateField(label=_("until"), required=False, help_text=_("The last day; empty while it goes on."))


class PositionForm(SpanForm):
    is_acting = forms.BooleanField(
        label=_("acting"), required=False, help_text=_("Does the work until somebody is elected or appointed.")
    )


class PositionCreateForm(PositionForm):
    """A position in an organization that the person looks after; the member's own branch is offered first."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("party organization"), widget=RemoteSelect("organization_search")
    )
    post = forms.ChoiceField(label=_("party position"), choices=PartyPost.choices)
    field_order = ("organization", "post", "starts_on", "ends_on", "is_acting")

    def __init__(self, *args: Any, organizations: OrganizationQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]


class EnrolmentCreateForm(_Dated):
    """An earlier branch: it may lie anywhere in the group, and be out of use by now."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("party organization"), widget=RemoteSelect("branch_search")
    )
    starts_on = forms.DateField(label=_("from"), required=False, help_text=_("Leave empty when it is not known."))
    ends_on = forms.DateField(label=_("until"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = Organization.objects.branches()  # type: ignore[attr-defined]


class TransferForm(Form):
    """`at_once` is offered to those who may hold both sides."""

    target = forms.ModelChoiceField(
        Organization.objects.none(),
        label=_("to organization"),
        widget=RemoteSelect("branch_search", placeholder=_("Name, pinyin initials or code")),
    )
    reason = forms.CharField(
        label=_("reason"), max_length=500, widget=forms.Textarea, help_text=_("Both branches and the member read it.")
    )
    at_once = forms.BooleanField(
        label=_("release and accept at once"),
        required=False,
        help_text=_("Possible where you look after both branches."),
    )

    def __init__(self, *args: Any, both_sides: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].queryset = Organization.objects.active().branches()  # type: ignore[attr-defined]
        if not both_sides:
            del self.fields["at_once"]


class AcceptForm(_Dated):
    effective_on = forms.DateField(label=_("takes effect on"), help_text=_("The first day in the new branch."))
    cell = forms.CharField(label=_("party group"), max_length=60, required=False)
