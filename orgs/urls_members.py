"""Members, their history and transfers, and the workers who are none."""

from django.urls import path

from orgs.views import histories, members, records, transfers, workers

urlpatterns = [
    path("members/", members.member_list, name="member_list"),
    path("members/new/", members.member_create_page, name="member_create"),
    path("members/mine/", members.member_mine, name="member_mine"),
    path("members/probation/", members.member_probation, name="member_probation"),
    path("members/<int:pk>/", members.member_detail, name="member_detail"),
    path("members/<int:pk>/edit/", members.member_edit, name="member_edit"),
    path("members/<int:pk>/personal/", members.member_unmask, name="member_unmask"),
    path("members/<int:pk>/extend/", members.probation_extend_page, name="member_probation_extend"),
    path("members/<int:pk>/full/", members.probation_finish_page, name="member_probation_finish"),
    path("members/<int:pk>/history/", histories.member_history, name="member_history"),
    path("members/<int:pk>/positions/new/", histories.position_create, name="member_position_create"),
    path("members/positions/<int:pk>/", histories.position_edit, name="member_position_edit"),
    path("members/positions/<int:pk>/remove/", histories.position_remove_page, name="member_position_remove"),
    path("members/<int:pk>/branches/new/", histories.branch_create, name="member_branch_create"),
    path("members/branches/<int:pk>/", histories.branch_edit, name="member_branch_edit"),
    path("members/branches/<int:pk>/remove/", histories.branch_remove, name="member_branch_remove"),
    path("members/<int:pk>/print/", records.member_print, name="member_print"),
    path("members/<int:pk>/export/", records.member_export, name="member_export"),
    path("members/<int:pk>/transfer/", transfers.transfer_create, name="transfer_create"),
    path("transfers/", transfers.transfer_list, name="transfer_list"),
    path("transfers/branches/", transfers.branch_search, name="branch_search"),
    path("transfers/<int:pk>/", transfers.transfer_detail, name="transfer_detail"),
    path("transfers/<int:pk>/step/", transfers.transfer_step_page, name="transfer_step"),
    path("transfers/<int:pk>/accept/", transfers.transfer_accept_page, name="transfer_accept"),
    path("workers/", workers.worker_list, name="worker_list"),
    path("workers/new/", workers.worker_create_page, name="worker_create"),
    path("workers/list/", workers.worker_import, name="worker_import"),
    path("workers/count/", workers.worker_count, name="worker_count"),
    path("workers/<int:pk>/edit/", workers.worker_edit, name="worker_edit"),
    path("workers/<int:pk>/retire/", workers.worker_retire, name="worker_retire"),
    path("workers/<int:pk>/restore/", workers.worker_restore, name="worker_restore"),
]
