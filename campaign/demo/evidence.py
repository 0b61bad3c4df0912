"""Files of the story: a photo and a ledger that show what was done."""

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from PIL import Image, ImageDraw

LEDGER = (
    ("日期", "班次", "设备", "点检结果", "点检人"),
    ("5月6日", "白班", "3号水泵", "正常", "当班党员"),
    ("5月8日", "夜班", "5号水泵", "渗油，已更换密封", "当班党员"),
    ("5月15日", "白班", "8号水泵", "正常", "当班党员"),
)


def photo(number: int) -> Any:
    """Return a drawn picture of a sheet with ticks, as somebody would photograph it on the wall."""
    picture = Image.new("RGB", (800, 600), (96, 104, 112))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((180, 60, 620, 560), fill=(250, 248, 240), outline=(160, 20, 30), width=6)
    for row in range(8):
        top = 110 + row * 52
        draw.line((220, top + 34, 580, top + 34), fill=(190, 186, 176), width=2)
        if (row + number) % 4:
            draw.line((530, top + 14, 545, top + 28, 570, top), fill=(160, 20, 30), width=6)
        draw.rectangle((225, top + 10, 225 + 120 + (row * 37 + number * 23) % 140, top + 22), fill=(120, 124, 130))
    written = io.BytesIO()
    picture.save(written, format="JPEG", quality=85)
    return SimpleUploadedFile(f"现场点检照片{number + 1}.jpg", written.getvalue())


def document() -> Any:
    """Return a small ledger."""
    book = Workbook()
    for row in LEDGER:
        book.active.append(row)  # type: ignore[union-attr]
    written = io.BytesIO()
    book.save(written)
    return SimpleUploadedFile("设备点检台账.xlsx", written.getvalue())
