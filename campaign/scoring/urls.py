from django.urls import URLPattern, path

from campaign.scoring import views, views_entries, views_freezing

urlpatterns: list[URLPattern] = [
    path("", views.score_list, name="score_list"),
    path("<int:pk>/", views.score_detail, name="score_detail"),
    path("members/", views.grade_list, name="grade_list"),
    path("members/<int:pk>/", views.grade_detail, name="grade_detail"),
    path("run/", views.score_run, name="score_run"),
    path("runs/", views.score_runs, name="score_runs"),
    path("entries/", views_entries.entry_list, name="entry_list"),
    path("entries/add/", views_entries.entry_add, name="entry_add"),
    path("entries/<int:pk>/", views_entries.entry_detail, name="entry_detail"),
    path("entries/<int:pk>/document/", views_entries.entry_document, name="entry_document"),
    path("entries/<int:pk>/confirm/", views_entries.entry_confirm, name="entry_confirm"),
    path("entries/<int:pk>/refuse/", views_entries.entry_refuse, name="entry_refuse"),
    path("freezes/", views_freezing.freeze_list, name="freeze_list"),
    path("freezes/ask/", views_freezing.freeze_ask, name="freeze_ask"),
    path("freezes/<int:pk>/", views_freezing.freeze_detail, name="freeze_detail"),
    path("freezes/<int:pk>/confirm/", views_freezing.freeze_confirm, name="freeze_confirm"),
    path("freezes/<int:pk>/withdraw/", views_freezing.freeze_withdraw, name="freeze_withdraw"),
    path("sheets/", views.sheet_list, name="sheet_list"),
    path("sheets/<int:pk>/", views.sheet_detail, name="sheet_detail"),
    path("metrics/", views.metric_list, name="metric_list"),
]
