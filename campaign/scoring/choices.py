"""The words of the scoring rules (`docs/scoring.md`), used by the arithmetic and the tables alike."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MethodKind(TextChoices):
    PROPORTIONAL = "proportional", _("In proportion to the target")
    BANDED = "banded", _("By bands")
    PER_CASE = "per_case", _("Marks off per case")
    ALL_OR_NOTHING = "all_or_nothing", _("All or nothing")


class WhenNothing(TextChoices):
    """What an item gives a subject that has nothing to measure."""

    ZERO = "zero", _("No marks")
    SKIP = "skip", _("The item is left out")
    FULL = "full", _("Full marks")


class LineState(TextChoices):
    ANSWERED = "answered", _("Measured")
    SKIPPED = "skipped", _("Left out")
    NOTHING = "nothing", pgettext_lazy("score line", "Nothing to measure")


class Column(TextChoices):
    """The column of form d.18 that an item adds to."""

    PLEDGE = "pledge", pgettext_lazy("score column", "Pledges")
    REVIEW = "review", pgettext_lazy("score column", "Leader reviews")
    EVALUATION = "evaluation", pgettext_lazy("score column", "Mass evaluation")
    INSPECTION = "inspection", pgettext_lazy("score column", "Inspection")
    POSTS = "posts", pgettext_lazy("score column", "Posts")
    CARRIERS = "carriers", pgettext_lazy("score column", "Carriers")


class SheetState(TextChoices):
    """A draft counts for nobody; what is in use stands for good, and the next version takes over."""

    DRAFT = "draft", pgettext_lazy("score sheet", "Draft")
    IN_USE = "in_use", pgettext_lazy("score sheet", "In use")


class Tier(TextChoices):
    """Among whom a subject is ranked."""

    SIBLINGS = "siblings", _("Those directly under the same organization")
    KIND = "kind", _("All that the sheet is for")


class RunKind(TextChoices):
    FULL = "full", pgettext_lazy("score run", "Everything")
    INCREMENTAL = "incremental", pgettext_lazy("score run", "What was changed")
    CORRECTION = "correction", pgettext_lazy("score run", "Correction")


class PartState(TextChoices):
    WAITING = "waiting", pgettext_lazy("part of a score run", "Waiting")
    RUNNING = "running", pgettext_lazy("part of a score run", "Being computed")
    DONE = "done", pgettext_lazy("part of a score run", "Done")


class RunState(TextChoices):
    STAGING = "staging", pgettext_lazy("score run", "Being computed")
    WAITING = "waiting", pgettext_lazy("score run", "Waiting for a second person")
    PUBLISHED = "published", pgettext_lazy("score run", "Published")
    UNCHANGED = "unchanged", pgettext_lazy("score run", "Nothing changed")
    FAILED = "failed", pgettext_lazy("score run", "Given up")
