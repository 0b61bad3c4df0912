"""Say where the points of a score come from: `explain_score SUBJECT --period 2026H1 [--campaign C1]`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from campaign.common.exact import hundredths
from campaign.scoring.explain import ExplainedLine, explain
from campaign.scoring.selectors import previous_score, published_scores


class Command(BaseCommand):
    help = "Explain a score: each item with its rule, raw figure, arithmetic and points, and what would raise it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("subject", help="code of an organization, or personnel number of a member")
        parser.add_argument("--period", required=True, metavar="CODE")
        parser.add_argument("--campaign", metavar="CODE", help="needed where two campaigns have the same period")

    def handle(self, *_args: Any, **options: Any) -> None:
        subject = options["subject"]
        scores = (
            published_scores()
            .current()
            .filter(
                Q(member=None, organization__code=subject) | Q(member__personnel_no=subject),
                period__code=options["period"],
            )
        )
        if options["campaign"]:
            scores = scores.filter(period__campaign__code=options["campaign"])
        found = list(scores[:2])
        if not found:
            raise CommandError(f"{subject} has no score in {options['period']}.")
        if len(found) > 1:
            raise CommandError("More than one campaign has such a score: name it with --campaign.")
        score = found[0]
        explanation = explain(score, previous_score(score))
        self.stdout.write(f"{score.subject} · {score.period.code} · {score.sheet.name} v{score.sheet.version}")
        for line in explanation.lines:
            self._write(line)
        for each in explanation.sums:
            self.stdout.write(f"{each.label}: {each.text}")
        self.stdout.write(f"{score.run.digest}")

    def _write(self, line: ExplainedLine) -> None:
        points = "—" if line.skipped else hundredths(line.line.points)
        self.stdout.write(f"\n{line.item.label}  {points} / {hundredths(line.item.full_marks)}")
        for text in (line.rule, f"{line.metric_label}: {line.raw}", line.arithmetic, line.advice_text):
            if text:
                self.stdout.write(f"  {text}")
