"""Workbooks of lists in tests: taken out as people do, edited by cell, sent back."""

import io
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaign.lists.models import SentList
from orgs.models import User


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="orgs.authentication.AccountBackend")
    return client


class Book:
    """The workbook of a list: rows by what stands in a column, cells by heading."""

    def __init__(self, client: Client, key: str, place: int) -> None:
        self.client, self.key, self.place = client, key, place
        answer = client.get(reverse(f"{key}_template", args=[place]))
        assert answer.status_code == 200
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        self.book = openpyxl.load_workbook(io.BytesIO(content))
        self.sheet = self.book.worksheets[0]
        self.heading = next(row for row in self.sheet.iter_rows() if any(cell.value == "行标识" for cell in row))
        self.columns = {str(cell.value): cell.column for cell in self.heading}

    @property
    def rows(self) -> list[int]:
        """The numbers of the rows that carry a mark."""
        marks = self.columns["行标识"]
        first = self.heading[0].row + 1
        return [
            number
            for number in range(first, self.sheet.max_row + 1)
            if ":" in str(self.sheet.cell(number, marks).value)
        ]

    def row(self, **where: str) -> int:
        """Return the number of the only row in which the columns say so."""
        found = [
            number for number in self.rows if all(self.at(number, heading) == text for heading, text in where.items())
        ]
        assert len(found) == 1, (where, found)
        return found[0]

    def at(self, number: int, heading: str) -> Any:
        return self.sheet.cell(number, self.columns[heading]).value

    def write(self, number: int, **cells: Any) -> None:
        for heading, value in cells.items():
            self.sheet.cell(number, self.columns[heading]).value = value

    def add(self, **cells: Any) -> None:
        """Write a row of one's own below the others."""
        number = (self.rows or [self.heading[0].row])[-1] + 1
        self.sheet.insert_rows(number)
        self.write(number, **cells)

    def file(self) -> SimpleUploadedFile:
        target = io.BytesIO()
        self.book.save(target)
        return SimpleUploadedFile("表.xlsx", target.getvalue())

    def send(self, client: Client | None = None) -> tuple[SentList, Any]:
        """Send it in and return what became of it, with the page that shows it."""
        by = client or self.client
        answer: Any = by.post(reverse(self.key, args=[self.place]), {"file": self.file()})
        assert answer.status_code == 302, answer.content.decode()
        return SentList.objects.latest("created_at"), by.get(answer.url)

    def store(self, sent: SentList) -> Any:
        return self.client.post(reverse(f"{self.key}_store", args=[sent.pk]), follow=True)

    def undo(self, sent: SentList) -> Any:
        return self.client.post(reverse(f"{self.key}_undo", args=[sent.pk]), follow=True)


def codes(sent: SentList) -> list[str]:
    """What was found wrong, in the order of the file."""
    return [fold.problem.code for fold in sent.folds]
