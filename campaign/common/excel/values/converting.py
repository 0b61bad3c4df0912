"""What a converter is: one cell as people write it → a clean value, or a typed `CellError`."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from campaign.common.excel.problems import Mistake, Param

Raw = str | float | int | bool | dt.datetime | dt.date | dt.time | dt.timedelta


class CellError(Exception):
    """A cell does not hold what its column asks for."""

    def __init__(self, kind: Mistake, **params: Param) -> None:
        super().__init__(kind.key)
        self.kind = kind
        self.params = params


@dataclass(frozen=True, slots=True)
class Reading:
    """What converters may ask about the reading: the day it happens (dates behind it lie in the future)."""

    today: dt.date


T_co = TypeVar("T_co", covariant=True)


class Converter(Protocol[T_co]):
    """Turns what stands in a cell that is not blank into a value; `blank` is the value of a blank cell.

    `usual` tells of a text that it is clean as it stands (it may be true of what says "nothing", too).
    """

    @property
    def blank(self) -> T_co | None: ...

    @property
    def usual(self) -> Callable[[str], object] | None: ...

    def __call__(self, raw: Raw, reading: Reading, /) -> T_co: ...


T = TypeVar("T")


@dataclass(frozen=True)
class Convert(Generic[T]):
    """A converter made of a function."""

    function: Callable[[Raw, Reading], T]
    blank: T | None = None
    usual: Callable[[str], object] | None = None

    def __call__(self, raw: Raw, reading: Reading, /) -> T:
        return self.function(raw, reading)
