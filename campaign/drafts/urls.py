from django.urls import path

from campaign.drafts import views

urlpatterns = [path("<str:key>/", views.draft, name="draft")]
