"""Reminders: at most one per person, rule and subject. They lie on the desk until read; nothing pops up."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.common import clock


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: models.Model) -> "NoticeQuerySet":
        """Keep a person's own reminders: nobody reads another's."""
        return self.filter(user_id=user.pk)

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)


class Notice(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    rule = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    text = models.CharField(_("text"), max_length=300)
    url = models.CharField(max_length=300)
    due_on = models.DateField(_("due on"))
    created_at = models.DateTimeField(_("time"), default=clock.now)
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        ordering: ClassVar = ("due_on", "pk")
        constraints = (models.UniqueConstraint(fields=("user", "rule", "subject"), name="notice_once"),)
        indexes = (models.Index(fields=("user", "read_at"), name="notice_of_user"),)

    def __str__(self) -> str:
        return self.text

    @property
    def is_news(self) -> bool:
        """It tells what has happened: nothing falls due."""
        return self.due_on <= timezone.localdate(self.created_at)
