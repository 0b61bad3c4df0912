"""Built-in questionnaires and rater classes of mass evaluations, as data (2-domain b.7). The texts are what voters read:
Chinese, not interface strings. `docs/ballots.md` says where they come from."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.ballots.services import ChoicePlan, ClassPlan, ItemPlan
from campaign.common.registry import Registry
from campaign.models import Audience
from orgs.models import PartyPost
from reviews.electorate import Source

CHOICES = (
    ChoicePlan("满意", 100, True),
    ChoicePlan("比较满意", 80, True),
    ChoicePlan("基本满意", 60, True),
    ChoicePlan("不满意", 40, False),
)


BANDS = ((9000, "优秀"), (8000, "良好"), (6000, "合格"), (0, "不合格"))
"""The grades of a total, in hundredths of a point (docs/scoring.md)."""


@dataclass(frozen=True)
class Template:
    """A questionnaire: whom it rates, what it asks, what can be answered."""

    key: str
    label: str | Promise
    audience: Audience
    items: tuple[ItemPlan, ...]
    choices: tuple[ChoicePlan, ...] = CHOICES
    bands: tuple[tuple[int, str], ...] = BANDS
    posts: tuple[str, ...] = ()
    """Of members only those with these positions are rated; empty: all."""


@dataclass(frozen=True)
class Scheme:
    """Classes of raters; `leading` is the key for those with a leading position in the party, `others` for the other
    members, `workers` for those who are no members."""

    key: str
    label: str | Promise
    classes: tuple[ClassPlan, ...]
    leading: str
    others: str
    workers: str = ""

    @property
    def electorate(self) -> dict[str, str]:
        """Who rates in which class."""
        if self.leading == self.others:
            members: dict[str, str] = {self.others: Source.EVERYBODY}
        else:
            members = {self.leading: Source.LEADING, self.others: Source.MEMBERS}
        return members | ({self.workers: Source.WORKERS} if self.workers else {})


templates: Registry[Template] = Registry("questionnaires")
schemes: Registry[Scheme] = Registry("rater class schemes")

templates.register(
    Template(
        "organization",
        _("Party organizations (5 questions)"),
        Audience.ORGANIZATION,
        (
            ItemPlan("开展创先争优活动的总体情况"),
            ItemPlan("推动中心工作和重点任务完成情况"),
            ItemPlan("承诺践诺情况"),
            ItemPlan("为群众办实事、做好事、解难事情况"),
            ItemPlan("加强党组织和党员队伍建设情况"),
        ),
    )
)
templates.register(
    Template(
        "member",
        _("Party members (4 questions)"),
        Audience.MEMBER,
        (
            ItemPlan("参加创先争优活动情况"),
            ItemPlan("立足岗位履行职责情况"),
            ItemPlan("承诺践诺情况"),
            ItemPlan("联系和服务群众情况"),
        ),
    )
)
MEMBER_APPRAISAL, SECRETARY_APPRAISAL = "member_appraisal", "secretary_appraisal"
"""The ballots of appraisals: their result is a grade that is decided afterwards, and no mass evaluation."""
templates.register(
    Template(
        MEMBER_APPRAISAL,
        _("Democratic appraisal of members (1 question)"),
        Audience.MEMBER,
        (ItemPlan("民主测评：综合评价"),),
        (
            ChoicePlan("优秀", 100, True),
            ChoicePlan("合格", 80, True),
            ChoicePlan("基本合格", 60, True),
            ChoicePlan("不合格", 40, False),
        ),
        ((9000, "优秀"), (7000, "合格"), (6000, "基本合格"), (0, "不合格")),
    )
)
templates.register(
    Template(
        SECRETARY_APPRAISAL,
        _("Annual reports of secretaries (5 questions)"),
        Audience.MEMBER,
        (
            ItemPlan("履行抓党建第一责任人职责情况"),
            ItemPlan("党支部规范化建设和组织生活情况"),
            ItemPlan("党员教育管理和发挥先锋模范作用情况"),
            ItemPlan("围绕中心工作、服务职工群众情况"),
            ItemPlan("上年度问题整改和廉洁自律情况"),
        ),
        (
            ChoicePlan("好", 100, True),
            ChoicePlan("较好", 80, True),
            ChoicePlan("一般", 60, True),
            ChoicePlan("差", 40, False),
        ),
        ((9000, "好"), (8000, "较好"), (6000, "一般"), (0, "差")),
        posts=(PartyPost.SECRETARY,),
    )
)
KEPT_CHOICES = (
    ChoicePlan("已兑现", 100, True),
    ChoicePlan("基本兑现", 80, True),
    ChoicePlan("未兑现", 0, False),
)
OPINIONS = ("pledge_organization", "pledge_member")
"""Questionnaires about the pledge alone: their counts stand beside its other appraisals, and are no evaluation of the subject."""
templates.register(
    Template(
        "pledge_organization",
        _("Pledges of party organizations (1 question)"),
        Audience.ORGANIZATION,
        (ItemPlan("该党组织公开承诺事项的兑现情况"),),
        KEPT_CHOICES,
    )
)
templates.register(
    Template(
        "pledge_member",
        _("Pledges of party members (1 question)"),
        Audience.MEMBER,
        (ItemPlan("该党员公开承诺事项的兑现情况"),),
        KEPT_CHOICES,
    )
)
schemes.register(
    Scheme(
        "abc",
        _("Three classes: A leading group 40 %, B members 30 %, C staff and workers 30 %"),
        (
            ClassPlan("A", "A 票 · 领导班子", 4000),
            ClassPlan("B", "B 票 · 党员", 3000),
            ClassPlan("C", "C 票 · 职工群众", 3000),
        ),
        leading="A",
        others="B",
        workers="C",
    )
)
schemes.register(
    Scheme(
        "together",
        _("All raters together (for small branches: nothing is hidden)"),
        (ClassPlan("all", "全体参评人员", 10_000),),
        leading="all",
        others="all",
    )
)
