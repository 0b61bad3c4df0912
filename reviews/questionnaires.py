"""Built-in questionnaires and rater classes of mass evaluations, as data (2-domain b.7). The texts are what voters read:
Chinese, not interface strings. `docs/ballots.md` says where they come from."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.ballots.services import ChoicePlan, ClassPlan, ItemPlan
from campaign.common.registry import Registry
from campaign.models import Audience

CHOICES = (
    ChoicePlan("满意", 100, True),
    ChoicePlan("比较满意", 80, True),
    ChoicePlan("基本满意", 60, True),
    ChoicePlan("不满意", 40, False),
)


@dataclass(frozen=True)
class Template:
    """A questionnaire: whom it rates, what it asks, what can be answered."""

    key: str
    label: str | Promise
    audience: Audience
    items: tuple[ItemPlan, ...]
    choices: tuple[ChoicePlan, ...] = CHOICES


@dataclass(frozen=True)
class Scheme:
    """Classes of raters; `leading` is the key for those with a leading position in the party, `others` for the rest."""

    key: str
    label: str | Promise
    classes: tuple[ClassPlan, ...]
    leading: str
    others: str


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
KEPT_CHOICES = (
    ChoicePlan("已兑现", 100, True),
    ChoicePlan("基本兑现", 80, True),
    ChoicePlan("未兑现", 0, False),
)
MEMBER_APPRAISAL, SECRETARY_APPRAISAL = "member_appraisal", "secretary_appraisal"
"""The ballots of appraisals: their result is a grade that is decided afterwards, and no mass evaluation."""
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
