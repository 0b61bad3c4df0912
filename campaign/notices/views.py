"""A person's own reminders."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import ngettext

from campaign.common.access import SIGNED_IN, access
from campaign.notices.models import Notice
from campaign.notices.services import notice_read, notices_read_all


@access(GET=SIGNED_IN)
def notice_list(request: HttpRequest) -> HttpResponse:
    own = Notice.objects.visible_to(request.user)  # type: ignore[arg-type]
    shown = own if request.GET.get("all") else own.unread()
    page = Paginator(shown, 50).get_page(request.GET.get("page"))
    return render(request, "notices/notice_list.html", {"page": page, "all": bool(request.GET.get("all"))})


@access(POST=SIGNED_IN)
def notice_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark as read and go to what it is about."""
    notice = Notice.objects.visible_to(request.user).filter(pk=pk).first()  # type: ignore[arg-type]
    if notice is None:
        raise Http404
    notice_read(notice=notice, actor=request.user)
    return HttpResponseRedirect(notice.url)


@access(POST=SIGNED_IN)
def notice_read_all(request: HttpRequest) -> HttpResponse:
    count = notices_read_all(actor=request.user)
    messages.success(
        request, ngettext("%(n)s reminder marked as read.", "%(n)s reminders marked as read.", count) % {"n": count}
    )
    return redirect("notice_list")
