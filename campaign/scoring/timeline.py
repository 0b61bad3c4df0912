"""Scores of past periods on the page of an organization; on that of a member the grade alone (2-domain f.2)."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.common.exact import hundredths
from campaign.scoring.models import PeriodScore, PeriodScoreQuerySet
from orgs.models import Member, Organization
from orgs.timeline import TimelineEntry, TimelineSource, sources

SHOWN = 20


def of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    found = PeriodScore.objects.allowed(viewer, Cap.SCORE_VIEW_MEMBER).filter(member=member)
    return [
        TimelineEntry(
            on=_day(score),
            label=_("Periodic scores"),
            text=f"{score.period} · {score.grade or gettext('no grade')}",
            url=reverse("grade_detail", args=[score.pk]),
            icon="chart-bar",
        )
        for score in _latest(found)
    ]


def of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    found = PeriodScore.objects.visible_to(viewer).of_organizations().filter(organization=organization)
    return [
        TimelineEntry(
            on=_day(score),
            label=_("Periodic scores"),
            text=f"{score.period} · {_told(score)}",
            url=reverse("score_detail", args=[score.pk]),
            icon="chart-bar",
        )
        for score in _latest(found)
    ]


def _latest(found: PeriodScoreQuerySet) -> PeriodScoreQuerySet:
    return found.current().select_related("period", "run").order_by("-period__ends_on", "-pk")[:SHOWN]


def _day(score: PeriodScore) -> Any:
    """Return the last day of the period; while it goes on, the day on which its score was computed."""
    computed = score.run.finished_at
    return min(score.period.ends_on, timezone.localdate(computed)) if computed else score.period.ends_on


def _told(score: PeriodScore) -> str:
    if score.total is None:
        return gettext("no score")
    points = gettext("%(points)s points") % {"points": hundredths(score.total)}
    return f"{points} · {score.grade}" if score.grade else points


def register() -> None:
    sources.register(TimelineSource("scores", _("Periodic scores"), of_member, of_organization))
