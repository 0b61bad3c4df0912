"""Forms of leading group and office, contact points and visits."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.forms import Form, ModelForm, RemoteSelect, VersionMixin
from orgs.forms.choosing import RemoteSelectMultiple
from orgs.models import ContactPoint, ContactVisit, LeadershipFunction, LeadershipPost, Member, Organization, VisitMode


class LeadershipForm(Form):
    function = forms.ChoiceField(label=_("function"), choices=LeadershipFunction.choices)
    member = forms.ModelChoiceField(
        Member.objects.none(),
        label=_("party member"),
        required=False,
        widget=RemoteSelect("member_choose", _("Name, pinyin initials or personnel number")),
    )
    name = forms.CharField(label=_("or the name of somebody who is not in the register"), max_length=60, required=False)
    duty = forms.CharField(
        label=_("office held"), max_length=60, required=False, help_text=_("Empty: the party position of the member.")
    )
    starts_on = forms.DateField(label=_("from"), initial=clock.today)

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].queryset = members  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("member") and cleaned.get("name"):
            self.add_error("name", _("Choose a member or write a name, not both."))
        elif not cleaned.get("member") and not cleaned.get("name") and not self.errors:
            self.add_error("member", _("Choose a member or write a name."))
        return cleaned


class LeadershipEditForm(VersionMixin, ModelForm):
    class Meta:
        model = LeadershipPost
        fields = ("duty", "starts_on", "ends_on")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The last day lies before the first."))
        return cleaned

    def validate_constraints(self) -> None:
        """The service refuses in words."""


class ContactAssignForm(Form):
    leader = forms.ModelChoiceField(
        Member.objects.none(),
        label=_("leader"),
        widget=RemoteSelect("member_choose", _("Name, pinyin initials or personnel number")),
    )
    organizations = forms.ModelMultipleChoiceField(
        Organization.objects.none(),
        label=_("Branches to look after"),
        widget=RemoteSelectMultiple("organization_search", _("Name, pinyin initials or code")),
        help_text=_("Several can be chosen one after another."),
    )
    task = forms.CharField(label=_("task"), max_length=200, required=False)
    starts_on = forms.DateField(label=_("from"), initial=clock.today)

    def __init__(self, *args: Any, members: Any, organizations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leader"].queryset = members  # type: ignore[attr-defined]
        self.fields["organizations"].queryset = organizations  # type: ignore[attr-defined]


class ContactEditForm(VersionMixin, ModelForm):
    class Meta:
        model = ContactPoint
        fields = ("task", "starts_on")

    def validate_constraints(self) -> None:
        """The service refuses in words."""


class VisitForm(Form):
    visited_on = forms.DateField(label=_("visited on"), initial=clock.today)
    mode = forms.ChoiceField(
        label=_("kind of visit"), choices=VisitMode.choices, widget=forms.RadioSelect, initial=VisitMode.SITE
    )
    summary = forms.CharField(
        label=_("what was seen and said"), max_length=2000, widget=forms.Textarea(attrs={"rows": "5"})
    )
    problems = forms.CharField(
        label=_("problems raised"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": "3"})
    )
    follow_up = forms.CharField(
        label=_("what became of them"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": "3"}),
        help_text=_("Can be added later."),
    )

    def clean_visited_on(self) -> Any:
        day = self.cleaned_data["visited_on"]
        if day > clock.today():
            raise forms.ValidationError(_("This day has not come yet."))
        return day


class VisitEditForm(VersionMixin, VisitForm):
    """The same with the version of the visit."""

    @classmethod
    def of(cls, visit: ContactVisit, data: Any = None) -> "VisitEditForm":
        names = ("visited_on", "mode", "summary", "problems", "follow_up", "version")
        return cls(data, initial={name: getattr(visit, name) for name in names})
