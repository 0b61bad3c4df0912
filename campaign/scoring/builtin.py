"""The built-in score sheets, as data. The texts are the client's own words (Chinese), not interface strings.

Weights are rows of the database from the first run on; these are only what a campaign starts with. Full marks add up to 100.
"""

from dataclasses import dataclass

from campaign.models import Audience
from campaign.scoring.arithmetic import AllOrNothing, Banded, Grade, Method, Proportional
from campaign.scoring.choices import Column, Tier, WhenNothing
from orgs.models import OrganizationType

GRADES = (Grade(90_00, "优秀"), Grade(80_00, "良好"), Grade(60_00, "合格"), Grade(0, "不合格"))
"""2-domain b.11 and `docs/scoring.md`."""
ALL = Proportional(1_0000)
EVALUATION_BANDS = Banded(((6000, 6000), (7000, 7000), (8000, 8500), (9000, 1_0000)))


@dataclass(frozen=True)
class ItemDefinition:
    """An item as it is written down: `full` in whole marks."""

    key: str
    label: str
    column: Column
    metric: str
    method: Method
    full: int
    when_nothing: WhenNothing = WhenNothing.ZERO


@dataclass(frozen=True)
class SheetDefinition:
    """A sheet as it is written down; `types` are the organization types it is for, none for members."""

    key: str
    name: str
    audience: Audience
    items: tuple[ItemDefinition, ...]
    types: tuple[OrganizationType, ...] = ()
    grades: tuple[Grade, ...] = GRADES
    tier: Tier = Tier.SIBLINGS
    bonus_cap: int = 10_00


BRANCHES = SheetDefinition(
    key="branches",
    name="党支部评分标准",
    audience=Audience.ORGANIZATION,
    types=(OrganizationType.BRANCH, OrganizationType.JOINT_BRANCH),
    items=(
        ItemDefinition("org_fulfilment", "支部承诺兑现", Column.PLEDGE, "pledges.fulfilment", ALL, 25),
        ItemDefinition("member_coverage", "党员承诺覆盖", Column.PLEDGE, "pledges.coverage", ALL, 15),
        ItemDefinition("member_fulfilment", "党员承诺兑现", Column.PLEDGE, "pledges.members_fulfilment", ALL, 10),
        ItemDefinition("review_received", "接受领导点评", Column.REVIEW, "reviews.received", AllOrNothing(1_0000), 10),
        ItemDefinition("review_coverage", "点评党员覆盖", Column.REVIEW, "reviews.coverage", ALL, 10),
        ItemDefinition("evaluation", "群众评议得分", Column.EVALUATION, "evaluation.score", EVALUATION_BANDS, 30),
    ),
)
COMMITTEES = SheetDefinition(
    key="committees",
    name="党委、党总支评分标准",
    audience=Audience.ORGANIZATION,
    types=(
        OrganizationType.COMMITTEE,
        OrganizationType.WORKING_COMMITTEE,
        OrganizationType.LEADING_PARTY_GROUP,
        OrganizationType.GENERAL_BRANCH,
    ),
    items=(
        ItemDefinition("org_fulfilment", "党组织承诺兑现", Column.PLEDGE, "pledges.fulfilment", ALL, 20),
        ItemDefinition("member_coverage", "党员承诺覆盖", Column.PLEDGE, "pledges.coverage", ALL, 15),
        ItemDefinition("review_coverage", "领导点评覆盖", Column.REVIEW, "reviews.coverage", ALL, 20),
        ItemDefinition(
            "evaluation", "群众评议得分", Column.EVALUATION, "evaluation.score", EVALUATION_BANDS, 15, WhenNothing.SKIP
        ),
        ItemDefinition(
            "children", "下级党组织平均得分", Column.INSPECTION, "children.average", ALL, 30, WhenNothing.SKIP
        ),
    ),
)
MEMBERS = SheetDefinition(
    key="members",
    name="党员评分标准",
    audience=Audience.MEMBER,
    items=(
        ItemDefinition("fulfilment", "承诺兑现", Column.PLEDGE, "pledges.fulfilment", ALL, 60, WhenNothing.SKIP),
        ItemDefinition(
            "evaluation", "群众评议得分", Column.EVALUATION, "evaluation.score", EVALUATION_BANDS, 40, WhenNothing.SKIP
        ),
    ),
)
SHEETS = (BRANCHES, COMMITTEES, MEMBERS)
