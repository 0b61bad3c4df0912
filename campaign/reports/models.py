"""What people keep for the forms they export: how the lines around a table are worded, and choices of columns."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class FormWording(models.Model):
    """The lines around a form's table (`registry.LINES`) as a person words them; what is not in it stays as every form has it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    report = models.CharField(_("report"), max_length=60)
    lines = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("wording of a form")
        constraints = (models.UniqueConstraint(fields=("user", "report"), name="wording_once"),)

    def __str__(self) -> str:
        return self.report


class ReportViewQuerySet(models.QuerySet["ReportView"]):
    def of(self, user: Any, report: str) -> "ReportViewQuerySet":
        """Return a person's own views of a report by name."""
        return self.filter(user=user, report=report).order_by("name")


class ReportView(models.Model):
    """A named choice of columns of a list report, in their order, by heading."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    report = models.CharField(_("report"), max_length=60)
    name = models.CharField(_("name of the view"), max_length=40)
    columns = models.JSONField(default=list)

    objects = ReportViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("view of a report")
        constraints = (models.UniqueConstraint(fields=("user", "report", "name"), name="report_view_once"),)

    def __str__(self) -> str:
        return self.name
