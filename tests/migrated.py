"""A migrated SQLite database to copy: running all migrations again costs each test process more than most tests it runs.

The copy lies in `var/tests/`, named after everything that shapes an empty database. The first process makes it while the
others wait; it is made again as soon as one of those files changes.
"""

import fcntl
import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import django

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "tests"
APPS = ("campaign", "orgs", "pledges", "reviews", "awards")


def sources() -> Iterator[Path]:
    """Yield what shapes an empty database: migrations, the libraries that bring some, and whoever writes triggers."""
    yield ROOT / "requirements.txt"
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            text = path.read_text()
            if path.parent.name == "migrations" or any(word in text for word in ("TRIGGER", "Watch(", "Watched(")):
                yield path


class Template:
    """Lays a copy of the migrated database where the test database is looked for."""

    def __init__(self) -> None:
        digest = hashlib.sha256(f"{django.__version__} {sqlite3.sqlite_version}".encode())
        for path in sources():
            digest.update(path.read_bytes())
        self._path = FOLDER / f"migrated-{digest.hexdigest()[:16]}.sqlite3"
        self._lock: IO[str] | None = None

    def lay(self, target: Path) -> bool:
        """Copy the template to `target` and return True; without one return False, and let others wait for `keep`."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._lock = (FOLDER / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        if not self._path.exists():
            return False
        shutil.copyfile(self._path, target)
        self._lock.close()
        return True

    def keep(self, made: Path) -> None:
        """Take the database that was just made as the template, in place of older ones."""
        for older in FOLDER.glob("migrated-*"):
            older.unlink()
        half = self._path.with_suffix(".half")
        with sqlite3.connect(made) as source, sqlite3.connect(half) as copy:
            source.backup(copy)
        source.close()
        copy.close()
        half.rename(self._path)
        assert self._lock is not None
        self._lock.close()
