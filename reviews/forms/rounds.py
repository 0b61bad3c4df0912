"""The ballot paper of an evaluation round."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.ballots.services import LONGEST_REMARK
from campaign.ballots.sheet import ABSTAIN, Sheet
from campaign.common.forms import Form
from reviews.selectors.roll import RollDifference


@dataclass(frozen=True)
class Section:
    """One subject of a paper with its questions."""

    name: str
    questions: list[forms.BoundField]
    remark: forms.BoundField | None


class VoteForm(Form):
    """A ballot paper as it lies in the open page. Nothing of it is kept anywhere."""

    def __init__(self, *args: Any, sheet: Sheet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sheet = sheet
        choices = [*enumerate(sheet.choices), (ABSTAIN, pgettext_lazy("vote", "Abstain"))]
        for subject, _name in sheet.subjects:
            for place, text in enumerate(sheet.items):
                self.fields[_key(subject, place)] = forms.TypedChoiceField(
                    label=f"{place + 1}. {text}",
                    choices=choices,
                    coerce=int,
                    widget=forms.RadioSelect(attrs={"autocomplete": "off"}),
                    error_messages={"required": _("Please answer this, or choose “abstain”.")},
                )
            if sheet.asks_remarks:
                self.fields[_remark(subject)] = forms.CharField(
                    label=_("Remarks (optional)"),
                    required=False,
                    max_length=LONGEST_REMARK,
                    widget=forms.Textarea(attrs={"rows": "2", "autocomplete": "off", "class": "form-control"}),
                )

    def sections(self) -> Iterator[Section]:
        for subject, name in self.sheet.subjects:
            questions = [self[_key(subject, place)] for place in range(len(self.sheet.items))]
            yield Section(name, questions, self[_remark(subject)] if self.sheet.asks_remarks else None)

    def answers(self) -> dict[int, list[int]]:
        """Return the answers as `vote_cast` takes them."""
        given = self.cleaned_data
        return {
            subject: [given[_key(subject, place)] for place in range(len(self.sheet.items))]
            for subject, _name in self.sheet.subjects
        }

    def remarks(self) -> dict[int, str]:
        """Return what was written, as `vote_cast` takes it."""
        given = self.cleaned_data
        return {subject: given.get(_remark(subject), "") for subject, _name in self.sheet.subjects}


class RollForm(Form):
    """Who joined and who left since the round was opened."""

    joining = forms.TypedMultipleChoiceField(
        label=_("Joined: get a ballot"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    leaving = forms.TypedMultipleChoiceField(
        label=_("Left: can no longer vote"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Whether they have voted is shown to nobody: a vote that was cast stays, and they count as entitled."
        ),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("It is recorded with the names."))

    def __init__(self, *args: Any, found: RollDifference, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people, left = found.people(), set(found.leaving)
        fields: dict[str, Any] = self.fields
        fields["joining"].choices = [(pk, name) for pk, name in people.items() if pk not in left]
        fields["leaving"].choices = [(pk, name) for pk, name in people.items() if pk in left]
        for name in ("joining", "leaving"):
            if not fields[name].choices:
                del self.fields[name]


def _remark(subject: int) -> str:
    return f"r{subject}"


def _key(subject: int, place: int) -> str:
    return f"s{subject}q{place}"
