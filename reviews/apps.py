from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from campaign.common.capabilities import Cap
        from campaign.common.navigation import Entry, menu
        from campaign.lists.registry import kinds
        from reviews import records, structure
        from reviews.desk import leader as desk
        from reviews.importers.leader import REVIEWS
        from reviews.metrics import leader as metrics
        from reviews.registrations import register_appraisals, register_rounds, register_secretaries
        from reviews.reminders import leader as reminders
        from reviews.reports import leader as forms
        from reviews.timeline import leader as timeline

        menu.register(
            Entry("review", "links", _("Leader reviews"), "review_list", "message-2", Cap.REVIEW_VIEW, order=30)
        )
        for part in (desk, forms, metrics, records, reminders, structure, timeline):
            part.register()
        kinds.register(REVIEWS)
        register_rounds()
        register_appraisals()
        register_secretaries()
