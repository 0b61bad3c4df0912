"""Chapter: a secretary has retired and somebody acts in the place, another place is vacant, and a deputy stands in."""

import datetime as dt
import random

from campaign.common.capabilities import Role
from campaign.demo.group import Group
from campaign.demo.logins import USERNAMES
from campaign.demo.story import Story, on
from campaign.models import Campaign
from orgs.models import Member, Organization, RoleAssignment, User
from orgs.services import delegation_act, delegation_give, delegation_rest, member_update, role_end, role_grant

DAY = dt.timedelta(days=1)


def tell_deputies(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """The last branches change hands; the staff that one signs in as is away, and the secretary stands in."""
    *_others, vacant, changed = group.branches
    security = User.objects.get(username=USERNAMES[Role.SECURITY_ADMIN])
    with on(story.today - 20 * DAY):
        for branch, reason in ((changed, "退休"), (vacant, "调离")):
            role_end(actor=security, assignment=_secretary(branch), reason=reason)
        following = User.objects.filter(member__organization=changed, assignments=None).order_by("pk").first()
        if following is not None:
            role_grant(
                actor=security, user=following, role=Role.SECRETARY, organization=changed, is_interim=True,
                ends_on=story.today + 10 * DAY,
            )  # fmt: skip
    _hand_over(story)


def _secretary(branch: Organization) -> RoleAssignment:
    return RoleAssignment.objects.select_related("user", "organization").get(
        organization=branch, role=Role.SECRETARY, ends_on=None
    )


def _hand_over(story: Story) -> None:
    staff, deputy = (User.objects.get(username=USERNAMES[role]) for role in (Role.STAFF, Role.SECRETARY))
    assignment = RoleAssignment.objects.select_related("user", "organization").get(user=staff)
    with on(story.today - 3 * DAY):
        delegation = delegation_give(
            actor=staff, assignment=assignment, deputy=deputy, ends_on=story.today + 10 * DAY, reason="参加党务干部培训"
        )
    with on(story.today - DAY):
        delegation_act(actor=deputy, delegation=delegation)
        member = Member.objects.visible_to(deputy).select_related("organization").order_by("-pk")[0]
        member_update(actor=deputy, member=member, version=member.version, remarks="档案已核对")
        delegation_rest(actor=deputy)
