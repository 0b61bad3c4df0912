"""What every page is told about drafts."""

from typing import Any

from django.http import HttpRequest

from campaign.drafts.services import DONE


def drafts_done(request: HttpRequest) -> dict[str, Any]:
    """Name, once, the forms that were stored since the last page: the browser forgets its copies of them."""
    session = getattr(request, "session", None)
    return {"drafts_done": lambda: " ".join(session.pop(DONE, [])) if session is not None and DONE in session else ""}
