"""示诺: on the board and off it, for a period; links to a board for those without an account."""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import DateField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.crypto import digest
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Campaign
from orgs.models import Organization
from pledges.models import BoardLink, Pledge
from pledges.services.locking import locked
from pledges.workflow import workflow

CODE_BYTES = 24
LONGEST = dt.timedelta(days=731)
"""No link to a board lives longer than two years."""


@dataclass(frozen=True)
class Period:
    """From when until when a pledge hangs; the defaults: from today, to the end of its campaign."""

    begins_on: dt.date | None = None
    ends_on: dt.date | None = None

    def fields(self) -> dict[str, Any]:
        """Return what is written with a publication. Raises DomainError when it ends before it begins."""
        begins_on = self.begins_on or clock.today()
        if self.ends_on is not None:
            if self.ends_on < begins_on:
                raise DomainError(_("The period of display ends before it begins."))
            return {"display_from": begins_on, "display_until": self.ends_on}
        end = Subquery(Campaign.objects.filter(pk=OuterRef("campaign")).values("ends_on")[:1])
        first = Value(begins_on, output_field=DateField())
        return {"display_from": begins_on, "display_until": Greatest(end, first, output_field=DateField())}


TO_THE_END = Period()


def _published(period: Period) -> dict[str, Any]:
    return {"published_at": clock.now(), "version": F("version") + 1, **period.fields()}


def pledge_publish(*, pledge: Pledge, actor: Any, period: Period = TO_THE_END) -> Pledge:
    """Put an approved pledge on the board for a period. Raises NotAllowed, StateConflict, DomainError (the period)."""
    with transaction.atomic():
        return workflow.take(locked(pledge), "pledge_publish", actor=actor, **_published(period))


def pledges_publish_many(*, queryset: QuerySet[Pledge], actor: Any, period: Period = TO_THE_END) -> int:
    """Put those of `queryset` on the board that are approved and `actor` may publish; returns how many. Raises
    DomainError for a period that ends before it begins."""
    return workflow.take_all(queryset, "pledge_publish", actor=actor, **_published(period))


def pledge_display(*, pledge: Pledge, actor: Any, period: Period, version: int | None = None) -> Pledge:
    """Change from when until when a published pledge hangs. Raises NotAllowed, StateConflict when it is not published,
    EditConflict when it is no longer at `version`, DomainError for a period that ends before it begins."""
    with transaction.atomic():
        pledge = locked(pledge, version)
        if not Pledge.objects.allowed(actor, Cap.PLEDGE_PUBLISH).filter(pk=pledge.pk).exists():
            raise NotAllowed
        if not pledge.is_public:
            raise StateConflict
        before = (pledge.display_from, pledge.display_until)
        pledge.save_version(pledge.version, **period.fields())
        changes = {
            "display_from": [before[0], pledge.display_from],
            "display_until": [before[1], pledge.display_until],
        }
        audit_record(action="pledge_display", actor=actor, target=pledge, changes=changes)
    return pledge


def pledge_take_down(*, pledge: Pledge, actor: Any, reason: str) -> Pledge:
    """Take a pledge off the board at once; it is approved still. Raises NotAllowed, StateConflict, DomainError."""
    gone = {"published_at": None, "display_from": None, "display_until": None}
    with transaction.atomic():
        return workflow.take(
            locked(pledge), "pledge_take_down", actor=actor, reason=reason, version=F("version") + 1, **gone
        )


# -- links to a board --------------------------------------------------------------------------------------------------


def code_digest(code: str) -> str:
    """Return the keyed hash under which the code of a link is kept."""
    return digest(code.strip(), purpose="board-link")


def boardlink_create(
    *, organization: Organization, actor: Any, name: str, expires_on: dt.date, with_below: bool = False
) -> tuple[BoardLink, str]:
    """Make a link to the board of an organization; returns it with its code, which is kept nowhere.

    Raises NotAllowed, or DomainError for a day that is over or further away than two years.
    """
    if not reaches(actor, Cap.PLEDGE_PUBLISH, organization.path):
        raise NotAllowed
    if not clock.today() <= expires_on <= clock.today() + LONGEST:
        raise DomainError(_("Choose a day from today on, at most two years away."))
    code = secrets.token_urlsafe(CODE_BYTES)
    with transaction.atomic():
        link = BoardLink.objects.create(
            organization=organization,
            name=name.strip(),
            with_below=with_below,
            code_digest=code_digest(code),
            expires_on=expires_on,
            created_by=actor,
        )
        changes: dict[str, list[Any]] = {"expires_on": [None, expires_on], "with_below": [None, with_below]}
        audit_record(action="boardlink_create", actor=actor, target=link, changes=changes)
    return link, code


def boardlink_revoke(*, link: BoardLink, actor: Any) -> None:
    """Close a link: from now on it shows nothing. Raises NotAllowed, StateConflict when it is closed already."""
    if not BoardLink.objects.allowed(actor, Cap.PLEDGE_PUBLISH).filter(pk=link.pk).exists():
        raise NotAllowed
    with transaction.atomic():
        if not BoardLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=clock.now()):
            raise StateConflict
        audit_record(action="boardlink_revoke", actor=actor, target=link)


def boardlink_open(*, code: str) -> BoardLink | None:
    """Return the living link that `code` opens, noting the day of its use; None where there is none."""
    link = BoardLink.objects.live().select_related("organization").filter(code_digest=code_digest(code)).first()
    if link is not None and link.last_used_on != clock.today():
        BoardLink.objects.filter(pk=link.pk).update(last_used_on=clock.today())
    return link
