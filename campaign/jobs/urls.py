from django.urls import path

from campaign.jobs import views

urlpatterns = [
    path("", views.jobs_list, name="jobs_list"),
    path("<uuid:pk>/", views.jobs_detail, name="jobs_detail"),
    path("<uuid:pk>/progress/", views.jobs_fragment, name="jobs_fragment"),
    path("<uuid:pk>/file/", views.jobs_download, name="jobs_download"),
    path("<uuid:pk>/cancel/", views.jobs_cancel, name="jobs_cancel"),
    path("<uuid:pk>/retry/", views.jobs_retry, name="jobs_retry"),
]
