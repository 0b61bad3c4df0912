from django.urls import path

from campaign.reports.views import bundles, forms, schedules

urlpatterns = [
    path("", forms.report_list, name="report_list"),
    path("bundle/", bundles.report_bundle, name="report_bundle"),
    path("monthly/", schedules.schedule_list, name="schedule_list"),
    path("monthly/new/<slug:key>/", schedules.schedule_new, name="schedule_new"),
    path("monthly/<int:pk>/", schedules.schedule_detail, name="schedule_detail"),
    path("monthly/<int:pk>/step/", schedules.schedule_change, name="schedule_step"),
    path("<slug:key>/", forms.report_export, name="report_export"),
    path("<slug:key>/print/", forms.report_print, name="report_print"),
    path("<slug:key>/records/", forms.report_records_list, name="report_records"),
]
