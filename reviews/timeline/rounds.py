"""Published results of mass evaluations on the page of a member or an organization."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.ballots.models import Subject
from campaign.common.exact import hundredths
from orgs.models import Member, Organization
from orgs.timeline import TimelineEntry, TimelineSource, sources
from reviews.selectors.rounds import results_for

SHOWN = 20
NO_APPRAISAL = {"ballot__round__member_appraisal": None, "ballot__round__secretary_appraisal": None}
"""The ballots of appraisals are told with the grade that was decided."""


def of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    return _entries(Subject.objects.visible_to(viewer).filter(member=member), viewer)


def of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    return _entries(Subject.objects.visible_to(viewer).filter(organization=organization, member=None), viewer)


def _entries(subjects: Any, viewer: Any) -> list[TimelineEntry]:
    found = subjects.filter(ballot__in=results_for(viewer).values("pk"), result__verdict="valid", **NO_APPRAISAL)
    return [
        TimelineEntry(
            on=timezone.localtime(subject.ballot.sealed_at).date(),
            label=_("Mass evaluation"),
            text=_text(subject),
            url=reverse("round_result", args=[subject.ballot_id, subject.pk]),
            icon="clipboard-check",
        )
        for subject in found.select_related("result", "ballot__round").distinct()[:SHOWN]
    ]


def _text(subject: Subject) -> str:
    name, total = subject.ballot.round.name, subject.result.total
    return name if total is None else gettext("%(name)s: %(total)s points") % {"name": name, "total": hundredths(total)}


def register() -> None:
    sources.register(TimelineSource("evaluation", _("Mass evaluation"), of_member, of_organization))
