"""The built-in score sheets, as data. The texts are the client's own words (Chinese), not interface strings.

Weights are rows of the database from the first run on; these are only what a campaign starts with. Full marks add up to 100.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from campaign.models import Audience
from campaign.scoring.arithmetic import AllOrNothing, Banded, Grade, Method, Proportional
from campaign.scoring.choices import Column, Tier, WhenNothing
from orgs.models import OrganizationType
from orgs.models.organizations import Category

GRADES = (Grade(90_00, "优秀"), Grade(80_00, "良好"), Grade(60_00, "合格"), Grade(0, "不合格"))
"""2-domain b.11 and `docs/scoring.md`."""
ALL = Proportional(1_0000)
EVALUATION_BANDS = Banded(((6000, 6000), (7000, 7000), (8000, 8500), (9000, 1_0000)))


@dataclass(frozen=True)
class ItemDefinition:
    """An item as it is written down: `full` in marks, with two decimals at most; `standard` is the code of a standard of the
    campaign (四强, 四优) that the item belongs to."""

    key: str
    label: str
    column: Column
    metric: str
    method: Method
    full: int | Decimal
    when_nothing: WhenNothing = WhenNothing.ZERO
    standard: str = ""

    @property
    def full_marks(self) -> int:
        """The full marks in hundredths."""
        return int(self.full * 100)


@dataclass(frozen=True)
class SheetDefinition:
    """A sheet as it is written down; `types` are the organization types it is for, none for members. One with a `category`
    (三型) is for those of it alone, and goes before the one for all of the type."""

    key: str
    name: str
    audience: Audience
    items: tuple[ItemDefinition, ...]
    types: tuple[OrganizationType, ...] = ()
    grades: tuple[Grade, ...] = GRADES
    tier: Tier = Tier.SIBLINGS
    bonus_cap: int = 10_00
    category: str = ""
    honour_marks: int = 1_00
    """Hundredths for one honour of the group (2-domain b.11: +1)."""


LEADING, DEVELOPING, RENEWING, UNITING = "SQ1", "SQ2", "SQ3", "SQ4"
"""The four standards of organizations (四强): 政治引领, 推动发展, 改革创新, 凝聚保障."""
RESULTS, ESTEEM = "SY3", "SY4"
"""Of the four of members (四优): 工作业绩, 群众评价."""

BRANCHES = SheetDefinition(
    key="branches",
    name="党支部评分标准",
    audience=Audience.ORGANIZATION,
    types=(OrganizationType.BRANCH, OrganizationType.JOINT_BRANCH),
    items=(
        ItemDefinition(
            "org_fulfilment", "支部承诺兑现", Column.PLEDGE, "pledges.fulfilment", ALL, 25, standard=DEVELOPING
        ),
        ItemDefinition("member_coverage", "党员承诺覆盖", Column.PLEDGE, "pledges.coverage", ALL, 15, standard=LEADING),
        ItemDefinition(
            "member_fulfilment", "党员承诺兑现", Column.PLEDGE, "pledges.members_fulfilment", ALL, 10, standard=RENEWING
        ),
        ItemDefinition(
            "review_received",
            "接受领导点评",
            Column.REVIEW,
            "reviews.received",
            AllOrNothing(1_0000),
            10,
            standard=LEADING,
        ),
        ItemDefinition(
            "review_coverage", "点评党员覆盖", Column.REVIEW, "reviews.coverage", ALL, 10, standard=RENEWING
        ),
        ItemDefinition(
            "evaluation", "群众评议得分", Column.EVALUATION, "evaluation.score", EVALUATION_BANDS, 30, standard=UNITING
        ),
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
        ItemDefinition(
            "org_fulfilment", "党组织承诺兑现", Column.PLEDGE, "pledges.fulfilment", ALL, 20, standard=DEVELOPING
        ),
        ItemDefinition("member_coverage", "党员承诺覆盖", Column.PLEDGE, "pledges.coverage", ALL, 15, standard=LEADING),
        ItemDefinition(
            "review_coverage", "领导点评覆盖", Column.REVIEW, "reviews.coverage", ALL, 20, standard=RENEWING
        ),
        ItemDefinition(
            "evaluation",
            "群众评议得分",
            Column.EVALUATION,
            "evaluation.score",
            EVALUATION_BANDS,
            15,
            WhenNothing.SKIP,
            standard=UNITING,
        ),
        ItemDefinition(
            "children",
            "下级党组织平均得分",
            Column.INSPECTION,
            "children.average",
            ALL,
            30,
            WhenNothing.SKIP,
            standard=DEVELOPING,
        ),
    ),
)
MEMBERS = SheetDefinition(
    key="members",
    name="党员评分标准",
    audience=Audience.MEMBER,
    items=(
        ItemDefinition(
            "fulfilment", "承诺兑现", Column.PLEDGE, "pledges.fulfilment", ALL, 60, WhenNothing.SKIP, standard=RESULTS
        ),
        ItemDefinition(
            "evaluation",
            "群众评议得分",
            Column.EVALUATION,
            "evaluation.score",
            EVALUATION_BANDS,
            40,
            WhenNothing.SKIP,
            standard=ESTEEM,
        ),
    ),
)


def of_category(key: str, name: str, category: Category, full: tuple[int, ...]) -> SheetDefinition:
    """Return the sheet of branches for one of the three types (三型), with its own full marks."""
    items = tuple(replace(item, full=marks) for item, marks in zip(BRANCHES.items, full, strict=True))
    return replace(BRANCHES, key=key, name=name, category=category, items=items)


SHEETS = (BRANCHES, COMMITTEES, MEMBERS)
"""What a campaign starts with."""
TEMPLATES = (
    *SHEETS,
    of_category("innovation", "创新创效型党支部评分标准", Category.INNOVATION, (30, 10, 20, 10, 10, 20)),
    of_category("support", "支持保障型党支部评分标准", Category.SUPPORT, (25, 15, 10, 10, 10, 30)),
    of_category("management", "管理服务型党支部评分标准", Category.MANAGEMENT, (20, 15, 10, 10, 10, 35)),
)
"""What a sheet can be begun from."""
