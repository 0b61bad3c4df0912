"""Honours enter as bonuses by themselves: proposed from what other parts decided, they count once a second person has confirmed
them."""

from collections.abc import Iterator

from django.db import transaction

from campaign.audit.services import audit_record_many
from campaign.models import Audience, Campaign, Period
from campaign.scoring.models import EntryKind, ScoreEntry, ScoreSheet
from campaign.scoring.plans import group
from campaign.scoring.registry import Merit, merits
from campaign.scoring.services.sheets import ensure_builtin_sheets
from orgs.models import Member, Organization
from orgs.models.organizations import Category


def merits_propose(*, campaign: Campaign) -> int:
    """Enter what the registered parts honoured and is not entered yet; returns how many. Safe to call at any time.

    The marks are those of the sheet of the subject (`honour_marks`). What lies in no period, or in one for which the sheet gives
    nothing, is left out. Source: 4-scoring (honours enter by themselves), 2-domain b.11.
    """
    ensure_builtin_sheets(campaign=campaign)
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        known = set(ScoreEntry.objects.filter(campaign=campaign).exclude(origin="").values_list("origin", flat=True))
        entries = [entry for entry in _entries(campaign) if entry.origin not in known]
        made = ScoreEntry.objects.bulk_create(entries, batch_size=500)
        audit_record_many(action="entry_propose", actor=None, targets=made)
    return len(made)


def _entries(campaign: Campaign) -> Iterator[ScoreEntry]:
    found = [(source.key, merit) for source in merits for merit in source.of(campaign)]
    places = campaign.organizations().in_bulk({merit.organization for _key, merit in found})
    members = Member.objects.in_bulk({merit.member for _key, merit in found if merit.member})
    periods, marks = list(campaign.periods.all()), _marks(campaign)
    for key, merit in found:
        place = places.get(merit.organization)
        points = marks.get(_whose(merit, place)) if place else None
        if points and _counts(periods, merit):
            yield ScoreEntry(
                campaign=campaign,
                organization=place,
                member=members.get(merit.member or 0),
                kind=EntryKind.BONUS,
                points=points,
                work=merit.work[:100],
                happened_on=merit.happened_on,
                reason=merit.reason[:500],
                basis=merit.basis[:200],
                entered_by_id=merit.by,
                origin=f"{key}:{merit.key}",
            )


def _whose(merit: Merit, place: Organization | None) -> str:
    return Audience.MEMBER if merit.member or place is None else group(place.type, place.category)


def _counts(periods: list[Period], merit: Merit) -> bool:
    return any(period.holds_day(merit.happened_on) for period in periods)


def _marks(campaign: Campaign) -> dict[str, int]:
    """Return what an honour is worth, by group of organizations, and for members."""
    found: dict[str, int] = {}
    sheets = ScoreSheet.objects.newest().filter(campaign=campaign).prefetch_related("types")
    for sheet in sorted(sheets, key=lambda sheet: bool(sheet.category)):
        categories = [sheet.category] if sheet.category else ["", *Category.values]
        names = [group(row.type, category) for row in sheet.types.all() for category in categories]
        found.update(dict.fromkeys(names or [Audience.MEMBER], sheet.honour_marks))
    return found
