from django.urls import path

from pledges.views import board, fulfilling, reading, reviewing, statistics, writing

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
    path("<int:pk>/appraisal/", fulfilling.pledge_appraise, name="pledge_appraise"),
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
