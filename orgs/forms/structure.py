"""Forms of changes of the structure and of terms of office."""

from typing import Any

from django import forms
from django.db.models import Count
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.forms import Form, RemoteSelect, VersionMixin
from orgs.models import Category, Member, Organization, OrganizationType
from orgs.selectors import organizations_addable
from orgs.services.organizations import latest_term_end
from orgs.structure import ChangeKind

LISTED = 800
"""So many members are listed to choose from; beyond, one chooses by party group."""


class ChangeForm(Form):
    """A change of `organization` by `user`; `arguments` are what goes to `change_describe`."""

    reason = forms.CharField(label=_("reason"), max_length=500, required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, organization: Organization, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization, self.user = organization, user
        self.prepare()

    def prepare(self) -> None:
        """Offer what this person may choose."""

    @property
    def arguments(self) -> dict[str, Any]:
        return {}

    @property
    def typed(self) -> list[tuple[str, str]]:
        """What was sent, name by name, for the page that asks for confirmation."""
        data: Any = self.data
        return [(name, value) for name in self.fields for value in data.getlist(name)]


class MoveForm(ChangeForm):
    parent = forms.ModelChoiceField(
        Organization.objects.none(), label=_("new organization above"), widget=RemoteSelect("organization_search")
    )
    field_order = ("parent", "reason")

    def prepare(self) -> None:
        self.fields["parent"].queryset = organizations_addable(self.user)  # type: ignore[attr-defined]

    @property
    def arguments(self) -> dict[str, Any]:
        return {"target": self.cleaned_data["parent"]}


class MergeForm(ChangeForm):
    into = forms.ModelChoiceField(
        Organization.objects.none(), label=_("organization that takes over"), widget=RemoteSelect("organization_search")
    )
    field_order = ("into", "reason")

    def prepare(self) -> None:
        managed = Organization.objects.active().allowed(self.user, Cap.ORG_MANAGE).exclude(pk=self.organization.pk)
        self.fields["into"].queryset = managed  # type: ignore[attr-defined]

    @property
    def arguments(self) -> dict[str, Any]:
        return {"target": self.cleaned_data["into"]}


class MemberChoices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, member: Any) -> str:
        return " · ".join(
            part for part in (member.name, member.get_party_post_display(), member.cell, member.job) if part
        )


class SplitForm(ChangeForm):
    name = forms.CharField(label=_("full name of the new organization"), max_length=150)
    short_name = forms.CharField(label=_("short name"), max_length=60, required=False)
    type = forms.ChoiceField(label=_("type"), choices=OrganizationType.choices)
    category = forms.ChoiceField(label=_("category"), choices=[("", _("None")), *Category.choices], required=False)
    place = forms.ChoiceField(
        label=pgettext_lazy("of an organization", "place"),
        choices=[("beside", _("Beside it, below the same organization")), ("below", _("Below it, led by it"))],
        widget=forms.RadioSelect,
        initial="beside",
    )
    cells = forms.MultipleChoiceField(
        label=_("party groups that go over"), required=False, widget=forms.CheckboxSelectMultiple
    )
    members = MemberChoices(
        Member.objects.none(), label=_("members who go over"), required=False, widget=forms.CheckboxSelectMultiple
    )
    children = forms.ModelMultipleChoiceField(
        Organization.objects.none(), label=_("organizations below that go over"), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    field_order = ("name", "short_name", "type", "category", "place", "cells", "members", "children", "reason")

    def prepare(self) -> None:
        self.initial.setdefault("type", self.organization.type)
        self.initial.setdefault("category", self.organization.category)
        managed = Member.objects.present().allowed(self.user, Cap.MEMBER_MANAGE)
        self.members_here = managed.filter(organization=self.organization).order_by("cell", "pinyin", "pk")
        counts = self.members_here.order_by("cell").exclude(cell="").values_list("cell").annotate(count=Count("pk"))
        self.fields["cells"].choices = [  # type: ignore[attr-defined]
            (
                cell,
                ngettext("%(cell)s (%(count)s member)", "%(cell)s (%(count)s members)", count)
                % {"cell": cell, "count": count},
            )
            for cell, count in counts
        ]
        self.fields["members"].queryset = self.members_here  # type: ignore[attr-defined]
        children = Organization.objects.children_of(self.organization).active()
        self.fields["children"].queryset = children  # type: ignore[attr-defined]
        for name in ("cells", "members", "children"):
            self._offer(name)
        if not reaches(self.user, Cap.MEMBER_MANAGE, self.organization.path):
            self.fields.pop("members", None)

    def _offer(self, name: str) -> None:
        """Leave a choice out that has nothing to choose from, or too much to list."""
        field: Any = self.fields[name]
        count = len(field.choices) if name == "cells" else field.queryset[: LISTED + 1].count()
        if not count or count > LISTED:
            del self.fields[name]
        elif name != "cells":
            field.widget.attrs["data-filterable"] = gettext("Find in the list")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = {member.pk for member in cleaned.get("members") or ()}
        if cells := cleaned.get("cells"):
            chosen |= set(self.members_here.filter(cell__in=cells).values_list("pk", flat=True))
        self.chosen, self.below = chosen, {child.pk for child in cleaned.get("children") or ()}
        if not chosen and not self.below:
            self.add_error(None, _("Choose the members or the organizations that go to the new one."))
        return cleaned

    @property
    def arguments(self) -> dict[str, Any]:
        below = self.cleaned_data["place"] == "below"
        target = self.organization if below else self.organization.higher()
        return {"target": target, "members": self.chosen, "children": self.below}

    @property
    def values(self) -> dict[str, Any]:
        """What goes to the service beside those chosen."""
        given = {name: self.cleaned_data[name] for name in ("name", "short_name", "type", "category")}
        return {**given, "below": self.cleaned_data["place"] == "below", "members": self.chosen, "children": self.below}


FORMS: dict[ChangeKind, type[ChangeForm]] = {
    ChangeKind.MOVE: MoveForm,
    ChangeKind.MERGE: MergeForm,
    ChangeKind.SPLIT: SplitForm,
    ChangeKind.DEACTIVATE: ChangeForm,
    ChangeKind.ACTIVATE: ChangeForm,
}


# -- terms of office -------------------------------------------------------------------------------------------------


class ElectForm(VersionMixin, Form):
    elected_on = forms.DateField(label=_("elected on"))
    ends_on = forms.DateField(
        label=_("term ends on"),
        required=False,
        help_text=_("Left empty: five years later for committees, three for general branches and branches."),
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(version=organization.version)
        self.initial.setdefault("elected_on", clock.today())


class ExtendForm(VersionMixin, Form):
    ends_on = forms.DateField(label=_("new end of the term"))
    reason = forms.CharField(label=_("reason"), max_length=500, widget=forms.Textarea)

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        latest = latest_term_end(organization)
        self.initial.update(version=organization.version)
        if latest:
            self.initial.setdefault("ends_on", latest)
            self.fields["ends_on"].help_text = gettext("At most until %(day)s: a year after the regular end.") % {
                "day": f"{latest:%Y-%m-%d}"
            }
