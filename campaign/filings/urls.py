from django.urls import path

from campaign.filings import views

urlpatterns = [
    path("", views.plan_list, name="plan_list"),
    path("missing/", views.plan_missing, name="plan_missing"),
    path("new/", views.plan_create, name="plan_create"),
    path("<int:pk>/", views.plan_detail, name="plan_detail"),
    path("<int:pk>/edit/", views.plan_edit, name="plan_edit"),
    path("<int:pk>/step/", views.plan_step, name="plan_step"),
    path("<int:pk>/files/<uuid:attachment>/", views.plan_attachment, name="plan_attachment"),
    path("<int:pk>/files/<uuid:attachment>/remove/", views.plan_attachment_remove, name="plan_attachment_remove"),
]
