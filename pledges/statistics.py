"""Statistics of form d.3: what each figure counts, its sums over the tree, and the records behind it (2-domain d.3, d.20).

A figure is counted in one place (`ITEM_FIGURES`, `pledged`, `obliged_members`, `obliged_organizations`) for the summary and for
the list of its records alike. Items belong to the organization in which the pledge was made; whether a member has pledged is
asked of the members enrolled now, wherever they made their pledge, so that somebody who moved is not missing.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Left
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.exact import half_up
from campaign.models import Campaign
from orgs.models import Member, MemberQuerySet, Organization
from pledges.models import ACTIVE, PUBLIC, ItemResult, Pledge, PledgeItem, PledgeQuerySet, PledgeState
from pledges.models.statistics import PledgeSummary, SummaryState

HANDED_IN = tuple(state for state in ACTIVE if state != PledgeState.DRAFT)
"""A draft is no pledge yet; one that was returned is."""
APPROVED = (PledgeState.APPROVED, *PUBLIC)
PERCENT = 10_000


def _on_board(**conditions: Any) -> Q:
    return Q(pledge__state__in=PUBLIC, **conditions)


def item_figures(today: dt.date) -> dict[str, Q]:
    """Return the condition of each figure that counts items, as of `today`.

    Due: on the board, and its day has come or it was appraised before; so due = fulfilled + mostly + not + adjusted +
    pending (d.20, check 8). Overdue: pending, and its day is over.
    """
    pending = _on_board(result=ItemResult.PENDING)
    return {
        "items": Q(pledge__state__in=HANDED_IN),
        "approved": Q(pledge__state__in=APPROVED),
        "returned": Q(pledge__state=PledgeState.RETURNED),
        "published": _on_board(),
        "due": _on_board() & (Q(due_on__lte=today) | ~Q(result=ItemResult.PENDING)),
        "fulfilled": _on_board(result=ItemResult.FULFILLED),
        "basic": _on_board(result=ItemResult.BASIC),
        "unfulfilled": _on_board(result=ItemResult.UNFULFILLED),
        "adjusted": _on_board(result=ItemResult.ADJUSTED),
        "pending": pending & Q(due_on__lte=today),
        "overdue": pending & Q(due_on__lt=today),
    }


COVERAGE = ("organizations_obliged", "organizations_pledged", "members_obliged", "members_pledged")
ITEMS = tuple(item_figures(dt.date.min))
FIGURES = (*COVERAGE, *ITEMS)


def items_of(campaign: Campaign, year: int) -> QuerySet[PledgeItem]:
    """Return the items of the pledges of a campaign's year, whatever became of them."""
    return PledgeItem.objects.filter(pledge__campaign=campaign, pledge__year=year)


def handed_in(campaign: Campaign, year: int) -> PledgeQuerySet:
    """Return the pledges that were handed in and not withdrawn."""
    return Pledge.objects.filter(campaign=campaign, year=year, state__in=HANDED_IN)


def obliged_members(campaign: Campaign) -> MemberQuerySet:
    """Return the members who are asked for a pledge: enrolled now in the campaign's organizations, not exempt."""
    return Member.objects.present().filter(under(campaign.organization.path, "organization__path"), is_exempt=False)


def obliged_organizations(campaign: Campaign) -> QuerySet[Organization]:
    """Return the organizations that are asked for a pledge."""
    return campaign.organizations()


def pledged(campaign: Campaign, year: int, subject: str) -> Exists:
    """Return the condition that a member ("member") or an organization ("organization") has handed a pledge in."""
    pledges = handed_in(campaign, year)
    if subject == "organization":
        pledges = pledges.of_organizations()
    return Exists(pledges.filter(**{subject: OuterRef("pk")}))


@dataclass(frozen=True)
class Figures(Mapping[str, int]):
    """The figures of a unit; rates in hundredths of a percent, None where there is nothing to take them of."""

    counts: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.counts[name]

    def __iter__(self) -> Any:
        return iter(self.counts)

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def organizations_rate(self) -> int | None:
        return rate(self["organizations_pledged"], self["organizations_obliged"])

    @property
    def members_rate(self) -> int | None:
        return rate(self["members_pledged"], self["members_obliged"])

    @property
    def fulfilment_rate(self) -> int | None:
        """Kept ÷ (appraised or overdue, without what was adjusted): as the metric `pledges.fulfilment`."""
        kept = self["fulfilled"] + self["basic"]
        return rate(kept, kept + self["unfulfilled"] + self["overdue"])


def rate(part: int, whole: int) -> int | None:
    """Return part ÷ whole in hundredths of a percent, half up; None when there is nothing to measure."""
    return half_up(part * PERCENT, whole) if whole else None


def none() -> Figures:
    return Figures(dict.fromkeys(FIGURES, 0))


@dataclass(frozen=True)
class Unit:
    """A line of the statistics: an organization with all below it, or (`own`) what lies in it itself."""

    organization: Organization
    figures: Figures
    own: bool = False


@dataclass(frozen=True)
class Level:
    """The statistics of an organization: its total, what lies in it itself, and each organization directly below."""

    total: Figures
    units: list[Unit]


def level_of(campaign: Campaign, year: int, organization: Organization) -> Level:
    """Return the statistics of `organization` and the units directly below it: two queries, from the summary alone."""
    return _level(organization, _sums(campaign, year, organization))


def level_as_counted(state: SummaryState, organization: Organization) -> Level:
    """Return the same as it was summed up since the last count: the sums over fifty thousand organizations are made once and
    not for every reader. Where an organization hangs elsewhere meanwhile, that shows with the next count."""
    key = f"pledges:{state.mark}:{organization.pk}"
    sums: Sums | None = cache.get(key)
    if sums is None:
        sums = _sums(state.campaign, state.year, organization)
        cache.set(key, sums, KEPT)
    return _level(organization, sums)


Sums = dict[str, list[int]]
"""The figures of each unit by the place of its organization, in the order of FIGURES."""
KEPT = 300
"""Seconds; the next count comes much sooner."""


def _sums(campaign: Campaign, year: int, organization: Organization) -> Sums:
    step = len(organization.path) + Organization.steplen
    sums = (
        PledgeSummary.objects.filter(under(organization.path, "organization__path"), campaign=campaign, year=year)
        .values(unit=Left("organization__path", step))
        .annotate(**{f"{name}_sum": Sum(name) for name in FIGURES})
        .values_list("unit", *(f"{name}_sum" for name in FIGURES))
    )
    return {unit: figures for unit, *figures in sums}


def _level(organization: Organization, sums: Sums) -> Level:
    found = {unit: Figures(dict(zip(FIGURES, figures, strict=True))) for unit, figures in sums.items()}
    places = Organization.objects.filter(under(organization.path), depth__lte=organization.depth + 1)
    units = [
        Unit(each, found.get(each.path, none()), own=each.pk == organization.pk)
        for each in places
        if each.path in found or each.is_active
    ]
    return Level(total(found.values()), units)


def total_of(campaign: Campaign, year: int, organization: Organization) -> Figures:
    """Return the figures of `organization` and all below it: one query, from the summary alone."""
    found = PledgeSummary.objects.filter(under(organization.path, "organization__path"), campaign=campaign, year=year)
    sums = found.aggregate(**{f"{name}_sum": Sum(name) for name in FIGURES})
    return Figures({name: sums[f"{name}_sum"] or 0 for name in FIGURES})


def total(parts: Iterable[Figures]) -> Figures:
    """Return the sum of `parts`."""
    listed = list(parts)
    return Figures({name: sum(part[name] for part in listed) for name in FIGURES})


def state_of(campaign: Campaign, year: int) -> SummaryState | None:
    """Return how fresh the summary of a campaign's year is; None when it was never counted."""
    found = SummaryState.objects.filter(campaign=campaign, year=year, refreshed_at__isnull=False).first()
    if found is not None:
        found.campaign = campaign
    return found


# -- the records behind a figure ---------------------------------------------------------------------------------------


def items_behind(figure: str, campaign: Campaign, year: int, organization: Organization, today: dt.date) -> Any:
    """Return the items that `figure` counts in the subtree of `organization`."""
    condition = item_figures(today).get(figure, Q(pledge__state=PledgeState.SUBMITTED))
    return items_of(campaign, year).filter(condition, under(organization.path, "pledge__organization__path"))


def members_behind(figure: str, campaign: Campaign, year: int, organization: Organization) -> Any:
    """Return the members that are asked (`members_obliged`), have pledged (`members_pledged`) or not (`members_missing`)."""
    members = obliged_members(campaign).in_subtree(organization)
    if figure == "members_obliged":
        return members
    condition = pledged(campaign, year, "member")
    return members.filter(condition if figure == "members_pledged" else ~condition)


def organizations_behind(figure: str, campaign: Campaign, year: int, organization: Organization) -> Any:
    """Return the organizations behind `organizations_obliged`, `organizations_pledged`, `organizations_missing`."""
    found = obliged_organizations(campaign).filter(under(organization.path))
    if figure == "organizations_obliged":
        return found
    condition = pledged(campaign, year, "organization")
    return found.filter(condition if figure == "organizations_pledged" else ~condition)


LABELS: dict[str, str | Promise] = {
    "organizations_obliged": _("Organizations asked for a pledge"),
    "organizations_pledged": _("Organizations that have pledged"),
    "organizations_missing": _("Organizations without a pledge"),
    "members_obliged": _("Members asked for a pledge"),
    "members_pledged": _("Members who have pledged"),
    "members_missing": _("Members without a pledge"),
    "items": _("Pledge items"),
    "waiting": _("Items waiting for review"),
    "approved": _("Items approved"),
    "returned": _("Items returned"),
    "published": _("Items on the board"),
    "due": _("Items due"),
    "fulfilled": _("Items fulfilled"),
    "basic": _("Items mostly fulfilled"),
    "unfulfilled": _("Items not fulfilled"),
    "adjusted": _("Items adjusted for objective reasons"),
    "pending": _("Items to appraise"),
    "overdue": _("Items overdue"),
}
