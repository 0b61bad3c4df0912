from django.urls import path

from orgs.views import accounts, imports, members, organizations, sessions

urlpatterns = [
    path("login/", sessions.login, name="login"),
    path("logout/", sessions.logout, name="logout"),
    path("password/", sessions.password_change_page, name="password_change"),
    path("password/forgotten/", sessions.password_forgotten, name="password_forgotten"),
    path("password/link/<str:key>/<str:token>/", sessions.password_link, name="password_link"),
    path("organizations/", organizations.organization_list, name="organization_list"),
    path("organizations/new/", organizations.organization_create_page, name="organization_create"),
    path("organizations/search/", organizations.organization_search, name="organization_search"),
    path("organizations/<int:pk>/", organizations.organization_detail, name="organization_detail"),
    path("organizations/<int:pk>/children/", organizations.organization_children, name="organization_children"),
    path("organizations/<int:pk>/edit/", organizations.organization_edit, name="organization_edit"),
    path(
        "organizations/<int:pk>/deactivate/", organizations.organization_deactivate_page, name="organization_deactivate"
    ),
    path("organizations/<int:pk>/activate/", organizations.organization_activate_page, name="organization_activate"),
    path("members/", members.member_list, name="member_list"),
    path("members/new/", members.member_create_page, name="member_create"),
    path("members/<int:pk>/", members.member_detail, name="member_detail"),
    path("members/<int:pk>/edit/", members.member_edit, name="member_edit"),
    path("imports/", imports.import_upload_page, name="import_upload"),
    path("imports/<uuid:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<uuid:pk>/apply/", imports.import_apply_page, name="import_apply"),
    path("imports/<uuid:pk>/annotated/", imports.import_annotated_page, name="import_annotated"),
    path("accounts/", accounts.user_list, name="user_list"),
    path("accounts/new/", accounts.user_create_page, name="user_create"),
    path("accounts/search/", accounts.user_search, name="user_search"),
    path("accounts/<int:pk>/", accounts.user_edit, name="user_edit"),
    path("accounts/<int:pk>/password/", accounts.user_reset_password_page, name="user_reset_password"),
    path("accounts/<int:pk>/deactivate/", accounts.user_deactivate_page, name="user_deactivate"),
    path("accounts/<int:pk>/activate/", accounts.user_activate_page, name="user_activate"),
    path("roles/", accounts.role_list, name="role_list"),
    path("roles/new/", accounts.role_grant_page, name="role_grant"),
    path("roles/<int:pk>/end/", accounts.role_end_page, name="role_end"),
]
