"""Cases of the reminders: everybody meets their own, nobody another's."""

import datetime as dt

from campaign.common.access import SIGNED_IN
from campaign.notices.models import Notice
from tests.permissions.cases import Case, Listed, Target, case, lists, mark
from tests.world import World

PEOPLE = ("member@east_one", "secretary@east_one", "staff@root", "audit_admin@east", "member@west_one")


def reminder(world: World, owner: str) -> Target:
    made = Notice.objects.create(
        user=world.users[owner], rule="test", subject="1", text=mark(owner), url="/", due_on=dt.date(2026, 7, 1)
    )
    return Target(made, {"pk": made.pk}, marker=mark(owner), owner=owner)


case("notice_list", Case())
case("notice_open", Case(make=reminder, places=PEOPLE))
case("notice_read_all", Case())
lists.append(Listed("notice_list", reminder, SIGNED_IN, PEOPLE))
