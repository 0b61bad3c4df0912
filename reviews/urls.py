from django.urls import include, path

from campaign.lists.views import list_urls
from reviews.importers.leader import REVIEWS
from reviews.views import leader

urlpatterns = [
    path("", include("reviews.urls_rounds")),
    path("", include("reviews.urls_appraisal")),
    path("", include("reviews.urls_secretaries")),
    path("", leader.review_list, name="review_list"),
    path("new/", leader.review_choose, name="review_choose"),
    path("new/below/<int:pk>/", leader.review_choose_in, name="review_choose_in"),
    path("new/organization/<int:pk>/", leader.review_create_organization, name="review_create_organization"),
    path("new/member/<int:pk>/", leader.review_create_member, name="review_create_member"),
    *list_urls("lists/", REVIEWS),
    path("coverage/", leader.review_coverage, name="review_coverage"),
    path("coverage/<int:pk>/", leader.review_coverage_of, name="review_coverage_of"),
    path("<int:pk>/", leader.review_detail, name="review_detail"),
    path("<int:pk>/edit/", leader.review_edit, name="review_edit"),
    path("<int:pk>/discard/", leader.review_discard, name="review_discard"),
    path("<int:pk>/<slug:step>/", leader.review_step, name="review_step"),
]
