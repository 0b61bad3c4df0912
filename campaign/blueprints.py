"""Built-in campaign templates, as data. The texts are the client's own words (Chinese), not interface strings."""

import datetime as dt
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common.registry import Registry
from campaign.models import Action, Audience


@dataclass(frozen=True)
class StagePlan:
    name: str
    focus: str
    starts_on: dt.date
    ends_on: dt.date
    actions: tuple[str, ...]


@dataclass(frozen=True)
class StageOutline:
    """A stage of `months` months, following the one before; the first one starts with the campaign."""

    name: str
    focus: str
    months: int
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Leaf:
    code: str
    name: str
    text: str


@dataclass(frozen=True)
class StandardTree:
    code: str
    name: str
    text: str
    audience: str
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class Blueprint:
    """A template: `label` says what it is for, `name` is what a campaign made from it is called."""

    key: str
    label: str | Promise
    name: str
    description: str | Promise
    theme: str
    goals: str
    outline: tuple[StageOutline, ...]
    standards: tuple[StandardTree, ...]

    def stages_from(self, starts_on: dt.date) -> list[StagePlan]:
        """Return the stages with their dates for a campaign that starts on `starts_on`; no gap, no overlap."""
        plans, start = [], starts_on
        for stage in self.outline:
            following = add_months(start, stage.months)
            plans.append(StagePlan(stage.name, stage.focus, start, following - dt.timedelta(days=1), stage.actions))
            start = following
        return plans


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the first of the month `months` after the month of `day` (stages end with a month)."""
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


WUJIANG = Blueprint(
    key="wujiang",
    label=_("Municipal state-owned enterprises (three periods, four links)"),
    name="深入开展创先争优活动",
    description=_(
        "Three dated stages, the four links of pledge, leader review, mass evaluation and commendation, "
        "the four strengths for organizations and the four excellences for members."
    ),
    theme="推动科学发展筑堡垒，建设企业发展当先锋",
    goals="组织创先进、党员争优秀、企业有发展、职工得实惠",
    outline=(
        StageOutline(
            "第一时段：动员部署、公开承诺",
            "成立领导小组和工作机构，制定实施方案，党组织和党员作出公开承诺并向职工群众公布。",
            6,
            (Action.PLEDGE, Action.REVIEW, Action.EVALUATE, Action.APPRAISE),
        ),
        StageOutline(
            "第二时段：践行承诺、领导点评、七一表彰",
            "落实承诺事项，每半年开展一次领导点评，“七一”前评选表彰先进基层党组织和优秀共产党员。",
            6,
            (Action.PLEDGE, Action.APPRAISE, Action.REVIEW, Action.EVALUATE, Action.NOMINATE, Action.DECIDE),
        ),
        StageOutline(
            "第三时段：群众评议、总结提高",
            "结合年终述职开展群众评议，评议结果在一定范围内通报，总结经验，建立长效机制。",
            12,
            (Action.PLEDGE, Action.APPRAISE, Action.REVIEW, Action.EVALUATE, Action.NOMINATE, Action.DECIDE),
        ),
    ),
    standards=(
        StandardTree(
            "SQ",
            "“四强”党组织",
            "争创“四强”党组织",
            Audience.ORGANIZATION,
            (
                Leaf(
                    "SQ1",
                    "政治引领力强",
                    "坚持用中国特色社会主义理论体系武装头脑，保证监督党的路线方针政策和国家法律法规在企业的贯彻执行，推动企业积极主动承担经济责任、政治责任、社会责任。",
                ),
                Leaf(
                    "SQ2",
                    "推动发展力强",
                    "积极参与企业重大问题决策，围绕改革发展中心任务，发动党员干部和职工破解生产经营难题、完成急难险重任务、落实生产经营目标。",
                ),
                Leaf(
                    "SQ3",
                    "改革创新力强",
                    "大力推进企业党建工作创新，建立健全选拔任用和考核评价体系，丰富活动载体，以党建工作创新促进企业管理创新、技术创新。",
                ),
                Leaf(
                    "SQ4",
                    "凝聚保障力强",
                    "大力加强经营管理者、人才、党员、职工队伍建设，健全工作机构，完善工作机制，保障职工合法权益，团结凝聚群众。",
                ),
            ),
        ),
        StandardTree(
            "SY",
            "“四优”共产党员",
            "争做“四优”共产党员",
            Audience.MEMBER,
            (
                Leaf(
                    "SY1",
                    "政治素质优",
                    "加强政治学习，坚定理想信念，增强党员意识，执行党的决定，遵守党的纪律，讲党性、重品行、作表率。",
                ),
                Leaf(
                    "SY2",
                    "岗位技能优",
                    "积极学习市场经济、现代科技、经营管理、法律法规等知识，刻苦钻研业务，熟练掌握岗位技能，成为骨干力量。",
                ),
                Leaf("SY3", "工作业绩优", "爱岗敬业，勤奋工作，勇挑重担，带领群众攻坚克难，创造一流业绩。"),
                Leaf(
                    "SY4",
                    "群众评价优",
                    "立足本职，甘于奉献，廉洁从业，联系服务职工群众，听取和反映职工群众意见，帮助解决实际困难。",
                ),
            ),
        ),
    ),
)

blueprints: Registry[Blueprint] = Registry("campaign templates")
blueprints.register(WUJIANG)
