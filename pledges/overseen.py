"""Objects of this part whose readers and history can be looked at."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.audit.labels import Noted, noted
from campaign.common.capabilities import Cap
from campaign.common.exact import hundredths
from campaign.common.oversight import ObjectKind, kinds
from pledges.models import PUBLIC, FulfilmentBulletin, ItemResult, Pledge


def on_the_board(pledge: Pledge) -> list[str | Promise]:
    if pledge.state not in PUBLIC:
        return []
    return [_("It hangs on the public board: who sees the board reads name, unit, items and dates there.")]


kinds.register(
    ObjectKind(
        "pledge",
        Pledge,
        "pledge_detail",
        (Cap.PLEDGE_WRITE, Cap.PLEDGE_WRITE_ORG, Cap.PLEDGE_REVIEW, Cap.PLEDGE_PUBLISH),
        also=on_the_board,
    )
)
kinds.register(ObjectKind("bulletin", FulfilmentBulletin, "bulletin_detail", (Cap.PLEDGE_PUBLISH,)))


def _appraisal(value: Any) -> str:
    """Say how an item was appraised: the result before, or the result with its mark; or how it reads (an adjustment)."""
    if isinstance(value, list) and (len(value) != 2 or value[0] not in ItemResult):
        return "；".join(str(part) for part in value if part) or "—"
    result, mark = value if isinstance(value, list) else (value, None)
    if not result:
        return "—"
    label = str(dict(ItemResult.choices).get(result, result))
    return (
        label if mark is None else gettext("%(result)s (mark %(mark)s)") % {"result": label, "mark": hundredths(mark)}
    )


noted.register(Noted("pledges.pledge item", _appraisal))
