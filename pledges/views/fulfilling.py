"""督诺: what was done with its evidence, and how one judges it oneself."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.attachments.downloads import attachment_response
from campaign.audit.services import audit_record
from campaign.common.access import SIGNED_IN, access, gate
from campaign.common.capabilities import Cap
from campaign.common.downloads import download
from campaign.drafts.forms import dropped, keep
from campaign.drafts.services import draft_clear
from pledges import services
from pledges.forms import EvidenceForm, JudgementForm, ProgressForm, VersionForm
from pledges.models import (
    AppraisalKind,
    ItemResult,
    Pledge,
    PledgeItem,
    PledgeProgress,
    PledgeState,
    ProgressEvidence,
)
from pledges.selectors import appraised_until, pledge_with_evidence
from pledges.views.appraising import items_of, judged

RUNNING = (PledgeState.PUBLISHED, PledgeState.IN_PROGRESS)


def _pledge(request: HttpRequest, pk: int) -> Pledge:
    return gate(request, Pledge.objects.select_related("campaign", "organization", "member"), pk=pk)


def _crumbs(pledge: Pledge) -> list[dict[str, str]]:
    return [{"label": str(pledge), "url": reverse("pledge_detail", args=[pledge.pk])}]


@access(GET=Cap.PLEDGE_WRITE, POST=Cap.PLEDGE_WRITE)
def pledge_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Note what was done for an item; judge one's own items below it."""
    pledge = _pledge(request, pk)
    key = f"pledge_progress:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    form = keep(request, ProgressForm(request.POST or None, request.FILES or None, pledge=pledge), key)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.attempt(services.progress_add, actor=request.user, **form.given())
    ):
        draft_clear(request=request, key=key)
        messages.success(request, _("Noted."))
        return redirect("pledge_progress", pk=pk)
    items = items_of(pledge)
    own = [JudgementForm(item=item, own=True) for item in _judged_by_oneself(pledge, items)]
    version = keep(request, VersionForm(initial={"version": pledge.version}), _own_key(pledge), parts=own)
    return _progress_page(request, pledge, items, form, own, version)


def _own_key(pledge: Pledge) -> str:
    return f"pledge_appraise_self:{pledge.pk}"


def _progress_page(
    request: HttpRequest,
    pledge: Pledge,
    items: list[PledgeItem],
    form: ProgressForm,
    own: list[JudgementForm],
    version: Any,
) -> HttpResponse:
    put_changeable(pledge, items)
    context = {
        "pledge": pledge, "items": items, "form": form, "own": own, "version": version, "crumbs": _crumbs(pledge),
    }  # fmt: skip
    return render(request, "pledges/pledge_progress.html", context)


def _judged_by_oneself(pledge: Pledge, items: list[PledgeItem]) -> list[PledgeItem]:
    """Return the items to say oneself how they went: before the organization does, in a stage that appraises."""
    if pledge.state not in RUNNING or appraised_until(pledge.campaign) is None:
        return []
    return [item for item in items if item.result == ItemResult.PENDING]


def put_changeable(pledge: Pledge, items: list[PledgeItem]) -> None:
    """Give each entry of progress `may_change`: whoever writes the pledge may still correct it."""
    for item in items:
        for entry in item.progress.all():
            entry.may_change = services.may_be_changed(item, pledge)  # type: ignore[attr-defined]


@access(POST=Cap.PLEDGE_WRITE)
def pledge_appraise_self(request: HttpRequest, pk: int) -> HttpResponse:
    pledge = _pledge(request, pk)
    key = _own_key(pledge)
    if dropped(request, key):
        return redirect("pledge_progress", pk=pk)
    items = items_of(pledge)
    own = [JudgementForm(request.POST, item=item, own=True) for item in _judged_by_oneself(pledge, items)]
    version = keep(request, VersionForm(request.POST), key)
    if judged(pledge, own, version, AppraisalKind.SELF, actor=request.user):
        draft_clear(request=request, key=key)
        messages.success(request, _("Your appraisal of yourself is noted. The organization decides."))
        return redirect("pledge_progress", pk=pk)
    form = keep(request, ProgressForm(pledge=pledge), f"pledge_progress:{pk}")
    return _progress_page(request, pledge, items, form, own, version)


# -- evidence 佐证材料 ---------------------------------------------------------------------------------------------------


def _entry(request: HttpRequest, pk: int) -> PledgeProgress:
    """Return an entry of a pledge that one writes."""
    found: PledgeProgress = gate(request, PledgeProgress.objects.select_related("item__pledge"), pk=pk)
    return found


@access(GET=Cap.PLEDGE_WRITE, POST=Cap.PLEDGE_WRITE)
def evidence_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add files to what was noted."""
    entry = _entry(request, pk)
    pledge = entry.item.pledge
    form = EvidenceForm(request.POST, request.FILES) if request.method == "POST" else EvidenceForm()
    if form.is_valid() and form.attempt(
        services.evidence_add, progress=entry, actor=request.user, evidence=form.files_given()
    ):
        messages.success(request, _("The files are added."))
        return redirect("pledge_progress", pk=pledge.pk)
    crumbs = [{"label": _("Note progress"), "url": reverse("pledge_progress", args=[pledge.pk])}]
    context = {"form": form, "pledge": pledge, "entry": entry, "crumbs": crumbs, "title": _("Add evidence")}
    return render(request, "pledges/supervising_form.html", {**context, "submit": _("Add the files")})


@access(POST=Cap.PLEDGE_WRITE)
def progress_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what was noted by mistake, with its files."""
    entry = _entry(request, pk)
    services.progress_remove(progress=entry, actor=request.user)
    messages.success(request, _("The entry is taken back."))
    return redirect("pledge_progress", pk=entry.item.pledge_id)


def _evidence(pledge: Pledge, attachment: UUID) -> ProgressEvidence:
    found = ProgressEvidence.objects.of_pledge(pledge).select_related("attachment", "progress__item__pledge")
    return get_object_or_404(found, attachment=attachment)


@access(POST=Cap.PLEDGE_WRITE)
def evidence_remove(request: HttpRequest, pk: int, attachment: UUID) -> HttpResponse:
    """Take a file out."""
    evidence = _evidence(_pledge(request, pk), attachment)
    services.evidence_remove(evidence=evidence, actor=request.user)
    messages.success(request, _("The file is taken out."))
    return redirect("pledge_progress", pk=pk)


@access(GET=SIGNED_IN)
def evidence_open(request: HttpRequest, pk: int, attachment: UUID) -> HttpResponseBase:
    """Download a file, with an entry in the audit log; colleagues who may judge the pledge see it as well."""
    pledge = pledge_with_evidence(request.user, pk)
    if pledge is None:
        raise Http404
    found = _evidence(pledge, attachment).attachment
    answer = attachment_response(found)
    audit_record(action="evidence_open", actor=request.user, target=pledge, changes={"file": ["", found.name]})
    return answer


@access(GET=Cap.PLEDGE_VIEW)
def evidence_archive(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Download all files of a pledge in one archive."""
    pledge = _pledge(request, pk)
    content = services.evidence_archive(pledge=pledge, actor=request.user)
    name = f"{pledge.subject_name}_{pledge.year}_{_('evidence')}.zip"
    return download(content, name, content_type="application/zip")
