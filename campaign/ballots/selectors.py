"""Reads of ballots. No function here reads the tallies of an open ballot."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _

from campaign.ballots.disclosure import Shape
from campaign.ballots.models import (
    WHOLE,
    Ballot,
    BallotState,
    Batch,
    Channel,
    Choice,
    Entitlement,
    Item,
    Paper,
    PaperCount,
    PaperQuerySet,
    RaterClass,
    SealedPaper,
    SealedTally,
    Slate,
    Subject,
)
from campaign.ballots.results import ItemSum, Rules, summed
from campaign.common import clock
from campaign.common.capabilities import Cap

Cell = tuple[int, int]
"""(subject id, rater class id)"""


@dataclass(frozen=True)
class Questionnaire:
    """What a ballot asks, and of whom."""

    items: Sequence[Item]
    choices: Sequence[Choice]
    classes: Sequence[RaterClass]
    k: int
    minimum_turnout: int

    @cached_property
    def rules(self) -> Rules:
        return Rules(
            Shape(tuple(item.weight for item in self.items), tuple(choice.worth for choice in self.choices)),
            tuple(choice.is_satisfied for choice in self.choices),
            self.k,
            self.minimum_turnout,
        )

    def over_all(self, classes: Sequence[Any]) -> list[tuple[Item, ItemSum]]:
        """Return each item with its sums over the classes that are shown."""
        return list(zip(self.items, summed(self.rules, classes), strict=False))


def questionnaire(ballot: Ballot) -> Questionnaire:
    """Return what `ballot` asks. Three queries."""
    return Questionnaire(
        list(ballot.items.order_by("order")),
        list(ballot.choices.order_by("order")),
        list(ballot.classes.order_by("order")),
        ballot.k,
        ballot.minimum_turnout,
    )


def entitled(ballot: Ballot) -> Counter[Cell]:
    """Count who may rate each subject, by class. Five queries, whatever their number; one for a sealed ballot."""
    if ballot.state != BallotState.SEALED:
        return on_the_roll(ballot)
    rows = SealedTally.objects.filter(ballot=ballot).values_list("subject_id", "rater_class_id", "entitled")
    return Counter({(subject, rater_class): n for subject, rater_class, n in rows})


def on_the_roll(ballot: Ballot, papers: type[Entitlement] = Paper) -> Counter[Cell]:
    """Count the papers of accounts and slips, and the ballots on paper, of each subject and class."""
    of_ballot = papers._default_manager.filter(ballot=ballot).order_by()
    lists = _lists(ballot)
    return _per_subject(lists, of_ballot) + _on_paper(lists, ballot)


def cast_electronically(ballot: Ballot, papers: type[Entitlement] = SealedPaper) -> Counter[Cell]:
    """Count the marked papers of each subject and class: of a ballot that is sealed, or just being sealed."""
    return _per_subject(_lists(ballot), papers._default_manager.filter(ballot=ballot, marked=True).order_by())


def entitled_on_paper(ballot: Ballot) -> Counter[Cell]:
    """Count for how many people of each subject and class there are ballots on paper."""
    return _on_paper(_lists(ballot), ballot)


Lists = Mapping[int, Sequence[int]]
"""The subjects (ids) of each slate (id)."""


def _lists(ballot: Ballot) -> Lists:
    lists: dict[int, list[int]] = defaultdict(list)
    through = Slate.subjects.through.objects.filter(slate__ballot=ballot)
    for slate, subject in through.values_list("slate_id", "subject_id"):
        lists[slate].append(subject)
    return lists


def _per_subject(lists: Lists, of_ballot: Any) -> Counter[Cell]:
    """A subject's papers are those whose slate names it, without its own."""
    cells: Counter[Cell] = Counter()
    for slate, rater_class, n in of_ballot.values_list("slate", "rater_class").annotate(n=Count("pk")):
        for subject in lists[slate]:
            cells[subject, rater_class] += n
    own = of_ballot.filter(own__isnull=False)
    for subject, rater_class, n in own.values_list("own", "rater_class").annotate(n=Count("pk")):
        cells[subject, rater_class] -= n
    return cells


def _on_paper(lists: Lists, ballot: Ballot) -> Counter[Cell]:
    cells: Counter[Cell] = Counter()
    batches = Batch.objects.filter(ballot=ballot, channel=Channel.PAPER).order_by()
    for slate, rater_class, n in batches.values_list("slate", "rater_class", "count"):
        for subject in lists[slate]:
            cells[subject, rater_class] += n
    return cells


def paper_counts(ballot: Ballot) -> dict[Cell, list[PaperCount]]:
    """Return what was counted on paper of each subject and class: by one person, or by two."""
    found: dict[Cell, list[PaperCount]] = defaultdict(list)
    for each in PaperCount.objects.filter(ballot=ballot).order_by("pk").select_related("counter"):
        found[each.subject_id, each.rater_class_id].append(each)
    return found


def uncounted(ballot: Ballot) -> list[Cell]:
    """Return the subjects and classes with ballots on paper that no two people have counted alike."""
    counted = paper_counts(ballot)
    return sorted(cell for cell in entitled_on_paper(ballot) if not agreed(counted.get(cell, ())))


def agreed(counted: Sequence[PaperCount]) -> bool:
    """Tell whether two people have counted the same."""
    return len(counted) == 2 and counted[0].figures == counted[1].figures


def blockers(ballot: Ballot) -> list[str]:
    """Return what stands in the way of opening, in the reader's words; empty when nothing does."""
    asked = questionnaire(ballot)
    return [*_form_blockers(ballot, asked), *_electorate_blockers(ballot, asked)]


def _form_blockers(ballot: Ballot, asked: Questionnaire) -> Iterator[str]:
    if not asked.items:
        yield _("There are no questions.")
    if len(asked.choices) < 2:
        yield _("Every question needs at least two choices.")
    if sum(each.weight for each in asked.classes) != WHOLE:
        yield _("The weights of the rater classes must add up to 100.")
    if ballot.closes_at <= clock.now():
        yield _("The closing time is over. Please set a later one.")


def _electorate_blockers(ballot: Ballot, asked: Questionnaire) -> Iterator[str]:
    cells = entitled(ballot)
    names = dict(ballot.subjects.values_list("pk", "name"))
    if not names:
        yield _("Nobody is being evaluated.")
        return
    per_subject: Counter[int] = Counter()
    for (subject, _rater_class), n in cells.items():
        per_subject[subject] += n
    small = [name for pk, name in names.items() if per_subject[pk] < ballot.k]
    if small:
        yield _("Fewer than %(k)s people can rate these, so nothing could be shown: %(names)s.") % {
            "k": ballot.k,
            "names": named(small),
        }
    missing = [] if ballot.leave_out_empty else classes_without_raters(ballot)
    if missing:
        yield _("These classes have no raters: %(names)s. Confirm that they are left out, or choose other classes.") % {
            "names": named(missing)
        }


def classes_without_raters(ballot: Ballot) -> list[str]:
    """Return the names of the classes for which nobody has a paper."""
    has_papers = Paper.objects.filter(rater_class=OuterRef("pk"))
    found = ballot.classes.filter(~Exists(has_papers)).order_by("order").values_list("name", flat=True)
    return list(found)


def named(names: Sequence[str], most: int = 5) -> str:
    """List names, at most `most` of them."""
    shown = "、".join(names[:most])
    return shown if len(names) <= most else _("%(names)s and %(n)s more") % {"names": shown, "n": len(names) - most}


@dataclass(frozen=True)
class SmallClass:
    """A class of a subject that would be hidden even if everybody voted."""

    subject: str
    rater_class: str


def small_classes(ballot: Ballot) -> list[SmallClass]:
    """Return the classes that are sure to be hidden: what the organizer should know before opening."""
    cells = entitled(ballot)
    classes = list(ballot.classes.order_by("order"))
    return [
        SmallClass(name, each.name)
        for pk, name in ballot.subjects.order_by("pk").values_list("pk", "name")
        for each in classes
        if 0 < cells[pk, each.pk] < ballot.k
    ]


@dataclass(frozen=True)
class Turnout:
    """How far a class has voted: `voted` is None while fewer than k have."""

    rater_class: str
    entitled: int
    voted: int | None


def turnout(ballot: Ballot) -> list[Turnout]:
    """Return the turnout of an open ballot as it was when it was last counted, at most hourly, by class that has raters."""
    counted = Paper.objects.filter(ballot=ballot).order_by().values_list("rater_class").annotate(n=Count("pk"))
    of_class = dict(counted)
    rows = []
    for each in ballot.classes.order_by("order"):
        voted = int(ballot.turnout.get(str(each.pk), 0))
        if each.pk in of_class:
            rows.append(Turnout(each.name, of_class[each.pk], voted if voted >= ballot.k else None))
    return rows


def turnout_now(ballot: Ballot) -> dict[str, int]:
    """Count the marked papers per class: for `services.turnout_refresh`, never for a page."""
    marked = Count("pk", filter=Q(marked=True))
    rows = Paper.objects.filter(ballot=ballot).order_by().values_list("rater_class").annotate(n=marked)
    return {str(rater_class): n for rater_class, n in rows}


def papers_of(user: Any) -> PaperQuerySet:
    """Return the papers of `user` in ballots that take votes now."""
    return Paper.objects.allowed(user, Cap.VOTE).running().select_related("ballot")


def subjects_for(user: Any, ballot: Ballot) -> Any:
    """Return the subjects of a sealed ballot whose results `user` may see once they are published."""
    found = Subject.objects.visible_to(user).filter(ballot=ballot, result__isnull=False)
    return found.select_related("result", "organization", "member").order_by("pk").distinct()
