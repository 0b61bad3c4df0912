"""What evaluation rounds and appraisals register; called when the app is ready."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.access import grants_for
from campaign.common.capabilities import Cap, Reach, Role
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
    menu.register(Entry("count", "links", _("Count ballots"), "count_list", "calculator", Cap.ROUND_COUNT, order=45))
    for part in (desk, jobs, metrics, opinions, reminders, reports, timeline):
        part.register()


def register_appraisals() -> None:
    from campaign.blockers import BlockerSource, blockers
    from campaign.reports.registry import reports
    from reviews import appraisal_records, blocking
    from reviews.desk import appraisal as desk
    from reviews.reminders import appraisal as reminders
    from reviews.reports import appraisal as forms
    from reviews.timeline import appraisal as timeline

    menu.register(
        Entry("mine", "work", _("My appraisal"), "appraisal_mine", "user-check", Cap.APPRAISAL_WRITE, order=6)
    )
    menu.register(
        Entry(
            "appraisal",
            "links",
            _("Appraisals of members"),
            "appraisal_list",
            "user-check",
            Cap.APPRAISAL_VIEW,
            order=45,
            when=sees_others,
        )
    )
    blockers.register(BlockerSource("appraisals", blocking.blockers_of))
    reports.register(forms.MEMBER_APPRAISALS)
    for part in (desk, reminders, timeline, appraisal_records):
        part.register()


def sees_others(user: Any) -> bool:
    """Tell whether `user` sees the appraisal of somebody else: members meet their own on a page of its own."""
    return any(reach is not Reach.SELF for reach, _grant in grants_for(user, Cap.APPRAISAL_VIEW))


def register_secretaries() -> None:
    from campaign.lists.registry import kinds
    from reviews.desk import secretaries as desk
    from reviews.importers.secretaries import PROBLEM_LIST
    from reviews.reminders import secretaries as reminders
    from reviews.timeline import secretaries as timeline

    menu.register(
        Entry(
            "secretary",
            "links",
            _("Appraisals of secretaries"),
            "secretary_list",
            "presentation",
            Cap.SECRETARY_VIEW,
            order=46,
            when=is_concerned,
        )
    )
    for part in (desk, reminders, timeline):
        part.register()
    kinds.register(PROBLEM_LIST)


def is_concerned(user: Any) -> bool:
    """Tell whether `user` reports as a secretary or sees those who do."""
    return any(grant.role != Role.MEMBER for _reach, grant in grants_for(user, Cap.SECRETARY_VIEW))
