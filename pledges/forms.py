"""The forms of pledges. Views pass what they hold to a service."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.attachments.forms import FilesField, PhotoField
from campaign.common import clock
from campaign.common.forms import DateInput, Form, RemoteSelect, VersionMixin, dress
from campaign.common.rows import MOST
from campaign.models import Campaign, Standard
from orgs.models import Member
from pledges.models import (
    TEXT_LENGTH,
    Check,
    CommentKind,
    Decision,
    ItemKind,
    ItemResult,
    Pledge,
    PledgeItem,
    PledgeRules,
)
from pledges.services import MOST_ITEMS, ItemDecision, ItemDraft, Judgement, Period
from pledges.subjects import Subject, key_of, listed_subjects, name_of, subject_of

REMARK_LENGTH = 500
ITEM_DECISIONS = [
    (Decision.APPROVED.value, pgettext_lazy("item of a pledge", "Approved")),
    (Decision.RETURNED.value, pgettext_lazy("item of a pledge", "Returned")),
]
RESULTS = [choice for choice in ItemResult.choices if choice[0] != ItemResult.PENDING]


class SubjectForm(Form):
    """Whose pledge is begun: the own one, that of the organization, or that of a member of the branch."""

    subject = forms.CharField(label=_("Whose pledge?"), max_length=40, widget=forms.Select)

    def __init__(self, *args: Any, user: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.campaign = user, campaign
        listed = listed_subjects(user, campaign)
        self.has_choice = listed is None or bool(listed)
        field: Any = self.fields["subject"]
        if listed is None:  # only who is chosen is drawn; everybody else is found by typing
            field.widget = RemoteSelect("pledge_subject_search", _("Name, pinyin initials, code or personnel number"))
            chosen = subject_of(user, campaign, self.data.get("subject", "")) if self.is_bound else None
            listed = [chosen] if chosen else []
        field.widget.is_required = True
        nothing = [] if self.has_choice and len(listed) == 1 else [("", _("Please choose"))]
        field.widget.choices = [*nothing, *((key_of(subject), name_of(subject)) for subject in listed)]
        dress(self)

    def clean_subject(self) -> Subject:
        found = subject_of(self.user, self.campaign, self.cleaned_data["subject"])
        if found is None:
            raise forms.ValidationError(
                _("You do not write for this organization or member, or there is a pledge already.")
            )
        return found

    def subject_given(self) -> dict[str, Subject]:
        """Return the argument of `pledge_start` that names the subject."""
        subject = self.cleaned_data["subject"]
        return {"member" if isinstance(subject, Member) else "organization": subject}


class ItemForm(Form):
    """One item as it is being written; only what is there is checked, the rest when it is submitted."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ItemKind.choices, required=False, initial=ItemKind.POST)
    text = forms.CharField(
        label=_("What I promise"),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One thing that can be done and checked, at most 200 characters."),
    )
    target = forms.CharField(
        label=_("Result to be measured"),
        max_length=TEXT_LENGTH,
        required=False,
        help_text=_("A figure or a fact, such as “12 trips a shift” or “all 30 pumps overhauled”."),
    )
    baseline = forms.CharField(
        label=_("Where it stands now"),
        max_length=TEXT_LENGTH,
        required=False,
        help_text=_("The figure of last year, so that everyone can compare. May be left out."),
    )
    due_on = forms.DateField(label=_("Done by"), required=False, widget=DateInput())
    standard = forms.ChoiceField(label=_("Standard it answers to"), required=False)
    production_task = forms.CharField(label=_("Production task it serves"), max_length=TEXT_LENGTH, required=False)

    def __init__(self, *args: Any, pledge: Pledge, standards: list[Standard], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.standards = {str(standard.pk): standard for standard in standards}
        choices = [("", _("None in particular")), *((pk, standard.name) for pk, standard in self.standards.items())]
        self.fields["standard"].choices = choices  # type: ignore[attr-defined]
        self.fields["due_on"].widget.attrs.update(
            {"min": pledge.campaign.starts_on.isoformat(), "max": pledge.campaign.ends_on.isoformat()}
        )

    def is_blank(self) -> bool:
        """Nothing was written: such an item is left out."""
        written = ("text", "target", "baseline", "due_on", "production_task")
        return not any(self.cleaned_data.get(name) for name in written)

    def draft(self) -> ItemDraft:
        data = self.cleaned_data
        return ItemDraft(
            kind=data["kind"] or ItemKind.POST,
            text=data["text"],
            target=data["target"],
            due_on=data["due_on"],
            baseline=data["baseline"],
            standard=self.standards.get(data["standard"]),
            production_task=data["production_task"],
        )


ItemFormSet = forms.formset_factory(ItemForm, extra=0, max_num=MOST, absolute_max=MOST)
FIELDS = tuple(ItemForm.base_fields)


def rows_of(items: list[PledgeItem]) -> list[dict[str, Any]]:
    """Return what the form shows of stored items; one empty item where there are none."""
    rows = [{name: getattr(item, "standard_id" if name == "standard" else name) for name in FIELDS} for item in items]
    return rows or [{}]


class VersionForm(VersionMixin, Form):
    """What goes with the items: the version they were opened with."""


class ReviewForm(VersionMixin, Form):
    """A decision item by item: approved or returned, what it lacks of the checklist, a remark; and a reason for the whole."""

    reason = forms.CharField(
        label=_("Remark on the whole"),
        max_length=REMARK_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("When you return the pledge: left empty, the remarks on the items are the reason."),
    )

    def __init__(self, *args: Any, items: list[PledgeItem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = items
        for item in items:
            self.fields[f"decision_{item.order}"] = forms.ChoiceField(
                label=_("Decision on item %(number)s") % {"number": item.order},
                choices=ITEM_DECISIONS,
                required=False,
                initial=Decision.APPROVED,
                widget=forms.RadioSelect,
            )
            self.fields[f"lacking_{item.order}"] = forms.MultipleChoiceField(
                label=_("What it lacks"), choices=Check.choices, required=False, widget=forms.CheckboxSelectMultiple
            )
            self.fields[f"remark_{item.order}"] = forms.CharField(
                label=_("Remark on item %(number)s") % {"number": item.order}, max_length=REMARK_LENGTH, required=False
            )  # fmt: skip

    def rows(self) -> list[tuple[PledgeItem, Any, Any, Any]]:
        return [
            (item, self[f"decision_{item.order}"], self[f"lacking_{item.order}"], self[f"remark_{item.order}"])
            for item in self.items
        ]

    def decisions(self) -> dict[int, ItemDecision]:
        """Return what was decided on each item; a remark alone says nothing against it."""
        data = self.cleaned_data
        return {
            item.order: ItemDecision(
                approved=data[f"decision_{item.order}"] != Decision.RETURNED,
                lacking=tuple(data[f"lacking_{item.order}"]),
                reason=data[f"remark_{item.order}"],
            )
            for item in self.items
        }

    def returned(self) -> list[int]:
        """Return the items that are not approved."""
        return [order for order, decision in self.decisions().items() if decision.is_return]


class PeriodForm(Form):
    """From when until when a pledge hangs."""

    begins_on = forms.DateField(label=_("on display from"), required=False, widget=DateInput())
    ends_on = forms.DateField(
        label=_("on display until"), required=False, widget=DateInput(),
        help_text=_("Left empty: until the end of the campaign."),
    )  # fmt: skip

    def period(self) -> Period:
        return Period(self.cleaned_data["begins_on"], self.cleaned_data["ends_on"])


class DisplayForm(VersionMixin, PeriodForm):
    """The same for a pledge that hangs."""


class BoardLinkForm(Form):
    """A link to the board of an organization, for a screen or a QR code."""

    name = forms.CharField(label=_("where it hangs"), max_length=60, help_text=_("Such as “screen in the hall”."))
    expires_on = forms.DateField(label=_("valid until"), widget=DateInput())
    with_below = forms.BooleanField(label=_("with the organizations below"), required=False)


class BoardCodeForm(Form):
    """The code of a link to a board, as the QR code or a person gives it."""

    code = forms.CharField(
        label=_("Code of the board"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class CommentForm(Form):
    """What a colleague says to a pledge on the board."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=CommentKind.choices, initial=CommentKind.OPINION, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label=_("What you want to say"), max_length=REMARK_LENGTH, widget=forms.Textarea(attrs={"rows": 3})
    )


class VisitorForm(CommentForm):
    """The same from a visitor, who may say how to be reached."""

    name = forms.CharField(
        label=_("Your name"), max_length=60, required=False, widget=forms.TextInput(attrs={"data-private": "1"})
    )
    contact = forms.CharField(
        label=_("How to reach you"), max_length=100, required=False,
        widget=forms.TextInput(attrs={"data-private": "1"}),
        help_text=_("May be left out. Only who answers sees it; it is deleted with the answer."),
    )  # fmt: skip


class CommentAnswerForm(VersionMixin, Form):
    text = forms.CharField(
        label=_("Answer"), max_length=REMARK_LENGTH, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Everybody reads it on the board, below the question."),
    )  # fmt: skip


class EvidenceForm(Form):
    """Files that show what was done: chosen, or taken with the camera."""

    evidence = FilesField(label=_("Evidence"), required=False)
    photo = PhotoField(label=_("Take a photo"), required=False)

    def files_given(self) -> list[Any]:
        return [*self.cleaned_data["evidence"], *self.cleaned_data["photo"]]


class ProgressForm(EvidenceForm):
    item = forms.ModelChoiceField(
        label=_("Item it belongs to"), queryset=PledgeItem.objects.none(), widget=forms.RadioSelect, empty_label=None
    )
    on = forms.DateField(label=_("Day"), widget=DateInput())
    text = forms.CharField(label=_("Fulfilment so far"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    field_order = ("item", "on", "text", "photo", "evidence")

    def __init__(self, *args: Any, pledge: Pledge, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"on": clock.today()})
        super().__init__(*args, **kwargs)
        items = pledge.items.select_related("pledge")
        self.fields["item"].queryset = items  # type: ignore[attr-defined]
        if len(found := list(items[:2])) == 1:
            self.initial["item"] = found[0].pk
        self.fields["on"].widget.attrs["max"] = clock.today().isoformat()

    def given(self) -> dict[str, Any]:
        """Return the arguments of `progress_add`."""
        return {**{name: self.cleaned_data[name] for name in ("item", "on", "text")}, "evidence": self.files_given()}


class JudgementForm(Form):
    """How one item was fulfilled. Left empty, the item is not judged now."""

    result = forms.ChoiceField(
        label=_("How it was fulfilled"), choices=RESULTS, required=False, widget=forms.RadioSelect
    )
    mark = forms.DecimalField(
        label=_("Mark (0 to 100)"),
        min_value=0,
        max_value=100,
        decimal_places=2,
        required=False,
        help_text=_("Left empty, the mark follows from the result."),
    )
    text = forms.CharField(
        label=_("Explanation"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed for what was not kept or had to be adjusted."),
    )

    def __init__(self, *args: Any, item: PledgeItem, own: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"item{item.pk}", **kwargs)
        self.item = item
        if own:
            del self.fields["mark"]

    def judgement(self) -> Judgement | None:
        data = self.cleaned_data
        if not data["result"]:
            return None
        mark: Decimal | None = data.get("mark")
        return Judgement(data["result"], None if mark is None else int(mark * 100), data["text"])


def judgements_of(forms_: list[JudgementForm]) -> dict[int, Judgement]:
    """Return what was judged, by item."""
    found = ((form.item.pk, form.judgement()) for form in forms_)
    return {pk: judgement for pk, judgement in found if judgement is not None}


class ManyForm(Form):
    """What goes with many judgements: nothing but the refusal of the service."""


class CheckForm(Form):
    """What was found when a pledge was looked at, and what is asked for."""

    on = forms.DateField(label=_("Day of the check"), widget=DateInput(), initial=clock.today)
    found = forms.CharField(
        label=_("What was found"), max_length=REMARK_LENGTH, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Facts: how far each item is, what was looked at."),
    )  # fmt: skip
    request = forms.CharField(
        label=_("What is asked for"), max_length=REMARK_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Left empty, no answer is expected."),
    )  # fmt: skip
    answer_by = forms.DateField(label=_("Answer by"), required=False, widget=DateInput())


class AnswerForm(Form):
    text = forms.CharField(
        label=_("What was done about it"), max_length=REMARK_LENGTH, widget=forms.Textarea(attrs={"rows": 3})
    )


class ExplanationForm(VersionMixin, Form):
    text = forms.CharField(
        label=_("Explanation"),
        max_length=REMARK_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "It stands beside the item, and everybody reads it in the next publication of fulfilment. "
            "Left empty, it is taken back."
        ),
    )


class AdjustmentForm(VersionMixin, Form):
    """How an item on the board is to read from now on."""

    text = forms.CharField(label=_("What I promise"), max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 3}))
    target = forms.CharField(label=_("Result to be measured"), max_length=TEXT_LENGTH)
    due_on = forms.DateField(label=_("Done by"), widget=DateInput())
    reason = forms.CharField(
        label=_("Why it has to change"), max_length=REMARK_LENGTH, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever decides reads it, and later everybody who looks at both versions."),
    )  # fmt: skip

    def __init__(self, *args: Any, item: PledgeItem, **kwargs: Any) -> None:
        shown = {"text": item.text, "target": item.target, "due_on": item.due_on, "version": item.pledge.version}
        kwargs.setdefault("initial", shown)
        super().__init__(*args, **kwargs)


class DecisionForm(Form):
    reason = forms.CharField(
        label=_("Remark"),
        max_length=REMARK_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed when you refuse; the person concerned reads it."),
    )


def _count(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=MOST_ITEMS)


def _mark(label: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=0, max_value=100, decimal_places=2)


class RulesForm(VersionMixin, Form):
    """How many items a pledge has, and what mark a result earns: marks as people write them, 0 to 100."""

    organization_items_min = _count(_("fewest items of an organization"))
    organization_items_max = _count(_("most items of an organization"))
    member_items_min = _count(_("fewest items of a member"))
    member_items_max = _count(_("most items of a member"))
    mark_fulfilled = _mark(_("mark of a fulfilled item"))
    mark_basic = _mark(_("mark of a mostly fulfilled item"))
    mark_unfulfilled = _mark(_("mark of an item not fulfilled"))

    @classmethod
    def of(cls, rules: PledgeRules, data: Any = None) -> "RulesForm":
        shown = {name: getattr(rules, name) for name in cls.base_fields}
        return cls(data, initial={name: _shown(name, value) for name, value in shown.items()})

    def given(self) -> dict[str, int]:
        """Return the arguments of `pledge_rules_update`, marks in hundredths."""
        return {
            name: int(value * 100) if name.startswith("mark") else value for name, value in self.cleaned_data.items()
        }


def _shown(name: str, value: int) -> Any:
    return f"{value / 100:g}" if name.startswith("mark") else value
