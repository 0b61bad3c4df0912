"""What the masses think of how a pledge was kept: counts from secret ballots, given by the app that holds the rounds.

Counts only, and none that is too small to be shown: whoever registers a source gives what a published round shows of its
subject, nothing else (docs/ballots.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaign.common.registry import Registry
from pledges.models import Pledge


@dataclass(frozen=True)
class Opinion:
    """One question of one published round. `counts`: how often each answer was given, in the order of the paper, the
    abstentions last; empty where too few answered for any to be shown."""

    label: str
    url: str
    question: str
    counts: tuple[tuple[str, int], ...]
    valid: int


@dataclass(frozen=True)
class OpinionSource:
    """`of(pledge, viewer)` gives the opinions on a pledge's subject in its year that `viewer` may see."""

    key: str
    of: Callable[[Pledge, Any], list[Opinion]]


opinions: Registry[OpinionSource] = Registry("opinions on pledges")


def opinions_on(pledge: Pledge, viewer: Any) -> list[Opinion]:
    """Return what the masses said of a pledge's subject, in rounds of its year that are published to `viewer`."""
    return [opinion for source in opinions for opinion in source.of(pledge, viewer)]
