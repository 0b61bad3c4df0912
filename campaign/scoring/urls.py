from django.urls import URLPattern, path

from campaign.lists.views import list_urls
from campaign.scoring.importers.entries import ENTRY_LIST
from campaign.scoring.importers.items import ITEM_LIST
from campaign.scoring.views import building, entries, freezing, periods, runs, scores, sheets, standing

urlpatterns: list[URLPattern] = [
    path("", scores.score_list, name="score_list"),
    path("<int:pk>/", scores.score_detail, name="score_detail"),
    path("ranking/", standing.score_ranking, name="score_ranking"),
    path("peers/", standing.peer_search, name="peer_search"),
    path("distribution/", standing.score_spread, name="score_spread"),
    path("organizations/<int:pk>/", standing.score_course, name="score_course"),
    path("members/", scores.grade_list, name="grade_list"),
    path("members/<int:pk>/", scores.grade_detail, name="grade_detail"),
    path("run/", runs.score_run, name="score_run"),
    path("runs/", runs.score_runs, name="score_runs"),
    path("runs/<int:pk>/", runs.run_detail, name="run_detail"),
    path("entries/", entries.entry_list, name="entry_list"),
    path("entries/confirm/", entries.entry_confirm_many, name="entry_confirm_many"),
    path("entries/subjects/", entries.subject_search, name="subject_search"),
    path("entries/add/", entries.entry_add, name="entry_add"),
    path("entries/<int:pk>/", entries.entry_detail, name="entry_detail"),
    path("entries/<int:pk>/edit/", entries.entry_edit, name="entry_edit"),
    path("entries/<int:pk>/recall/", entries.entry_recall, name="entry_recall"),
    path("entries/<int:pk>/revoke/", entries.entry_revoke, name="entry_revoke"),
    path("entries/<int:pk>/keep/", entries.entry_keep, name="entry_keep"),
    path("entries/<int:pk>/document/", entries.entry_document, name="entry_document"),
    path("entries/<int:pk>/confirm/", entries.entry_confirm, name="entry_confirm"),
    path("entries/<int:pk>/refuse/", entries.entry_refuse, name="entry_refuse"),
    *list_urls("entries/workbook/", ENTRY_LIST),
    path("freezes/", freezing.freeze_list, name="freeze_list"),
    path("freezes/ask/", freezing.freeze_ask, name="freeze_ask"),
    path("freezes/<int:pk>/", freezing.freeze_detail, name="freeze_detail"),
    path("freezes/<int:pk>/confirm/", freezing.freeze_confirm, name="freeze_confirm"),
    path("freezes/<int:pk>/withdraw/", freezing.freeze_withdraw, name="freeze_withdraw"),
    path("sheets/", sheets.sheet_list, name="sheet_list"),
    *list_urls("sheets/items/workbook/", ITEM_LIST),
    path("sheets/<int:pk>/", sheets.sheet_detail, name="sheet_detail"),
    path("sheets/<int:pk>/edit/", building.sheet_edit, name="sheet_edit"),
    path("sheets/<int:pk>/preview/", building.sheet_preview, name="sheet_preview"),
    path("sheets/<int:pk>/use/", building.sheet_use, name="sheet_use"),
    path("sheets/<int:pk>/remove/", building.sheet_remove, name="sheet_remove"),
    path("campaigns/<int:pk>/sheets/new/", building.sheet_begin, name="sheet_begin"),
    path("campaigns/<int:pk>/periods/", periods.period_list, name="period_list"),
    path("periods/<int:pk>/remove/", periods.period_remove, name="period_remove"),
    path("metrics/", sheets.metric_list, name="metric_list"),
]
