from django.urls import path

from pledges.views import appraising, board, fulfilling, reading, reviewing, statistics, supervising, writing

urlpatterns = [
    path("", reading.pledge_list, name="pledge_list"),
    path("mine/", reading.pledge_mine, name="pledge_mine"),
    path("<int:pk>/", reading.pledge_detail, name="pledge_detail"),
    path("new/", writing.pledge_create, name="pledge_create"),
    path("<int:pk>/edit/", writing.pledge_edit, name="pledge_edit"),
    path("<int:pk>/step/", writing.pledge_step, name="pledge_step"),
    path("queue/", reviewing.pledge_queue, name="pledge_queue"),
    path("queue/publish/", reviewing.pledge_queue_publish, name="pledge_queue_publish"),
    path("<int:pk>/review/", reviewing.pledge_review, name="pledge_review"),
    path("<int:pk>/publish/", reviewing.pledge_publish, name="pledge_publish"),
    path("<int:pk>/progress/", fulfilling.pledge_progress, name="pledge_progress"),
    path("<int:pk>/self-appraisal/", fulfilling.pledge_appraise_self, name="pledge_appraise_self"),
    path("<int:pk>/appraisal/", appraising.pledge_appraise, name="pledge_appraise"),
    path("<int:pk>/peer-appraisal/", appraising.pledge_appraise_peer, name="pledge_appraise_peer"),
    path("appraise/", appraising.pledge_appraise_many, name="pledge_appraise_many"),
    path("colleagues/", appraising.pledge_peers, name="pledge_peers"),
    path("<int:pk>/check/", supervising.pledge_check, name="pledge_check"),
    path("checks/<int:pk>/answer/", supervising.pledge_check_answer, name="pledge_check_answer"),
    path("<int:pk>/explain/<int:order>/", supervising.pledge_explain, name="pledge_explain"),
    path("<int:pk>/adjust/<int:order>/", supervising.pledge_adjust, name="pledge_adjust"),
    path("adjustments/", supervising.adjustment_list, name="adjustment_list"),
    path("adjustments/<int:pk>/", supervising.adjustment_decide, name="adjustment_decide"),
    path("adjustments/<int:pk>/recall/", supervising.adjustment_recall, name="adjustment_recall"),
    path("bulletins/of/<int:pk>/", supervising.bulletin_list, name="bulletin_list"),
    path(
        "bulletins/of/<int:pk>/<int:campaign>/<int:year>/<int:quarter>/", supervising.bulletin_new, name="bulletin_new"
    ),
    path("bulletins/<int:pk>/", supervising.bulletin_detail, name="bulletin_detail"),
    path("bulletins/<int:pk>/withdraw/", supervising.bulletin_withdraw, name="bulletin_withdraw"),
    path("statistics/", statistics.pledge_statistics, name="pledge_statistics"),
    path("statistics/<int:pk>/", statistics.pledge_statistics_of, name="pledge_statistics_of"),
    path(
        "statistics/<int:pk>/<int:campaign>/<int:year>/<str:figure>/", statistics.pledge_records, name="pledge_records"
    ),
    path("overdue/", statistics.pledge_overdue, name="pledge_overdue"),
    path("board/", board.board, name="board"),
    path("board/<int:pk>/", board.board_of, name="board_of"),
    path("board/<int:pk>/print/", board.board_print, name="board_print"),
]
