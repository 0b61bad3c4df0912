"""Kinds of objects whose readers and history can be looked at: "who can see this?" and "what was done to it?".

Each app registers its own in `AppConfig.ready()`. The pages stand in `orgs.views.oversight`; base.html shows the way there
on every page of a registered object: the address is `page`, the object lies in the template context under `key`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.db import models
from django.utils.functional import Promise

from campaign.common.access import ScopedQuerySet, reaches
from campaign.common.capabilities import MATRIX, Cap, Reach
from campaign.common.registry import Registry


def _view_capability(kind: "ObjectKind", _record: Any) -> tuple[Cap, ...]:
    return (kind.objects().view_capability,)


def _everybody(_record: Any) -> None:
    return None


def _nothing(_record: Any) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class ObjectKind:
    """`page` is the address of its page (takes the key of the object); who holds one of `manage` over it reads its history.

    `seen_by(record)` names the capabilities that let people see it (default: the view capability of the queryset);
    `only(record)` gives the accounts that alone see it at present (a draft), None for no such rule; `also(record)` says in
    words who sees a part of it elsewhere (a public board). `parts` are records that belong to it, whose history is its own:
    the label of their model, and the field that leads from them to it.
    """

    key: str
    model: type[models.Model]
    page: str
    manage: tuple[Cap, ...]
    seen_by: Callable[[Any], tuple[Cap, ...]] | None = None
    only: Callable[[Any], Iterable[int] | None] = _everybody
    also: Callable[[Any], Iterable[str | Promise]] = _nothing
    queryset: Callable[[], Any] | None = None
    parts: tuple[tuple[str, str], ...] = ()

    def objects(self) -> ScopedQuerySet[Any]:
        found: Any = self.queryset() if self.queryset else self.model._default_manager.all()
        return cast(ScopedQuerySet[Any], found)

    def capabilities(self, record: Any) -> tuple[Cap, ...]:
        """Return the capabilities that let people see `record`."""
        return self.seen_by(record) if self.seen_by else _view_capability(self, record)


kinds: Registry[ObjectKind] = Registry("kinds of objects")


def kind_of_page(url_name: str) -> ObjectKind | None:
    """Return the kind whose page has this name."""
    return next((kind for kind in kinds if kind.page == url_name), None)


def kind_of(model_label: str) -> ObjectKind | None:
    """Return the kind of a model, by its label in lower case."""
    return next((kind for kind in kinds if kind.model._meta.label_lower == model_label), None)


@dataclass(frozen=True)
class Standing:
    """How somebody stands to an object: it is the own one, in one's charge, or within reach of the auditor."""

    owns: bool
    manages: bool
    audits: bool

    @property
    def sees_readers(self) -> bool:
        return self.owns or self.manages or self.audits

    @property
    def sees_history(self) -> bool:
        return self.manages or self.audits


def standing(user: Any, kind: ObjectKind, record: Any) -> Standing:
    """Tell how `user` stands to `record`. That `user` may see it at all is the caller's to ask. No query where the record
    was read with its organization."""
    objects = kind.objects()
    manages = any(_holds_over(user, objects, capability, record) for capability in kind.manage)
    return Standing(
        owns=is_owner(user, record, objects.person_lookup),
        manages=manages,
        audits=reaches(user, Cap.AUDIT_VIEW, place_of(record, objects.org_lookup)),
    )


def _holds_over(user: Any, objects: ScopedQuerySet[Any], capability: Cap, record: Any) -> bool:
    owner = objects.person_lookups.get(capability, objects.person_lookup)
    roles = {grant.role for grant in user.grants}
    if any(MATRIX[capability].get(role) is Reach.SELF for role in roles) and is_owner(user, record, owner):
        return True
    return reaches(user, capability, place_of(record, objects.org_lookups.get(capability, objects.org_lookup)))


def place_of(record: Any, lookup: str) -> str:
    """Return the path of the organization that `lookup` leads to from `record`; where there is none, one that no role
    reaches."""
    for name in lookup.split("__") if lookup else ():
        record = getattr(record, name, None)
    return record.path if record is not None else "-"


def is_owner(user: Any, record: Any, lookup: str | None) -> bool:
    """Tell whether `record` is the own one of `user` as `lookup` has it; never while acting for somebody."""
    if lookup is None or user.acting_for is not None:
        return False
    *way, last = lookup.split("__")
    if last == "user":
        if not way:
            return bool(record.pk == user.member_id)
        *way, last = way
        wanted = user.member_id
    else:
        wanted = user.pk
    for name in way:
        record = getattr(record, name)
    return wanted is not None and bool(getattr(record, "pk" if last == "pk" else f"{last}_id") == wanted)
