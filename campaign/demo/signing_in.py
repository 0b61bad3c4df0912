"""Some members of the last branch have not signed in yet: their one-time codes wait, or have waited too long."""

import datetime as dt
import random
from itertools import islice

from campaign.common.capabilities import Role
from campaign.demo.group import Group
from campaign.demo.logins import USERNAMES
from campaign.demo.people import people
from campaign.demo.story import Story, on
from campaign.models import Campaign
from orgs.models import MembershipKind, User
from orgs.services import member_create, user_reset_password

LATE, WAITING, NEW = 2, 4, 5
"""How many codes have ended, how many are still good, and how many members came without an account."""


def tell_accounts(group: Group, _campaign: Campaign, story: Story, _chance: random.Random) -> None:
    """Give members who hold no role a code: the first ones three weeks ago, the others today. New members came since:
    they wait for accounts."""
    system = User.objects.get(username=USERNAMES[Role.SYSTEM_ADMIN])
    without_role = User.objects.filter(member__organization=group.branches[-1], assignments=None).order_by("-pk")
    for number, user in enumerate(without_role[: LATE + WAITING]):
        with on(story.today - dt.timedelta(days=21) if number < LATE else story.today):
            user_reset_password(actor=system, user=user)
    came = people(random.Random(len(group.branches)), story.begin)  # noqa: S311 — a story, not a secret
    for number, person in enumerate(islice(came, NEW)):
        with on(story.today):
            member_create(
                actor=None,
                organization=group.branches[-1],
                name=person.name,
                sex=person.sex,
                birth_date=person.birth_date,
                joined_on=story.today - dt.timedelta(days=10),
                kind=MembershipKind.PROBATIONARY,
                phone=f"188{number:08d}",
                job=person.job,
            )
