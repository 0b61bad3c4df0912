"""Setting up an evaluation round, step by step: what it is, who is rated, with which questions, by whom. Each step is stored at
once; the roll is made from the subjects and the classes, and fixed when the round is opened."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.ballots.drafting import (
    ballot_set,
    classes_pool,
    classes_set,
    pools_clear,
    questions_set,
    subjects_clear,
    units_pool,
)
from campaign.ballots.models import Ballot, Batch, Subject, Verdict
from campaign.ballots.selectors import grouped_cells, small_classes
from campaign.ballots.services import (
    PLAIN,
    BallotRules,
    ChoicePlan,
    ClassPlan,
    ItemPlan,
    PaperPlan,
    SubjectPlan,
    ballot_create,
    papers_add,
    papers_clear,
    subjects_add,
)
from campaign.ballots.slips import batches_add
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Audience, Campaign
from orgs.models import Organization
from reviews.choosing import CHOSEN, Choosing
from reviews.electorate import batches, raters
from reviews.models.rounds import EvaluationRound, PublicationScope, RoundState
from reviews.questionnaires import schemes, templates
from reviews.selectors.rounds import round_before

Bands = Sequence[tuple[int, str]]
WEIGHTS_TOGETHER = 10_000


def round_begin(
    *,
    actor: Any,
    campaign: Campaign,
    organization: Organization,
    name: str,
    template: str,
    opens_at: dt.datetime,
    closes_at: dt.datetime,
    scheme: str = "abc",
    scope: str = PublicationScope.UNITS,
    leave_out_empty: bool = False,
) -> EvaluationRound:
    """Begin a round that `organization` holds: with the questions of a built-in questionnaire and the classes of a built-in
    scheme, compared with the last one of its kind; nobody is rated yet. Raises NotAllowed, DomainError."""
    if not reaches(actor, Cap.ROUND_MANAGE, organization.path):
        raise NotAllowed
    if not organization.path.startswith(campaign.organization.path):
        raise DomainError(_("Your organization does not take part in this campaign."))
    if template not in templates or scheme not in schemes:
        raise DomainError(_("There is no such questionnaire."))
    plan, classes = templates.get(template), schemes.get(scheme)
    with transaction.atomic():
        ballot = ballot_create(
            opens_at=opens_at,
            closes_at=closes_at,
            items=plan.items,
            choices=plan.choices,
            classes=classes.classes,
            k=settings.BALLOT_K,
            leave_out_empty=leave_out_empty,
        )
        made = EvaluationRound.objects.create(
            ballot=ballot,
            campaign=campaign,
            organization=organization,
            name=name,
            audience=plan.audience,
            template=template,
            scope=scope,
            bands=[list(band) for band in plan.bands],
            electorate=classes.electorate,
            chosen_by=Choosing(posts=tuple(plan.posts)).stored(),
            previous=round_before(organization, template, closes_at),
        )
        audit_record(action="round_create", actor=actor, target=made, changes={"name": ["", name]})
    return made


def _change(evaluation_round: EvaluationRound, actor: Any, version: int, part: str, **updates: Any) -> None:
    """Write `updates` to a round that is being prepared, with its audit entry. Call it inside the transaction of the step."""
    if not reaches(actor, Cap.ROUND_MANAGE, evaluation_round.organization.path):
        raise NotAllowed
    if evaluation_round.state != RoundState.DRAFT:
        raise StateConflict
    if part != "basics" and evaluation_round.is_of_appraisal:
        raise DomainError(
            _("Question and voters come from the appraisal. Cancel this ballot, and set it up anew there.")
        )
    evaluation_round.save_version(version, **updates)
    audit_record(action="round_update", actor=actor, target=evaluation_round, changes={"set_up": ["", part]})


def round_basics_set(
    *,
    evaluation_round: EvaluationRound,
    actor: Any,
    version: int,
    name: str,
    opens_at: dt.datetime,
    closes_at: dt.datetime,
    scope: str,
    previous: EvaluationRound | None,
) -> EvaluationRound:
    """Set name, times, scope of publication and what the results are compared with. Raises NotAllowed, StateConflict,
    EditConflict, DomainError."""
    with transaction.atomic():
        _change(evaluation_round, actor, version, "basics", name=name, scope=scope, previous=previous)
        ballot_set(ballot=evaluation_round.ballot, opens_at=opens_at, closes_at=closes_at)
    return evaluation_round


def round_subjects_set(
    *, evaluation_round: EvaluationRound, actor: Any, version: int, choosing: Choosing
) -> EvaluationRound:
    """Choose who is rated, and make the roll anew. Raises NotAllowed, StateConflict, EditConflict, DomainError when there is
    nobody."""
    found = choosing.subjects(evaluation_round.organization, evaluation_round.audience)
    if not found:
        raise DomainError(_("Nobody is chosen by this. Please choose other units."))
    with transaction.atomic():
        _change(evaluation_round, actor, version, "subjects", chosen_by=choosing.stored())
        there = batches_there(evaluation_round.ballot)
        _subjects(evaluation_round, found)
        roll_make(evaluation_round, there)
    return evaluation_round


def _subjects(evaluation_round: EvaluationRound, found: Sequence[tuple[int, str, int | None]]) -> None:
    subjects_clear(ballot=evaluation_round.ballot)
    plans = [SubjectPlan(*row) for row in found]
    subjects_add(ballot=evaluation_round.ballot, audience=Audience(evaluation_round.audience), subjects=plans)


def round_questions_set(
    *,
    evaluation_round: EvaluationRound,
    actor: Any,
    version: int,
    items: Sequence[ItemPlan],
    choices: Sequence[ChoicePlan],
    bands: Bands,
    rules: BallotRules = PLAIN,
) -> EvaluationRound:
    """Write the questionnaire, the grades of its totals, and the rules of the paper. Raises NotAllowed, StateConflict,
    EditConflict, DomainError."""
    if not items:
        raise DomainError(_("There are no questions."))
    if len(choices) < 2 or len({choice.label for choice in choices}) < len(choices):
        raise DomainError(_("At least two different choices are needed."))
    edges = [edge for edge, _name in bands]
    if not edges or edges[-1] != 0 or edges != sorted(set(edges), reverse=True):
        raise DomainError(_("The grades must go down step by step, the last one to 0 points."))
    with transaction.atomic():
        _change(evaluation_round, actor, version, "questions", bands=[list(band) for band in bands])
        questions_set(ballot=evaluation_round.ballot, items=items, choices=choices)
        ballot_set(ballot=evaluation_round.ballot, **asdict(rules))
    return evaluation_round


def round_raters_set(
    *,
    evaluation_round: EvaluationRound,
    actor: Any,
    version: int,
    classes: Sequence[ClassPlan],
    electorate: Mapping[str, str],
    minimum_turnout: int,
    leave_out_empty: bool,
) -> EvaluationRound:
    """Set who rates in which class with which weight, and make the roll anew. `minimum_turnout` in hundredths of a percent.
    Raises NotAllowed, StateConflict, EditConflict, DomainError."""
    if sum(each.weight for each in classes) != WEIGHTS_TOGETHER:
        raise DomainError(_("The weights of the rater classes must add up to 100."))
    sources = list(electorate.values())
    if {each.key for each in classes} != set(electorate) or len(set(sources)) < len(classes):
        raise DomainError(_("Each class needs raters of its own: no two classes may have the same."))
    with transaction.atomic():
        _change(evaluation_round, actor, version, "raters", electorate=dict(electorate))
        ballot = evaluation_round.ballot
        ballot_set(ballot=ballot, minimum_turnout=minimum_turnout, leave_out_empty=leave_out_empty)
        there = batches_there(ballot)
        classes_set(ballot=ballot, classes=classes)
        pools_clear(ballot=ballot)
        roll_make(evaluation_round, there)
    return evaluation_round


def round_roll(*, evaluation_round: EvaluationRound, actor: Any) -> EvaluationRound:
    """Make the roll anew, after people came, left or were given accounts. Raises NotAllowed, StateConflict."""
    with transaction.atomic():
        _change(evaluation_round, actor, evaluation_round.version, "roll")
        roll_make(evaluation_round)
    return evaluation_round


def roll_make(evaluation_round: EvaluationRound, present: Sequence[Batch] | None = None) -> None:
    """Make papers for everybody who rates one of the subjects, from the present members and workers; numbers of slips and
    ballots on paper that somebody has set stay."""
    ballot, organization = evaluation_round.ballot, evaluation_round.organization
    audience, electorate = evaluation_round.audience, evaluation_round.electorate
    there = batches_there(ballot) if present is None else present
    subjects = list(ballot.subjects.order_by("pk"))
    papers_clear(ballot=ballot)
    found = raters(audience, organization, subjects, electorate)
    papers_add(
        ballot=ballot, papers=[PaperPlan(rater.user_id, rater.key, rater.subjects, rater.own) for rater in found]
    )
    batches_add(ballot=ballot, plans=batches(audience, organization, subjects, electorate, there))


def batches_there(ballot: Ballot) -> list[Batch]:
    """Return the slips and ballots on paper that were prepared so far."""
    return list(ballot.batches.select_related("rater_class"))


# ---- what is too small ----


def round_pool_classes(*, evaluation_round: EvaluationRound, actor: Any) -> int:
    """Count all classes together wherever one would be hidden; returns for how many subjects. Raises NotAllowed,
    StateConflict."""
    with transaction.atomic():
        _change(evaluation_round, actor, evaluation_round.version, "pools")
        small = {subject.pk for each in small_classes(evaluation_round.ballot) for subject in each.subjects}
        return classes_pool(ballot=evaluation_round.ballot, subjects=small)


def round_pool_units(*, evaluation_round: EvaluationRound, actor: Any) -> int:
    """Count units that fewer than k people can rate together with their neighbours below the same organization; returns how
    many were joined to another. Raises NotAllowed, StateConflict, DomainError for persons, and where no neighbour helps."""
    with transaction.atomic():
        _change(evaluation_round, actor, evaluation_round.version, "pools")
        groups = neighbours(evaluation_round)
        if not groups:
            raise DomainError(_("There is no neighbouring unit to count these together with."))
        return units_pool(ballot=evaluation_round.ballot, groups=groups)


def neighbours(evaluation_round: EvaluationRound) -> dict[int, list[int]]:
    """Return which subjects would be counted together: units below the same organization, the smallest first, until there are
    k raters. {first subject: those that join it}. Nobody rates two units of a group."""
    if evaluation_round.audience != Audience.ORGANIZATION:
        return {}
    k = evaluation_round.ballot.k
    places = dict(evaluation_round.ballot.subjects.values_list("pk", "organization__path"))
    level: dict[str, list[tuple[int, str, list[Subject]]]] = defaultdict(list)
    for group, numbers in grouped_cells(evaluation_round.ballot):
        path = places[group[0].pk]
        level[path[: -Organization.steplen]].append((sum(numbers.values()), path, group))
    return {
        first: others
        for rows in level.values()
        for first, others in _joined(sorted(rows, key=lambda row: row[:2]), k)
        if others
    }


def _joined(rows: list[tuple[int, str, list[Subject]]], k: int) -> list[tuple[int, list[int]]]:
    """Join each row that is too small with the next ones, until they reach k; what is left over joins the last group."""
    made: list[tuple[int, list[int]]] = []
    together: list[Subject] = []
    size = 0
    for number, _path, group in rows:
        if not together and number >= k:
            break
        together += group
        size += number
        if size >= k:
            made.append((together[0].group, [subject.pk for subject in together[1:]]))
            together, size = [], 0
    if together and made:
        first, others = made[-1]
        made[-1] = (first, [*others, *(subject.pk for subject in together)])
    return made


def round_unpool(*, evaluation_round: EvaluationRound, actor: Any) -> EvaluationRound:
    """Count every unit and every class on its own again. Raises NotAllowed, StateConflict."""
    with transaction.atomic():
        _change(evaluation_round, actor, evaluation_round.version, "pools")
        pools_clear(ballot=evaluation_round.ballot)
    return evaluation_round


# ---- from a former round ----


def round_copy(*, evaluation_round: EvaluationRound, actor: Any) -> EvaluationRound:
    """Begin a round like a former one, with which it is compared: the same questions, classes and choice of subjects, read from
    the present organizations. It runs as long as the former one, from today on. Raises NotAllowed, DomainError."""
    with transaction.atomic():
        name = _("%(name)s (copy)") % {"name": evaluation_round.name}
        made = _like(evaluation_round, actor, str(name), previous=_compared(evaluation_round))
        choosing = Choosing.of(evaluation_round.chosen_by)
        if found := choosing.subjects(made.organization, made.audience):
            _subjects(made, found)
            roll_make(made)
    return made


def _compared(evaluation_round: EvaluationRound) -> EvaluationRound | None:
    return evaluation_round if evaluation_round.has_results else evaluation_round.previous


def round_repeat(*, evaluation_round: EvaluationRound, actor: Any) -> EvaluationRound:
    """Begin a round for those of a sealed one whose result is invalid: the same in everything else. Raises NotAllowed,
    StateConflict, DomainError when all results are valid."""
    if not evaluation_round.has_results:
        raise StateConflict
    invalid = Subject.objects.filter(ballot=evaluation_round.ballot_id, result__verdict=Verdict.INVALID)
    found = list(invalid.order_by("pk").values_list("organization_id", "name", "member_id"))
    if not found:
        raise DomainError(_("All results are valid: there is nothing to repeat."))
    with transaction.atomic():
        name = _("%(name)s (again)") % {"name": evaluation_round.name}
        fields = {"previous": evaluation_round.previous, "repeats": evaluation_round}
        made = _like(evaluation_round, actor, str(name), **fields)
        choosing = Choosing(which=CHOSEN, chosen=tuple(sorted({row[0] for row in found})))
        EvaluationRound.objects.filter(pk=made.pk).update(chosen_by=choosing.stored())
        _subjects(made, found)
        roll_make(made)
    made.refresh_from_db()
    return made


def _like(former: EvaluationRound, actor: Any, name: str, **fields: Any) -> EvaluationRound:
    if not reaches(actor, Cap.ROUND_MANAGE, former.organization.path):
        raise NotAllowed
    ballot = _ballot_like(former.ballot)
    made = EvaluationRound.objects.create(
        ballot=ballot,
        campaign=former.campaign,
        organization=former.organization,
        name=name[:100],
        audience=former.audience,
        template=former.template,
        scope=former.scope,
        bands=former.bands,
        electorate=former.electorate or schemes.get("together").electorate,
        chosen_by=former.chosen_by,
        **fields,
    )
    audit_record(action="round_create", actor=actor, target=made, changes={"name": [former.name, made.name]})
    return made


def _ballot_like(former: Ballot) -> Ballot:
    opens_at = clock.start_of(clock.today())
    items = former.items.order_by("order").values_list("text", "weight", "standard_id")
    choices = former.choices.order_by("order").values_list("label", "worth", "is_satisfied")
    classes = former.classes.order_by("order").values_list("key", "name", "weight")
    return ballot_create(
        opens_at=opens_at,
        closes_at=opens_at + (former.closes_at - former.opens_at),
        items=[ItemPlan(*row) for row in items],
        choices=[ChoicePlan(*row) for row in choices],
        classes=[ClassPlan(*row) for row in classes],
        k=max(former.k, settings.BALLOT_K),
        minimum_turnout=former.minimum_turnout,
        leave_out_empty=former.leave_out_empty,
        rules=BallotRules.of(former),
    )
