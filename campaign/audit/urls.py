from django.urls import path

from campaign.audit import views

urlpatterns = [
    path("", views.audit_list, name="audit_list"),
    path("export/", views.audit_export, name="audit_export"),
    path("objects/<slug:kind>/<slug:pk>/", views.audit_object, name="audit_object"),
]
