"""States as tables: which step leads from where to where, and who may take it.

A step is one conditional update, so two people pressing at once cannot both succeed, on either database. It works on one
object and, set-based, on a whole queryset. The diagrams of the manual are drawn from the same table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django.db import models, transaction
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record, audit_record_many
from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict

M = TypeVar("M", bound=models.Model)
Check = Callable[[Any, Any], None]
"""Called with the object and the actor; raises DomainError with the reason when the step is not possible."""


@dataclass(frozen=True)
class Step:
    """One transition: `name` is the verb of the audit log, `label` the button, which stands back where the step undoes
    what was done (`undoes`)."""

    name: str
    sources: tuple[str, ...]
    target: str
    capability: Cap
    label: str | Promise
    needs_reason: bool = False
    checks: tuple[Check, ...] = ()
    undoes: bool = False


_made: list["Workflow[Any]"] = []


def workflows() -> list["Workflow[Any]"]:
    """Return every workflow of the project, for the diagrams of the manual."""
    autodiscover_modules("workflow")
    return list(_made)


class Workflow(Generic[M]):
    """The steps of one model's `state`."""

    def __init__(self, model: type[M], steps: list[Step], field: str = "state") -> None:
        self.model, self.field = model, field
        self.steps: Mapping[str, Step] = {step.name: step for step in steps}
        _made.append(self)

    def _scoped(self) -> ScopedQuerySet[M]:
        return cast(ScopedQuerySet[M], self.model._default_manager.all())

    def available(self, obj: M, user: Person) -> list[Step]:
        """Return the steps that `user` may take on `obj` now."""
        possible = [step for step in self.steps.values() if getattr(obj, self.field) in step.sources]
        return [step for step in possible if self._refusal(obj, step, user) is None]

    def _refusal(self, obj: M, step: Step, actor: Person) -> DomainError | None:
        if not self._scoped().allowed(actor, step.capability).filter(pk=obj.pk).exists():
            return NotAllowed()
        try:
            for check in step.checks:
                check(obj, actor)
        except DomainError as error:
            return error
        return None

    def take(self, obj: M, name: str, *, actor: Person, reason: str = "", **updates: object) -> M:
        """Take the step `name` with `obj` as `actor`, writing `updates` with it; returns the object as it is then.

        Raises NotAllowed, StateConflict (someone else was first, or the state does not allow it), or the DomainError of
        one of the step's checks.
        """
        step = self.steps[name]
        if step.needs_reason and not reason.strip():
            raise DomainError(_("Please give a reason."))
        if getattr(obj, self.field) not in step.sources:
            raise StateConflict
        if refusal := self._refusal(obj, step, actor):
            raise refusal
        before = getattr(obj, self.field)
        with transaction.atomic():
            changed = self.model._default_manager.filter(pk=obj.pk, **{f"{self.field}__in": step.sources}).update(
                **{self.field: step.target}, **updates, **self._touched()
            )
            if changed != 1:
                raise StateConflict
            obj.refresh_from_db()
            audit_record(
                action=step.name, actor=actor, target=obj, reason=reason, changes={self.field: [before, step.target]}
            )
        return obj

    def take_all(
        self, queryset: models.QuerySet[M], name: str, *, actor: Person, reason: str = "", **updates: object
    ) -> int:
        """Take the step with every object of `queryset` that `actor` may and whose state allows it, in a constant
        number of statements; returns how many. Checks of the step must be expressed in the queryset by the caller."""
        step = self.steps[name]
        with transaction.atomic():
            allowed = self._scoped().allowed(actor, step.capability)
            ids = list(
                queryset.filter(pk__in=allowed.values("pk"), **{f"{self.field}__in": step.sources})
                .order_by("pk")
                .values_list("pk", flat=True)
            )
            changed = self.model._default_manager.filter(pk__in=ids, **{f"{self.field}__in": step.sources}).update(
                **{self.field: step.target}, **updates, **self._touched()
            )
            if changed != len(ids):
                raise StateConflict
            audit_record_many(
                action=step.name,
                actor=actor,
                targets=list(self.model._default_manager.filter(pk__in=ids)),
                reason=reason,
                changes={self.field: [None, step.target]},
            )
        return changed

    def _touched(self) -> dict[str, object]:
        fields = {field.name for field in self.model._meta.get_fields()}
        return {"updated_at": clock.now()} if "updated_at" in fields else {}

    def mermaid(self) -> str:
        """Return the table as a Mermaid state diagram, for the manual."""
        lines = [
            f"    {source} --> {step.target}: {step.label}" for step in self.steps.values() for source in step.sources
        ]
        return "\n".join(["stateDiagram-v2", *lines])
