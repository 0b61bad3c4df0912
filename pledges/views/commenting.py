"""示诺: opinions and questions on pledges: looked at before they show, answered."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import SIGNED_IN, access, gate
from campaign.common.capabilities import Cap
from campaign.common.crypto import decrypt
from campaign.common.listing import BoundedPaginator
from campaign.drafts.forms import dropped, keep
from campaign.drafts.services import draft_clear
from pledges import services
from pledges.forms import CommentAnswerForm
from pledges.models import CommentState, PledgeComment
from pledges.selectors import answerable_by, comments_to_moderate
from pledges.views.saving import saved

PER_PAGE = 20


@access(GET=SIGNED_IN)
def comment_list(request: HttpRequest) -> HttpResponse:
    """What waits to be looked at, what to be answered, and what is done with; only on pledges that are one's affair."""
    user: Any = request.user
    answerable = answerable_by(user)
    hidden = PledgeComment.objects.allowed(user, Cap.PLEDGE_PUBLISH).filter(state=CommentState.HIDDEN)
    lists: dict[str, tuple[str, Any]] = {
        "waiting": (_("To look at"), comments_to_moderate(user)),
        "answer": (_("To answer"), answerable.unanswered()),
        "answered": (_("Answered"), answerable.exclude(answered_at=None).order_by("-answered_at", "-pk")),
        "hidden": (_("Not shown"), hidden.order_by("-created_at", "-pk")),
    }
    shown = request.GET.get("show", "waiting")
    shown = shown if shown in lists else "waiting"
    pages = {key: BoundedPaginator(found.select_related("pledge"), PER_PAGE) for key, (_label, found) in lists.items()}
    tabs = [
        {"label": label, "url": f"?show={key}", "active": key == shown, "count": pages[key].count}
        for key, (label, _found) in lists.items()
    ]
    page = pages[shown].get_page(request.GET.get("page"))
    moderates = set(
        PledgeComment.objects.allowed(user, Cap.PLEDGE_PUBLISH)
        .filter(pk__in=[comment.pk for comment in page.object_list])
        .values_list("pk", flat=True)
    )
    for comment in page.object_list:
        comment.may_moderate = comment.pk in moderates
        comment.reach = _contact(comment) if comment.may_moderate else ""
    context = {"page": page, "tabs": tabs, "shown": shown}
    return render(request, "pledges/comment_list.html", context)


def _contact(comment: PledgeComment) -> str:
    try:
        return decrypt(comment.contact)
    except InvalidToken:  # the key was changed
        return ""


@access(POST=Cap.PLEDGE_PUBLISH)
def comment_moderate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it show or keep it off the board: the field `step` says which."""
    comment = gate(request, PledgeComment.objects.select_related("pledge"), pk=pk)
    step = request.POST.get("step", "")
    if step == "comment_show":
        services.comment_show(comment=comment, actor=request.user)
        messages.success(request, _("It shows on the board now."))
    elif step == "comment_hide":
        services.comment_hide(comment=comment, actor=request.user, reason=request.POST.get("reason", ""))
        messages.success(request, _("It does not show on the board."))
    else:
        raise Http404
    return redirect("comment_list")


@access(GET=SIGNED_IN, POST=SIGNED_IN)
def comment_answer(request: HttpRequest, pk: int) -> HttpResponse:
    comment = get_object_or_404(answerable_by(request.user).select_related("pledge"), pk=pk)
    key = f"comment_answer:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    shown = {"text": comment.answer, "version": comment.version}
    form = keep(request, CommentAnswerForm(request.POST or None, initial=shown), key)
    given = {"comment": comment, "actor": request.user}
    if (
        request.method == "POST"
        and form.is_valid()
        and saved(form, comment, services.comment_answer, text=form.cleaned_data["text"], **given)
    ):
        draft_clear(request=request, key=key)
        messages.success(request, _("The answer stands on the board."))
        return redirect(f"{reverse('comment_list')}?show=answer")
    crumbs = [{"label": _("Opinions and questions"), "url": reverse("comment_list")}]
    context = {"form": form, "pledge": comment.pledge, "comment": comment, "crumbs": crumbs, "title": _("Answer")}
    return render(request, "pledges/supervising_form.html", context)
