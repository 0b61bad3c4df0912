from django.urls import path

from campaign.notices import views

urlpatterns = [
    path("", views.notice_list, name="notice_list"),
    path("<int:pk>/open/", views.notice_open, name="notice_open"),
    path("read/", views.notice_read_all, name="notice_read_all"),
]
