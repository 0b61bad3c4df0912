"""Built-in award batches, as data. The texts are the client's own words (Chinese), not interface strings."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from awards.models import AwardKind
from campaign.common.registry import Registry
from campaign.models import Audience


@dataclass(frozen=True)
class CategoryPlan:
    """A category with the quota that the form proposes."""

    kind: AwardKind
    audience: Audience
    name: str
    quota: int


@dataclass(frozen=True)
class BatchPlan:
    key: str
    label: str | Promise
    categories: tuple[CategoryPlan, ...]


batch_plans: Registry[BatchPlan] = Registry("award batches")

batch_plans.register(
    BatchPlan(
        key="two_excellents_one_advanced",
        label=_("Two excellents and one advanced"),
        categories=(
            CategoryPlan(AwardKind.EXCELLENT_MEMBER, Audience.MEMBER, "优秀共产党员", 20),
            CategoryPlan(AwardKind.EXCELLENT_WORKER, Audience.MEMBER, "优秀党务工作者", 5),
            CategoryPlan(AwardKind.ADVANCED_ORGANIZATION, Audience.ORGANIZATION, "先进基层党组织", 5),
        ),
    )
)
# Seed 003 named 30 benchmark branches and 53 benchmark members.
batch_plans.register(
    BatchPlan(
        key="benchmarks",
        label=_("Benchmark branches and members"),
        categories=(
            CategoryPlan(AwardKind.BENCHMARK_BRANCH, Audience.ORGANIZATION, "标杆党支部", 30),
            CategoryPlan(AwardKind.BENCHMARK_MEMBER, Audience.MEMBER, "标杆共产党员", 53),
        ),
    )
)
