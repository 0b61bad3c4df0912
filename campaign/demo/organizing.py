"""How the campaign is led: leading groups and offices, contact points with their visits, plans filed upward; and, so that
the checks of the data have something to show, a few gaps."""

import datetime as dt
import random
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from campaign.demo import texts
from campaign.demo.group import Group
from campaign.demo.story import Story, on
from campaign.filings.services import plan_create, plan_step
from campaign.models import Campaign
from orgs.models import LeadershipFunction, Member, Organization, VisitMode
from orgs.services.contacts import contact_points_assign, contact_visit_record
from orgs.services.leadership import leadership_appoint, leadership_take_suggested
from orgs.services.members import member_create, member_update

EVERY = 3
"""Every third branch has no leader who looks after it yet."""
VISITED_UP_TO = 60
"""In a large group so many contact points have visits; the rest would only take time."""
COLLEAGUES = (
    ("孟宪章", "苏文静", "高远", "罗建华"),
    ("陆守义", "方玉兰", "任培善", "姜春燕"),
    ("石国梁", "崔素梅", "段志远", "殷红霞"),
    ("钟永年", "常秀琴", "孔维新", "史桂芳"),
)
"""Deputy secretary, head of the organization department, of publicity, chairman of the union: the committees in turn."""
PLAN_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
SUMMARY = (
    "一、目标：围绕“组织创先进、党员争优秀、企业有发展、职工得实惠”，推进{name}各项工作。\n"
    "二、措施：公开承诺、领导点评、群众评议、评选表彰四个环节按季度推进。\n"
    "三、责任：书记为第一责任人，分管领导为直接责任人，办公室负责日常工作。"
)


def tell_organizing(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """In the first months everybody sets up; visits follow through the year."""
    with on(story.day(1, 20)):
        _lead(group)
    for number, company in enumerate(group.companies):
        _plan(group, company, campaign, story, number)
    _visits(group, story, chance)


def _lead(group: Group) -> None:
    for number, place in enumerate((group.root, *group.companies)):
        deputy, director, *others = COLLEAGUES[number % len(COLLEAGUES)]
        leader = group.leaders[place.pk].member
        given: dict[str, Any] = {
            "actor": None,
            "organization": place,
            "starts_on": dt.date(place.created_at.year, 1, 20),
        }
        for function in (LeadershipFunction.FIRST_RESPONSIBLE, LeadershipFunction.GROUP_HEAD):
            leadership_appoint(function=function, member=leader, duty="党委书记", **given)
        leadership_appoint(function=LeadershipFunction.DIRECTLY_RESPONSIBLE, name=deputy, duty="党委副书记", **given)
        leadership_appoint(function=LeadershipFunction.GROUP_DEPUTY, name=deputy, duty="党委副书记", **given)
        for name, duty in zip((director, *others), ("组织部部长", "宣传部部长", "工会主席"), strict=True):
            leadership_appoint(function=LeadershipFunction.GROUP_MEMBER, name=name, duty=duty, **given)
        leadership_appoint(function=LeadershipFunction.OFFICE_DIRECTOR, name=director, duty="党建工作部部长", **given)
    for branch in group.branches[:VISITED_UP_TO]:
        leadership_take_suggested(actor=None, organization=branch)


def _plan(group: Group, company: Organization, campaign: Campaign, story: Story, number: int) -> None:
    """Two of four companies are through, one was returned, one has not filed."""
    if number % 4 == 3:
        return
    staff, office = group.staff[company.pk], group.office
    with on(story.day(2, 10 + number % 10)):
        plan = plan_create(
            actor=staff,
            campaign=campaign,
            organization=company,
            title=f"{company.display_name}创先争优活动实施方案",
            summary=SUMMARY.format(name=company.display_name),
            documents=[SimpleUploadedFile("实施方案.pdf", PLAN_PDF)],
        )
        plan_step(actor=staff, plan=plan, step="plan_file")
    with on(story.day(2, 22)):
        if number % 4 == 1:
            plan_step(actor=office, plan=plan, step="plan_return", reason="请补充各阶段的具体措施和责任分工。")
        elif number % 4 == 0:
            plan_step(actor=office, plan=plan, step="plan_accept")


def _visits(group: Group, story: Story, chance: random.Random) -> None:
    """The group's leader looks after a branch of each company, the company's leader after its own branches."""
    for company in group.companies:
        own = group.branches_of(company)
        for leader, branches in (
            (group.leaders[group.root.pk].member, own[:1]),
            (group.leaders[company.pk].member, [one for number, one in enumerate(own) if number % EVERY]),
        ):
            if leader is not None and branches:
                _points(group, leader, branches, story, chance)


def _points(group: Group, leader: Member, branches: list[Organization], story: Story, chance: random.Random) -> None:
    with on(story.day(1, 25)):
        points = contact_points_assign(
            actor=None, leader=leader, organizations=branches, starts_on=story.day(1, 25),
            task="指导支部建设，帮助解决生产经营和职工关心的问题",
        )  # fmt: skip
    actor = leader.user
    for point in points[:VISITED_UP_TO]:
        for month in (3, 5, 8, 11)[: chance.randint(1, 4)]:
            day = story.day(month, chance.randint(1, 15))
            if day > story.today:
                continue
            with on(day, hour=16):
                contact_visit_record(
                    actor=actor, point=point, visited_on=day, mode=chance.choice(VisitMode.values),
                    summary=chance.choice(texts.ACHIEVEMENTS), problems=chance.choice(texts.PROBLEMS),
                    follow_up="支部已列入整改，下次走访时复查。" if chance.random() < 0.6 else "",
                )  # fmt: skip


def tell_gaps(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """Told last, since nobody of the story depends on it: one member entered twice, one whose phone is gone."""
    second = group.branches[-1]
    twice, mute = group.roll(group.branches[0])[2], group.roll(second)[-1]
    with on(story.today):
        member_create(
            actor=None, organization=second, name=twice.name, sex=twice.sex, birth_date=twice.birth_date,
            joined_on=twice.joined_on, full_member_on=twice.full_member_on, kind=twice.kind,
        )  # fmt: skip
        member_update(actor=None, member=mute, version=mute.version, phone="")
