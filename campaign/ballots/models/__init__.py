"""Secret ballots: what is stored, and what is not (docs/ballots.md).

Two halves that never meet: `Paper` says who may vote and has voted, `Tally` how often each answer was given. There is no
ballot row, no time of a vote, and no way from a paper to a tally narrower than its class. While a ballot is open both lie
in storage of their own; sealing writes them anew, in random order, into `SealedPaper` and `SealedTally` and empties it.
"""

from campaign.ballots.models.ballots import (
    DEFAULT_K,
    MORE_THAN_HALF,
    SMALLEST_K,
    WHOLE,
    Ballot,
    BallotState,
    Choice,
    Item,
    RaterClass,
    Subject,
    SubjectQuerySet,
)
from campaign.ballots.models.papers import (
    Batch,
    Channel,
    Entitlement,
    Paper,
    PaperQuerySet,
    SealedPaper,
    Slate,
    fixed_sheet,
)
from campaign.ballots.models.results import (
    Invalidity,
    Result,
    Shown,
    Verdict,
)
from campaign.ballots.models.tallies import (
    Counts,
    CountsField,
    PaperCount,
    Remark,
    SealedRemark,
    SealedTally,
    Tally,
)

__all__ = [
    "DEFAULT_K",
    "MORE_THAN_HALF",
    "SMALLEST_K",
    "WHOLE",
    "Ballot",
    "BallotState",
    "Batch",
    "Channel",
    "Choice",
    "Counts",
    "CountsField",
    "Entitlement",
    "Invalidity",
    "Item",
    "Paper",
    "PaperCount",
    "PaperQuerySet",
    "RaterClass",
    "Remark",
    "Result",
    "SealedPaper",
    "SealedRemark",
    "SealedTally",
    "Shown",
    "Slate",
    "Subject",
    "SubjectQuerySet",
    "Tally",
    "Verdict",
    "fixed_sheet",
]
