"""Answering with a file. Only a view that has passed the owning record through the gate may call this."""

from django.http import FileResponse
from django.utils.translation import gettext_lazy as _

from campaign.attachments.models import Attachment
from campaign.common.downloads import download
from campaign.common.errors import DomainError


def attachment_response(attachment: Attachment) -> FileResponse:
    """Return the file as a download: never shown by the browser, its kind never guessed, never kept by a proxy.

    Raises DomainError when the content is gone.
    """
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError:
        raise DomainError(_("The file is no longer there. Ask whoever uploaded it to do so again.")) from None
    return download(content, attachment.name, content_type=attachment.content_type)
