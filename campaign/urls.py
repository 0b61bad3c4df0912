"""All addresses: the campaign's own pages, then each part's."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from campaign import health, views
from orgs.views import sessions

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("gallery/", views.gallery, name="gallery"),
    path("language/", views.set_language, name="set_language"),
    path("campaigns/", views.campaign_list, name="campaign_list"),
    path("campaigns/new/", views.campaign_create, name="campaign_create"),
    path("campaigns/<int:pk>/", views.campaign_detail, name="campaign_detail"),
    path("campaigns/<int:pk>/step/", views.campaign_step, name="campaign_step"),
    path("campaigns/<int:pk>/stages/<int:stage_pk>/", views.campaign_stage_update, name="campaign_stage_update"),
    path("", include("orgs.urls")),
    path("plans/", include("campaign.filings.urls")),
    path("pledges/", include("pledges.urls")),
    path("reviews/", include("reviews.urls")),
    path("awards/", include("awards.urls")),
    path("scores/", include("campaign.scoring.urls")),
    path("reports/", include("campaign.reports.urls")),
    path("notices/", include("campaign.notices.urls")),
    path("drafts/", include("campaign.drafts.urls")),
    path("jobs/", include("campaign.jobs.urls")),
    path("audit/", include("campaign.audit.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("admin/login/", views.admin_login, name="admin_login"),
    path("admin/password_change/", views.admin_password, name="admin_password"),
    path("admin/logout/", sessions.logout, name="admin_logout"),
    path("admin/", admin.site.urls),
]
