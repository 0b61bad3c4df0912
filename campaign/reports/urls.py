from django.urls import path

from campaign.reports import views

urlpatterns = [
    path("", views.report_list, name="report_list"),
    path("<slug:key>/", views.report_export, name="report_export"),
    path("<slug:key>/records/", views.report_records_list, name="report_records"),
]
