"""The exported heads of the audit chain: a file outside the database, one line a day, which finds what the chain alone cannot.

A chain whose last links are cut off still holds. So how many links there are, and the digest of the last, is written down
elsewhere: `manage.py audit_heads`, daily by the scheduler. Each line is sealed with the key of the chain over the line
before it. Whoever can change this file too needs the key; a copy on another machine or on paper needs no trust in this one.

Between two days the latest head stands in a file beside it, which is written anew whenever the chain grew: what was cut off an
hour after it was written is found as well.
"""

import datetime as dt
import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.utils.crypto import constant_time_compare

from campaign.common import clock


class HeadsBroken(Exception):
    """The file of heads itself was changed; `line` is the first that does not hold."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True)
class Head:
    """`links` is how many there were at the moment `at`, `digest` that of the last one."""

    at: str
    links: int
    digest: str

    def sealed(self, previous: str) -> str:
        text = json.dumps([previous, self.at, self.links, self.digest], separators=(",", ":"))
        return hmac.new(settings.AUDIT_KEY.encode(), b"head:" + text.encode(), hashlib.sha256).hexdigest()


def heads_path() -> Path:
    """Return where the heads are kept: AUDIT_HEADS_FILE, else a file in DATA_DIR."""
    return Path(settings.AUDIT_HEADS_FILE)


def heads_read(path: Path | None = None) -> list[Head]:
    """Return the exported heads, the oldest first; none where there is no file. Raises HeadsBroken."""
    return [head for head, _seal in _lines(path or heads_path())]


def latest_path(path: Path | None = None) -> Path:
    """Return where the latest head stands, beside the file of heads."""
    place = path or heads_path()
    return place.with_name(f"{place.name}.latest")


def latest_read(path: Path | None = None) -> Head | None:
    """Return the latest head, None where none was written. Raises HeadsBroken."""
    return next((head for head, _seal in _lines(latest_path(path))), None)


def latest_write(*, links: int, digest: str) -> None:
    """Put the latest head in the place of the former one, whole or not at all. Raises OSError."""
    place = latest_path()
    place.parent.mkdir(parents=True, exist_ok=True)
    line, _head = _sealed(links, digest, "")
    with tempfile.NamedTemporaryFile(
        dir=place.parent, prefix=place.name, delete=False
    ) as written:  # of its owner alone
        written.write(line)
        written.flush()
        os.fsync(written.fileno())
    Path(written.name).replace(place)


def _sealed(links: int, digest: str, previous: str) -> tuple[bytes, Head]:
    head = Head(clock.now().astimezone(dt.UTC).isoformat(timespec="seconds"), links, digest)
    line = json.dumps({**asdict(head), "seal": head.sealed(previous)}, separators=(",", ":"))
    return line.encode() + b"\n", head


def _lines(path: Path) -> Iterator[tuple[Head, str]]:
    if not path.exists():
        return
    seal = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            fields = json.loads(line)
            head, given = Head(str(fields["at"]), int(fields["links"]), str(fields["digest"])), str(fields["seal"])
        except (ValueError, KeyError, TypeError):
            raise HeadsBroken(number) from None
        seal = head.sealed(seal)
        if not constant_time_compare(seal, given):
            raise HeadsBroken(number)
        yield head, seal


def head_append(*, links: int, digest: str, path: Path | None = None) -> Head:
    """Write a head behind the others, and make sure that it is on the disk. Raises HeadsBroken, OSError."""
    place = path or heads_path()
    place.parent.mkdir(parents=True, exist_ok=True)
    last = next((seal for _head, seal in reversed(list(_lines(place)))), "")
    line, head = _sealed(links, digest, last)
    handle = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)
    return head


def heads_forget() -> None:
    """Lay the files aside, when the database that they speak of was emptied as a whole (the demo's), or put back from a
    backup."""
    for place in (heads_path(), latest_path()):
        if place.exists():
            place.replace(place.with_name(f"{place.name}.{clock.now():%Y%m%d%H%M%S}"))
