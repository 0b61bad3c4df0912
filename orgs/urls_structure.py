"""Changes of the structure and terms of office."""

from django.urls import path

from orgs.views import structure

urlpatterns = [
    path("organizations/<int:pk>/move/", structure.organization_move_page, name="organization_move"),
    path("organizations/<int:pk>/merge/", structure.organization_merge_page, name="organization_merge"),
    path("organizations/<int:pk>/split/", structure.organization_split_page, name="organization_split"),
    path("organizations/<int:pk>/deactivate/", structure.organization_deactivate_page, name="organization_deactivate"),
    path("organizations/<int:pk>/activate/", structure.organization_activate_page, name="organization_activate"),
    path("organizations/<int:pk>/term/", structure.organization_elect_page, name="organization_elect"),
    path(
        "organizations/<int:pk>/term/extend/", structure.organization_extend_term_page, name="organization_extend_term"
    ),
]
