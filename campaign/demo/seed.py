"""Tells the whole story in the order in which it happened."""

import datetime as dt
import random
from collections.abc import Callable

from django.core.management import call_command
from django.db import transaction

from campaign.audit.heads import heads_forget
from campaign.audit.models import AuditEntry, AuditLink
from campaign.audit.services import audit_record
from campaign.common.append_only import unprotect
from campaign.common.errors import DomainError
from campaign.demo.appraising import tell_appraisals
from campaign.demo.awarding import tell_awards
from campaign.demo.catching_up import tell_late
from campaign.demo.closing import tell_closing
from campaign.demo.deputies import tell_deputies
from campaign.demo.evaluating import tell_evaluation
from campaign.demo.group import Group, make_group
from campaign.demo.importing import tell_import
from campaign.demo.moving import tell_members
from campaign.demo.organizing import tell_gaps, tell_organizing
from campaign.demo.pledging import tell_appraisal, tell_comments, tell_pledges, tell_progress
from campaign.demo.reporting import tell_reports
from campaign.demo.reviewing import tell_reviews
from campaign.demo.scoring import tell_scores
from campaign.demo.secretaries import tell_secretaries
from campaign.demo.signing_in import tell_accounts
from campaign.demo.story import Story, on
from campaign.demo.structure import tell_structure
from campaign.demo.supervising import tell_supervision
from campaign.models import Campaign
from campaign.scoring import sealing
from campaign.services import campaign_create
from orgs.models import Organization

Tell = Callable[[Group, Campaign, Story, random.Random], None]
CHAPTERS: tuple[tuple[str, str, Tell], ...] = (
    ("pledges", "leading groups, contact points, plans", tell_organizing),
    ("pledges", "pledges", tell_pledges),
    ("pledges", "comments", tell_comments),
    ("pledges", "progress", tell_progress),
    ("reviews", "leader reviews", tell_reviews),
    ("evaluation", "appraisal of pledges", tell_appraisal),
    ("evaluation", "supervision of pledges", tell_supervision),
    ("evaluation", "mass evaluation", tell_evaluation),
    ("evaluation", "appraisal of members", tell_appraisals),
    ("evaluation", "appraisal of secretaries", tell_secretaries),
    ("pledges", "pledges handed in late", tell_late),
    ("awards", "awards", tell_awards),
    ("closed", "closing", tell_closing),
    ("pledges", "gaps in the data", tell_gaps),
    ("pledges", "members", tell_members),
    ("pledges", "accounts not used yet", tell_accounts),
    ("pledges", "monthly exports", tell_reports),
    ("pledges", "deputies", tell_deputies),
)
"""(stage that must be reached, what the console says, the chapter)"""
MARK = "demo_seed"


def demo_seed(*, size: str, stage: str, seed: int, today: dt.date, say: Callable[[str], None]) -> Campaign:
    """Fill an empty database with the demo: all of it or nothing. Same arguments, same group.

    Raises DomainError when there are organizations already.
    """
    if Organization.objects.exists():
        raise DomainError("There are organizations already; the demo is loaded into an empty database only.")
    story, chance = Story(today, stage), random.Random(seed)  # noqa: S311 — a story, not a secret
    with transaction.atomic():
        say("organizations, members, accounts")
        group = make_group(story, size, chance)
        tell_structure(group, story)
        with on(story.begin):
            campaign = campaign_create(
                actor=group.office, organization=group.root, template="wujiang", code="C1", starts_on=story.begin
            )
        for needed, label, tell in CHAPTERS:
            if story.reached(needed):
                say(label)
                tell(group, campaign, story, chance)
        audit_record(action=MARK, actor=None, target=group.root)
    try:
        say("an import")
        tell_import(group, story)
        if story.reached("evaluation"):
            say("scores")
            tell_scores(group, campaign, story)
    except BaseException:  # Ctrl-C as well: a story without its end is taken back
        demo_remove()
        raise
    return campaign


def demo_loaded() -> bool:
    """Tell whether this database was filled by the demo."""
    return AuditEntry.objects.filter(action=MARK).exists()


def demo_remove() -> None:
    """Empty a database that the demo filled, with all that was added since. Raises DomainError for any other."""
    if not demo_loaded():
        raise DomainError("This database was not filled by the demo; nothing was removed.")
    sealing.uninstall()
    for model in (AuditLink, AuditEntry):
        unprotect(model)
    # Flushing sends post_migrate, which puts the protection back.
    call_command("flush", interactive=False, verbosity=0)
    heads_forget()
