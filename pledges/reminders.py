"""Reminders of pledges: what waits for review, and what falls due. Two queries a rule, whatever the numbers."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.models import Action, Audience, Campaign, CampaignStage, CampaignState
from campaign.notices.registry import Due, ReminderRule
from orgs.selectors import officers_of
from pledges.models import (
    PUBLIC,
    AdjustmentState,
    ItemResult,
    Pledge,
    PledgeAdjustment,
    PledgeCheck,
    PledgeComment,
    PledgeItem,
)
from pledges.statistics import obliged_members, obliged_organizations, pledged

WAITING = dt.timedelta(days=3)
"""A pledge that waits longer is worth a reminder; the same queue is not mentioned twice a week."""
SOON = dt.timedelta(days=7)


def _weekly(
    waiting: QuerySet[Any, Any], place: str, capability: Cap, day: dt.date, told: Callable[[int], str], url: str
) -> Iterator[Due]:
    """Tell the officers of the organizations to which `place` leads, once a week, how many of `waiting` there are."""
    counted = waiting.order_by().values(place).annotate(count=Count("pk")).values_list(place, "count")
    counts = dict(counted)
    year, week, _weekday = day.isocalendar()
    officers = officers_of(counts, capability, day)
    for organization, count in sorted(counts.items()):
        for user_id in officers[organization]:
            yield Due(user_id, f"{organization}:{year}W{week}", told(count), url, day)


def _three_days_before(day: dt.date) -> dt.datetime:
    return clock.start_of(day - WAITING + dt.timedelta(days=1))


def reviews_due(day: dt.date) -> Iterator[Due]:
    """Remind the officers of an organization, once a week, of pledges that have waited for three days."""

    def told(count: int) -> str:
        return ngettext(
            "%(count)s pledge has waited for your review for over three days.",
            "%(count)s pledges have waited for your review for over three days.",
            count,
        ) % {"count": count}

    waiting = Pledge.objects.waiting().filter(submitted_at__lt=_three_days_before(day))
    return _weekly(waiting, "reviewing_organization_id", Cap.PLEDGE_REVIEW, day, told, reverse("pledge_queue"))


def reviews_end(day: dt.date) -> Iterator[Due]:
    """Remind the officers, once, when the stage that takes pledges ends within a week and pledges wait for review."""

    def told(count: int, last: dt.date) -> str:
        return ngettext(
            "%(count)s pledge is to be reviewed by %(day)s.", "%(count)s pledges are to be reviewed by %(day)s.", count
        ) % {"count": count, "day": last}

    stages = _ending(Action.PLEDGE, day)
    waiting = Pledge.objects.waiting().filter(campaign__in=stages)
    yield from _until_the_end(waiting, "", stages, Cap.PLEDGE_REVIEW, day, told, reverse("pledge_queue"))


def appraisals_end(day: dt.date) -> Iterator[Due]:
    """Remind the officers, once, when the stage that appraises ends within a week and items wait for their judgement."""

    def told(count: int, last: dt.date) -> str:
        return ngettext(
            "%(count)s item is to be appraised by %(day)s.", "%(count)s items are to be appraised by %(day)s.", count
        ) % {"count": count, "day": last}

    stages = _ending(Action.APPRAISE, day)
    waiting = PledgeItem.objects.filter(
        pledge__campaign__in=stages, pledge__state__in=PUBLIC, result=ItemResult.PENDING, due_on__lte=day
    )
    url = reverse("pledge_appraise_many")
    yield from _until_the_end(waiting, "pledge__", stages, Cap.PLEDGE_APPRAISE, day, told, url)


def pledges_end(day: dt.date) -> Iterator[Due]:
    """Remind, once, when the stage that takes pledges ends within a week: members who have handed none in, and those who
    write for an organization that has none."""
    for campaign in Campaign.objects.filter(pk__in=(stages := _ending(Action.PLEDGE, day))):
        last, year = stages[campaign.pk], day.year
        said = _("Your pledge is to be handed in by %(day)s.") % {"day": last}
        url, key = reverse("pledge_mine"), f"{campaign.pk}:{last}"
        members = obliged_members(campaign).filter(~pledged(campaign, year, "member"), user__is_active=True)
        for user_id in members.order_by("user").values_list("user", flat=True):
            yield Due(user_id, key, said, url, last)
        missing = obliged_organizations(campaign).filter(~pledged(campaign, year, "organization"))
        names = dict(missing.order_by("pk").values_list("pk", "name"))
        officers = officers_of(names, Cap.PLEDGE_WRITE_ORG, day)
        for organization, name in names.items():
            text = _("The pledge of %(name)s is to be handed in by %(day)s.") % {"name": name, "day": last}
            for user_id in officers[organization]:
                yield Due(user_id, f"{key}:{organization}", text, url, last)


def _ending(action: Action, day: dt.date) -> dict[int, dt.date]:
    """Return the last day of each stage of a running campaign that takes `action` and ends within a week, by campaign."""
    stages = CampaignStage.objects.filter(
        actions__action=action, ends_on__range=(day, day + SOON), campaign__state=CampaignState.RUNNING
    )
    return dict(stages.values_list("campaign", "ends_on"))


def _until_the_end(
    waiting: QuerySet[Any, Any],
    to_pledge: str,
    stages: dict[int, dt.date],
    capability: Cap,
    day: dt.date,
    told: Callable[[int, dt.date], str],
    url: str,
) -> Iterator[Due]:
    """Tell the officers where pledges are reviewed how many of `waiting` are to be done by the end of the stage."""
    campaign_of, place_of = f"{to_pledge}campaign", f"{to_pledge}reviewing_organization"
    counted = waiting.order_by(campaign_of, place_of).values(campaign_of, place_of).annotate(count=Count("pk"))
    found = list(counted.values_list(campaign_of, place_of, "count"))
    officers = officers_of((organization for _campaign, organization, _count in found), capability, day)
    for campaign, organization, count in found:
        last = stages[campaign]
        for user_id in officers[organization]:
            yield Due(user_id, f"{campaign}:{organization}:{last}", told(count, last), url, last)


def comments_due(day: dt.date) -> Iterator[Due]:
    """Remind the officers, once a week, of opinions on pledges that nobody has looked at for three days."""

    def told(count: int) -> str:
        return ngettext(
            "%(count)s opinion on a pledge has waited for over three days.",
            "%(count)s opinions on pledges have waited for over three days.",
            count,
        ) % {"count": count}

    waiting = PledgeComment.objects.waiting().filter(created_at__lt=_three_days_before(day))
    place = "pledge__reviewing_organization_id"
    return _weekly(waiting, place, Cap.PLEDGE_PUBLISH, day, told, reverse("comment_list"))


def items_due(day: dt.date) -> Iterator[Due]:
    """Remind whoever has to keep an item, once, when it falls due within seven days."""
    rows: list[Any] = list(
        PledgeItem.objects.filter(
            Q(pledge__subject_kind=Audience.ORGANIZATION) | Q(pledge__member__user__is_active=True),
            pledge__state__in=PUBLIC,
            result=ItemResult.PENDING,
            due_on__range=(day, day + SOON),
        )
        .order_by("due_on", "pk")
        .values_list("pk", "pledge_id", "pledge__organization_id", "pledge__member__user", "text", "due_on")
    )
    organizations = {organization for _pk, _pledge, organization, user, _text, _due in rows if user is None}
    officers = officers_of(organizations, Cap.PLEDGE_WRITE_ORG, day)
    for pk, pledge, organization, user, text, due_on in rows:
        said = _("Due on %(day)s: %(item)s") % {"day": due_on, "item": text}
        for user_id in officers[organization] if user is None else [user]:
            yield Due(user_id, f"item:{pk}", said, reverse("pledge_progress", args=[pledge]), due_on)


def items_overdue(day: dt.date) -> Iterator[Due]:
    """Remind whoever has to keep an item, once a week, of items whose day is over and that nobody has appraised."""
    rows = (
        PledgeItem.objects.filter(
            Q(pledge__subject_kind=Audience.ORGANIZATION) | Q(pledge__member__user__is_active=True),
            pledge__state__in=PUBLIC,
            result=ItemResult.PENDING,
            due_on__lt=day,
        )
        .order_by("pledge")
        .values("pledge", "pledge__organization", "pledge__member__user")
        .annotate(count=Count("pk"), first=Min("due_on"))
        .values_list("pledge", "pledge__organization", "pledge__member__user", "count", "first")
    )
    found: list[Any] = list(rows)
    places = {organization for _pledge, organization, user, _count, _first in found if user is None}
    officers = officers_of(places, Cap.PLEDGE_WRITE_ORG, day)
    year, week, _weekday = day.isocalendar()
    for pledge, organization, user, count, first in found:
        text = ngettext(
            "%(count)s item of your pledge is overdue. Note what was done, or explain it.",
            "%(count)s items of your pledge are overdue. Note what was done, or explain it.",
            count,
        ) % {"count": count}
        for user_id in officers[organization] if user is None else [user]:
            yield Due(user_id, f"pledge:{pledge}:{year}W{week}", text, reverse("pledge_progress", args=[pledge]), first)


def checks_due(day: dt.date) -> Iterator[Due]:
    """Remind whoever a check asks something of, once, when the answer is due within three days."""
    rows: list[Any] = list(
        PledgeCheck.objects.filter(answered_at=None, answer_by__range=(day, day + WAITING))
        .exclude(request="")
        .order_by("answer_by", "pk")
        .values_list("pk", "pledge__organization", "pledge__member__user", "answer_by", "request")
    )
    places = {organization for _pk, organization, user, _day, _request in rows if user is None}
    officers = officers_of(places, Cap.PLEDGE_WRITE_ORG, day)
    for pk, organization, user, answer_by, request in rows:
        text = _("A check asks for an answer until %(day)s: %(request)s") % {"day": answer_by, "request": request}
        for user_id in officers[organization] if user is None else [user]:
            yield Due(user_id, f"check:{pk}", text, reverse("pledge_check_answer", args=[pk]), answer_by)


def adjustments_due(day: dt.date) -> Iterator[Due]:
    """Remind the officers where a pledge is reviewed, once a week, of changes that have waited for three days."""

    def told(count: int) -> str:
        return ngettext(
            "%(count)s change of a pledge has waited for your decision for over three days.",
            "%(count)s changes of pledges have waited for your decision for over three days.",
            count,
        ) % {"count": count}

    waiting = PledgeAdjustment.objects.filter(state=AdjustmentState.REQUESTED, requested_at__lt=_three_days_before(day))
    place = "pledge__reviewing_organization_id"
    return _weekly(waiting, place, Cap.PLEDGE_REVIEW, day, told, reverse("adjustment_list"))


RULES = (
    ReminderRule("pledges.review", gettext_lazy("Pledges waiting for review"), reviews_due),
    ReminderRule("pledges.review_end", gettext_lazy("End of the stage in which pledges are reviewed"), reviews_end),
    ReminderRule("pledges.end", gettext_lazy("End of the stage in which pledges are handed in"), pledges_end),
    ReminderRule(
        "pledges.appraisal_end", gettext_lazy("End of the stage in which pledges are appraised"), appraisals_end
    ),
    ReminderRule("pledges.comments", gettext_lazy("Opinions on pledges waiting"), comments_due),
    ReminderRule("pledges.item_due", gettext_lazy("Pledge items falling due"), items_due),
    ReminderRule("pledges.item_overdue", gettext_lazy("Overdue pledge items"), items_overdue),
    ReminderRule("pledges.check", gettext_lazy("Checks of pledges to answer"), checks_due),
    ReminderRule("pledges.adjustment", gettext_lazy("Changes of pledges to decide"), adjustments_due),
)
