"""Finding whom an entry is about: party organizations and members in one search, by what people know of them."""

from typing import Any

from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.text import is_key
from orgs.models import Member, Organization
from orgs.models.members import MemberQuerySet
from orgs.models.organizations import OrganizationQuerySet
from orgs.selectors import OFFERED, members_for, members_matching, organizations_matching

Subject = Organization | Member


def organizations_scored_by(user: Any) -> OrganizationQuerySet:
    """Return the organizations for which `user` enters."""
    found: OrganizationQuerySet = Organization.objects.allowed(user, Cap.SCORE_RUN).active()
    return found


def members_scored_by(user: Any) -> MemberQuerySet:
    """Return the members for whom `user` enters: within reach, and to be seen."""
    found: MemberQuerySet = members_for(user).allowed(user, Cap.SCORE_RUN).present()
    return found


def key_of(subject: Subject) -> str:
    """Return by which value a choice names `subject`: a letter for its kind, and its number."""
    return f"{'m' if isinstance(subject, Member) else 'o'}{subject.pk}"


def name_of(subject: Subject) -> str:
    """Return the name by which people tell subjects apart: a member's with the branch."""
    return f"{subject.name}（{subject.organization.display_name}）" if isinstance(subject, Member) else subject.name


def subject_of(user: Any, key: str) -> Subject | None:
    """Return the subject that `key` names, if `user` enters for it."""
    kind, number = key[:1], key[1:]
    if kind not in ("o", "m") or not is_key(number):
        return None
    found: Any = organizations_scored_by(user) if kind == "o" else members_scored_by(user)
    subject: Subject | None = found.filter(pk=number).first()
    return subject


def subjects_matching(user: Any, words: str) -> list[Subject]:
    """Return some of the subjects that fit what was typed: name, pinyin initials, code or personnel number."""
    organizations = organizations_matching(organizations_scored_by(user), words)[:OFFERED]
    members = members_scored_by(user).exclude(name="")
    try:
        found = members_matching(members, words, user)[:OFFERED]
    except DomainError:  # too many id numbers tried: the list of members says so
        found = members.none()
    return [*organizations, *found]
