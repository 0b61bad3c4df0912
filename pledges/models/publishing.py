"""示诺: links to a board for those without an account, and what people say to a pledge."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import Versioned, choice_check
from orgs.models import Organization
from pledges.models.pledges import Pledge


class BoardLinkQuerySet(ScopedQuerySet["BoardLink"]):
    view_capability: ClassVar[Cap] = Cap.PLEDGE_PUBLISH

    def live(self) -> Self:
        """Keep what opens a board today."""
        return self.filter(revoked_at=None, expires_on__gte=clock.today(), organization__is_active=True)


class BoardLink(models.Model):
    """An address that shows an organization's board without an account: for the screen in the hall and its QR code
    (2-domain f.4). Only a keyed hash of its code is kept; of its use, only the last day."""

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="board_links", verbose_name=_("party organization")
    )
    name = models.CharField(_("where it hangs"), max_length=60)
    with_below = models.BooleanField(_("with the organizations below"), default=False)
    code_digest = models.CharField(max_length=64, unique=True)
    expires_on = models.DateField(_("valid until"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("made at"), default=clock.now)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_on = models.DateField(_("last used"), null=True, blank=True)

    objects = BoardLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link to a board")
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and self.expires_on >= clock.today()


class CommentKind(models.TextChoices):
    OPINION = "opinion", pgettext_lazy("pledge", "Opinion")
    QUESTION = "question", pgettext_lazy("pledge", "Question")


class CommentState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("comment", "Not looked at yet")
    SHOWN = "shown", pgettext_lazy("comment", "Shown")
    HIDDEN = "hidden", pgettext_lazy("comment", "Not shown")


class PledgeCommentQuerySet(ScopedQuerySet["PledgeComment"]):
    """Reached through its pledge: what one may do there, one may do here."""

    view_capability: ClassVar[Cap] = Cap.PLEDGE_PUBLISH

    def allowed(self, user: Person, capability: Cap) -> Self:
        return self.filter(pledge__in=Pledge.objects.allowed(user, capability).order_by().values("pk"))

    def waiting(self) -> Self:
        return self.filter(state=CommentState.WAITING)

    def shown(self) -> Self:
        return self.filter(state=CommentState.SHOWN)

    def unanswered(self) -> Self:
        """Keep what is shown and has no answer yet."""
        return self.shown().filter(answered_at=None)


class PledgeComment(Versioned):
    """What somebody who read the board says to a pledge. It shows once it was looked at, without who said it."""

    pledge = models.ForeignKey(Pledge, models.CASCADE, related_name="comments", verbose_name=_("pledge"))
    kind = models.CharField(_("kind"), max_length=10, choices=CommentKind.choices, default=CommentKind.OPINION)
    text = models.CharField(_("text"), max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(pgettext_lazy("comment", "from"), max_length=60, blank=True)
    contact = models.TextField(blank=True)
    """How to reach a visitor, encrypted; erased as soon as the comment is answered or hidden."""
    link = models.ForeignKey(BoardLink, models.SET_NULL, null=True, blank=True, related_name="comments")
    state = models.CharField(_("state"), max_length=10, choices=CommentState.choices, default=CommentState.WAITING)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    created_at = models.DateTimeField(_("received at"), default=clock.now, editable=False)

    objects = PledgeCommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("opinion on a pledge")
        ordering = ("created_at", "pk")
        constraints = (
            choice_check("kind", CommentKind, "pledge_comment_kind"),
            choice_check("state", CommentState, "pledge_comment_state"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answer="") | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="pledge_comment_answered",
            ),
        )
        indexes = (models.Index(fields=("state", "created_at"), name="pledge_comment_waiting"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.created_at:%Y-%m-%d}"
