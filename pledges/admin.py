"""For looking, never for changing."""

from django.contrib import admin

from campaign.common.admin import ReadOnlyAdmin
from pledges.models import Pledge, PledgeAppraisal, PledgeItem, PledgeProgress, PledgeReview, PledgeRules


@admin.register(Pledge)
class PledgeAdmin(ReadOnlyAdmin):
    list_display = ("subject_name", "organization_name", "year", "state", "submitted_at", "published_at")
    list_filter = ("state", "year")
    list_select_related = ("campaign",)


@admin.register(PledgeItem)
class PledgeItemAdmin(ReadOnlyAdmin):
    list_display = ("pledge", "order", "kind", "text", "due_on", "result")
    list_select_related = ("pledge",)


for model in (PledgeRules, PledgeReview, PledgeProgress, PledgeAppraisal):
    admin.site.register(model, ReadOnlyAdmin)
