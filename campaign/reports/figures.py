"""What stands behind a figure of a form: the records it counts, so that a click on a number opens them.

A column says it by `counts`, a function of the request and the key of the row (`Keyed`; "" is the row 合计). It returns
`Records`, which the report centre lists itself, or the address of a page of the app that lists them already.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum

from campaign.common.exact import half_up

WHOLE = 10_000


@dataclass(frozen=True)
class Records:
    """The records that a figure counts, adds up or compares. `found` starts from what `request.user` may see.

    `fields` are the columns of the list (lookups from the model: "organization__name"). `page` is the name of the address of
    a record's own page, `page_key` the lookup of its argument; `about` names the row in the heading. With `adds` the figure
    is the sum of that field; with `of` it is the share of `found` among those, in hundredths of a percent; with both it is
    the mean of the field over `of`.
    """

    found: QuerySet[Any]
    fields: tuple[str, ...]
    page: str = ""
    page_key: str = "pk"
    about: str = ""
    adds: str = ""
    of: QuerySet[Any] | None = None

    def figure(self) -> int | None:
        """Return what a form has to say; None where nothing is there to be compared with."""
        part = self.found.order_by().aggregate(sum=Sum(self.adds))["sum"] or 0 if self.adds else self.found.count()
        if self.of is None:
            return int(part)
        whole = self.of.count()
        return half_up(part * (1 if self.adds else WHOLE), whole) if whole else None
