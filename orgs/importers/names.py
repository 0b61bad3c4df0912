"""Organizations by the names people write: full name, short name or code, blanks and a leading 中共 set aside."""

from collections import defaultdict
from collections.abc import Iterable
from difflib import get_close_matches

from django.utils.translation import gettext_lazy as _

from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.values import squeezed
from orgs.models import Organization

COMPARED = 5_000
"""Among how many names a similar one is looked for; beyond, it would take longer than it helps."""

_TAKE_NAME = _("Write the full name or the code as on the page “Party organizations”.")
ORGANIZATION_UNKNOWN = mistake(
    "organization.unknown",
    _("There is no organization of this name that you may import for."),
    _TAKE_NAME,
    Category.UNKNOWN,
)
ORGANIZATION_SIMILAR = mistake(
    "organization.similar",
    _("There is no organization of this name that you may import for. A similar one is “%(similar)s”."),
    _TAKE_NAME,
    Category.UNKNOWN,
)
ORGANIZATION_AMBIGUOUS = mistake(
    "organization.ambiguous",
    _("%(count)s organizations are called like this."),
    _("Write the code instead of the name."),
    Category.CONFLICT,
)


def name_key(written: str) -> str:
    """Return a name as it is compared: 中共 华岭集团委员会 → 华岭集团委员会."""
    return squeezed(written).removeprefix("中共").casefold()


class Names:
    """The organizations of one reading, by code, full name and short name."""

    def __init__(self, organizations: Iterable[Organization]) -> None:
        self._code: dict[str, list[Organization]] = defaultdict(list)
        self._full: dict[str, list[Organization]] = defaultdict(list)
        self._short: dict[str, list[Organization]] = defaultdict(list)
        self._similar: dict[str, str] = {}
        for organization in organizations:
            self._code[organization.code.casefold()].append(organization)
            self._full[name_key(organization.name)].append(organization)
            if organization.short_name:
                self._short[name_key(organization.short_name)].append(organization)

    def find(self, written: str) -> list[Organization]:
        """Return all that are meant: by code, else by full name, else by short name."""
        key = name_key(written)
        return self.with_code(written) or self._full.get(key, []) or self._short.get(key, [])

    def with_code(self, code: str) -> list[Organization]:
        return self._code.get(squeezed(code).casefold(), [])

    def called(self, name: str) -> list[Organization]:
        """Return those with this full name."""
        return self._full.get(name_key(name), [])

    def similar(self, written: str) -> str:
        """Return the full name most like `written`, or "" when none is near."""
        if written not in self._similar:
            known = list(self._full) if len(self._full) <= COMPARED else []
            near = get_close_matches(name_key(written), known, n=1, cutoff=0.7)
            self._similar[written] = self._full[near[0]][0].name if near else ""
        return self._similar[written]
