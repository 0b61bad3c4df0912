"""Positions inside the party organization as offices write them (党内职务)."""

import re

from django.utils.translation import gettext_lazy as _

from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.values import CellError, Convert, Raw, Reading, squeezed
from orgs.models import PartyPost

POST_UNKNOWN = mistake(
    "member.post_unknown",
    _("This party position is not known."),
    _("Possible are: 书记、副书记、组织委员、宣传委员、纪检委员、委员、党小组长."),
    Category.UNKNOWN,
)
NO_POST = frozenset({"党员", "普通党员", "正式党员", "预备党员"})
# In order: 副书记 must be seen before 书记, the named kinds before any other 委员.
PATTERNS = (
    (re.compile(r".*副书记"), PartyPost.DEPUTY_SECRETARY),
    (re.compile(r".*书记"), PartyPost.SECRETARY),
    (re.compile(r".*(组织委员|组委)"), PartyPost.ORGANIZATION_MEMBER),
    (re.compile(r".*(宣传委员|宣委)"), PartyPost.PUBLICITY_MEMBER),
    (re.compile(r".*(纪检|纪律检查|纪律)委员"), PartyPost.DISCIPLINE_MEMBER),
    (re.compile(r".*党?小组(组)?长"), PartyPost.GROUP_LEADER),
    (re.compile(r".*(委员|支委|党委委员)"), PartyPost.COMMITTEE_MEMBER),
)
POST_NAMES = {
    PartyPost.SECRETARY: ("书记",),
    PartyPost.DEPUTY_SECRETARY: ("副书记",),
    PartyPost.ORGANIZATION_MEMBER: ("组织委员",),
    PartyPost.PUBLICITY_MEMBER: ("宣传委员",),
    PartyPost.DISCIPLINE_MEMBER: ("纪检委员",),
    PartyPost.COMMITTEE_MEMBER: ("委员",),
    PartyPost.GROUP_LEADER: ("党小组长",),
}
"""What each is called in a form."""
RANK = {post: rank for rank, post in enumerate(PartyPost)}
_BETWEEN = re.compile(r"[、,;/|+]|兼任|兼|和|及")


def party_posts() -> Convert[tuple[PartyPost, ...]]:
    """All positions in a cell, the highest first: 支部书记 → (SECRETARY,), 组织委员、宣传委员 → two, 党员 → none.

    CellError: `member.post_unknown`.
    """

    def convert(raw: Raw, _reading: Reading) -> tuple[PartyPost, ...]:
        written = [part for part in _BETWEEN.split(squeezed(raw)) if part and part not in NO_POST]
        return tuple(sorted({_post(part) for part in written}, key=RANK.__getitem__))

    return Convert(convert, blank=())


def _post(written: str) -> PartyPost:
    for pattern, post in PATTERNS:
        if pattern.fullmatch(written):
            return post
    raise CellError(POST_UNKNOWN)
