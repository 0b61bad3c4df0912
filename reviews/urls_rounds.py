from django.urls import path

from reviews.views import rounds

urlpatterns = [
    path("rounds/", rounds.round_list, name="round_list"),
    path("rounds/new/", rounds.round_create, name="round_create"),
    path("rounds/<int:pk>/", rounds.round_detail, name="round_detail"),
    path("rounds/<int:pk>/results/", rounds.round_results, name="round_results"),
    path("rounds/<int:pk>/results/<int:subject>/", rounds.round_result, name="round_result"),
    path("rounds/<int:pk>/<slug:step>/", rounds.round_step, name="round_step"),
    path("votes/", rounds.vote_list, name="vote_list"),
    path("votes/<int:pk>/", rounds.vote, name="vote"),
]
