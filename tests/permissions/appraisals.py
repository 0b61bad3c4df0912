"""Cases of appraisals of members: held where the staff is, decided in the branch, confirmed above, each member's own."""

import datetime as dt
from typing import Any

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.models import Campaign
from orgs.models import Member, User
from reviews.models import AppraisedMember, BranchAppraisal, MemberAppraisal
from tests.permissions.cases import Case, Listed, Make, Scoped, Target, case, lists, mark, number, scoped
from tests.permissions.oracle import BRANCHES, PARENTS, PLACES, expected
from tests.world import World

COMMITTEES = tuple(place for place in PLACES if place not in BRANCHES)


def days() -> dict[str, dt.date]:
    today = clock.today()
    return {"self_until": today, "votes_from": today, "votes_until": today, "decide_until": today}


def made(world: World, held_at: str, name: str, **options: Any) -> MemberAppraisal:
    """An appraisal of a year that no other has."""
    given = {**days(), "campaign": Campaign.objects.get(code="C1"), "year": 2000 + MemberAppraisal.objects.count()}
    return MemberAppraisal.objects.create(organization=world.orgs[held_at], name=name, **{**given, **options})


def of_branch(world: World, at: str, state: str = "writing", **options: Any) -> BranchAppraisal:
    """A branch in an appraisal that the organization above holds."""
    appraisal = made(world, PARENTS[at], mark(at, "评议"))
    moment = None if state == "writing" else clock.now()
    return BranchAppraisal.objects.create(
        appraisal=appraisal, organization=world.orgs[at], year=appraisal.year, state=state, submitted_at=moment,
        decided_at=moment, met_on=clock.today(), has_ballot=False, **options,
    )  # fmt: skip


def entered(world: World, branch: BranchAppraisal, at: str, place: int = 1, **options: Any) -> AppraisedMember:
    member = world.members[at][place]
    given = {"name": member.name, "kind": member.kind, **options}
    return AppraisedMember.objects.create(branch=branch, organization=world.orgs[at], member=member, **given)


# -- who holds them ----------------------------------------------------------------------------------------------------


def appraisal(state: str = "open", step: str = "") -> Make:
    def make(world: World, at: str) -> Target:
        found = made(world, at, mark(at), state=state)
        payload = {**days(), "name": "改过的名称", "version": 1, "step": step, "reason": "理由"}
        return Target(found, {"pk": found.pk}, payload, marker=mark(at))

    return make


def balloted(world: World, at: str) -> Target:
    """An appraisal with a branch of which six can vote."""
    found = made(world, PARENTS[at], mark(at))
    branch = BranchAppraisal.objects.create(appraisal=found, organization=world.orgs[at], year=found.year)
    for _voter in range(6):
        person = Member.objects.create(
            personnel_no=number("评"), name="参评人", sex="male", organization=world.orgs[at]
        )
        User.objects.create(username=number("voter"), name="参评人", member=person)
        AppraisedMember.objects.create(
            branch=branch, organization=world.orgs[at], member=person, name="参评人", kind="full"
        )
    return Target(found, {"pk": found.pk}, place=PARENTS[at], marker=mark(at))


def new(world: World, at: str) -> Target:
    payload = {
        **days(), "name": "年度评议", "campaign": Campaign.objects.get(code="C1").pk, "organization": world.orgs[at].pk,
        "year": 2090, "which": "all",
    }  # fmt: skip
    return Target(payload=payload)


def elsewhere(actor: str, at: str) -> bool:
    """Appraisals are held for the organization of one's role."""
    return actor.split("@")[1] != at


case("appraisal_list", Case())
case("appraisal_create", Case(make=new, places=COMMITTEES, named_in_form=True, told=elsewhere))
case("appraisal_detail", Case(make=appraisal()))
case("appraisal_edit", Case(make=appraisal()))
case(
    "appraisal_step",
    Case(make=appraisal(step="appraisal_cancel")),
    Case(make=appraisal(step="appraisal_close")),
    Case(make=appraisal("closed", step="appraisal_reopen")),
    Case(make=appraisal(step="appraisal_without_ballot")),
)
case("appraisal_ballot", Case(make=balloted, places=BRANCHES))
lists.append(Listed("appraisal_list", appraisal(), Cap.APPRAISAL_VIEW))
scoped.append(Scoped(appraisal()))


# -- branches ----------------------------------------------------------------------------------------------------------


def branch(state: str = "writing", step: str = "", capability: Cap | None = None) -> Make:
    """A branch ready for the step; who sees it without the right to the step is told "not found"."""

    def make(world: World, at: str) -> Target:
        found = of_branch(world, at, state)
        entry = entered(world, found, at, place=-1, grade="qualified")
        payload = {
            "version": 1, "met_on": clock.today().isoformat(), "step": step, "reason": "理由", "branch": found.pk,
            f"m{entry.pk}-grade": "excellent", f"m{entry.pk}-consequence": "none",
        }  # fmt: skip
        target = Target(found, {"pk": found.pk}, payload, marker=world.orgs[at].name)
        if capability is not None:
            target.rule = lambda actor, _capability: expected(actor, capability, at)
        return target

    return make


def ticked(world: World, at: str) -> Target:
    """A decision that waits, ticked in the list."""
    target = branch("submitted")(world, at)
    return Target(payload=target.payload)


def to_refresh(world: World, at: str) -> Target:
    """A roll in which somebody is missing."""
    found = of_branch(world, at)
    Member.objects.create(personnel_no=number("新"), name="新来的", sex="male", organization=world.orgs[at])
    return Target(found, {"pk": found.pk})


case("appraisal_branch", Case(make=branch(), places=BRANCHES), Case(make=branch("confirmed"), places=BRANCHES))
case("appraisal_decide", Case(make=branch(), places=BRANCHES), Case(make=branch("returned"), places=BRANCHES))
case("appraisal_roll", Case(make=to_refresh, places=BRANCHES))
case(
    "appraisal_branch_step",
    Case(make=branch("writing", "branch_submit", Cap.APPRAISAL_DECIDE), places=BRANCHES),
    Case(make=branch("submitted", "branch_recall", Cap.APPRAISAL_DECIDE), places=BRANCHES),
    Case(make=branch("submitted", "branch_confirm", Cap.APPRAISAL_CONFIRM), places=BRANCHES),
    Case(make=branch("submitted", "branch_return", Cap.APPRAISAL_CONFIRM), places=BRANCHES),
)
case(
    "appraisal_confirm",
    Case(make=ticked, places=BRANCHES, named_in_form=True, told=lambda actor, at: not expected(actor, Cap.APPRAISAL_CONFIRM, at)),
)  # fmt: skip
lists.append(Listed("appraisal_list", branch(), Cap.APPRAISAL_VIEW, BRANCHES))
scoped.append(Scoped(branch(), BRANCHES))


# -- members -----------------------------------------------------------------------------------------------------------


def entry(state: str = "writing", step: str = "", **options: Any) -> Make:
    """One member's entry; it is the first member's own, whose page shows what they wrote and not their name."""

    def make(world: World, at: str) -> Target:
        written = {"name": mark(at, "被评议人"), "self_text": mark(at, "被评议人"), "self_at": clock.now()}
        found = entered(world, of_branch(world, at, state), at, **{**written, **options})
        payload = {
            "version": 1, "text": "自评内容", "grade": "qualified", "attendance": "exempt", "reason": "年老体弱",
            "opinion": "同意", "step": step,
        }  # fmt: skip
        return Target(found, {"pk": found.pk}, payload, owner=f"member@{at}", marker=found.name)

    return make


def colleagues(world: World, at: str) -> Target:
    """A roll with the first member and the secretary: who is not in it has nothing to say there."""
    found = of_branch(world, at)
    entered(world, found, at, place=1)
    entered(world, found, at, place=0)
    payload = {f"m{found.members.exclude(pk=each.pk).get().pk}": "肯干" for each in found.members.all()}
    target = Target(found, {"pk": found.pk}, payload, marker=mark(at, "评议"))
    target.hidden = lambda actor, _capability: actor not in (f"member@{at}", f"secretary@{at}")
    return target


def followed(world: World, at: str) -> Target:
    return entry(
        "confirmed", "follow_up_done", grade="basic", problems="学习少", consequence="rectify", due_on=clock.today(),
        follow_up="open", name=mark(at),
    )(world, at)  # fmt: skip


def mine(world: World, at: str) -> Target:
    """On the page of one's own there is nobody else's."""
    found = entered(world, of_branch(world, at), at)
    MemberAppraisal.objects.filter(pk=found.branch.appraisal_id).update(name=mark(at, "本人"))
    return Target(found, {"pk": found.pk}, owner=f"member@{at}", marker=mark(at, "本人"))


case("appraisal_mine", Case())
case("appraisal_member", Case(make=entry(), places=BRANCHES), Case(make=entry("confirmed"), places=BRANCHES))
case("appraisal_self", Case(make=entry(), places=BRANCHES, names=False))
case("appraisal_opinion", Case(make=entry("confirmed", grade="qualified"), places=BRANCHES))
case("appraisal_attendance", Case(make=entry(), places=BRANCHES))
case("appraisal_peers", Case(make=colleagues, places=BRANCHES))
case("appraisal_follow", Case(make=followed, places=BRANCHES))
case("appraisal_follow_ups", Case())
lists += [
    Listed("appraisal_mine", mine, Cap.APPRAISAL_WRITE, BRANCHES),
    Listed("appraisal_follow_ups", followed, Cap.APPRAISAL_FOLLOW, BRANCHES),
]
scoped.append(Scoped(entry(), BRANCHES))
