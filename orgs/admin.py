"""Read-only admin: never shows id numbers, their keyed hashes, phones or password hashes."""

from django.contrib import admin
from django.contrib.auth.models import Group

from campaign.common.admin import ReadOnlyAdmin
from orgs.models import ImportBatch, Member, Organization, RoleAssignment, User

# Rights come from roles in organizations; groups have no meaning here.
admin.site.unregister(Group)


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    list_display = ("name", "code", "type", "is_active")
    list_filter = ("type", "is_active")
    ordering = ("path",)


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ("name", "personnel_no", "organization", "kind", "status")
    list_filter = ("kind", "status", "party_post")
    list_select_related = ("organization",)
    exclude = ("id_number_cipher", "id_number_digest", "phone", "birth_date")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("username", "name", "organization", "is_active", "last_login")
    list_filter = ("is_active",)
    list_select_related = ("organization",)
    exclude = ("password", "email", "groups", "user_permissions")


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(ReadOnlyAdmin):
    list_display = ("user", "role", "organization", "starts_on", "ends_on")
    list_filter = ("role",)
    list_select_related = ("user", "organization")


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnlyAdmin):
    list_display = ("kind", "state", "organization", "requested_by", "created_at")
    list_filter = ("kind", "state")
    list_select_related = ("organization", "requested_by")
    exclude = ("file_path", "file_name", "problems", "preview", "fingerprint")
