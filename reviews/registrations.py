"""What evaluation rounds register; called when the app is ready."""

from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.common.navigation import Entry, menu


def register_rounds() -> None:
    from reviews import jobs, opinions
    from reviews.desk import rounds as desk
    from reviews.metrics import rounds as metrics
    from reviews.reminders import rounds as reminders
    from reviews.reports import rounds as reports
    from reviews.timeline import rounds as timeline

    menu.register(
        Entry("round", "links", _("Mass evaluation"), "round_list", "clipboard-check", Cap.ROUND_VIEW, order=40)
    )
    menu.register(Entry("vote", "work", _("My ballots"), "vote_list", "checkbox", Cap.VOTE, order=5))
    for part in (desk, jobs, metrics, opinions, reminders, reports, timeline):
        part.register()
