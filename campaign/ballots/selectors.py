"""Reads of ballots. No function here reads the tallies of an open ballot."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    SealedRemark,
    SealedTally,
    Slate,
    Subject,
    Verdict,
)
from campaign.ballots.results import Answered, Hidden, ItemSum, Rules, load, summed
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
        list(ballot.items.select_related("standard").order_by("order")),
        list(ballot.choices.order_by("order")),
        list(ballot.classes.order_by("order")),
        ballot.k,
        ballot.minimum_turnout,
    )


def groups(ballot: Ballot) -> list[list[Subject]]:
    """Return the subjects in the order of the roll, those that are counted together in one list."""
    found: dict[int, list[Subject]] = defaultdict(list)
    for subject in ballot.subjects.order_by("pk"):
        found[subject.group].append(subject)
    return list(found.values())


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


def grouped_cells(ballot: Ballot) -> list[tuple[list[Subject], dict[int, int]]]:
    """Return for each group of subjects how many may rate it, by class id; all under 0 where its classes are pooled."""
    cells = entitled(ballot)
    classes = [each.pk for each in ballot.classes.order_by("order")]
    found = []
    for group in groups(ballot):
        numbers = {each: sum(cells[subject.pk, each] for subject in group) for each in classes}
        pooled = any(subject.classes_pooled for subject in group)
        found.append((group, {0: sum(numbers.values())} if pooled else numbers))
    return found


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
    found = grouped_cells(ballot)
    if not found:
        yield _("Nobody is being evaluated.")
        return
    small = [subject.name for group, numbers in found if sum(numbers.values()) < ballot.k for subject in group]
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
    has_papers = Exists(Paper.objects.filter(rater_class=OuterRef("pk")))
    has_batches = Exists(Batch.objects.filter(rater_class=OuterRef("pk")))
    found = ballot.classes.filter(~has_papers, ~has_batches).order_by("order").values_list("name", flat=True)
    return list(found)


def named(names: Sequence[str], most: int = 5) -> str:
    """List names, at most `most` of them."""
    shown = "、".join(names[:most])
    return shown if len(names) <= most else _("%(names)s and %(n)s more") % {"names": shown, "n": len(names) - most}


@dataclass(frozen=True)
class SmallClass:
    """A class of a subject that would be hidden even if everybody voted."""

    subjects: tuple[Subject, ...]
    rater_class: str
    entitled: int

    @property
    def name(self) -> str:
        return named([subject.name for subject in self.subjects])


def small_classes(ballot: Ballot) -> list[SmallClass]:
    """Return the classes that are sure to be hidden: what the organizer should know before opening."""
    classes = list(ballot.classes.order_by("order"))
    return [
        SmallClass(tuple(group), each.name, numbers[each.pk])
        for group, numbers in grouped_cells(ballot)
        for each in classes
        if 0 < numbers.get(each.pk, 0) < ballot.k
    ]


@dataclass(frozen=True)
class Turnout:
    """How far a class has voted, in one unit or (`unit` empty) in all: `voted` is None where it is too few to be told."""

    unit: str
    rater_class: str
    entitled: int
    voted: int | None
    alone: bool = False
    """The class has this one unit only."""

    @property
    def label(self) -> str:
        return f"{self.rater_class} · {self.unit}" if self.unit else self.rater_class


def turnout(ballot: Ballot) -> list[Turnout]:
    """Return the turnout of an open ballot as it was when it was last counted, at most hourly, class by class: that of the
    whole class first, then that of its units.

    A unit is what shares one slate: nobody stands in two. Fewer than k are not told, nor is the class's own number where
    the missing ones could be worked out from it.
    """
    units = _unit_names(ballot)
    sizes: dict[tuple[int, int], int] = defaultdict(int)
    papers = Paper.objects.filter(ballot=ballot).order_by()
    for slate, rater_class, n in papers.values_list("slate", "rater_class").annotate(n=Count("pk")):
        sizes[rater_class, slate] += n
    rows = []
    for each in ballot.classes.order_by("order"):
        slates = sorted(slate for rater_class, slate in sizes if rater_class == each.pk)
        cells = [(sizes[each.pk, slate], int(ballot.turnout.get(f"{slate}:{each.pk}", 0))) for slate in slates]
        told = [voted if voted >= ballot.k else None for _size, voted in cells]
        if cells:
            size, whole = (sum(column) for column in zip(*cells, strict=True))
            rows.append(Turnout("", each.name, size, whole if _tells(ballot.k, cells) else None, len(cells) == 1))
        if len(cells) > 1:
            rows += [
                Turnout(units.get(slate, ""), each.name, size, voted)
                for slate, (size, _voted), voted in zip(slates, cells, told, strict=True)
            ]
    return rows


def _tells(k: int, cells: Sequence[tuple[int, int]]) -> bool:
    """Tell whether the sum of a class may be shown: each number below k must keep two values beside it. `cells` are
    (entitled, voted)."""
    if sum(voted for _size, voted in cells) < k:
        return False
    hidden = [(min(k - 1, size), voted) for size, voted in cells if voted < k]
    missing = sum(voted for _most, voted in hidden)
    return not hidden or (len(hidden) > 1 and 0 < missing < sum(most for most, _voted in hidden))


def _unit_names(ballot: Ballot) -> dict[int, str]:
    """Return the name of the innermost place of each slate."""
    through = Slate.subjects.through.objects.filter(slate__ballot=ballot)
    rows = through.order_by("subject__organization__path").values_list("slate_id", "subject__organization__name")
    return dict(rows)


def turnout_now(ballot: Ballot) -> dict[str, int]:
    """Count the marked papers per unit and class: for `services.turnout_refresh`, never for a page."""
    marked = Paper.objects.filter(ballot=ballot, marked=True).order_by()
    rows = marked.values_list("slate", "rater_class").annotate(n=Count("pk"))
    return {f"{slate}:{rater_class}": n for slate, rater_class, n in rows}


def remarks_shown(subjects: Iterable[Subject]) -> dict[int, list[str]]:
    """Return what was written about sealed subjects (with their results), by their ids, in the random order of sealing: only
    where the result is valid, where there are at least k of it, and, beside a hidden class, no more than ballots of the
    classes that are shown, so that their number tells nothing of it. Those that are counted together share theirs. One query.
    """
    wanted = list(subjects)
    written: dict[int, list[str]] = defaultdict(list)
    groups = {subject.group for subject in wanted}
    about = SealedRemark.objects.filter(Q(subject__in=groups) | Q(subject__counted_with__in=groups))
    for first, own, text in about.order_by("pk").values_list("subject__counted_with", "subject", "text"):
        written[first or own].append(text)
    return {
        subject.pk: written[subject.group]
        for subject in wanted
        if _remarks_tell_nothing(subject, len(written[subject.group]))
    }


def _remarks_tell_nothing(subject: Subject, number: int) -> bool:
    result = subject.result
    if result.verdict != Verdict.VALID or number < subject.ballot.k:
        return False
    classes = [load(each) for each in result.classes]
    shown = sum(each.returned for each in classes if isinstance(each, Answered))
    return number <= shown or not any(isinstance(each, Hidden) for each in classes)


def papers_of(user: Any) -> PaperQuerySet:
    """Return the papers of `user` in ballots that take votes now."""
    return Paper.objects.allowed(user, Cap.VOTE).running().select_related("ballot")


def subjects_for(user: Any, ballot: Ballot) -> Any:
    """Return the subjects of a sealed ballot whose results `user` may see once they are published."""
    found = Subject.objects.visible_to(user).filter(ballot=ballot, result__isnull=False)
    return found.select_related("result", "organization", "member").order_by("pk").distinct()
