"""The field by which files are chosen."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from campaign.attachments.models import CONTENT_TYPES, EXTENSIONS, PICTURES, AttachmentKind


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files up to ATTACHMENT_MAX_COUNT; their content is checked when they are stored."""

    def __init__(self, **options: Any) -> None:
        kinds = [AttachmentKind(kind) for kind in settings.ATTACHMENT_KINDS]
        endings = [EXTENSIONS[kind] for kind in kinds] + [".jpeg"] * (AttachmentKind.JPEG in kinds)
        pictures = [CONTENT_TYPES[kind] for kind in kinds if kind in PICTURES]  # for these a phone offers its camera
        options.setdefault("widget", FilesInput(attrs={"accept": ",".join((*endings, *pictures))}))
        options.setdefault(
            "help_text",
            format_lazy(
                _("{kinds}; each at most {size}. Nothing classified may be uploaded."),
                kinds="、".join(EXTENSIONS[kind].lstrip(".") for kind in kinds),
                size=filesizeformat(settings.ATTACHMENT_MAX_BYTES),
            ),
        )
        super().__init__(**options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = [super(FilesField, self).clean(file, initial) for file in self._several(data)]
        if self.required and not files:
            raise ValidationError(self.error_messages["required"], code="required")
        if len(files) > settings.ATTACHMENT_MAX_COUNT:
            raise ValidationError(_("At most %(most)s files."), params={"most": settings.ATTACHMENT_MAX_COUNT})
        return files

    @staticmethod
    def _several(data: Any) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        return [file for file in given if file]


class PhotoField(FilesField):
    """A photo that the phone's camera takes now; the field shows on touch screens alone (`.photo-field`)."""

    def __init__(self, **options: Any) -> None:
        camera = {"accept": CONTENT_TYPES[AttachmentKind.JPEG], "capture": "environment"}
        super().__init__(**{"widget": FilesInput(attrs=camera), "help_text": "", **options})
