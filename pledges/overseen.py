"""Objects of this part whose readers and history can be looked at."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.common.oversight import ObjectKind, kinds
from pledges.models import PUBLIC, Pledge


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
