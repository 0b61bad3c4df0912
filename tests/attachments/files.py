"""Small real files of each kind, made by the libraries that offices' programs stand for."""

import io
import zipfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def uploaded(name: str, content: bytes) -> Any:
    return SimpleUploadedFile(name, content)


def pdf(name: str = "方案.pdf") -> Any:
    return uploaded(name, PDF)


def photo(kind: str = "JPEG", size: tuple[int, int] = (40, 20), **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (180, 20, 30)).save(written, format=kind, **options)
    return written.getvalue()


def workbook() -> bytes:
    written = io.BytesIO()
    Workbook().save(written)
    return written.getvalue()


def archive(**files: bytes) -> bytes:
    """Return a zip archive; "__" in a name stands for "/" and a leading "types" for [Content_Types].xml."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        for name, content in files.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), content)
    return written.getvalue()
