"""The kinds of job: what each does, and what is checked when it is asked for and again when it runs."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.utils.functional import Promise

from campaign.common.registry import Registry


class Progress(Protocol):
    """What a running job is given. Every call renews the lease, and stops a job that was given up or cancelled."""

    @property
    def job(self) -> Any: ...
    @property
    def parameters(self) -> Mapping[str, Any]: ...
    @property
    def user(self) -> Any: ...
    @property
    def requested_at(self) -> dt.datetime: ...
    def step(self, name: str | Promise, total: int = 0) -> None: ...
    def advance(self, done: int) -> None: ...
    def guard(self) -> None: ...
    def file(self, suffix: str) -> Path: ...
    def folder(self) -> Path: ...


@dataclass
class Outcome:
    """What a job ends with: a text, and a file to download or a page to look at."""

    message: str = ""
    file: Path | None = None
    file_name: str = ""
    url: str = ""
    figures: dict[str, Any] | None = None


@dataclass(frozen=True)
class JobKind:
    """`run(progress)` does the work and may be run again after dying anywhere. `check(user, parameters)` raises
    NotAllowed or DomainError; it is called when the job is asked for and again when it starts. `named(parameters)` tells jobs
    of a kind apart in a list, by nothing personal."""

    key: str
    label: str | Promise
    run: Callable[[Progress], Outcome]
    check: Callable[[Any, Mapping[str, Any]], None]
    named: Callable[[Mapping[str, Any]], str] = lambda _parameters: ""


kinds: Registry[JobKind] = Registry("job kinds")
