from django.urls import URLPattern, path

from campaign.scoring import views

urlpatterns: list[URLPattern] = [
    path("", views.score_list, name="score_list"),
    path("<int:pk>/", views.score_detail, name="score_detail"),
    path("members/", views.grade_list, name="grade_list"),
    path("members/<int:pk>/", views.grade_detail, name="grade_detail"),
    path("run/", views.score_run, name="score_run"),
    path("runs/", views.score_runs, name="score_runs"),
    path("sheets/", views.sheet_list, name="sheet_list"),
    path("sheets/<int:pk>/", views.sheet_detail, name="sheet_detail"),
    path("metrics/", views.metric_list, name="metric_list"),
]
