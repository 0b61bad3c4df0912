"""Reading and checking the audit log."""

from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Exists, Model, OuterRef, Q
from django.db.models.functions import Cast
from django.utils.crypto import constant_time_compare

from campaign.audit.models import AuditEntry, AuditLink, AuditQuerySet
from campaign.audit.services import link_digest
from campaign.common.access import actor_ids, ancestors_and_self, paths_of, under
from campaign.common.capabilities import Cap


def audit_visible_to(user: Any) -> AuditQuerySet:
    """Return what people of the auditor's organization and those below did; at the top of the tree the whole log, with what
    the system did."""
    entries, reach = AuditEntry.objects.all(), Q(pk__in=())
    for path in paths_of(user, Cap.AUDIT_VIEW):
        if ancestors_and_self(path) == [path]:
            return entries
        reach |= under(path, "actor__organization__path")
    return entries.filter(reach)


def done_for(model: type[Model], user: Any, *actions: str) -> Exists:
    """Return the condition "one of `actions` was done to it on behalf of `user`, or of whom `user` acts for".

    For rules like "who hands in does not approve": what a deputy did for somebody counts as that somebody's own.
    """
    entries = AuditEntry.objects.filter(
        target_type=model._meta.label_lower,
        target_id=Cast(OuterRef("pk"), CharField()),
        action__in=actions,
        on_behalf_of__in=actor_ids(user),
    )
    return Exists(entries)


@dataclass(frozen=True)
class Verification:
    """The result of a check: how many links hold, where the first break is, how many entries wait for their link."""

    links: int
    head: str
    broken_at: int | None
    unchained: int


def audit_verify(*, expected_head: str = "", expected_links: int = 0) -> Verification:
    """Recompute the chain. A head and count exported earlier find a cut tail too."""
    digest, count, broken = "", 0, None
    links = AuditLink.objects.select_related("entry").order_by("position")
    for count, link in enumerate(links.iterator(chunk_size=2000), start=1):
        digest = link_digest(digest, link.entry)
        if link.position != count or not constant_time_compare(digest, link.digest):
            broken = link.position
            break
        if count == expected_links and expected_head and not constant_time_compare(digest, expected_head):
            broken = link.position
            break
    if broken is None and count < expected_links:
        broken = count + 1
    return Verification(count, digest, broken, AuditEntry.objects.filter(link=None).count())
