"""Chapter: the staff of a company keep a short view of the ledger, and have it exported every month."""

import datetime as dt
import random

from campaign.common.capabilities import Role
from campaign.demo.group import Group
from campaign.demo.logins import USERNAMES
from campaign.demo.story import Story, on
from campaign.models import Campaign
from campaign.reports.choices import view_save
from campaign.reports.registry import reports
from campaign.reports.schedules import schedule_create
from orgs.models import User

COLUMNS = ("所在党组织", "姓名", "承诺事项", "完成时限", "完成情况", "是否逾期")


def tell_reports(_group: Group, campaign: Campaign, story: Story, _chance: random.Random) -> None:
    """Two days ago: a named view, and an export on the fifth of each month for the staff and the office."""
    staff, office = (User.objects.get(username=USERNAMES[role]) for role in (Role.STAFF, Role.OFFICE))
    ledger = reports.get("pledge_ledger")
    with on(story.today - dt.timedelta(days=2)):
        view_save(report=ledger, actor=staff, name="简表", columns=COLUMNS)
        if staff.organization is not None:
            schedule_create(
                actor=staff,
                report=ledger,
                organization=staff.organization,
                campaign=campaign,
                day=5,
                recipients=[staff, office],
                columns=COLUMNS,
            )
