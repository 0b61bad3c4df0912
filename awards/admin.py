from django.contrib import admin

from awards.models import AwardBatch, AwardCategory, Honour, Nomination
from campaign.common.admin import ReadOnlyAdmin


@admin.register(AwardBatch)
class AwardBatchAdmin(ReadOnlyAdmin):
    list_display = ("name", "organization", "state", "opens_on", "closes_on")
    list_select_related = ("organization",)


@admin.register(AwardCategory)
class AwardCategoryAdmin(ReadOnlyAdmin):
    list_display = ("batch", "name", "quota", "approved")
    list_select_related = ("batch",)


@admin.register(Nomination)
class NominationAdmin(ReadOnlyAdmin):
    list_display = ("id", "batch", "category", "organization", "state")
    list_select_related = ("batch", "category", "organization")


@admin.register(Honour)
class HonourAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "name", "organization_name", "batch", "decided_on")
    list_select_related = ("batch",)
