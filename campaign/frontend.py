"""The files of the npm packages that pages use: `vendor/PACKAGE/…` in a template's `{% static %}`, and nothing else.

Named one by one, since the packages bring thousands that no page needs. A page that needs another one adds it here.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder, get_finders
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage, Storage

# Name below static/vendor/ → (folder below node_modules/, files in it).
PACKAGES = {
    "tabler": ("@tabler/core/dist", ("css/tabler.min.css", "js/tabler.min.js")),
    "icons": ("@tabler/icons-webfont/dist", ("tabler-icons.min.css", "fonts/tabler-icons.woff2")),
    "htmx": ("htmx.org/dist", ("htmx.min.js",)),
    "tom-select": ("tom-select/dist", ("css/tom-select.bootstrap5.min.css", "js/tom-select.complete.min.js")),
    "echarts": ("echarts/dist", ("echarts.min.js",)),
}


class PackageFinder(BaseFinder):
    """Finds the files of PACKAGES for Django's staticfiles."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.files = {
            f"vendor/{name}/{file}": settings.NODE_MODULES / folder / file
            for name, (folder, files) in PACKAGES.items()
            for file in files
        }
        super().__init__(*args, **kwargs)

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        missing = [str(path) for path in self.files.values() if not path.is_file()]
        if not missing:
            return []
        return [
            Error("Front-end files are missing: " + ", ".join(missing), hint="Run `make setup`.", id="campaign.E001")
        ]

    def find(self, path: str, find_all: bool = False) -> Any:
        found = self.files.get(path)
        if found is None or not found.is_file():
            return []
        return [str(found)] if find_all else str(found)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Yield every file as staticfiles wants it: its path within a storage, whose prefix leads to its address."""
        for name, (folder, files) in PACKAGES.items():
            storage = FileSystemStorage(location=settings.NODE_MODULES / folder)
            storage.prefix = f"vendor/{name}"  # type: ignore[attr-defined]
            for file in files:
                yield file, storage


def fingerprint() -> str:
    """Return a digest that changes when any static file is added, removed or changed."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(["CVS", ".*", "*~"]):
            state = Path(storage.path(path)).stat()
            digest.update(f"{getattr(storage, 'prefix', '')}/{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
