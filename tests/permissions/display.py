"""What is shown of pledges: the board, its links and its screen in the hall, comments, letters."""

import datetime as dt
from typing import Any

from campaign.common import clock
from campaign.common.access import SIGNED_IN
from campaign.common.capabilities import Cap
from pledges.models import BoardLink, Pledge, PledgeComment, PledgeState
from tests.permissions.cases import Case, Listed, Scoped, Target, case, lists, mark, scoped
from tests.permissions.oracle import expected
from tests.permissions.pledges import MEMBERS_AT, both, only_organizations, stored
from tests.world import World


def board(world: World, at: str) -> Target:
    stored(world, at, PledgeState.PUBLISHED)
    return Target(kwargs={"pk": world.orgs[at].pk}, marker=mark(at, "published"))


def said(_pledge: Pledge) -> dict[str, Any]:
    return {"kind": "opinion", "text": "建议再具体一些"}


def period(pledge: Pledge) -> dict[str, Any]:
    today = clock.today().isoformat()
    return {"begins_on": today, "ends_on": today, "version": pledge.version}


def new_link(world: World, at: str) -> Target:
    until = clock.today() + dt.timedelta(days=9)
    return Target(kwargs={"pk": world.orgs[at].pk}, payload={"name": "大厅", "expires_on": until.isoformat()})


def link(world: World, at: str) -> Target:
    until = clock.today() + dt.timedelta(days=9)
    made = BoardLink.objects.create(organization=world.orgs[at], name="大厅", code_digest=at, expires_on=until)
    return Target(made, {"pk": made.pk})


def letters(world: World, at: str) -> Target:
    stored(world, at, PledgeState.APPROVED)
    return Target(kwargs={"pk": world.orgs[at].pk}, marker=mark(at, "approved"))


def comment(world: World, at: str) -> Target:
    """What was said lies with the pledge, here that of the third person of the branch: who publishes it decides."""
    pledge = stored(world, at, PledgeState.PUBLISHED, world.members[at][2])
    made = PledgeComment.objects.create(pledge=pledge, text=mark(at, "意见"))
    step_taken = {"step": "comment_show"}
    return Target(
        made,
        {"pk": made.pk},
        step_taken,
        marker=mark(at, "意见"),
        owner=f"member2@{at}",
        hidden=only_organizations,
    )


def shown_comment(world: World, at: str) -> Target:
    """Who publishes the pledge answers, and whoever pledged."""
    target = comment(world, at)
    PledgeComment.objects.update(state="shown")
    target.payload = {"text": "已采纳", "version": 1}
    target.judged_by = {SIGNED_IN: Cap.PLEDGE_PUBLISH}
    target.rule = lambda actor, capability: actor == target.owner or expected(actor, capability, at)
    return target


def without_a_link(world: World, at: str) -> Target:
    """What hangs on a board opens to nobody who brings no link's cookie, whatever their role."""
    return Target(kwargs={"pk": stored(world, at, PledgeState.PUBLISHED).pk})


case("board", Case(sent_on=lambda _actor, _at: True))
case("board_of", Case(make=board))
case("board_print", Case(make=board))
case("board_screen", Case(make=board))
case("board_pledge", *both("published", said))
case("boardlink_list", Case(make=new_link))
case("boardlink_revoke", Case(make=link))
case("pledge_letter", *both("approved"))
case("pledge_letters", Case(make=letters))
case("pledge_display", *both("published", period))
# Whoever has no link's cookie is told so; what a link shows is in tests/pledges/test_display.py.
case("hall_enter", Case(payload={"code": "falsch"}, changes=False))
case("hall_board", Case(status=404))
case("hall_screen", Case(status=404))
case("hall_pledge", Case(make=without_a_link))
case("comment_list", Case())
case("comment_moderate", Case(make=comment, places=MEMBERS_AT))
case("comment_answer", Case(make=shown_comment, places=MEMBERS_AT))
lists.append(Listed("comment_list", comment, Cap.PLEDGE_PUBLISH, MEMBERS_AT))
scoped += [Scoped(link), Scoped(comment, MEMBERS_AT)]
