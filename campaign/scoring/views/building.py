"""Building a score sheet: begun as a copy, edited as a draft, tried on real data, put into use from a period on."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.access import GatedRequest, access, gate
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, EditConflict
from campaign.common.rows import edits_rows, rows_edited, rows_typed
from campaign.models import Audience, Campaign, Period, Standard
from campaign.scoring import services
from campaign.scoring.arithmetic import FULL_SHEET
from campaign.scoring.forms.sheets import (
    BeginForm,
    GradeForm,
    GradeFormSet,
    ItemForm,
    ItemFormSet,
    RevisionForm,
    SheetForm,
    TrialForm,
    UseForm,
    usable_periods,
)
from campaign.scoring.models import ScoreSheet
from campaign.scoring.preview import preview
from orgs.models import Organization
from orgs.models.organizations import BRANCH_TYPES

LISTS: Mapping[str, tuple[Any, Any]] = {"items": (ItemForm, ItemFormSet), "grades": (GradeForm, GradeFormSet)}


@access(GET=Cap.CAMPAIGN_MANAGE, POST=Cap.CAMPAIGN_MANAGE)
def sheet_begin(request: GatedRequest, pk: int) -> HttpResponse:
    """Begin a draft for the campaign `pk`."""
    campaign = gate(request, Campaign.objects.select_related("organization"), pk=pk)
    form = BeginForm(request.POST or None, campaign=campaign, initial={"source": request.GET.get("source", "")})
    if request.method == "POST" and form.is_valid():
        definition = form.template() or services.definition_of(form.stored())
        if form.cleaned_data["apart"]:
            definition = services.definition_apart(campaign, definition)
        if form.attempt(services.sheet_begin, actor=request.user, campaign=campaign, definition=definition):
            messages.success(request, _("The draft is begun. It counts for nobody until you put it into use."))
            return redirect("sheet_edit", form.result.pk)
    drafts = ScoreSheet.objects.filter(campaign=campaign, state="draft").order_by("name")
    context = {"form": form, "drafts": drafts, "crumbs": _crumbs()}
    return render(request, "scoring/sheet_begin.html", context)


@access(GET=Cap.CAMPAIGN_MANAGE, POST=Cap.CAMPAIGN_MANAGE)
def sheet_edit(request: GatedRequest, pk: int) -> HttpResponse:
    sheet = _draft(request, pk)
    if sheet is None:
        return _no_draft(request, pk)
    audience = Audience(sheet.audience)
    op = request.POST.get("op", "save")
    if request.method == "GET":
        form = SheetForm(initial=SheetForm.values_of(sheet), audience=audience)
        return _editor(request, sheet, form, _lists(sheet, _stored(sheet)))
    if edits_rows(op):
        rows = {name: rows_typed(row, request.POST, name) for name, (row, _set) in LISTS.items()}
        moved = rows_edited(rows, op)
        typed = {
            name: request.POST.getlist(name) if name == "types" else request.POST.get(name) for name in request.POST
        }
        lists = _lists(sheet, rows)
        lists["items"].moved = moved  # the grades stand by their bounds
        return _editor(request, sheet, SheetForm(initial=typed, audience=audience), lists)
    form = SheetForm(request.POST, audience=audience)
    lists = {
        name: made(request.POST, prefix=name, form_kwargs=_options(sheet, name)) for name, (_r, made) in LISTS.items()
    }
    if all([form.is_valid(), *(each.is_valid() for each in lists.values())]):
        items = [row.item(number) for number, row in enumerate(lists["items"], start=services.first_free(sheet))]
        definition = form.definition(sheet, items, [row.grade() for row in lists["grades"]])
        revision = form.cleaned_data["revision"]
        if form.attempt(
            services.sheet_change, actor=request.user, sheet=sheet, revision=revision, definition=definition
        ):
            messages.success(request, _("The draft is stored."))
            return redirect("sheet_preview" if op == "preview" else "sheet_edit", pk)
        if isinstance(form.refusal, EditConflict):
            sheet.refresh_from_db()
            form.renew(sheet)
    return _editor(request, sheet, form, lists)


def _draft(request: GatedRequest, pk: int) -> ScoreSheet | None:
    """Return the sheet if it is a draft still."""
    sheets = ScoreSheet.objects.select_related("campaign__organization").prefetch_related("items", "grades", "types")
    sheet: ScoreSheet = gate(request, sheets, pk=pk)
    return sheet if sheet.is_draft else None


def _no_draft(request: GatedRequest, pk: int) -> HttpResponse:
    messages.info(request, _("This version is in use and changes no more: begin the next one."))
    return redirect("sheet_detail", pk)


def _stored(sheet: ScoreSheet) -> dict[str, list[dict[str, Any]]]:
    items = sheet.items.select_related("standard")
    return {
        "items": [ItemForm.values_of(item) for item in items],
        "grades": [{"name": band.name, "at_least": band.at_least} for band in sheet.grades.all()],
    }


def _options(sheet: ScoreSheet, name: str) -> dict[str, Any]:
    if name != "items":
        return {}
    audience = Audience(sheet.audience)
    standards = Standard.objects.filter(campaign=sheet.campaign_id, audience=audience, parent__isnull=False)
    return {"audience": audience, "standards": list(standards)}


def _lists(sheet: ScoreSheet, rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        name: made(initial=rows[name], prefix=name, form_kwargs=_options(sheet, name))
        for name, (_row, made) in LISTS.items()
    }


def _editor(request: GatedRequest, sheet: ScoreSheet, form: RevisionForm, lists: Mapping[str, Any]) -> HttpResponse:
    context = {
        "sheet": sheet,
        "form": form,
        "lists": lists,
        "total": _total(lists["items"]),
        "whole": FULL_SHEET,
        "tabs": tabs_of(sheet, "sheet_edit"),
        "crumbs": _crumbs(sheet),
    }
    return render(request, "scoring/sheet_edit.html", context)


def _total(items: Any) -> int | None:
    """Return the sum of the full marks as they stand on the page (hundredths); None where one is no number."""
    found = 0
    for row in items:
        value = row["full"].value()
        try:
            found += value if isinstance(value, int) else row.fields["full"].clean(value)
        except ValidationError:
            return None
    return found


def tabs_of(sheet: ScoreSheet, here: str) -> list[dict[str, Any]]:
    """Return the steps of building a sheet as tabs."""
    steps = (
        ("sheet_edit", _("1. Items and grades")),
        ("sheet_preview", _("2. Try it")),
        ("sheet_use", _("3. Put into use")),
    )
    return [{"label": label, "url": reverse(name, args=[sheet.pk]), "active": name == here} for name, label in steps]


@access(GET=Cap.CAMPAIGN_MANAGE)
def sheet_preview(request: GatedRequest, pk: int) -> HttpResponse:
    """What the draft would give beside the version in use; nothing is stored."""
    sheet = _draft(request, pk)
    if sheet is None:
        return _no_draft(request, pk)
    user: Any = request.user
    chosen = request.GET if "organization" in request.GET else None
    form = TrialForm(user, sheet.campaign, chosen or _first(sheet))
    found, refusal = None, ""
    if form.is_valid():
        try:
            found = preview(sheet=sheet, **form.cleaned_data)
        except DomainError as error:
            refusal = str(error)
    context = {
        "sheet": sheet, "form": form, "preview": found, "refusal": refusal,
        "tabs": tabs_of(sheet, "sheet_preview"), "crumbs": _crumbs(sheet),
    }  # fmt: skip
    return render(request, "scoring/sheet_preview.html", context)


def _first(sheet: ScoreSheet) -> dict[str, Any]:
    """Return what a draft is tried on at first: the period that ended last (else that began last), and the first
    organization that it is for, of the lowest level."""
    begun = sheet.campaign.periods.filter(starts_on__lte=clock.today()).order_by("-starts_on", "-pk")
    period = begun.filter(ends_on__lt=clock.today()).first() or begun.first()
    types = [row.type for row in sheet.types.all()] or BRANCH_TYPES
    places = Organization.objects.filter(pk__in=sheet.campaign.organizations().values("pk"), type__in=types).active()
    if sheet.category:
        places = places.filter(category=sheet.category)
    place = places.order_by("-depth", "path").first()
    return {"period": period.pk if period else "", "organization": place.pk if place else ""}


@access(GET=Cap.CAMPAIGN_MANAGE, POST=Cap.CAMPAIGN_MANAGE)
def sheet_use(request: GatedRequest, pk: int) -> HttpResponse:
    sheet = _draft(request, pk)
    if sheet is None:
        return _no_draft(request, pk)
    first = {"revision": sheet.revision, "period": _next_period(sheet.campaign)}
    form = UseForm(request.POST or None, campaign=sheet.campaign, initial=first)
    if request.method == "POST" and form.is_valid():
        if form.attempt(services.sheet_use, actor=request.user, sheet=sheet, **form.cleaned_data):
            messages.success(request, _("The score sheet is in use. Periods under way are computed again."))
            return redirect("sheet_detail", pk)
        if isinstance(form.refusal, EditConflict):
            return _no_draft(request, pk) if not ScoreSheet.objects.get(pk=pk).is_draft else redirect("sheet_use", pk)
    context = {"sheet": sheet, "form": form, "tabs": tabs_of(sheet, "sheet_use"), "crumbs": _crumbs(sheet)}
    return render(request, "scoring/sheet_use.html", context)


def _next_period(campaign: Campaign) -> Period | None:
    """Return the first period that has not ended: what is over was told to people already."""
    return usable_periods(campaign).filter(ends_on__gte=clock.today()).first()


@access(POST=Cap.CAMPAIGN_MANAGE)
def sheet_remove(request: GatedRequest, pk: int) -> HttpResponse:
    sheet = _draft(request, pk)
    if sheet is None:
        return _no_draft(request, pk)
    services.sheet_remove(actor=request.user, sheet=sheet)
    messages.success(request, _("The draft is thrown away."))
    return redirect("sheet_list")


def _crumbs(sheet: ScoreSheet | None = None) -> list[dict[str, str]]:
    crumbs = [{"label": _("Score sheets"), "url": reverse("sheet_list")}]
    if sheet is not None:
        crumbs.append({"label": sheet.name, "url": reverse("sheet_detail", args=[sheet.pk])})
    return crumbs
