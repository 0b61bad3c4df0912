"""Addresses of leading groups, contact points and the quality of data."""

from django.urls import path

from campaign.lists.views import list_urls
from orgs.importers.contacts import CONTACT_LIST
from orgs.importers.leadership import LEADERSHIP_LIST
from orgs.importers.visits import VISIT_LIST
from orgs.views import contacts, leadership, quality

urlpatterns = [
    path("members/choose/", leadership.member_choose, name="member_choose"),
    path("organizations/<int:pk>/leadership/", leadership.leadership_detail, name="leadership_detail"),
    path("organizations/<int:pk>/leadership/new/", leadership.leadership_appoint, name="leadership_appoint"),
    path(
        "organizations/<int:pk>/leadership/suggested/",
        leadership.leadership_take_suggested,
        name="leadership_take_suggested",
    ),
    path("organizations/<int:pk>/leadership/list/", leadership.leadership_list, name="leadership_list"),
    path("organizations/<int:pk>/export/<slug:key>/", leadership.list_export, name="list_export"),
    *list_urls("leadership/lists/", LEADERSHIP_LIST),
    path("leadership/<int:pk>/edit/", leadership.leadership_edit, name="leadership_edit"),
    path("leadership/<int:pk>/end/", leadership.leadership_end, name="leadership_end"),
    path("contacts/", contacts.contact_list, name="contact_list"),
    path("contacts/mine/", contacts.contact_mine, name="contact_mine"),
    path("contacts/coverage/", contacts.contact_coverage, name="contact_coverage"),
    path("contacts/assign/", contacts.contact_assign, name="contact_assign"),
    *list_urls("contacts/lists/", CONTACT_LIST),
    *list_urls("contacts/visits/lists/", VISIT_LIST),
    path("contacts/<int:pk>/", contacts.contact_detail, name="contact_detail"),
    path("contacts/<int:pk>/edit/", contacts.contact_edit, name="contact_edit"),
    path("contacts/<int:pk>/end/", contacts.contact_end, name="contact_end"),
    path("contacts/<int:pk>/visit/", contacts.contact_visit, name="contact_visit"),
    path("contacts/visits/<int:pk>/edit/", contacts.contact_visit_edit, name="contact_visit_edit"),
    path("contacts/visits/<int:pk>/remove/", contacts.contact_visit_remove, name="contact_visit_remove"),
    path("quality/", quality.quality_list, name="quality_list"),
    path("quality/doubles/", quality.quality_doubles, name="quality_doubles"),
    path("quality/doubles/<int:pk>/restore/", quality.double_restore, name="double_restore"),
    path("quality/doubles/<int:first>/<int:second>/", quality.double_resolve, name="double_resolve"),
    path("quality/doubles/<int:first>/<int:second>/dismiss/", quality.double_dismiss, name="double_dismiss"),
    path("quality/<slug:key>/", quality.quality_check, name="quality_check"),
]
