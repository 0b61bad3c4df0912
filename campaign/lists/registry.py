"""What a list has to say of itself to go out as a workbook and come back (docs/architecture.md, Lists that come back).

A list whose rows are records takes `campaign.lists.entries.EntryList`, which reads, compares and undoes by itself.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from django.utils.functional import Promise

from campaign.common.capabilities import Cap
from campaign.common.excel.problems import ProblemList
from campaign.common.excel.reader import Workbook
from campaign.common.excel.sheet import FormSheet, Row
from campaign.common.registry import Registry


@dataclass
class Ground:
    """One list of one person: who asks, of what (`title`), and the page it belongs to."""

    actor: Any
    title: str
    back_label: str
    back_url: str


class Plan(Protocol):
    """What storing a workbook would do. With errors in `problems` nothing is stored."""

    problems: ProblemList
    heading_rows: dict[str, int]

    @property
    def fingerprint(self) -> str:
        """A digest of what would be stored over what: what is confirmed is what is stored."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""


class ListKind(ABC):
    """A kind of list. `key` names its pages and its workbooks; `capability` is asked for on each page, `open` for the rest."""

    key: str
    heading: str | Promise
    explained: str | Promise
    """What the workbook holds and what becomes of it, for the reader."""
    capability: Cap
    preview: ClassVar[str] = "lists/preview.html"
    """Shows the context `plan`."""
    after: ClassVar[str] = ""
    """A template with what is done next, once it is stored; where a workbook is sent it stands below. Shows `ground`, `sent`."""

    @abstractmethod
    def open(self, actor: Any, place: int) -> Ground:
        """Return the list of `actor` at `place`. Raises NotAllowed where there is none, DomainError when it is closed."""

    @abstractmethod
    def form(self, ground: Any) -> tuple[FormSheet, Iterable[Row]]:
        """Return the workbook that goes out: as it is now, in the columns in which it comes back."""

    @abstractmethod
    def plan(self, ground: Any, workbook: Workbook, *, locked: bool = False) -> Plan:
        """Compare a workbook with the list as it is now, in a constant number of queries; `locked`: what is compared stays
        as it is until the transaction ends."""

    @abstractmethod
    def unread(self, problems: ProblemList) -> Plan:
        """Return the plan of a file that cannot be read."""

    @abstractmethod
    def store(self, ground: Any, plan: Any) -> list[dict[str, Any]]:
        """Do what the plan says, with an audit entry for each record; returns what the undo needs, as plain JSON."""

    @abstractmethod
    def undo(self, ground: Any, made: list[dict[str, Any]]) -> tuple[int, int]:
        """Take back what `store` made; what somebody went on from stays. Returns (taken back, left)."""


kinds: Registry[ListKind] = Registry("lists")
