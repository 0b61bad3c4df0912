"""Draw pictures of the forms, for the catalogue and the documentation, from the data at hand: LibreOffice and pdftoppm draw."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from PIL import Image

from campaign.common.excel.writer import write_xlsx
from campaign.models import Campaign
from campaign.reports.registry import Report, ReportRequest, reports
from campaign.reports.services import framed_sheets
from campaign.selectors import current_period
from orgs.models import Organization

WIDTH, HEIGHT, COLOURS = 480, 340, 16
FULL_WIDTH = 1400
"""Of the whole first page, in which the texts can be read."""
WHITE = "white"
DOTS_PER_INCH = 150


class Command(BaseCommand):
    help = (
        "Print each form to PDF with LibreOffice and put a picture of its first page where the catalogue looks for it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("keys", nargs="*", help="keys of the reports; without any, all of them")
        parser.add_argument("--org", default="", help="code of the organization; without it, the topmost")
        parser.add_argument("--period", default="", help="code of the period; without it, the present one")
        parser.add_argument("--folder", type=Path, required=True, help="where the workbooks and their PDF go")
        parser.add_argument("--out", type=Path, default=settings.BASE_DIR / "static" / "img" / "forms")
        parser.add_argument("--docs", type=Path, default=settings.BASE_DIR / "docs" / "forms")
        parser.add_argument("--no-pictures", action="store_true", help="only workbooks and PDF")

    def handle(self, *args: Any, **options: Any) -> None:
        missing = [program for program in ("soffice", "pdftoppm") if shutil.which(program) is None]
        if missing:
            raise CommandError(f"not on this machine: {', '.join(missing)}")
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        wanted = [reports.get(key) for key in options["keys"]] if options["keys"] else list(reports)
        request = self._request(options["org"], options["period"])
        for report in wanted:
            filled = [(sheet, list(rows)) for sheet, rows in framed_sheets(report, request)]
            filled.sort(key=lambda each: not each[1])  # a picture of an empty sheet says nothing
            write_xlsx(folder / f"{report.key}.xlsx", filled, made_at=request.asked_at)
        books = [str(folder / f"{report.key}.xlsx") for report in wanted]
        self._run("soffice", "--headless", "--convert-to", "pdf", "--outdir", str(folder), *books)
        if not options["no_pictures"]:
            for place in (options["out"], options["docs"]):
                place.mkdir(parents=True, exist_ok=True)
            for report in wanted:
                self._picture(report, folder, options["out"], options["docs"])

    @staticmethod
    def _request(code: str, period: str) -> ReportRequest:
        """Ask as the system does; the campaign is the last one."""
        organization = Organization.objects.filter(**({"code": code} if code else {"depth": 1})).first()
        campaign = Campaign.objects.order_by("-state", "-starts_on").first()
        if organization is None or campaign is None:
            raise CommandError("there is no such organization, or no campaign: load the demo data first")
        chosen = campaign.periods.filter(code=period).first() if period else current_period(campaign)
        return ReportRequest(None, organization, campaign, chosen)

    def _picture(self, report: Report, folder: Path, out: Path, docs: Path) -> None:
        """Keep the first page as a whole, and its upper part small; with few colours."""
        page = folder / report.key
        self._run(
            "pdftoppm", "-png", "-r", str(DOTS_PER_INCH), "-f", "1", "-l", "1", "-singlefile", f"{page}.pdf", str(page)
        )
        with Image.open(f"{page}.png") as drawn:
            page_drawn = drawn.convert("RGB")
        whole, picture = (
            page_drawn.resize((width, round(page_drawn.height * width / page_drawn.width)), Image.Resampling.LANCZOS)
            for width in (FULL_WIDTH, WIDTH)
        )
        whole.quantize(COLOURS).save(docs / f"{report.key}.png", optimize=True)
        sheet = Image.new("RGB", (WIDTH, HEIGHT), WHITE)
        sheet.paste(picture, (0, 0))
        sheet.quantize(COLOURS).save(out / f"{report.key}.png", optimize=True)
        self.stdout.write(f"{report.key}.png")

    @staticmethod
    def _run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 – names and paths of our own
