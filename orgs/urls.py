"""Addresses of organizations and imports; the other parts have files of their own, joined here."""

from django.urls import include, path

from orgs.views import imports, organizations, records

urlpatterns = [
    path("organizations/", organizations.organization_list, name="organization_list"),
    path("organizations/new/", organizations.organization_create_page, name="organization_create"),
    path("organizations/search/", organizations.organization_search, name="organization_search"),
    path("organizations/<int:pk>/", organizations.organization_detail, name="organization_detail"),
    path("organizations/<int:pk>/children/", organizations.organization_children, name="organization_children"),
    path("organizations/<int:pk>/edit/", organizations.organization_edit, name="organization_edit"),
    path("organizations/<int:pk>/record/", records.organization_record, name="organization_record"),
    path("imports/", imports.import_upload_page, name="import_upload"),
    path("imports/history/", imports.import_history, name="import_history"),
    path("imports/template/", imports.import_template_page, name="import_template"),
    path("imports/<uuid:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<uuid:pk>/rows/", imports.import_rows, name="import_rows"),
    path("imports/<uuid:pk>/undo/", imports.import_undo_page, name="import_undo"),
    path("imports/<uuid:pk>/apply/", imports.import_apply_page, name="import_apply"),
    path("imports/<uuid:pk>/annotated/", imports.import_annotated_page, name="import_annotated"),
    path("", include("orgs.urls_accounts")),
    path("", include("orgs.urls_leadership")),
    path("", include("orgs.urls_members")),
    path("", include("orgs.urls_structure")),
]
