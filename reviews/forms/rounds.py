"""The ballot paper of an evaluation round."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.ballots.sheet import ABSTAIN, Sheet
from campaign.common.forms import Form


@dataclass(frozen=True)
class Section:
    """One subject of a paper with its questions."""

    name: str
    questions: list[forms.BoundField]


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

    def sections(self) -> Iterator[Section]:
        for subject, name in self.sheet.subjects:
            yield Section(name, [self[_key(subject, place)] for place in range(len(self.sheet.items))])

    def answers(self) -> dict[int, list[int]]:
        """Return the answers as `vote_cast` takes them."""
        given = self.cleaned_data
        return {
            subject: [given[_key(subject, place)] for place in range(len(self.sheet.items))]
            for subject, _name in self.sheet.subjects
        }


def _key(subject: int, place: int) -> str:
    return f"s{subject}q{place}"
