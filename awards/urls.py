from django.urls import path

from awards import views
from awards.importers import NOMINATION_LIST
from campaign.lists.views import list_urls

urlpatterns = [
    path("", views.batch_list, name="batch_list"),
    path("new/", views.batch_create, name="batch_create"),
    path("<int:pk>/", views.batch_detail, name="batch_detail"),
    path("<int:pk>/edit/", views.batch_edit, name="batch_edit"),
    path("<int:pk>/<slug:step>/", views.batch_step, name="batch_step"),
    path("nominate/", views.nomination_choose, name="nomination_choose"),
    path("nominate/new/", views.nomination_create, name="nomination_create"),
    path("nominations/<int:pk>/", views.nomination_detail, name="nomination_detail"),
    path("nominations/<int:pk>/edit/", views.nomination_edit, name="nomination_edit"),
    path("nominations/<int:pk>/step/<slug:step>/", views.nomination_step, name="nomination_step"),
    path("nominations/<int:pk>/decide/<slug:step>/", views.nomination_decide, name="nomination_decide"),
    *list_urls("lists/", NOMINATION_LIST),
    path("honours/", views.honour_list, name="honour_list"),
]
