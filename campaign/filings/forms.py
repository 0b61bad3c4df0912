"""Forms of implementation plans."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.attachments.forms import FilesField
from campaign.common.forms import Form, VersionMixin
from campaign.filings.models import ImplementationPlan
from orgs.forms.choosing import offer
from orgs.models import Organization


class PlanFields(Form):
    title = forms.CharField(label=pgettext_lazy("of a document", "title"), max_length=200)
    summary = forms.CharField(
        label=_("summary"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": "8"}),
        help_text=_("Goals, measures, steps, who is responsible: enough that the office above sees what is planned."),
    )
    documents = FilesField(label=_("documents"), required=False)


class PlanCreateForm(PlanFields):
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("party organization"))
    field_order = ("organization", "title", "summary", "documents")

    def __init__(self, *args: Any, organizations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self.fields["organization"], organizations)


class PlanEditForm(VersionMixin, PlanFields):
    @classmethod
    def of(cls, plan: ImplementationPlan, data: Any = None, files: Any = None) -> "PlanEditForm":
        names = ("title", "summary", "version")
        return cls(data, files, initial={name: getattr(plan, name) for name in names})
