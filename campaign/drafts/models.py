"""What somebody has typed into a form and not sent yet, so that a lost session or connection loses nothing.

Never used for ballots: their answers live in the open page only.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign.common import clock


class Draft(models.Model):
    """The fields of one form, as typed. `key` names the form and its record, such as `pledge:12`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=60)
    fields = models.JSONField()
    """Pairs of name and value in the order of the form; names may repeat."""
    saved_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("unsent text")
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="draft_once"),)

    def __str__(self) -> str:
        return self.key
