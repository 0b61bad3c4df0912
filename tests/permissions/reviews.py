"""Cases of the leader reviews: what is handed over goes its way by place, a draft is its writer's alone."""

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.lists.services import list_send, list_store
from campaign.models import Campaign
from orgs.models import Member, Organization
from reviews.importers.leader import REVIEWS
from reviews.models import LeaderReview, ReviewMode
from reviews.services import leader_review_create, leader_review_submit
from tests.permissions.cases import Case, Listed, Make, Scoped, Target, case, lists, mark, scoped
from tests.permissions.oracle import BRANCHES, PARENTS, expected
from tests.permissions.orgs import organization as named_organization
from tests.world import World

BELOW_ROOT = ("east_one", "east", "east_two", "west_one")
"""Nobody reviews the topmost organization."""
MEMBERS_AT = ("east_one", "east_two", "west_one")


def payload() -> dict[str, Any]:
    return {
        "mode": "onsite", "held_on": clock.today().isoformat(), "achievements": "成绩", "problems": "问题",
        "direction": "方向",
    }  # fmt: skip


def reviewer_of(at: str) -> str:
    """Name somebody of the cast who reviews there, with another leader above who must not meet the draft."""
    return "leader@east" if at in ("east_one", "east_two") else "leader@root"


def begun(world: World, at: str, subject: Organization | Member) -> LeaderReview:
    role, held = reviewer_of(at).split("@")
    return leader_review_create(
        actor=world.user(role, held), campaign=Campaign.objects.get(code="C1"), subject=subject, mode=ReviewMode.ONSITE,
        held_on=clock.today(), achievements=mark(at), problems=mark(at), direction=mark(at),
    )  # fmt: skip


def review(*, of_member: bool, handed_over: bool, step: str = "") -> Make:
    def make(world: World, at: str) -> Target:
        made = begun(world, at, world.members[at][1] if of_member else world.orgs[at])
        if handed_over:
            leader_review_submit(review=made, actor=made.reviewer)
        # The list does not show what was written, but who was reviewed.
        target = Target(
            LeaderReview.objects.get(pk=made.pk),
            {"pk": made.pk, **({"step": step} if step else {})},
            {**payload(), "version": made.version},
            marker=mark(at),
            owner=f"member@{at}" if of_member else "",
            owners={Cap.REVIEW_OWN: reviewer_of(at)},
        )
        if not handed_over:
            target.hidden = lambda actor, _capability: actor != reviewer_of(at)
        return target

    return make


def listed(*, of_member: bool, handed_over: bool) -> Make:
    """The same, found in a list by the name of the reviewer, which is written on the review."""

    def make(world: World, at: str) -> Target:
        target = review(of_member=of_member, handed_over=handed_over)(world, at)
        LeaderReview.objects.filter(pk=target.kwargs["pk"]).update(reviewer_name=mark(at))
        return target

    return make


def both(places: tuple[str, ...] = BELOW_ROOT, *, handed_over: bool, step: str = "") -> list[Case]:
    return [
        Case(make=review(of_member=False, handed_over=handed_over, step=step), places=places),
        Case(make=review(of_member=True, handed_over=handed_over, step=step), places=MEMBERS_AT),
    ]


def organization(world: World, at: str) -> Target:
    return Target(kwargs={"pk": world.orgs[at].pk}, payload=payload(), marker=world.orgs[at].name)


def member(place: int) -> Make:
    def make(world: World, at: str) -> Target:
        return Target(kwargs={"pk": world.members[at][place].pk}, payload=payload())

    return make


def oneself(actor: str, at: str) -> bool:
    """The first of a branch is its secretary, and nobody reviews oneself (2-domain b.6)."""
    return actor == f"secretary@{at}"


def book(world: World, at: str) -> bytes:
    """The list of what lies below `at`, or of its members, with the first filled in."""
    children = [key for key, parent in PARENTS.items() if parent == at]
    name = "" if at in BRANCHES else world.orgs[children[0]].name
    member = world.members[at][2].name if at in BRANCHES else ""
    place = name or world.orgs[at].name
    return f"党组织,姓名,点评方式,点评日期,肯定成绩\n{place},{member},现场点评,{clock.today()},{mark(at)}\n".encode()


def workbook(world: World, at: str) -> Target:
    """Where one sees the coverage; what is written there is limited to whom one reviews."""

    def payload() -> Mapping[str, Any]:
        return {"file": SimpleUploadedFile("点评.csv", book(world, at))}

    return Target(kwargs={"pk": world.orgs[at].pk}, payload=payload, judged_by={Cap.REVIEW_WRITE: Cap.REVIEW_COVERAGE})


def sent_in(state: str) -> Make:
    """Only who sent a workbook reaches it: here who reviews there."""

    def make(world: World, at: str) -> Target:
        sender = f"secretary@{at}" if at in BRANCHES else "leader@root"
        actor = world.user(*sender.split("@"))
        sent = list_send(
            kind=REVIEWS, place=world.orgs[at].pk, actor=actor, content=book(world, at), file_name="点评.csv"
        )
        if state == "stored":
            list_store(sent=sent, actor=actor)
        return Target(
            sent,
            {"pk": sent.pk},
            rule=lambda who, capability: who == sender and (capability != Cap.REVIEW_WRITE or expected_there(who, at)),
        )

    return make


def expected_there(who: str, at: str) -> bool:
    return expected(who, Cap.REVIEW_COVERAGE, at)


case("review_list", Case())
case("review_import", Case(make=workbook))
case("review_import_template", Case(make=workbook))
for address, state in (
    ("review_import_detail", "checked"),
    ("review_import_annotated", "checked"),
    ("review_import_store", "checked"),
    ("review_import_undo", "stored"),
):
    case(address, Case(make=sent_in(state)))
case("review_choose", Case())
case("review_coverage", Case())
case("review_detail", *both(handed_over=True), *both(handed_over=False))
case("review_edit", *both(handed_over=False))
case("review_discard", *both(handed_over=False))
case(
    "review_step",
    *both(handed_over=False, step="leader_review_submit"),
    *both(handed_over=True, step="leader_review_withdraw"),
)
case("review_create_organization", Case(make=organization))
case(
    "review_create_member",
    Case(make=member(-1), places=MEMBERS_AT),
    Case(make=member(0), places=MEMBERS_AT, told=oneself, sent_on=oneself),
)
case("review_choose_in", Case(make=organization))
case("review_coverage_of", Case(make=organization))
lists += [
    Listed("review_list", listed(of_member=False, handed_over=True), Cap.REVIEW_VIEW, BELOW_ROOT),
    Listed("review_list", listed(of_member=True, handed_over=True), Cap.REVIEW_VIEW, MEMBERS_AT),
    Listed("review_list", listed(of_member=False, handed_over=False), Cap.REVIEW_VIEW, BELOW_ROOT),
    Listed("review_choose", named_organization, Cap.REVIEW_WRITE_ORG, query="?q=标记"),
]
scoped += [Scoped(sent_in("checked"), capabilities=(Cap.REVIEW_WRITE,))]
scoped += [
    Scoped(review(of_member=False, handed_over=True), BELOW_ROOT),
    Scoped(review(of_member=True, handed_over=True), MEMBERS_AT),
    Scoped(review(of_member=True, handed_over=False), MEMBERS_AT),
]
