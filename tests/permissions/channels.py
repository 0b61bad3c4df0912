"""Cases of votes without an account: slips and ballots on paper belong to who holds the round, a count to who may count
about its subject, and a slip to whoever has it."""

from typing import Any

from campaign.ballots.models import Channel, Subject
from campaign.ballots.selectors import entitled_on_paper
from campaign.ballots.services import ballot_open
from campaign.ballots.slips import BatchPlan, batch_codes, batches_add
from campaign.common.capabilities import Cap
from reviews.models import RoundState
from tests.permissions.cases import Case, Listed, Make, Target, case, lists, mark
from tests.permissions.rounds import _put, held, organization, raters
from tests.world import World

BALLOTS = 4


def with_batch(
    world: World, at: str, channel: Channel = Channel.SLIP, *, opened: bool = False, printed: bool = False
) -> Target:
    """A round held at `at` on itself, with a batch for its workers."""
    found = held(world, at, [organization(world, at)], raters())
    subject = Subject.objects.get(ballot=found.pk)
    batch = batches_add(
        ballot=found.ballot, plans=[BatchPlan(channel, "all", subject.organization_id, (subject.pk,), BALLOTS)]
    )[0]
    codes = batch_codes(batch=batch) if printed else [""]
    if opened:
        ballot_open(ballot=found.ballot)
        _put(found, RoundState.OPEN)
    return Target(found, {"pk": found.pk, "batch": batch.pk}, {"code": codes[0], "reason": "遗失"}, marker=mark(at))


def batch(channel: Channel = Channel.SLIP, **options: bool) -> Make:
    return lambda world, at: with_batch(world, at, channel, **options)


def of_round(channel: Channel = Channel.SLIP, **options: bool) -> Make:
    """The same by the address of the round alone."""

    def make(world: World, at: str) -> Target:
        target = with_batch(world, at, channel, **options)
        target.kwargs = {"pk": target.kwargs["pk"]}
        return target

    return make


def planned(world: World, at: str) -> Target:
    found = held(world, at, [organization(world, at)], raters())
    payload = {"channel": "slip", "key": "all", "whom": "number", "number": "5"}
    return Target(found, {"pk": found.pk}, payload, marker=mark(at))


def to_count(world: World, at: str) -> Target:
    target = with_batch(world, at, Channel.PAPER, opened=True)
    target.kwargs = {"pk": target.kwargs["pk"]}
    return target


def sheet(world: World, at: str) -> Target:
    """A subject with ballots on paper, and a count in which nobody came."""
    target = to_count(world, at)
    subject = Subject.objects.get(ballot=target.kwargs["pk"])
    ((_subject, key),) = entitled_on_paper(subject.ballot)
    payload: dict[str, Any] = {f"c-{key}-{name}": "0" for name in ("issued", "returned", "invalid")}
    payload |= {f"c-{key}-{item}-{answer}": "0" for item in range(5) for answer in range(5)}
    return Target(subject, {**target.kwargs, "subject": subject.pk}, payload, marker=mark(at))


def nothing_entered(_actor: str, _at: str) -> bool:
    """One takes back one's own count: who has entered none is told so."""
    return True


case("round_channels", Case(make=planned))
case("slips_print", Case(make=of_round()))
case("slip_exchange", Case(make=of_round(opened=True, printed=True)))
case("ballots_remove", Case(make=batch()))
case("slips_renew", Case(make=batch(printed=True)))
case("slips_block", Case(make=batch(opened=True)))

case("count_list", Case())
case("count_round", Case(make=to_count))
case("count_enter", Case(make=sheet))
case("count_withdraw", Case(make=sheet, told=nothing_entered))
lists += [Listed("count_list", to_count, Cap.ROUND_COUNT)]

case("slip_enter", Case(payload={"code": "ABCD"}, changes=False))
case("slip_vote", Case(payload={"code": "ABCD"}, changes=False, status=409))
case("slip_done", Case())
