"""Organizations by the names people write: full name, short name or code, blanks and a leading 中共 set aside."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from django.utils.translation import gettext_lazy as _

from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.schema import ParsedRow, ParsedTable
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

_PARTS = re.compile(r"[:：\s\u3000()（）]+")
_TITLE = re.compile(
    r"^(填报|填表|报送)?(单位|党支部|支部|党组织)(名称)?(\(盖章\))?:"
    r"|^(附件\d*|\d{4}年度?)"
    r"|(全体|在册)?(党员)?(基本)?(信息|情况)?(花名册|名册|名单|登记表|统计表|一览表|汇总表|台账)(\(.*\))?$"
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

    def the_one(self, table: ParsedTable, row: ParsedRow, column: str) -> Organization | None:
        """Return the one organization that a cell names, or None after reporting why there is none."""
        written = row[column]
        found = self.find(written)
        if len(found) == 1:
            return found[0]
        if found:
            table.report(row, column, ORGANIZATION_AMBIGUOUS, count=len(found))
        elif similar := self.similar(written):
            table.report(row, column, ORGANIZATION_SIMILAR, similar=similar)
        else:
            table.report(row, column, ORGANIZATION_UNKNOWN)
        return None

    def in_titles(self, sheet: str, above: Sequence[str]) -> dict[str, str]:
        """Return the organization that the lines above a table or the name of its sheet say, if they name just one branch.

        A roster of one branch often has no column for it: 填报单位:东山公司采掘一区党支部, or 东山公司采掘一区党支部党员花名册.
        """
        for line in (*above, sheet):
            for part in (line, *_PARTS.split(line)):
                found = self.find(_TITLE.sub("", squeezed(part)))
                if len(found) == 1 and found[0].is_branch:
                    return {"organization": found[0].name}
        return {}

    def similar(self, written: str) -> str:
        """Return the full name most like `written`, or "" when none is near."""
        if written not in self._similar:
            known = list(self._full) if len(self._full) <= COMPARED else []
            near = get_close_matches(name_key(written), known, n=1, cutoff=0.7)
            self._similar[written] = self._full[near[0]][0].name if near else ""
        return self._similar[written]
