"""Pages on which a round is set up: basics, who is evaluated, the questions, who rates. Each stores its step; what is typed and
not stored yet is kept (campaign/drafts)."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.ballots import selectors as ballots
from campaign.common.access import GatedRequest, access, gate
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, EditConflict
from campaign.common.rows import edits_rows, rows_edited, rows_typed
from campaign.drafts.models import Draft
from campaign.drafts.selectors import draft_of
from campaign.drafts.services import draft_clear
from campaign.models import Standard
from reviews.forms.setting_up import (
    BandForm,
    BandFormSet,
    BasicsForm,
    BeginForm,
    ChoiceForm,
    ChoiceFormSet,
    ClassForm,
    ClassFormSet,
    ItemForm,
    ItemFormSet,
    RatersForm,
    RulesForm,
    SubjectsForm,
    scheme_rows,
    typed,
)
from reviews.models.rounds import EvaluationRound, RoundState
from reviews.questionnaires import schemes, templates
from reviews.selectors.rounds import small_shown
from reviews.services import setting_up as services

STEPS: tuple[tuple[str, str | Promise], ...] = (
    ("round_basics", gettext_lazy("1. Basics")),
    ("round_subjects", gettext_lazy("2. Who is evaluated")),
    ("round_questions", gettext_lazy("3. Questions")),
    ("round_raters", gettext_lazy("4. Who rates")),
    ("round_detail", gettext_lazy("5. Check and open")),
)
NEW = "round_new:0"


def steps_of(evaluation_round: EvaluationRound, here: str) -> list[dict[str, Any]]:
    """Return the steps as tabs."""
    return [
        {"label": label, "url": reverse(name, args=[evaluation_round.pk]), "active": name == here}
        for name, label in STEPS
    ]


def _next(here: str) -> str:
    names = [name for name, _label in STEPS]
    return names[names.index(here) + 1]


@access(GET=Cap.ROUND_MANAGE, POST=Cap.ROUND_MANAGE)
def round_create(request: GatedRequest) -> HttpResponse:
    """The first step of a new round; from then on it is stored."""
    if request.method == "POST" and request.POST.get("op") == "discard":
        draft_clear(request=request, key=NEW)
        return redirect("round_create")
    draft = draft_of(request.user, NEW) if request.method == "GET" else None
    form = BeginForm(request.POST or None, user=request.user, initial=dict(draft.fields) if draft else None)
    if not form.fields["campaign"].queryset.exists():  # type: ignore[attr-defined]
        raise DomainError(_("No campaign is running. An evaluation belongs to a campaign: ask the campaign office."))
    if form.is_valid() and form.attempt(services.round_begin, actor=request.user, **form.cleaned_data):
        draft_clear(request=request, key=NEW)
        messages.success(request, _("The round is begun. Now choose who is evaluated."))
        return redirect("round_subjects", pk=form.result.pk)
    context = {"form": form, "draft": draft, "draft_key": NEW, "crumbs": _crumbs(None)}
    return render(request, "reviews/rounds/set_up.html", context)


@access(POST=Cap.ROUND_MANAGE)
def round_copy(request: GatedRequest, pk: int) -> HttpResponse:
    """Begin a round like this one."""
    found = gate(request, EvaluationRound.objects.select_related("ballot", "organization", "campaign"), pk=pk)
    made = services.round_copy(evaluation_round=found, actor=request.user)
    messages.success(request, _("A new round was made from this one. Check each step, then open it."))
    return redirect("round_basics", pk=made.pk)


@access(POST=Cap.ROUND_MANAGE)
def round_repeat(request: GatedRequest, pk: int) -> HttpResponse:
    """Begin a round for those whose results are invalid."""
    found = gate(request, EvaluationRound.objects.select_related("ballot", "organization", "campaign"), pk=pk)
    made = services.round_repeat(evaluation_round=found, actor=request.user)
    messages.success(
        request, _("A new round was made for those whose result is invalid. Check each step, then open it.")
    )
    return redirect("round_basics", pk=made.pk)


@access(GET=Cap.ROUND_MANAGE, POST=Cap.ROUND_MANAGE)
def round_basics(request: GatedRequest, pk: int) -> HttpResponse:
    found = _draft_round(request, pk)
    if not isinstance(found, EvaluationRound):
        return found
    draft = _kept(request, "basics", found)
    form = BasicsForm(request.POST or None, evaluation_round=found, initial=dict(draft.fields) if draft else None)
    if form.is_valid() and _stored(request, form, found, services.round_basics_set, **_given(form)):
        return _on(request, "round_basics", found)
    return _page(request, "round_basics", found, {"form": form, "draft": draft, "draft_key": f"round_basics:{pk}"})


@access(GET=Cap.ROUND_MANAGE, POST=Cap.ROUND_MANAGE)
def round_subjects(request: GatedRequest, pk: int) -> HttpResponse:
    """Who is evaluated; below it, who that is now."""
    found = _draft_round(request, pk)
    if not isinstance(found, EvaluationRound):
        return found
    form = SubjectsForm(request.POST or None, evaluation_round=found)
    if form.is_valid():
        given = {"version": form.cleaned_data["version"], "choosing": form.choosing()}
        if _stored(request, form, found, services.round_subjects_set, **given):
            messages.success(request, _("%(n)s are evaluated.") % {"n": found.ballot.subjects.count()})
            return _on(request, "round_subjects", found)
    names = list(found.ballot.subjects.order_by("pk").values_list("name", flat=True)[:PREVIEW])
    context = {"form": form, "names": names, "more": max(0, found.ballot.subjects.count() - len(names))}
    return _page(request, "round_subjects", found, context)


PREVIEW = 60
LISTS: Mapping[str, tuple[Any, Any]] = {
    "items": (ItemForm, ItemFormSet),
    "choices": (ChoiceForm, ChoiceFormSet),
    "bands": (BandForm, BandFormSet),
    "classes": (ClassForm, ClassFormSet),
}


@access(GET=Cap.ROUND_MANAGE, POST=Cap.ROUND_MANAGE)
def round_questions(request: GatedRequest, pk: int) -> HttpResponse:
    """Questions, choices and grades, each a list of rows."""
    found = _draft_round(request, pk)
    if not isinstance(found, EvaluationRound):
        return found
    standards = list(Standard.objects.filter(campaign=found.campaign_id, audience=found.audience, parent__isnull=False))
    options = {"items": {"standards": standards}}
    names = ("items", "choices", "bands")
    op = request.POST.get("op", "save")
    draft = _kept(request, "questions", found)
    form = RulesForm(evaluation_round=found, initial=typed(RulesForm, dict(draft.fields)) if draft else None)
    if request.method == "GET":
        rows = _rows(names, dict(draft.fields)) if draft else _stored_questions(found)
    elif op.startswith("template:"):
        rows = _template_rows(op.removeprefix("template:"), found)
    elif edits_rows(op):
        rows = _rows(names, request.POST)
        rows_edited(rows, op)
        form = RulesForm(evaluation_round=found, initial=typed(RulesForm, request.POST))
    else:
        form = RulesForm(request.POST, evaluation_round=found)
        lists = {name: LISTS[name][1](request.POST, prefix=name, form_kwargs=options.get(name, {})) for name in names}
        if all([form.is_valid(), *(each.is_valid() for each in lists.values())]) and _stored(
            request,
            form,
            found,
            services.round_questions_set,
            version=form.cleaned_data["version"],
            rules=form.rules(),
            **{name: [row.plan() for row in each] for name, each in lists.items()},
        ):
            return _on(request, "round_questions", found)
        return _page(request, "round_questions", found, _questions(form, lists, None, found))
    lists = {name: LISTS[name][1](initial=rows[name], prefix=name, form_kwargs=options.get(name, {})) for name in names}
    return _page(request, "round_questions", found, _questions(form, lists, draft, found))


def _questions(form: Any, lists: Mapping[str, Any], draft: Draft | None, found: EvaluationRound) -> dict[str, Any]:
    alike = [each for each in templates if each.audience == found.audience]
    return {
        "form": form,
        "lists": lists,
        "draft": draft,
        "draft_key": f"round_questions:{found.pk}",
        "templates": alike,
    }


def _stored_questions(found: EvaluationRound) -> dict[str, list[dict[str, Any]]]:
    items = found.ballot.items.order_by("order").values("text", "weight", "standard")
    choices = found.ballot.choices.order_by("order").values("label", "worth", "is_satisfied")
    return {
        "items": [dict(row) for row in items],
        "choices": [dict(row) for row in choices],
        "bands": [{"edge": edge, "name": name} for edge, name in found.bands],
    }


def _template_rows(key: str, found: EvaluationRound) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a built-in questionnaire; what is stored where there is none of that name for these subjects."""
    if key not in templates or templates.get(key).audience != found.audience:
        return _stored_questions(found)
    plan = templates.get(key)
    return {
        "items": [{"text": item.text, "weight": item.weight, "standard": item.standard_id} for item in plan.items],
        "choices": [
            {"label": each.label, "worth": each.worth, "is_satisfied": each.is_satisfied} for each in plan.choices
        ],
        "bands": [{"edge": edge, "name": name} for edge, name in plan.bands],
    }


@access(GET=Cap.ROUND_MANAGE, POST=Cap.ROUND_MANAGE)
def round_raters(request: GatedRequest, pk: int) -> HttpResponse:
    """Classes with their weights and raters; below them what would be hidden, and how to avoid it."""
    found = _draft_round(request, pk)
    if not isinstance(found, EvaluationRound):
        return found
    op = request.POST.get("op", "save")
    if op in POOLS and request.method == "POST":
        getattr(services, op)(evaluation_round=found, actor=request.user)
        messages.success(request, POOLS[op])
        return redirect("round_raters", pk=pk)
    draft = _kept(request, "raters", found)
    kept = dict(draft.fields) if draft else {}
    form = RatersForm(evaluation_round=found, initial=typed(RatersForm, kept) if draft else None)
    if request.method == "GET":
        rows = _rows(("classes",), kept)["classes"] if draft else _stored_classes(found)
    elif op.startswith("scheme:"):
        key = op.removeprefix("scheme:")
        rows = scheme_rows(key) if key in schemes else _stored_classes(found)
    elif edits_rows(op):
        given = _rows(("classes",), request.POST)
        rows_edited(given, op)
        rows = given["classes"]
        form = RatersForm(evaluation_round=found, initial=typed(RatersForm, request.POST))
    else:
        form = RatersForm(request.POST, evaluation_round=found)
        lists = ClassFormSet(request.POST, prefix="classes")
        if all([form.is_valid(), lists.is_valid()]) and _stored(
            request,
            form,
            found,
            services.round_raters_set,
            **_given(form),
            classes=[row.plan() for row in lists],
            electorate={row.cleaned_data["key"]: row.cleaned_data["source"] for row in lists},
        ):
            draft_clear(request=request, key=f"round_raters:{pk}")
            messages.success(request, _("Stored, and the roll was made anew."))
            return redirect("round_raters", pk=pk)
        return _page(request, "round_raters", found, _raters(form, lists, draft, found))
    lists = ClassFormSet(initial=rows, prefix="classes")
    return _page(request, "round_raters", found, _raters(form, lists, draft, found))


def _raters(form: Any, classes: Any, draft: Draft | None, found: EvaluationRound) -> dict[str, Any]:
    key = f"round_raters:{found.pk}"
    return {"form": form, "classes": classes, "draft": draft, "draft_key": key, **_sizes(found)}


POOLS: Mapping[str, Any] = {
    "round_pool_classes": gettext_lazy("Where a class would be hidden, all classes are counted together."),
    "round_pool_units": gettext_lazy("Units that are too small are counted together with their neighbours."),
    "round_unpool": gettext_lazy("Every unit and every class is counted on its own again."),
    "round_roll": gettext_lazy("The roll was made anew."),
}


def _stored_classes(found: EvaluationRound) -> list[dict[str, Any]]:
    classes = found.ballot.classes.order_by("order").values("key", "name", "weight")
    return [{**row, "source": found.electorate.get(row["key"], "")} for row in classes]


def _sizes(found: EvaluationRound) -> dict[str, Any]:
    """Return how many rate in each class, and what is too small."""
    cells = ballots.entitled(found.ballot)
    classes = list(found.ballot.classes.order_by("order"))
    numbers = [(each, sum(n for (_subject, key), n in cells.items() if key == each.pk)) for each in classes]
    return {
        "numbers": numbers,
        "schemes": list(schemes),
        **small_shown(found.ballot),
        "neighbours": services.neighbours(found),
    }


# ---- what the steps share ----


def _draft_round(request: GatedRequest, pk: int) -> EvaluationRound | HttpResponse:
    """Return the round if it can still be set up; else lead to its page."""
    found: EvaluationRound = gate(
        request, EvaluationRound.objects.select_related("ballot", "organization", "campaign"), pk=pk
    )
    if found.state != RoundState.DRAFT:
        messages.info(request, _("This round is no longer being prepared: its questions and voters are fixed."))
        return redirect("round_detail", pk=pk)
    if request.POST.get("op") == "discard" and request.resolver_match:
        address = str(request.resolver_match.url_name)
        draft_clear(request=request, key=f"{address}:{pk}")
        return redirect(address, pk=pk)
    return found


def _kept(request: GatedRequest, part: str, found: EvaluationRound) -> Draft | None:
    return draft_of(request.user, f"round_{part}:{found.pk}") if request.method == "GET" else None


def _given(form: Any) -> dict[str, Any]:
    return dict(form.cleaned_data)


def _stored(request: GatedRequest, form: Any, found: EvaluationRound, service: Any, **given: Any) -> bool:
    if form.attempt(service, evaluation_round=found, actor=request.user, **given):
        return True
    if isinstance(form.refusal, EditConflict):
        found.refresh_from_db()
        form.renew(found)
    return False


def _on(request: GatedRequest, here: str, found: EvaluationRound) -> HttpResponse:
    """Lead to the next step, and forget what was kept of this one."""
    draft_clear(request=request, key=f"{here}:{found.pk}")
    return redirect(_next(here), pk=found.pk)


def _rows(names: tuple[str, ...], data: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    return {name: rows_typed(LISTS[name][0], data, name) for name in names}


def _page(request: GatedRequest, here: str, found: EvaluationRound, context: dict[str, Any]) -> HttpResponse:
    shown = {"round": found, "tabs": steps_of(found, here), "crumbs": _crumbs(found), **context}
    return render(request, f"reviews/rounds/set_up_{here.removeprefix('round_')}.html", shown)


def _crumbs(found: EvaluationRound | None) -> list[dict[str, str]]:
    crumbs = [{"label": _("Mass evaluation"), "url": reverse("round_list")}]
    if found is not None:
        crumbs.append({"label": found.name, "url": reverse("round_detail", args=[found.pk])})
    return crumbs
