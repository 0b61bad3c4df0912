"""Check that frozen scores are what was frozen: `verify_scores`. Exit code 1 and a line for each problem otherwise."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from campaign.scoring import sealing
from campaign.scoring.models import ScoreSeal
from campaign.scoring.services.staging import digest


class Command(BaseCommand):
    help = "Compare frozen scores with the digests of their seals, and look whether the protecting triggers are there."

    def handle(self, *_args: Any, **_options: Any) -> None:
        problems = [f"missing trigger: {name}" for name in sealing.missing()]
        seals = ScoreSeal.objects.select_related("period__campaign__organization").order_by("period", "-version")
        latest: dict[int, ScoreSeal] = {}
        for seal in seals:
            latest.setdefault(seal.period_id, seal)
        problems += [
            f"{seal}: the scores are not those that were frozen"
            for seal in latest.values()
            if digest(seal.period, seal.period.campaign.organization.path) != seal.digest
        ]
        for problem in problems:
            self.stdout.write(problem)
        if problems:
            sys.exit(1)
        self.stdout.write(f"{len(latest)} frozen periods, nothing changed")
