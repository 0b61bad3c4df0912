from django.urls import path

from reviews.views import rounds, setting_up

urlpatterns = [
    path("rounds/", rounds.round_list, name="round_list"),
    path("rounds/new/", setting_up.round_create, name="round_create"),
    path("rounds/<int:pk>/", rounds.round_detail, name="round_detail"),
    path("rounds/<int:pk>/basics/", setting_up.round_basics, name="round_basics"),
    path("rounds/<int:pk>/subjects/", setting_up.round_subjects, name="round_subjects"),
    path("rounds/<int:pk>/questions/", setting_up.round_questions, name="round_questions"),
    path("rounds/<int:pk>/raters/", setting_up.round_raters, name="round_raters"),
    path("rounds/<int:pk>/copy/", setting_up.round_copy, name="round_copy"),
    path("rounds/<int:pk>/repeat/", setting_up.round_repeat, name="round_repeat"),
    path("rounds/<int:pk>/extend/", rounds.round_extend, name="round_extend"),
    path("rounds/<int:pk>/results/", rounds.round_results, name="round_results"),
    path("rounds/<int:pk>/results/<int:subject>/", rounds.round_result, name="round_result"),
    path("rounds/<int:pk>/<slug:step>/", rounds.round_step, name="round_step"),
    path("votes/", rounds.vote_list, name="vote_list"),
    path("votes/<int:pk>/", rounds.vote, name="vote"),
]
