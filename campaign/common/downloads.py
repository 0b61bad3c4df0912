"""Answering with a file."""

from typing import IO, Any

from django.http import FileResponse


def download(content: IO[bytes], name: str, **options: Any) -> FileResponse:
    """Return `content`, from its beginning, as a download called `name`: never shown by the browser, its kind never guessed,
    kept by no cache (most hold names; computers are shared). `options` are those of FileResponse."""
    content.seek(0)
    answer = FileResponse(content, as_attachment=True, filename=name, **options)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
