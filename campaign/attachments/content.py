"""What an uploaded file really is: by its first bytes and its structure. Photos are written anew, without what the camera
noted in them (place, time, device)."""

import io
import warnings
import zipfile
from typing import IO

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from campaign.attachments.models import AttachmentKind
from campaign.common.errors import DomainError

PIXELS = 50_000_000
"""Larger pictures are refused before they are unpacked: 50 million points take 150 MB of memory."""
ENTRIES = 5_000
UNPACKED = 300 * 2**20
"""Office documents are archives; more files, or more bytes once unpacked, is no document but an attack."""
TAIL = 2048
OFFICE = {"word/document.xml": AttachmentKind.DOCX, "xl/workbook.xml": AttachmentKind.XLSX}


def kind_of(file: IO[bytes]) -> AttachmentKind:
    """Return what `file` holds; raises DomainError for anything that is not one of the known kinds."""
    file.seek(0)
    head = file.read(8)
    if head.startswith(b"%PDF-") and _ends_as_pdf(file):
        return AttachmentKind.PDF
    if head.startswith(b"\xff\xd8\xff"):
        return AttachmentKind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return AttachmentKind.PNG
    if head.startswith(b"PK\x03\x04"):
        return _office_kind(file)
    raise _unknown()


def _unknown() -> DomainError:
    return DomainError(_("The content of this file is none of the permitted kinds, whatever its name says."))


def _ends_as_pdf(file: IO[bytes]) -> bool:
    size = file.seek(0, io.SEEK_END)
    file.seek(max(size - TAIL, 0))
    return b"%%EOF" in file.read()


def _office_kind(file: IO[bytes]) -> AttachmentKind:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _unknown() from error
    names = {entry.filename for entry in entries}
    if len(entries) > ENTRIES or sum(entry.file_size for entry in entries) > UNPACKED:
        raise DomainError(_("Unpacked, this document is too large."))
    if any(entry.flag_bits & 1 for entry in entries):
        raise DomainError(_("This document is encrypted. Save it without a password."))
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise DomainError(_("This document holds macros. Save it without them."))
    kinds = [kind for name, kind in OFFICE.items() if name in names]
    if len(kinds) != 1 or "[Content_Types].xml" not in names:
        raise _unknown()
    return kinds[0]


def clean_picture(file: IO[bytes], kind: AttachmentKind) -> io.BytesIO:
    """Return the picture written anew and upright, without metadata; raises DomainError for what cannot be read."""
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked below
            with Image.open(file, formats=[kind.name]) as picture:
                if picture.width * picture.height > PIXELS:
                    raise DomainError(_("This picture is too large. Make it smaller than 50 million points."))
                upright = ImageOps.exif_transpose(picture)
                bare = Image.new(upright.mode, upright.size)
                if upright.palette is not None:
                    bare.putpalette(upright.palette)
                bare.paste(upright)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DomainError(_("This picture is damaged and cannot be read.")) from error
    written = io.BytesIO()
    options = {"quality": 90} if kind is AttachmentKind.JPEG else {"optimize": True}
    bare.save(written, format=kind.name, **options)
    written.seek(0)
    return written
