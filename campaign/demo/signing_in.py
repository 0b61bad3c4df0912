"""Some members of the last branch have not signed in yet: their one-time codes wait, or have waited too long."""

import datetime as dt
import random

from campaign.common.capabilities import Role
from campaign.demo.group import Group
from campaign.demo.logins import USERNAMES
from campaign.demo.story import Story, on
from campaign.models import Campaign
from orgs.models import User
from orgs.services import user_reset_password

LATE, WAITING = 2, 4
"""How many codes have ended, and how many are still good."""


def tell_accounts(group: Group, _campaign: Campaign, story: Story, _chance: random.Random) -> None:
    """Give members who hold no role a code: the first ones three weeks ago, the others today."""
    system = User.objects.get(username=USERNAMES[Role.SYSTEM_ADMIN])
    people = User.objects.filter(member__organization=group.branches[-1], assignments=None).order_by("-pk")
    for number, user in enumerate(people[: LATE + WAITING]):
        with on(story.today - dt.timedelta(days=21) if number < LATE else story.today):
            user_reset_password(actor=system, user=user)
