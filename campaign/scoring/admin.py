"""For looking, never for changing."""

from django.contrib import admin

from campaign.common.admin import ReadOnlyAdmin
from campaign.scoring.models import GradeBand, PeriodScore, ScoreRun, ScoreSheet, ScoreSheetItem


@admin.register(ScoreSheet)
class ScoreSheetAdmin(ReadOnlyAdmin):
    list_display = ("name", "version", "audience", "state", "used_at")
    list_filter = ("audience", "state")


@admin.register(ScoreSheetItem)
class ScoreSheetItemAdmin(ReadOnlyAdmin):
    list_display = ("sheet", "order", "label", "metric", "method", "full_marks", "when_nothing")
    list_select_related = ("sheet",)


@admin.register(ScoreRun)
class ScoreRunAdmin(ReadOnlyAdmin):
    list_display = ("period", "organization", "state", "as_of", "digest", "finished_at")
    list_filter = ("state",)
    list_select_related = ("period", "organization")


@admin.register(PeriodScore)
class PeriodScoreAdmin(ReadOnlyAdmin):
    list_display = ("period", "organization", "member", "total", "grade", "run", "removed")
    list_select_related = ("period", "organization", "member", "run__period", "run__organization")


admin.site.register(GradeBand, ReadOnlyAdmin)
