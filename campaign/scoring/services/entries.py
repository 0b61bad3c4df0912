"""Bonus, deductions, ceilings and vetoes are entered by one person, who may change them until another decides."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaign.attachments.services import attachment_discard, attachment_store
from campaign.audit.services import audit_record, audit_record_each
from campaign.common import clock
from campaign.common.access import own_member_ids, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from campaign.models import Audience, Campaign
from campaign.scoring.models import MARKED, MOST, EntryKind, GradeBand, ScoreEntry, ScoreEntryQuerySet, ScoreSheet
from campaign.scoring.services.sheets import ensure_builtin_sheets
from orgs.models import Member, Organization

BATCH = 500


@dataclass(frozen=True)
class Entered:
    """What is entered: `points` in hundredths for a bonus or a deduction, `grade` for a ceiling."""

    kind: EntryKind
    happened_on: dt.date
    reason: str
    basis: str
    points: int = 0
    grade: str = ""
    work: str = ""

    def clean(self) -> "Entered":
        """Return it without what its kind does not have; a bonus without a named work is for its reason."""
        reason, work = self.reason.strip(), self.work.strip()
        return Entered(
            kind=self.kind,
            happened_on=self.happened_on,
            reason=reason,
            basis=self.basis.strip(),
            points=self.points if self.kind in MARKED else 0,
            grade=self.grade if self.kind == EntryKind.CEILING else "",
            work=(work or reason)[:100] if self.kind == EntryKind.BONUS else "",
        )


class EntryRules:
    """What may be entered in a campaign; read once, however many entries are looked at."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign

    @cached_property
    def _periods(self) -> list[Any]:
        return list(self.campaign.periods.all())

    @cached_property
    def _grades(self) -> set[tuple[str, str]]:
        ensure_builtin_sheets(campaign=self.campaign)
        sheets = ScoreSheet.objects.newest().filter(campaign=self.campaign)
        return set(GradeBand.objects.filter(sheet__in=sheets).values_list("sheet__audience", "name"))

    def check(self, subject: Organization | Member, entered: Entered) -> None:
        """Raises DomainError for what makes no sense."""
        fault = self.fault(subject, entered)
        if fault is not None:
            raise DomainError(fault[1])

    def fault(self, subject: Organization | Member, entered: Entered) -> tuple[str, str] | None:
        """Return the field that makes no sense, with the reason; None where all is right."""
        organization = subject.organization if isinstance(subject, Member) else subject
        audience = Audience.MEMBER if isinstance(subject, Member) else Audience.ORGANIZATION
        if not (organization.is_active and organization.path.startswith(self.campaign.organization.path)):
            return "code", _("This organization takes no part in the campaign.")
        if entered.happened_on > clock.today():
            return "happened_on", _("The date lies in the future.")
        if not any(period.holds_day(entered.happened_on) for period in self._periods):
            return "happened_on", _("No period of the campaign holds this date.")
        if entered.kind in MARKED and not 0 < entered.points <= MOST:
            return "points", _("Give the marks: more than 0, at most 100.")
        if entered.kind == EntryKind.CEILING and (audience, entered.grade) not in self._grades:
            return "grade", _("There is no grade “%(grade)s”.") % {"grade": entered.grade}
        if not entered.reason.strip() or not entered.basis.strip():
            return "reason", _("Say what it is for, and by which document.")
        return None


def entry_add(
    *, actor: Any, campaign: Campaign, subject: Organization | Member, document: Any = None, **entered: Any
) -> ScoreEntry:
    """Enter something for `subject` (`Entered`). It counts once a second person has confirmed it.

    Raises NotAllowed outside of the actor's reach; DomainError for what makes no sense, and for an entry about oneself.
    Source: 2-domain b.15, 4-scoring.
    """
    with transaction.atomic():
        (entry,) = entries_add(actor=actor, campaign=campaign, entered=[(subject, Entered(**entered))])
        if document:
            entry.attachment = attachment_store(file=document, actor=actor)
            entry.save(update_fields=["attachment"])
    return entry


def entries_add(
    *, actor: Any, campaign: Campaign, entered: Iterable[tuple[Organization | Member, Entered]]
) -> list[ScoreEntry]:
    """Enter several, in a constant number of statements. Raises as `entry_add` does, and then stores none."""
    rules, own, made = EntryRules(campaign), own_member_ids(actor), []
    for subject, one in entered:
        member = subject if isinstance(subject, Member) else None
        organization = subject.organization if isinstance(subject, Member) else subject
        if not reaches(actor, Cap.SCORE_RUN, organization.path):
            raise NotAllowed
        rules.check(subject, one)
        if member and member.pk in own:
            raise DomainError(_("Nobody enters this for oneself."))
        fields = asdict(one.clean())
        made.append(ScoreEntry(campaign=campaign, organization=organization, member=member, entered_by=actor, **fields))
    with transaction.atomic():
        ScoreEntry.objects.bulk_create(made, batch_size=BATCH)
        audit_record_each(
            action="entry_add",
            actor=actor,
            entries=[
                (entry, {"kind": ["", entry.kind], "points": [0, entry.points], "grade": ["", entry.grade]})
                for entry in made
            ],
        )
    return made


def is_own(entry: ScoreEntry, user: Any) -> bool:
    """Tell whether `user` entered it, or whom `user` acts for, or a deputy in the stead of either."""
    return ScoreEntry.objects.filter(ScoreEntryQuerySet.entered(user), pk=entry.pk).exists()


def entry_change(*, entry: ScoreEntry, version: int, actor: Any, document: Any = None, **entered: Any) -> ScoreEntry:
    """Change one's own entry as long as nobody has decided on it; a `document` takes the place of the one before.

    Raises NotAllowed for others, StateConflict once it is decided, EditConflict when somebody changed it meanwhile, DomainError
    as `entry_add` does.
    """
    with transaction.atomic():
        (found,) = entries_change(actor=actor, changed=[(entry.pk, version, Entered(**entered))])
        if document:
            old, found.attachment = found.attachment, attachment_store(file=document, actor=actor)
            found.save(update_fields=["attachment"])
            if old:
                attachment_discard(attachment=old)
            names = {"file": [old.name if old else "", found.attachment.name]}
            audit_record(action="entry_change", actor=actor, target=found, changes=names)
    return found


def entries_change(*, actor: Any, changed: Sequence[tuple[int, int, Entered]]) -> list[ScoreEntry]:
    """Change several of one's own, given as (key, version in which it was looked at, what it says now), in a constant number of
    statements. Raises as `entry_change` does, and then changes none."""
    with transaction.atomic():
        entries = ScoreEntry.objects.filter(pk__in=[pk for pk, _version, _one in changed])
        own = set(entries.filter(ScoreEntryQuerySet.entered(actor)).values_list("pk", flat=True))
        locked = entries.select_for_update(of=("self",)).select_related(
            "campaign__organization", "organization", "member__organization", "attachment"
        )
        found = {entry.pk: entry for entry in locked}
        rules = {entry.campaign_id: EntryRules(entry.campaign) for entry in found.values()}
        written = []
        for pk, version, one in changed:
            entry = found[pk]
            _check_open(entry, version, actor, own=pk in own)
            rules[entry.campaign_id].check(entry.subject, one)
            written.append((entry, _take(entry, one)))
        fields = [*Entered.__dataclass_fields__, "version", "updated_at"]
        ScoreEntry.objects.bulk_update(found.values(), fields, batch_size=BATCH)
        audit_record_each(action="entry_change", actor=actor, entries=written)
    return list(found.values())


def _check_open(entry: ScoreEntry, version: int, actor: Any, *, own: bool) -> None:
    if not own or not reaches(actor, Cap.SCORE_RUN, entry.organization.path):
        raise NotAllowed
    if not entry.is_open:
        raise StateConflict
    if entry.version != version:
        raise EditConflict


def _take(entry: ScoreEntry, entered: Entered) -> dict[str, list[Any]]:
    """Let `entry` say what was entered; returns what is other now, for the audit log."""
    changes = {}
    for name, value in asdict(entered.clean()).items():
        before = getattr(entry, name)
        if value != before:
            changes[name] = [_plain(before), _plain(value)]
            setattr(entry, name, value)
    entry.version, entry.updated_at = entry.version + 1, clock.now()
    return changes


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
