"""Entering a bonus, a deduction or a veto."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.attachments.forms import FilesField
from campaign.common.exact import hundredths
from campaign.common.forms import DateInput, Form, RemoteSelect, VersionMixin
from campaign.models import Campaign
from campaign.scoring.models import MARKED, EntryKind, ScoreEntry
from campaign.scoring.selectors import grade_names
from campaign.scoring.subjects import Subject, key_of, name_of, subject_of
from campaign.selectors import campaigns_for


class EnteredForm(Form):
    """What is entered, whomever it is about."""

    kind = forms.ChoiceField(label=_("Kind"), choices=EntryKind.choices)
    points = forms.DecimalField(
        label=_("Marks"),
        min_value=0,
        max_value=100,
        decimal_places=2,
        required=False,
        help_text=_("For a bonus or a deduction."),
    )
    grade = forms.ChoiceField(
        label=_("Highest grade"), required=False, help_text=_("The best grade that is still possible.")
    )
    work = forms.CharField(
        label=_("Work honoured"),
        max_length=100,
        required=False,
        help_text=_("For a bonus: the same work honoured at several levels counts once, at the highest."),
    )
    happened_on = forms.DateField(label=_("Date"), widget=DateInput())
    reason = forms.CharField(
        label=pgettext_lazy("score entry", "Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    basis = forms.CharField(label=_("Basis"), max_length=200, help_text=_("Number and title of the document."))
    document = FilesField(label=_("Document"), required=False)

    def __init__(self, user: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        grade: Any = self.fields["grade"]
        grade.choices = [("", _("None")), *((name, name) for name in grade_names(user))]

    def clean_points(self) -> int:
        return int((self.cleaned_data["points"] or 0) * 100)

    def clean_document(self) -> Any:
        files = self.cleaned_data["document"]
        if len(files) > 1:
            raise forms.ValidationError(_("One document is enough: put several pages into one file."))
        return files[0] if files else None

    def clean(self) -> dict[str, Any]:
        """Say beside the field what its kind needs."""
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get("kind")
        if kind in MARKED and not cleaned.get("points") and "points" not in self.errors:
            self.add_error("points", _("Give the marks: more than 0, at most 100."))
        if kind == EntryKind.CEILING and not cleaned.get("grade") and "grade" not in self.errors:
            self.add_error("grade", _("Choose the best grade that is still possible."))
        return cleaned


class EntryForm(EnteredForm):
    """A new entry for one subject, which is searched for: a list of everybody would be endless."""

    campaign = forms.ModelChoiceField(Campaign.objects.none(), label=_("Campaign"), empty_label=None)
    subject = forms.CharField(
        label=_("Subject"),
        max_length=30,
        widget=RemoteSelect("subject_search", _("Name, pinyin initials, code or personnel number")),
        help_text=_("A party organization or a member in your reach."),
    )
    field_order = ("campaign", "subject")

    def __init__(self, user: Any, *args: Any, **options: Any) -> None:
        super().__init__(user, *args, **options)
        self.user = user
        fields: Any = self.fields
        fields["campaign"].queryset = campaigns_for(user).begun()
        chosen = subject_of(user, self.data.get("subject", "")) if self.is_bound else None
        # Only who is chosen is drawn; everybody else is found by typing.
        fields["subject"].widget.choices = [("", ""), *([(key_of(chosen), name_of(chosen))] if chosen else [])]

    def clean_subject(self) -> Subject:
        found = subject_of(self.user, self.cleaned_data["subject"])
        if found is None:
            raise forms.ValidationError(_("There is no such organization or member in your reach."))
        return found


class EntryEditForm(VersionMixin, EnteredForm):
    """An entry that waits, for who entered it; whom it is about stays."""

    def __init__(self, user: Any, *args: Any, entry: ScoreEntry, **options: Any) -> None:
        first = {
            name: getattr(entry, name)
            for name in ("kind", "grade", "work", "happened_on", "reason", "basis", "version")
        }
        first["points"] = hundredths(entry.points) if entry.points else None
        super().__init__(user, *args, initial=first, **options)
        if entry.attachment:
            held = _("Now: %(name)s. Another file takes its place.") % {"name": entry.attachment.name}
            self.fields["document"].help_text = f"{held} {self.fields['document'].help_text}"
