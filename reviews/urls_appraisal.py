from django.urls import path

from reviews.views import appraisal, appraisal_branch, appraisal_own

urlpatterns = [
    path("appraisals/", appraisal.appraisal_list, name="appraisal_list"),
    path("appraisals/new/", appraisal.appraisal_create, name="appraisal_create"),
    path("appraisals/confirm/", appraisal.appraisal_confirm, name="appraisal_confirm"),
    path("appraisals/mine/", appraisal_own.appraisal_mine, name="appraisal_mine"),
    path("appraisals/follow-ups/", appraisal_branch.appraisal_follow_ups, name="appraisal_follow_ups"),
    path("appraisals/<int:pk>/", appraisal.appraisal_detail, name="appraisal_detail"),
    path("appraisals/<int:pk>/edit/", appraisal.appraisal_edit, name="appraisal_edit"),
    path("appraisals/<int:pk>/step/", appraisal.appraisal_step, name="appraisal_step"),
    path("appraisals/<int:pk>/ballot/", appraisal.appraisal_ballot, name="appraisal_ballot"),
    path("appraisals/branches/<int:pk>/", appraisal_branch.appraisal_branch, name="appraisal_branch"),
    path("appraisals/branches/<int:pk>/decide/", appraisal_branch.appraisal_decide, name="appraisal_decide"),
    path("appraisals/branches/<int:pk>/roll/", appraisal_branch.appraisal_roll, name="appraisal_roll"),
    path("appraisals/branches/<int:pk>/step/", appraisal_branch.appraisal_branch_step, name="appraisal_branch_step"),
    path("appraisals/branches/<int:pk>/remarks/", appraisal_own.appraisal_peers, name="appraisal_peers"),
    path("appraisals/members/<int:pk>/", appraisal_own.appraisal_member, name="appraisal_member"),
    path("appraisals/members/<int:pk>/self/", appraisal_own.appraisal_self, name="appraisal_self"),
    path("appraisals/members/<int:pk>/opinion/", appraisal_own.appraisal_opinion, name="appraisal_opinion"),
    path("appraisals/members/<int:pk>/attendance/", appraisal_branch.appraisal_attendance, name="appraisal_attendance"),
    path("appraisals/members/<int:pk>/follow/", appraisal_branch.appraisal_follow, name="appraisal_follow"),
]
