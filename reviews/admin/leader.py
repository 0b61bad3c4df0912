from django.contrib import admin

from campaign.common.admin import ReadOnlyAdmin
from reviews.models.leader import LeaderReview


@admin.register(LeaderReview)
class LeaderReviewAdmin(ReadOnlyAdmin):
    list_display = ("id", "period", "organization", "audience", "reviewer_name", "held_on", "state")
    list_select_related = ("period", "organization")
