"""The access gate: the only way to an object of a person's request. A refusal looks like "not found".

* `@access(GET=Cap.X, POST=Cap.Y)` decides a URL by method; the permission test fails on a URL without a decision.
* `gate(request, Model.objects, pk=…)` fetches the object if the capability of this request reaches it.
* `ScopedQuerySet.allowed(user, capability)` is the same as a query: every list starts from it.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ClassVar, Protocol, Self, TypeVar, cast

from django.db import models
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.utils.functional import Promise
from django.utils.translation import gettext

from campaign.common.capabilities import MATRIX, Cap, Reach, Role

PUBLIC = "public"
"""Open to everybody, signed in or not."""
SIGNED_IN = "signed_in"
"""Open to everybody who is signed in; shows only what is theirs."""
Decision = Cap | str

M = TypeVar("M", bound=models.Model)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Grant:
    """A role held in an organization on the day of the request. `path` is the organization's place in the tree."""

    role: Role
    organization_id: int
    path: str
    is_interim: bool = False
    """Held by an acting holder (主持工作)."""

    @property
    def title(self) -> str:
        """The role as it is shown with its holder."""
        return titled(self.role.label, is_interim=self.is_interim)


def titled(label: str | Promise, *, is_interim: bool) -> str:
    """Return the name of a role, marked where its holder is an acting one."""
    return gettext("%(role)s (acting)") % {"role": label} if is_interim else str(label)


@dataclass(frozen=True)
class ActingFor:
    """What a deputy was handed: the role of another person (`person_id`), in an organization, until a day."""

    delegation_id: int
    person_id: int
    member_id: int | None
    name: str
    grant: Grant
    organization: str
    ends_on: dt.date


class Person(Protocol):
    """What the gate needs to know of a user; `orgs.models.User` is one."""

    pk: Any
    is_active: bool

    @property
    def is_authenticated(self) -> bool: ...
    @property
    def grants(self) -> tuple[Grant, ...]: ...
    @property
    def acting_for(self) -> ActingFor | None: ...
    @property
    def interests(self) -> tuple[Grant, ...]: ...


def grants_for(user: Person, capability: Cap) -> list[tuple[Reach, Grant]]:
    """Return the grants through which `user` holds `capability`, with how far each reaches."""
    if not user.is_authenticated or not user.is_active:
        return []
    roles = MATRIX.get(capability, {})
    return [(roles[grant.role], grant) for grant in user.grants if grant.role in roles]


def holds(user: Person, capability: Cap) -> bool:
    """Tell whether `user` holds `capability` anywhere (menus, buttons, lists)."""
    return bool(grants_for(user, capability))


def reaches(user: Person, capability: Cap, path: str) -> bool:
    """Tell whether `capability` of `user` reaches records of the organization at `path` (never by Reach.SELF)."""
    return any(_covers(reach, grant.path, path) for reach, grant in grants_for(user, capability))


def reaches_all(user: Person, capability: Cap, path: str) -> bool:
    """Tell whether `capability` of `user` reaches the organization at `path` and everything below it: then a query that stays
    there needs no condition for it."""
    return any(reach is Reach.SUBTREE and path.startswith(grant.path) for reach, grant in grants_for(user, capability))


def _covers(reach: Reach, held_at: str, path: str) -> bool:
    if reach is Reach.UNIT:
        return path == held_at
    if reach is Reach.SUBTREE:
        return path.startswith(held_at)
    if reach is Reach.BELOW:
        return path != held_at and path.startswith(held_at)
    if reach is Reach.UPWARD:
        return held_at.startswith(path)
    return False


def under(path: str, lookup: str = "path") -> Q:
    """Return the condition "at or below `path`" as one index range (`lookup` leads to an organization's path)."""
    low, high = bounds(path)
    return Q(**{f"{lookup}__gte": low, f"{lookup}__lt": high})


def bounds(path: str) -> tuple[str, str]:
    """Return the first path at or below `path`, and the first after all of them."""
    return path, _next(path)


def _next(path: str) -> str:
    """Return the first path after everything below `path`: counted up in the tree's alphabet, so any collation agrees."""
    stem = path.rstrip("Z")
    following = ALPHABET[ALPHABET.index(stem[-1]) + 1]
    return stem[:-1] + following + "0" * (len(path) - len(stem))


def ancestors_and_self(path: str, step: int = 4) -> list[str]:
    """Return the paths from the root down to `path` (a step of the tree is `step` characters)."""
    return [path[:end] for end in range(step, len(path) + 1, step)]


class ScopedQuerySet(models.QuerySet[M]):
    """A queryset that knows the user.

    `org_lookup` leads to the organization whose place decides; `org_lookups` names another one for single
    capabilities (a pledge is reviewed where `reviewing_organization` is). `person_lookup` leads to the user whose own
    record it is, `person_lookups` to another one for single capabilities (a review is the reviewed person's to read and
    the reviewer's to write); None where nothing is anybody's own.
    """

    view_capability: ClassVar[Cap]
    org_lookup: ClassVar[str] = "organization"
    org_lookups: ClassVar[dict[Cap, str]] = {}
    person_lookup: ClassVar[str | None] = None
    person_lookups: ClassVar[dict[Cap, str]] = {}

    def allowed(self, user: Person, capability: Cap) -> Self:
        """Keep what `user` may use `capability` on."""
        condition = self.reach_condition(user, capability, self.org_lookups.get(capability, self.org_lookup))
        return self.none() if condition is None else self.filter(condition)

    def reach_condition(self, user: Person, capability: Cap, place: str) -> Q | None:
        """Return the condition "`capability` of `user` reaches the organization to which `place` leads, or it is the own
        record"; None where it reaches nothing."""
        condition: Q | None = None
        owner = self.person_lookups.get(capability, self.person_lookup)
        for reach, grant in grants_for(user, capability):
            if reach is Reach.SELF:
                part = Q(**{owner: user.pk}) if owner else None
            else:
                part = self._place_condition(reach, grant, place)
            if part is not None:
                condition = part if condition is None else condition | part
        return condition

    def visible_to(self, user: Person) -> Self:
        """Keep what `user` may see."""
        return self.allowed(user, self.view_capability)

    @staticmethod
    def _place_condition(reach: Reach, grant: Grant, lookup: str) -> Q:
        prefix = f"{lookup}__" if lookup else ""
        if reach is Reach.UNIT:
            return Q(**{f"{prefix}path": grant.path})
        if reach is Reach.SUBTREE:
            return under(grant.path, f"{prefix}path")
        if reach is Reach.BELOW:
            return under(grant.path, f"{prefix}path") & ~Q(**{f"{prefix}path": grant.path})
        return Q(**{f"{prefix}path__in": ancestors_and_self(grant.path)})


class GatedRequest(HttpRequest):
    """A request that passed `@access`: its user is signed in, and `capability` is the decision for this method."""

    user: Any
    capability: Decision


def access(**decisions: Decision) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Decide a view by method: `@access(GET=Cap.PLEDGE_VIEW, POST=Cap.PLEDGE_WRITE)`. HEAD follows GET.

    Who is not signed in is sent to the login page; who holds the capability nowhere is told "not found".
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            method = "GET" if request.method == "HEAD" else str(request.method)
            if method not in decisions:
                return HttpResponseNotAllowed(sorted(decisions))
            decision = decisions[method]
            if decision != PUBLIC and not request.user.is_authenticated:
                return _to_login(request)
            if isinstance(decision, Cap) and not holds(cast(Person, request.user), decision):
                raise Http404
            cast(GatedRequest, request).capability = decision
            return view(request, *args, **kwargs)

        gated.access = decisions  # type: ignore[attr-defined]
        return gated

    return decorate


def _to_login(request: HttpRequest) -> HttpResponse:
    from django.contrib.auth.views import redirect_to_login

    from campaign.common.middleware import came_from

    # A page that is sent again after signing in: the form, with what its draft kept.
    back = request.get_full_path() if request.method in ("GET", "HEAD") else came_from(request)
    login = redirect_to_login(back)
    if request.headers.get("HX-Request"):
        # A fragment must not be replaced by the login page: let the whole page go there.
        return HttpResponse(status=204, headers={"HX-Redirect": login["Location"]})
    return login


def gate(
    request: HttpRequest,
    queryset: "ScopedQuerySet[M] | models.Manager[M]",
    capability: Cap | None = None,
    **lookup: Any,
) -> M:
    """Return the one object that `lookup` finds among those the request's capability reaches; raises Http404."""
    wanted = capability or cast(GatedRequest, request).capability
    if not isinstance(wanted, Cap):
        raise TypeError("gate() needs a capability: the decision of this view is not one")
    scoped = cast(ScopedQuerySet[M], queryset.all())
    found = scoped.allowed(cast(Person, request.user), wanted).filter(**lookup).distinct()[:2]
    if len(found) != 1:
        raise Http404
    return found[0]


def paths_of(user: Person, capability: Cap) -> Iterable[str]:
    """Return the places in the tree from which `user` holds `capability`."""
    return {grant.path for _reach, grant in grants_for(user, capability)}


# -- what is one's own -------------------------------------------------------------------------------------------------
# Nobody reviews, appraises or decides their own. A deputy acts for two: neither's own may come before them, whichever of
# the two acts. Every such rule asks here.


def actor_ids(user: Person) -> frozenset[int]:
    """Return the accounts whose deeds are one's own: the person's, and of whom the person acts for."""
    acting = user.acting_for
    return frozenset({user.pk} if acting is None else {user.pk, acting.person_id})


def own_member_ids(user: Any) -> frozenset[int]:
    """Return the members whose affairs are one's own, as `actor_ids` does with accounts."""
    acting = user.acting_for
    members = (user.member_id, acting.member_id if acting else None)
    return frozenset(member for member in members if member is not None)


def own_paths(user: Person, capability: Cap) -> frozenset[str]:
    """Return the places for which one holds `capability` by any role, those included that are set aside while acting."""
    roles = MATRIX.get(capability, {})
    return frozenset(grant.path for grant in user.interests if grant.role in roles)
