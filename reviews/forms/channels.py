"""The forms of votes without an account: planning slips and ballots on paper, typing a code, counting paper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.ballots.models import Channel, PaperCount
from campaign.ballots.on_paper import Count
from campaign.ballots.selectors import Questionnaire
from campaign.ballots.sheet import by_item
from campaign.ballots.slips import MOST
from campaign.common.forms import Form
from orgs.forms.choosing import offer
from reviews.selectors.channels import Sheet, Unit, own_count

ALL, REPRESENTATIVES, NUMBER = "all", "representatives", "number"


class ChannelForm(Form):
    """Who votes without an account: for each unit as many as it has workers, or a number of one's own."""

    channel = forms.ChoiceField(
        label=_("How they vote"),
        choices=Channel.choices,
        widget=forms.RadioSelect,
        initial=Channel.SLIP,
        help_text=_("Slips: each with a code, on a phone or at a shared terminal. Paper: counted by two people."),
    )
    key = forms.ChoiceField(label=_("Class of raters"))
    whom = forms.ChoiceField(
        label=_("How many in each unit"),
        choices=[
            (ALL, _("All its workers, by list or head count")),
            (REPRESENTATIVES, _("Its representatives")),
            (NUMBER, _("This number")),
        ],
        widget=forms.RadioSelect,
        initial=ALL,
    )
    number = forms.IntegerField(label=pgettext_lazy("of a unit", "Number"), min_value=1, max_value=MOST, required=False)
    units = forms.TypedMultipleChoiceField(
        label=_("Units"), required=False, coerce=int, help_text=_("None chosen: all units of the round.")
    )

    def __init__(self, *args: Any, units: Sequence[Unit], classes: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.listed = {unit.organization.pk: unit for unit in units}
        fields: dict[str, Any] = self.fields
        offer(fields["units"], [(pk, unit.organization.display_name) for pk, unit in self.listed.items()])
        fields["key"].choices = classes
        fields["key"].initial = classes[-1][0] if classes else None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("whom") == NUMBER and not data.get("number") and "number" not in self.errors:
            self.add_error("number", _("Please enter how many."))
        return data

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `ballots_plan` but for the round and the actor."""
        data = self.cleaned_data
        chosen = data["units"] or list(self.listed)
        numbers = {pk: self._number(self.listed[pk]) for pk in chosen}
        return {"channel": Channel(data["channel"]), "key": data["key"], "numbers": numbers}

    def _number(self, unit: Unit) -> int:
        whom = self.cleaned_data["whom"]
        if whom == NUMBER:
            return int(self.cleaned_data["number"])
        return unit.workers if whom == ALL else unit.representatives


class SlipForm(Form):
    """The code of a slip, typed, or brought along by its QR code or a scanner."""

    code = forms.CharField(
        label=_("Code of the slip"),
        max_length=200,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "autocorrect": "off",
                "spellcheck": "false",
                "class": "slip-input",
                "placeholder": "XXXX-XXXX-XXXX-XXXX",
            }
        ),
    )


@dataclass(frozen=True)
class CountRow:
    """One question of a sheet, with a field for each answer."""

    text: str
    fields: list[forms.BoundField]


@dataclass(frozen=True)
class CountSection:
    """One class on the page of a subject's count."""

    sheet: Sheet
    totals: list[forms.BoundField]
    rows: list[CountRow]


class CountForm(Form):
    """What one person counted about one subject, class by class."""

    overfull = forms.BooleanField(
        label=_("More ballots really came out of the box than were issued: the result is invalid"), required=False
    )

    def __init__(self, *args: Any, sheets: Sequence[Sheet], asked: Questionnaire, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sheets, self.asked = sheets, asked
        for sheet in sheets:
            self._add_sheet(sheet, own_count(user, sheet))
        self.order_fields([*(name for name in self.fields if name != "overfull"), "overfull"])

    def _add_sheet(self, sheet: Sheet, own: PaperCount | None) -> None:
        for name, title in (("issued", _("issued")), ("returned", _("returned")), ("invalid", _("invalid"))):
            self._add(_key(sheet, name), title, getattr(own, name, None))
        answers = [*(choice.label for choice in self.asked.choices), pgettext_lazy("vote", "Abstain")]
        known = by_item(own.counts, len(self.asked.choices)) if own else []
        for place, _item in enumerate(self.asked.items):
            for answer, label in enumerate(answers):
                self._add(_key(sheet, place, answer), label, known[place][answer] if known else None)

    def _add(self, name: str, label: Any, initial: int | None) -> None:
        self.fields[name] = forms.IntegerField(
            label=label,
            min_value=0,
            max_value=MOST,
            initial=initial,
            widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "count-input"}),
        )

    def sections(self) -> Iterator[CountSection]:
        for sheet in self.sheets:
            totals = [self[_key(sheet, name)] for name in ("issued", "returned", "invalid")]
            rows = [
                CountRow(item.text, [self[_key(sheet, place, answer)] for answer in range(len(self.asked.choices) + 1)])
                for place, item in enumerate(self.asked.items)
            ]
            yield CountSection(sheet, totals, rows)

    def counts(self) -> list[Count]:
        """Return what was entered as `paper_count_enter` takes it."""
        given = self.cleaned_data
        width = range(len(self.asked.choices) + 1)
        return [
            Count(
                rater_class_id=sheet.rater_class.pk,
                issued=given[_key(sheet, "issued")],
                returned=given[_key(sheet, "returned")],
                invalid=given[_key(sheet, "invalid")],
                counts=tuple(
                    given[_key(sheet, place, answer)] for place in range(len(self.asked.items)) for answer in width
                ),
            )
            for sheet in self.sheets
        ]


def _key(sheet: Sheet, *parts: object) -> str:
    return "-".join(map(str, ("c", sheet.rater_class.pk, *parts)))
