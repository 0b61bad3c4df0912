"""Cases of the evaluation rounds: a round lies where it is held, its results where its subjects are, a paper is its
voter's alone."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from campaign.ballots.models import Ballot, Paper, Subject
from campaign.ballots.services import (
    PaperPlan,
    SubjectPlan,
    ballot_create,
    ballot_open,
    ballot_seal,
    papers_add,
    subjects_add,
)
from campaign.common import clock
from campaign.common.capabilities import MATRIX, Cap, Role
from campaign.models import Audience, Campaign
from orgs.models import User
from reviews.models import EvaluationRound, RoundState
from reviews.questionnaires import schemes, templates
from reviews.services import vote_cast
from tests.permissions.cases import Case, Listed, Make, Scoped, Target, case, lists, mark, scoped
from tests.permissions.oracle import BRANCHES, PLACES, covers, expected, held_roles, holds_somewhere
from tests.world import World


def held(
    world: World,
    at: str,
    subjects: Sequence[SubjectPlan],
    voters: Sequence[User],
    *,
    name: str = "",
    scope: str = "units",
    scheme: str = "together",
) -> EvaluationRound:
    """Set up a round on `subjects` that `at` holds, for `voters`."""
    moment = clock.now()
    audience = Audience.MEMBER if subjects[0].member_id else Audience.ORGANIZATION
    plan = templates.get(audience)
    ballot = ballot_create(
        opens_at=moment - dt.timedelta(hours=1), closes_at=moment + dt.timedelta(days=1), items=plan.items,
        choices=plan.choices, classes=schemes.get(scheme).classes, k=3,
    )  # fmt: skip
    made = subjects_add(ballot=ballot, audience=audience, subjects=list(subjects))
    slate = tuple(subject.pk for subject in made)
    papers_add(ballot=ballot, papers=[PaperPlan(voter.pk, schemes.get(scheme).others, slate) for voter in voters])
    return EvaluationRound.objects.create(
        ballot=ballot, campaign=Campaign.objects.get(code="C1"), organization=world.orgs[at], name=name or mark(at),
        audience=audience, template=audience, scope=scope,
    )  # fmt: skip


def organization(world: World, at: str) -> SubjectPlan:
    return SubjectPlan(world.orgs[at].pk, mark(at))


def member(world: World, at: str) -> SubjectPlan:
    return SubjectPlan(world.orgs[at].pk, mark(at), world.members[at][1].pk)


def raters(count: int = 4) -> list[User]:
    """Make accounts without a place or a role."""
    start = User.objects.count()
    return User.objects.bulk_create(User(username=f"rater-{n}", name="参评人") for n in range(start, start + count))


def voted(found: EvaluationRound) -> None:
    ballot = ballot_open(ballot=found.ballot)
    _put(found, RoundState.OPEN)
    for paper in Paper.objects.filter(ballot=ballot).select_related("ballot", "voter"):
        answers = {pk: [0] * len(paper.sheet.items) for pk, _name in paper.sheet.subjects}
        vote_cast(paper=paper, voter=paper.voter, answers=answers)


def _put(found: EvaluationRound, state: str) -> None:
    published_at = clock.now() if state == RoundState.PUBLISHED else None
    EvaluationRound.objects.filter(pk=found.pk).update(state=state, published_at=published_at)


def counted(found: EvaluationRound, state: str) -> EvaluationRound:
    """Let everybody vote, seal the round and leave it in `state`."""
    voted(found)
    ballot_seal(ballot=Ballot.objects.get(pk=found.pk))
    _put(found, state)
    return found


# -- rounds --------------------------------------------------------------------------------------------------------


def draft(world: World, at: str) -> Target:
    found = held(world, at, [organization(world, at)], raters())
    return Target(found, {"pk": found.pk}, marker=mark(at))


def without_raters(world: World, at: str) -> Target:
    """A round of which some classes have nobody to rate."""
    found = held(world, at, [organization(world, at)], raters(), scheme="abc")
    return Target(found, {"pk": found.pk, "step": "round_leave_out"}, marker=mark(at))


def taking(step: str, **payload: str) -> Make:
    """The step of a round that is ready for it."""

    def make(world: World, at: str) -> Target:
        found = held(world, at, [organization(world, at)], raters())
        if step == "round_close":
            voted(found)
        if step == "round_publish":
            counted(found, RoundState.SEALED)
        return Target(found, {"pk": found.pk, "step": step}, payload, marker=mark(at))

    return make


def new_round(world: World, at: str) -> Target:
    payload = {
        "name": "年度群众评议", "campaign": Campaign.objects.get(code="C1").pk, "organization": world.orgs[at].pk,
        "template": "organization", "opens_at": "2026-07-10T08:00", "closes_at": "2026-07-18T18:00", "scope": "units",
    }  # fmt: skip
    return Target(payload=payload)


def elsewhere(actor: str, at: str) -> bool:
    """Rounds are held for the organization of one's role: a branch's is held by the committee."""
    return actor.split("@")[1] != at


def set_up(part: str, **payload: str) -> Make:
    """A step of the set-up of a round that is being prepared."""

    def make(world: World, at: str) -> Target:
        found = held(world, at, [organization(world, at)], raters())
        return Target(found, {"pk": found.pk}, {"version": "1", **payload}, marker=mark(at))

    return make


QUESTIONS = {
    "items-TOTAL_FORMS": "1", "items-INITIAL_FORMS": "0", "items-0-text": "总体情况", "items-0-weight": "1",
    "choices-TOTAL_FORMS": "2", "choices-INITIAL_FORMS": "0", "choices-0-label": "好", "choices-0-worth": "100",
    "choices-1-label": "差", "choices-1-worth": "0", "bands-TOTAL_FORMS": "1", "bands-INITIAL_FORMS": "0",
    "bands-0-name": "合格", "bands-0-edge": "0",
}  # fmt: skip
RATERS = {
    "minimum_turnout": "50", "classes-TOTAL_FORMS": "1", "classes-INITIAL_FORMS": "0", "classes-0-key": "all",
    "classes-0-name": "全体", "classes-0-weight": "100", "classes-0-source": "everybody",
}  # fmt: skip
TIMES = {"name": "改名", "opens_at": "2026-07-10T08:00", "closes_at": "2026-07-18T18:00", "scope": "units"}


def invalid(world: World, at: str) -> Target:
    """A sealed round in which nobody voted: it can be repeated."""
    found = held(world, at, [organization(world, at)], raters())
    ballot_open(ballot=found.ballot)
    ballot_seal(ballot=Ballot.objects.get(pk=found.pk))
    _put(found, RoundState.SEALED)
    return Target(found, {"pk": found.pk}, marker=mark(at))


def to_extend(world: World, at: str) -> Target:
    found = held(world, at, [organization(world, at)], raters())
    ballot_open(ballot=found.ballot)
    _put(found, RoundState.OPEN)
    return Target(found, {"pk": found.pk}, {"closes_at": "2026-07-30T18:00", "reason": "参评人出差"}, marker=mark(at))


def to_change_the_roll(world: World, at: str) -> Target:
    """An open round with papers of people who belong to no unit any more."""
    found = held(world, at, [organization(world, at)], raters())
    ballot_open(ballot=found.ballot)
    _put(found, RoundState.OPEN)
    found.electorate = {"all": "everybody"}
    found.save(update_fields=["electorate"])
    left = Paper.objects.filter(ballot=found.pk).order_by("voter_id").values_list("voter_id", flat=True)
    return Target(found, {"pk": found.pk}, {"leaving": [left[0]], "reason": "调离本单位"}, marker=mark(at))


case("round_roll_change", Case(make=to_change_the_roll))
case("round_basics", Case(make=set_up("basics", **TIMES)))
case("round_subjects", Case(make=set_up("subjects", which="rule")))
case("round_questions", Case(make=set_up("questions", **QUESTIONS)))
case("round_raters", Case(make=set_up("raters", **RATERS)), Case(make=set_up("raters", op="round_roll")))
case("round_copy", Case(make=draft))
case("round_repeat", Case(make=invalid))
case("round_extend", Case(make=to_extend))
case("round_list", Case())
case("round_create", Case(make=new_round, named_in_form=True, told=elsewhere))
case("round_detail", Case(make=draft))
case(
    "round_step",
    *(Case(make=taking(step, reason="如期完成")) for step in ("round_open", "round_close", "round_publish")),
)
case("round_step", Case(make=taking("round_cancel", reason="设置有误")), Case(make=without_raters))
lists.append(Listed("round_list", draft, Cap.ROUND_VIEW))
scoped.append(Scoped(draft))


# -- results -------------------------------------------------------------------------------------------------------


def published(world: World, at: str) -> Target:
    found = counted(held(world, at, [organization(world, at)], raters()), RoundState.PUBLISHED)
    return Target(found, {"pk": found.pk}, marker=mark(at))


def published_above(world: World, at: str) -> Target:
    """Held at the top: the results are reached from the subject's place."""
    found = counted(held(world, "root", [organization(world, at)], raters(), name=mark(at)), RoundState.PUBLISHED)
    return Target(found, {"pk": found.pk}, marker=mark(at), place="root", places={Cap.ROUND_RESULTS: at})


def listed_above(world: World, at: str) -> Target:
    """The list has the rounds of one's places and those published on units there."""
    target = published_above(world, at)
    target.rule = lambda actor, _capability: (
        expected(actor, Cap.ROUND_VIEW, "root") or expected(actor, Cap.ROUND_RESULTS, at)
    )
    return target


def for_leaders(world: World, at: str) -> Target:
    """Published to secretaries, staff and leaders only."""
    found = held(world, at, [organization(world, at)], raters(), scope="leaders")
    counted(found, RoundState.PUBLISHED)

    def hidden(actor: str, _capability: Cap) -> bool:
        return not holds_somewhere(actor, Cap.ROUND_VIEW)

    return Target(found, {"pk": found.pk}, marker=mark(at), hidden=hidden)


def sealed(world: World, at: str) -> Target:
    """Not published yet: a draft for those who hold the round."""
    found = counted(held(world, at, [organization(world, at)], raters()), RoundState.SEALED)

    def hidden(actor: str, _capability: Cap) -> bool:
        return not expected(actor, Cap.ROUND_MANAGE, at)

    return Target(found, {"pk": found.pk}, marker=mark(at), hidden=hidden)


def result(world: World, at: str) -> Target:
    target = published_above(world, at)
    return _of_subject(target, at)


def _of_subject(target: Target, at: str) -> Target:
    subject = Subject.objects.get(ballot=target.kwargs["pk"])
    return Target(subject, {**target.kwargs, "subject": subject.pk}, marker=mark(at))


def result_of_member(world: World, at: str) -> Target:
    """Through membership alone people meet nobody's result but their own."""
    found = counted(held(world, at, [member(world, at)], raters(), name="党员评议"), RoundState.PUBLISHED)
    target = _of_subject(Target(found, {"pk": found.pk}), at)

    def hidden(actor: str, capability: Cap) -> bool:
        roles = MATRIX[capability]
        by_office = any(
            role != Role.MEMBER and role in roles and covers(roles[role], held_at, at, own=False)
            for role, held_at in held_roles(actor)
        )
        return actor != f"member@{at}" and not by_office

    target.hidden = hidden
    return target


SHARED = "同一轮次"


def in_one_round(world: World, at: str) -> Target:
    """A subject as the summary of its round shows it; the round is held on all at once."""
    found = EvaluationRound.objects.filter(name=SHARED).first()
    if found is None:
        found = held(world, "root", [organization(world, each) for each in PLACES], raters(), name=SHARED)
        counted(found, RoundState.PUBLISHED)
    return Target(Subject.objects.get(ballot=found.pk, organization=world.orgs[at]), marker=mark(at))


case(
    "round_results", *(Case(make=make) for make in (published, published_above, for_leaders, sealed))
)  # fmt: skip
case("round_result", Case(make=result), Case(make=result_of_member, places=BRANCHES))
lists += [
    Listed("round_list", listed_above, Cap.ROUND_VIEW),
    Listed("vote_list", published_above, Cap.ROUND_RESULTS),
    Listed("vote_list", for_leaders, Cap.ROUND_RESULTS),
    Listed(
        "round_results",
        in_one_round,
        Cap.ROUND_RESULTS,
        page=lambda: {"pk": EvaluationRound.objects.get(name=SHARED).pk},
        opened=lambda actor: any(expected(actor, Cap.ROUND_RESULTS, at) for at in PLACES),
    ),
]
scoped += [Scoped(published_above), Scoped(result), Scoped(result_of_member, BRANCHES)]


# -- ballots -------------------------------------------------------------------------------------------------------


def paper(world: World, at: str) -> Target:
    """A paper of one member of the branch; the others entitled have no role anywhere."""
    owner = f"member@{at}"
    found = held(world, at, [organization(world, at)], [world.users[owner], *raters(3)])
    ballot_open(ballot=found.ballot)
    own = Paper.objects.select_related("ballot").get(ballot=found.ballot, voter=world.users[owner])
    payload: dict[str, Any] = {
        f"s{pk}q{place}": "0" for pk, _name in own.sheet.subjects for place in range(len(own.sheet.items))
    }
    return Target(own, {"pk": found.pk}, payload, owner=owner, marker=mark(at))


case("vote_list", Case())
case("vote", Case(make=paper, places=BRANCHES))
lists.append(Listed("vote_list", paper, Cap.VOTE, BRANCHES))
scoped.append(Scoped(paper, BRANCHES, (Cap.VOTE,)))
