"""Say where the points of a score come from: `explain_score SUBJECT --period 2026H1 [--campaign C1]`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from campaign.common.exact import hundredths
from campaign.scoring.explain import ExplainedEntry, ExplainedLine, explain, explain_entries
from campaign.scoring.models import PeriodScore
from campaign.scoring.selectors import previous_score, published_scores
from campaign.scoring.standing import ranks_of
from campaign.scoring.tables import rank_text


class Command(BaseCommand):
    help = (
        "Explain a score as its page does: each item, what was entered beside them, the sum, and what would raise it."
    )

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
        self._explain(found[0])

    def _explain(self, score: PeriodScore) -> None:
        """Write what the page of the score shows, in its order."""
        explanation = explain(score, previous_score(score))
        self.stdout.write(f"{score.subject} · {score.period.code} · {score.sheet.name} v{score.sheet.version}")
        rank = "" if score.member_id else rank_text(ranks_of([score]).get(score.pk))
        for text in (explanation.difference_text, rank and _("Rank among its peers: %(rank)s") % {"rank": rank}):
            if text:
                self.stdout.write(text)
        for line in explanation.lines:
            self._item(line)
        self.stdout.write("")
        for row in explain_entries(score):
            self._entry(row)
        for each in explanation.sums:
            self.stdout.write(f"{each.label}: {each.text}")
        if explanation.next_grade:
            self.stdout.write(explanation.next_grade)
        as_of = localtime(score.run.as_of)
        self.stdout.write(_("records as of %(moment)s") % {"moment": f"{as_of:%Y-%m-%d %H:%M}"})
        self.stdout.write(score.run.digest)

    def _item(self, line: ExplainedLine) -> None:
        points = "—" if line.skipped else hundredths(line.line.points)
        self.stdout.write(f"\n{line.item.label}  {points} / {hundredths(line.item.full_marks)}")
        raw = f"{line.metric_label}: {line.raw} ({_('target %(target)s') % {'target': line.target}})"
        before = "" if line.previous is None else _("Period before: %(before)s") % {"before": hundredths(line.previous)}
        nothing = "" if line.line.denominator else _("Nothing to measure")
        for text in (line.rule, raw, line.arithmetic or nothing, before, line.advice_text, line.records_url):
            if text:
                self.stdout.write(f"  {text}")

    def _entry(self, row: ExplainedEntry) -> None:
        entry = row.entry
        said = f"{entry.get_kind_display()} {row.worth}  {entry.happened_on} {entry.reason} ({entry.basis})"
        self.stdout.write(f"{said} – {_('the same work counts higher elsewhere')}" if row.passed_over else said)
