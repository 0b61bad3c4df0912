"""Recount a sealed round."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaign.ballots.models import Ballot, BallotState
from campaign.ballots.verification import differences


class Command(BaseCommand):
    help = (
        "Recount a sealed round: for each subject, item and class the answers, abstentions included, must equal the papers "
        "marked, and the results must be those of the counts. Exit 1 and a line for each difference otherwise."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, help="the round's number, as in the address of its page")

    def handle(self, *args: Any, **options: Any) -> None:
        ballot = Ballot.objects.filter(pk=options["id"]).first()
        if ballot is None:
            raise CommandError("There is no such round.")
        if ballot.state != BallotState.SEALED:
            raise CommandError("Only a sealed round can be recounted; nothing of an open one is read.")
        found = list(differences(ballot))
        if found:
            raise CommandError("\n".join(found))
        subjects = ballot.subjects.count()
        self.stdout.write(f"Round {ballot.pk}: {subjects} subjects, papers, tallies and results agree.")
