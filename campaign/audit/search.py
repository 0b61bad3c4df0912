"""What is searched for in the log: the same for the page and for the export."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Q

from campaign.audit.models import AuditQuerySet
from campaign.common import clock
from campaign.common.access import ScopedQuerySet, paths_of, under
from campaign.common.capabilities import Cap
from campaign.common.crypto import decrypt, encrypt

PEOPLE = 200
"""At most as many accounts are meant by a name: whoever types less than a name gets the first ones."""
PLACES = 50
"""And so many organizations by a part of theirs."""


@dataclass(frozen=True)
class Criteria:
    """`people` and `places` are None where they are not searched for; `places` are paths, with everything below."""

    people: tuple[int, ...] | None = None
    places: tuple[str, ...] | None = None
    action: str = ""
    kind: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    words: str = ""

    @classmethod
    def typed(cls, fields: Mapping[str, Any], user: Any) -> "Criteria":
        """Read what was typed into the form above the log."""
        person, place = (fields.get("person") or "").strip(), (fields.get("organization") or "").strip()
        return cls(
            people=_people(person) if person else None,
            places=_places(place, user) if place else None,
            action=fields.get("action") or "",
            kind=fields.get("kind") or "",
            since=fields.get("since"),
            until=fields.get("until"),
            words=(fields.get("words") or "").strip(),
        )

    def apply(self, entries: AuditQuerySet) -> AuditQuerySet:
        """Keep the entries that are searched for."""
        if self.people is not None:
            entries = entries.filter(Q(actor__in=self.people) | Q(on_behalf_of__in=self.people))
        if self.places is not None:
            condition = Q(pk__in=())
            for path in self.places:
                condition |= under(path, "actor__organization__path")
            entries = entries.filter(condition)
        if self.action:
            entries = entries.filter(action=self.action)
        if self.kind:
            entries = entries.filter(target_type=self.kind)
        if self.since:
            entries = entries.filter(at__gte=clock.start_of(self.since))
        if self.until:
            entries = entries.filter(at__lt=clock.start_of(self.until + dt.timedelta(days=1)))
        if self.words:
            entries = entries.filter(Q(target_name__icontains=self.words) | Q(reason__icontains=self.words))
        return entries

    def parameters(self) -> dict[str, Any]:
        """Return this as the parameters of a job: keys alone, and the words encrypted, since they may name somebody."""
        return {
            "people": self.people,
            "places": self.places,
            "action": self.action,
            "kind": self.kind,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "words": encrypt(self.words),
        }

    @classmethod
    def from_parameters(cls, given: Mapping[str, Any]) -> "Criteria":
        """Undo `parameters`."""
        return cls(
            people=None if given.get("people") is None else tuple(given["people"]),
            places=None if given.get("places") is None else tuple(given["places"]),
            action=given.get("action") or "",
            kind=given.get("kind") or "",
            since=dt.date.fromisoformat(given["since"]) if given.get("since") else None,
            until=dt.date.fromisoformat(given["until"]) if given.get("until") else None,
            words=decrypt(given.get("words") or ""),
        )


def _people(name: str) -> tuple[int, ...]:
    meant = get_user_model().objects.filter(Q(username=name) | Q(name__startswith=name))
    return tuple(meant.values_list("pk", flat=True)[:PEOPLE])


def _places(name: str, user: Any) -> tuple[str, ...]:
    """Return the organizations of that name within the auditor's reach."""
    reach = Q(pk__in=())
    for path in paths_of(user, Cap.AUDIT_VIEW):
        reach |= under(path)
    named = Q(name__icontains=name) | Q(initials__startswith=name.lower()) | Q(code__iexact=name)
    organizations: Any = get_user_model()._meta.get_field("organization").related_model
    return tuple(organizations.objects.filter(reach, named).values_list("path", flat=True)[:PLACES])


def kind_choices() -> list[tuple[str, str]]:
    """Return the kinds of objects, by their names."""
    found = {
        model._meta.label_lower: str(model._meta.verbose_name)
        for model in apps.get_models()
        if isinstance(model._default_manager.get_queryset(), ScopedQuerySet)
    }
    return sorted(found.items(), key=lambda pair: pair[1])


def entries_of(kind: str, pk: str, entries: AuditQuerySet) -> AuditQuerySet:
    """Keep the history of one object, whether it still exists or not."""
    return entries.filter(target_type=kind, target_id=pk)
