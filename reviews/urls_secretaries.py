from django.urls import path

from campaign.lists.views import list_urls
from reviews.importers.secretaries import PROBLEM_LIST
from reviews.views import secretaries

urlpatterns = [
    path("secretaries/", secretaries.secretary_list, name="secretary_list"),
    path("secretaries/new/", secretaries.secretary_create, name="secretary_create"),
    path("secretaries/problems/", secretaries.secretary_problems, name="secretary_problems"),
    path("secretaries/problems/<int:pk>/", secretaries.secretary_problem, name="secretary_problem"),
    path("secretaries/problems/<int:pk>/step/", secretaries.secretary_problem_step, name="secretary_problem_step"),
    *list_urls("secretaries/problems/lists/", PROBLEM_LIST),
    path("secretaries/<int:pk>/", secretaries.secretary_detail, name="secretary_detail"),
    path("secretaries/<int:pk>/step/", secretaries.secretary_step, name="secretary_step"),
    path("secretaries/<int:pk>/ballot/", secretaries.secretary_ballot, name="secretary_ballot"),
    path("secretaries/reports/<int:pk>/", secretaries.secretary_report, name="secretary_report"),
    path("secretaries/reports/<int:pk>/write/", secretaries.secretary_write, name="secretary_write"),
    path("secretaries/reports/<int:pk>/step/", secretaries.secretary_report_step, name="secretary_report_step"),
    path("secretaries/reports/<int:pk>/ask/", secretaries.secretary_ask, name="secretary_ask"),
    path("secretaries/reports/<int:pk>/answer/<int:question>/", secretaries.secretary_answer, name="secretary_answer"),
    path("secretaries/reports/<int:pk>/grade/", secretaries.secretary_grade, name="secretary_grade"),
    path("secretaries/reports/<int:pk>/problem/", secretaries.secretary_problem_add, name="secretary_problem_add"),
    path("secretaries/reports/<int:pk>/files/<uuid:attachment>/", secretaries.secretary_file, name="secretary_file"),
    path(
        "secretaries/reports/<int:pk>/files/<uuid:attachment>/remove/",
        secretaries.secretary_file_remove,
        name="secretary_file_remove",
    ),
]
