"""What the permission test needs to know of each address: how to make its object somewhere, and a valid payload.

Each part's cases are in `tests/permissions/<part>.py`. An address without a case fails the test, as does one whose view
carries no decision. What the matrix cannot say (a draft, one's own nomination) is declared with the case, with its reason,
and is asserted in both directions like everything else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.db.models import Model

from campaign.common.access import Decision
from campaign.common.capabilities import Cap
from tests.permissions.oracle import PLACES, expected
from tests.world import World


def mark(at: str, what: str = "") -> str:
    """Return a text that is found on nothing but the object made at `at`."""
    return f"标记{what}{at}号"


_made = count(1)


def number(prefix: str) -> str:
    """Return a personnel number or code that nothing else of this run has."""
    return f"{prefix}-{next(_made)}"


def never(*_: Any) -> bool:
    return False


@dataclass
class Target:
    """An object at some place, made for one test.

    `place` is where it lies (where it was made, unless told), `places` another place for single capabilities; `owner` is
    the person whose own record it is, `owners` another one for single capabilities. `judged_by` names the capability that
    is asked for on this kind of object instead of the address's own. `hidden(actor, capability)` is a rule beside the
    matrix that keeps the object from somebody; `rule` says who reaches it where the capability alone does not.
    `marker` is a text found nowhere else.
    """

    record: Model | None = None
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = field(default_factory=dict)
    query: str = ""
    marker: str = ""
    place: str = ""
    places: Mapping[Cap, str] = field(default_factory=dict)
    owner: str = ""
    owners: Mapping[Cap, str] = field(default_factory=dict)
    judged_by: Mapping[Decision, Cap] = field(default_factory=dict)
    hidden: Callable[[str, Cap], bool] = never
    rule: Callable[[str, Cap], bool] | None = None

    @property
    def data(self) -> Mapping[str, Any]:
        """What is posted; made anew for every request, since a file can be read only once."""
        return self.payload() if callable(self.payload) else self.payload

    def reached_by(self, actor: str, decision: Decision, at: str) -> bool:
        """Tell whether `actor` reaches this object, made at `at`, by the decision of an address or a capability."""
        capability = self.judged_by.get(decision, decision)
        if not isinstance(capability, Cap):  # open to all who are signed in, for what is their own
            return actor == self.owner
        if self.rule is not None:
            return self.rule(actor, capability)
        own = actor == self.owners.get(capability, self.owner)
        place = self.places.get(capability, self.place or at)
        return expected(actor, capability, place, own=own) and not self.hidden(actor, capability)


Make = Callable[[World, str], Target]


@dataclass(frozen=True)
class Case:
    """`make` puts an object at a place; None for pages without one, which then take `payload` and the
    `arguments` of the address.

    * `places` leaves out organizations where such an object cannot be.
    * `named_in_form`: the object is not in the address but in what is sent, so the page opens for whoever holds the
      capability anywhere, and an object out of reach is a choice that the form does not offer.
    * `told(actor, at)`: a rule beside the matrix refuses in words what is posted; nothing changes.
    * `sent_on(actor, at)`: a GET that leads to another page.
    * `changes`: whether a POST that is allowed changes anything. `names`: whether a GET shows the marker.
    """

    make: Make | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = field(default_factory=dict)
    places: tuple[str, ...] = PLACES
    named_in_form: bool = False
    told: Callable[[str, str], bool] = never
    sent_on: Callable[[str, str], bool] = never
    changes: bool = True
    names: bool = True
    status: int = 200


@dataclass(frozen=True)
class Listed:
    """A page that lists objects: it shows those of `make` that `decision` reaches, and no other."""

    address: str
    make: Make
    decision: Decision
    places: tuple[str, ...] = PLACES
    query: str = ""
    payload: Mapping[str, Any] | None = None
    """For a list that is asked for by POST."""
    page: Callable[[], Mapping[str, Any]] | None = None
    """The arguments of the address of an object's page that holds the list, once the objects are made …"""
    opened: Callable[[str], bool] | None = None
    """… and to whom that page is open."""


cases: dict[str, list[Case]] = {}
lists: list[Listed] = []


@dataclass(frozen=True)
class Scoped:
    """What stands for its model in the test of the gate's decisions. A model without a place in the tree is only ever
    asked for by the capabilities named here."""

    make: Make
    places: tuple[str, ...] = PLACES
    capabilities: tuple[Cap, ...] = tuple(Cap)


scoped: list[Scoped] = []


def case(address: str, *made: Case) -> None:
    """Register the cases of an address."""
    cases.setdefault(address, []).extend(made)
