"""Where pages keep what is being typed. Each person's drafts are their own."""

import json

from django.http import HttpRequest, JsonResponse

from campaign.common.access import SIGNED_IN, access
from campaign.common.errors import DomainError
from campaign.drafts.services import draft_save


@access(POST=SIGNED_IN)
def draft(request: HttpRequest, key: str) -> JsonResponse:
    """Keep the fields of a form: `fields` is JSON, `[[name, value], …]`."""
    try:
        kept = draft_save(user=request.user, key=key, fields=json.loads(request.POST.get("fields", "")))
    except DomainError as refusal:
        return JsonResponse({"error": str(refusal)}, status=422)
    except (ValueError, TypeError, RecursionError):
        return JsonResponse({"error": ""}, status=400)
    return JsonResponse({"saved_at": kept.saved_at.isoformat()})
