"""The forms of award batches and nominations."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from awards.blueprints import batch_plans
from awards.models import AwardBatch
from awards.services import MAX_DEEDS, MAX_QUOTA
from campaign.common import clock
from campaign.common.forms import Form, VersionMixin
from orgs.models import Organization


class BatchBase(Form):
    """Quotas are a field for each category: `quota_<kind>`."""

    name = forms.CharField(
        label=_("Name of the batch"), max_length=100, help_text=_("For example: commendation for 1 July 2026")
    )
    opens_on = forms.DateField(label=_("Nominations from"), initial=clock.today)
    closes_on = forms.DateField(label=_("Nominations until"))

    def add_quotas(self, categories: list[tuple[str, str, int]]) -> None:
        for kind, name, quota in categories:
            self.fields[f"quota_{kind}"] = forms.IntegerField(
                label=_("Quota: %(name)s") % {"name": name}, min_value=0, max_value=MAX_QUOTA, initial=quota
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        opens_on, closes_on = data.get("opens_on"), data.get("closes_on")
        if opens_on and closes_on and closes_on < opens_on:
            self.add_error("closes_on", _("The last day of nominations lies before the first one."))
        return data

    def arguments(self) -> dict[str, Any]:
        """Return what the service wants: the quotas as one mapping."""
        quotas = {name.removeprefix("quota_"): n for name, n in self.cleaned_data.items() if name.startswith("quota_")}
        rest = {name: value for name, value in self.cleaned_data.items() if not name.startswith("quota_")}
        return {**rest, "quotas": quotas}


class BatchCreateForm(BatchBase):
    organization = forms.ModelChoiceField(label=_("Held by"), queryset=Organization.objects.none())

    field_order = ("name", "organization", "opens_on", "closes_on")

    def __init__(self, *args: Any, template: str, holders: list[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organization"]
        field.queryset = Organization.objects.filter(pk__in=[holder.pk for holder in holders])
        field.initial = holders[0].pk if len(holders) == 1 else None
        plans = batch_plans.get(template).categories
        self.add_quotas([(plan.kind, plan.name, plan.quota) for plan in plans])


class BatchEditForm(VersionMixin, BatchBase):
    def __init__(self, *args: Any, batch: AwardBatch, **kwargs: Any) -> None:
        names = ("name", "opens_on", "closes_on", "version")
        super().__init__(*args, initial={name: getattr(batch, name) for name in names}, **kwargs)
        self.add_quotas([(category.kind, category.name, category.quota) for category in batch.categories.all()])


class NominationForm(Form):
    deeds = forms.CharField(
        label=_("Account of deeds"),
        required=False,
        max_length=MAX_DEEDS,
        help_text=_("About 1500 characters, at most 2000: facts, figures and dates of the last years."),
        widget=forms.Textarea(attrs={"rows": 14, "maxlength": MAX_DEEDS}),
    )

    def clean(self) -> dict[str, Any]:
        """A draft may be empty, a nomination not."""
        data = super().clean() or self.cleaned_data
        if "submit_now" in self.data and not self.errors and not data.get("deeds", "").strip():
            self.add_error("deeds", _("Please write the account of deeds before nominating."))
        return data


class NominationEditForm(VersionMixin, NominationForm):
    pass
