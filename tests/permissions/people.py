"""Cases of a member's history, of transfers between branches, of records taken out, and of workers who are no members."""

from typing import Any

from campaign.common.access import Decision
from campaign.common.capabilities import Cap
from orgs.models import Enrolment, HeadCount, Member, MemberEvent, Position, Transfer, Worker
from tests.permissions.cases import Case, Listed, Scoped, Target, case, lists, mark, scoped
from tests.permissions.oracle import expected
from tests.permissions.orgs import member, organization
from tests.world import World

# -- one member ----------------------------------------------------------------------------------------------------


def with_payload(**payload: Any) -> Any:
    """A member, with what is sent to one of the pages."""

    def make(world: World, at: str) -> Target:
        made = member(world, at)
        return Target(made.record, made.kwargs, payload, marker=made.marker, owner=made.owner)

    return make


def probationer(**payload: Any) -> Any:
    def make(world: World, at: str) -> Target:
        made = member(world, at)
        Member.objects.filter(pk=made.kwargs["pk"]).update(
            kind="probationary", full_member_on=None, joined_on="2025-08-01", probation_ends_on=None
        )
        return Target(made.record, made.kwargs, payload, marker=made.marker, owner=made.owner)

    return make


def no_member(actor: str, _at: str) -> bool:
    return bool(actor)


case("member_mine", Case(sent_on=no_member))
case("member_probation", Case())
case("member_unmask", Case(make=with_payload(reason="核对身份")))
case("member_probation_extend", Case(make=probationer(months=6, reason="继续考察", version=1)))
case("member_probation_finish", Case(make=probationer(full_member_on="2026-07-01", version=1)))
case("member_history", Case(make=member))
case("member_print", Case(make=member))
case("member_export", Case(make=member))
case("organization_record", Case(make=organization))


# -- positions and branches ----------------------------------------------------------------------------------------


def new_position(world: World, at: str) -> Target:
    """A position in the organization at a place, for somebody who is enrolled there and seen."""
    made = member(world, at)
    payload = {"organization": world.orgs[at].pk, "post": "publicity_member", "starts_on": "2026-01-01"}
    judged: dict[Decision, Cap] = {Cap.MEMBER_MANAGE: Cap.MEMBER_VIEW}
    return Target(made.record, made.kwargs, payload, marker=made.marker, owner=made.owner, judged_by=judged)


def held_position(world: World, at: str) -> Target:
    made = member(world, at)
    held = Position.objects.create(
        member_id=made.kwargs["pk"], organization=world.orgs[at], post="publicity_member", starts_on="2026-01-01"
    )
    payload = {"starts_on": "2026-02-01", "ends_on": "2026-03-01", "reason": "录入有误"}
    return Target(held, {"pk": held.pk}, payload, marker=made.marker, owner=made.owner)


def earlier_branch(world: World, at: str) -> Target:
    made = member(world, at)
    span = Enrolment.objects.create(
        member_id=made.kwargs["pk"], organization=world.orgs[at], starts_on="2001-01-01", ends_on="2002-01-01"
    )
    payload = {"starts_on": "2001-02-01", "ends_on": "2002-01-01", "reason": "录入有误"}
    return Target(span, {"pk": span.pk}, payload, marker=made.marker, owner=made.owner)


def new_branch(world: World, at: str) -> Target:
    made = member(world, at)
    payload = {"organization": world.orgs["west_two"].pk, "starts_on": "2001-01-01", "ends_on": "2002-01-01"}
    return Target(made.record, made.kwargs, payload, marker=made.marker, owner=made.owner)


case("member_position_create", Case(make=new_position))
case("member_position_edit", Case(make=held_position))
case("member_position_remove", Case(make=held_position))
case("member_branch_create", Case(make=new_branch))
case("member_branch_edit", Case(make=earlier_branch))
case("member_branch_remove", Case(make=earlier_branch))
scoped += [Scoped(held_position), Scoped(earlier_branch)]


# -- transfers -----------------------------------------------------------------------------------------------------


def transfer_of(state: str) -> Any:
    """A transfer out of a place into `west_two`: both sides see it."""

    def make(world: World, at: str) -> Target:
        made = member(world, at)
        transfer = Transfer.objects.create(
            member_id=made.kwargs["pk"],
            source=world.orgs[at],
            target=world.orgs["west_two"],
            state=state,
            reason="调动",
        )
        payload = {"step": "transfer_release", "effective_on": "2026-07-01"}

        def rule(actor: str, capability: Cap) -> bool:
            if capability == Cap.TRANSFER_ACCEPT:
                return expected(actor, capability, "west_two")
            seen = expected(actor, capability, at, own=actor == made.owner)
            incoming = expected(actor, Cap.TRANSFER_ACCEPT, "west_two")
            return seen or (capability == Cap.TRANSFER_VIEW and incoming)

        return Target(transfer, {"pk": transfer.pk}, payload, marker=made.marker, rule=rule)

    return make


def to_release(world: World, at: str) -> Target:
    """One that only the old branch may release: who merely sees it takes no step."""
    made = transfer_of("requested")(world, at)
    return Target(
        made.record,
        made.kwargs,
        {"step": "transfer_release"},
        place=at,
        marker=made.marker,
        judged_by={Cap.TRANSFER_VIEW: Cap.TRANSFER_RELEASE},
    )


def to_ask_for(world: World, at: str) -> Target:
    made = member(world, at)
    payload = {"target": world.orgs["west_two"].pk, "reason": "工作调动"}
    return Target(made.record, made.kwargs, payload, marker=made.marker, owner=made.owner)


case("transfer_list", Case(payload={"q": "张"}, changes=False))
case("transfer_detail", Case(make=transfer_of("requested")))
case("transfer_step", Case(make=to_release))
case("transfer_accept", Case(make=transfer_of("released")))
case("transfer_create", Case(make=to_ask_for))
case("branch_search", Case(payload={"q": "党支部"}, changes=False))
lists += [
    Listed("transfer_list", transfer_of("requested"), Cap.TRANSFER_VIEW),
    Listed("member_probation", probationer(), Cap.MEMBER_MANAGE),
]
scoped.append(Scoped(transfer_of("released")))


# -- workers who are no members ------------------------------------------------------------------------------------


def worker(*, active: bool = True) -> Any:
    def make(world: World, at: str) -> Target:
        made = Worker.objects.create(organization=world.orgs[at], name=mark(at), is_active=active)
        return Target(made, {"pk": made.pk}, {"name": "改过的名字", "version": 1}, marker=mark(at))

    return make


def new_worker(world: World, at: str) -> Target:
    payload = {"organization": world.orgs[at].pk, "name": "新职工", "pasted": "新职工\t001", "confirm": "1"}
    return Target(payload=payload)


def new_count(world: World, at: str) -> Target:
    return Target(payload={"organization": world.orgs[at].pk, "workers": 30, "counted_on": "2026-07-01"})


def head_count(world: World, at: str) -> Target:
    return Target(HeadCount.objects.create(organization=world.orgs[at], workers=30))


def event(world: World, at: str) -> Target:
    made = member(world, at)
    record = MemberEvent.objects.create(
        member_id=made.kwargs["pk"], organization=world.orgs[at], kind="status", status="normal"
    )
    return Target(record, owner=made.owner)


case("worker_list", Case(payload={"q": "张"}, changes=False))
case("worker_create", Case(make=new_worker, named_in_form=True))
case("worker_import", Case(make=new_worker, named_in_form=True))
case("worker_count", Case(make=new_count, named_in_form=True))
case("worker_edit", Case(make=worker()))
case("worker_retire", Case(make=worker()))
case("worker_restore", Case(make=worker(active=False)))
lists.append(Listed("worker_list", worker(), Cap.WORKER_VIEW))
scoped += [Scoped(worker()), Scoped(head_count), Scoped(event)]
