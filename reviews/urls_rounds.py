from django.urls import path

from reviews.views import channels, rounds, setting_up, slips

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
    path("rounds/<int:pk>/ballots/", channels.round_channels, name="round_channels"),
    path("rounds/<int:pk>/ballots/print/", channels.slips_print, name="slips_print"),
    path("rounds/<int:pk>/ballots/exchange/", channels.slip_exchange, name="slip_exchange"),
    path("rounds/<int:pk>/ballots/<int:batch>/remove/", channels.ballots_remove, name="ballots_remove"),
    path("rounds/<int:pk>/ballots/<int:batch>/renew/", channels.slips_renew, name="slips_renew"),
    path("rounds/<int:pk>/ballots/<int:batch>/block/", channels.slips_block, name="slips_block"),
    path("counts/", channels.count_list, name="count_list"),
    path("counts/<int:pk>/", channels.count_round, name="count_round"),
    path("counts/<int:pk>/<int:subject>/", channels.count_enter, name="count_enter"),
    path("counts/<int:pk>/<int:subject>/withdraw/", channels.count_withdraw, name="count_withdraw"),
    path("slip/", slips.slip_enter, name="slip_enter"),
    path("slip/vote/", slips.slip_vote, name="slip_vote"),
    path("slip/done/", slips.slip_done, name="slip_done"),
    path("rounds/<int:pk>/<slug:step>/", rounds.round_step, name="round_step"),
    path("votes/", rounds.vote_list, name="vote_list"),
    path("votes/<int:pk>/", rounds.vote, name="vote"),
]
