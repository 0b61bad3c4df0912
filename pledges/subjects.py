"""Whose pledge can be begun: found by what people know of them, however many they are."""

from typing import Any

from campaign.common.errors import DomainError
from campaign.common.text import is_key
from campaign.models import Campaign
from orgs.models import Member, Organization
from orgs.selectors import OFFERED, members_matching, organizations_matching
from pledges.selectors import members_without, organizations_without

Subject = Organization | Member
LISTED = 50
"""So many are listed (a branch has seldom more, 2-domain b.2); among more one searches by typing."""


def key_of(subject: Subject) -> str:
    """Return by which value a choice names `subject`."""
    return f"{'member' if isinstance(subject, Member) else 'organization'}:{subject.pk}"


def name_of(subject: Subject) -> str:
    """Return the name by which people tell subjects apart: a member's with the branch."""
    return f"{subject.name}（{subject.organization.display_name}）" if isinstance(subject, Member) else subject.name


def listed_subjects(user: Any, campaign: Campaign) -> list[Subject] | None:
    """Return all who have no pledge this year and for whom `user` writes, organizations first; None when there are more than
    LISTED of them."""
    organizations = organizations_without(user, campaign).order_by("path")[: LISTED + 1]
    members = members_without(user, campaign).order_by("organization__path", "pinyin", "pk")[: LISTED + 1]
    found: list[Subject] = [*organizations, *members]
    return found if len(found) <= LISTED else None


def subject_of(user: Any, campaign: Campaign, key: str) -> Subject | None:
    """Return the subject that `key` names, if `user` writes for it and it has no pledge yet."""
    kind, _colon, number = key.partition(":")
    if kind not in ("organization", "member") or not is_key(number):
        return None
    found: Any = (organizations_without if kind == "organization" else members_without)(user, campaign)
    subject: Subject | None = found.filter(pk=number).first()
    return subject


def subjects_matching(user: Any, campaign: Campaign, words: str) -> list[Subject]:
    """Return some of those that fit what was typed: name, pinyin initials, code or personnel number."""
    organizations = organizations_matching(organizations_without(user, campaign), words).order_by("path")[:OFFERED]
    try:
        members = members_matching(members_without(user, campaign), words, user).order_by("pinyin", "pk")[:OFFERED]
    except DomainError:  # too many id numbers tried: the list of members says so
        members = Member.objects.none()
    return [*organizations, *members]
