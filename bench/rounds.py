"""Pages and form d.5 of a round with many subjects: `python -m bench.rounds [--subjects N] [--voters M] [--json]`.

The round is made, voted in and sealed by the engine's own services; the votes are written as tallies, since how fast people
vote is measured by `bench.ballots`. Each figure is the best of three, beside the same page of a round with one subject.
"""

import argparse
import datetime as dt
import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from bench.ballots import database

TIMES = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=20)
    parser.add_argument("--voters", type=int, default=10, help="of each subject")
    parser.add_argument("--json", action="store_true", help="one object per figure instead of the table")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-rounds-"))
        url = stack.enter_context(database())
        os.environ |= {"DATA_DIR": folder, "DATABASE_URL": url, "DEBUG": ""}
        os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
        figures = measure(options.subjects, options.voters)
    size = f"{options.subjects} subjects x {options.voters} voters, {'PostgreSQL' if url else 'SQLite'}"
    report(figures, size, as_json=options.json)


def measure(subjects: int, voters: int) -> dict[str, tuple[float, int, float]]:
    """Return (seconds, statements, seconds of the floor) by figure."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    people, places = make_people(subjects, voters)
    steps: dict[str, float] = {}
    large = make_round(people, places, steps)
    small = make_round(people[:1], places[:1], {})
    figures = {f"{name} (once)": (seconds, 0, 0.0) for name, seconds in steps.items()}
    for name, ask in ASKED.items():
        seconds, statements = best(ask, large)
        figures[name] = (seconds, statements, best(ask, small)[0])
    return figures


def make_people(subjects: int, voters: int) -> tuple[list[list[int]], list[Any]]:
    """Return the accounts of each branch, and the branches."""
    from orgs.models import Member, Organization, User

    tree = Organization.objects
    tree.add_root(create_kwargs={"code": "R", "name": "root", "type": "committee"})
    root = tree.get(code="R")
    branches = [
        tree.add_child(tree.get(pk=root.pk), create_kwargs={"code": f"B{n}", "name": f"branch {n}", "type": "branch"})
        for n in range(subjects)
    ]
    members = Member.objects.bulk_create(
        (
            Member(personnel_no=f"M{n}-{m}", name=f"member {m}", sex="male", organization=branch)
            for n, branch in enumerate(branches)
            for m in range(voters)
        ),
        batch_size=1000,
    )
    users = User.objects.bulk_create(
        (User(username=f"u{m.personnel_no}", name=m.name, member=m) for m in members), batch_size=1000
    )
    ids = [user.pk for user in users]
    return [ids[n * voters : (n + 1) * voters] for n in range(subjects)], branches


def make_round(people: list[list[int]], places: list[Any], steps: dict[str, float]) -> Any:
    """Set up, open, fill, seal and publish a round; how long the steps took is noted in `steps`."""
    from campaign.ballots.models import Ballot, Paper, Tally
    from campaign.ballots.services import ballot_open, ballot_seal
    from campaign.common import clock
    from campaign.models import Campaign
    from campaign.services import campaign_create
    from orgs.models import Organization
    from reviews.choosing import CHOSEN, Choosing
    from reviews.models import EvaluationRound
    from reviews.services.setting_up import round_begin, round_subjects_set

    root, office = Organization.objects.get(code="R"), officer()
    campaign = Campaign.objects.first() or campaign_create(
        actor=None, organization=root, template="wujiang", code="B", starts_on=clock.today().replace(month=1, day=1)
    )
    opens_at = clock.now() - dt.timedelta(hours=1)
    held = round_begin(
        actor=office,
        campaign=campaign,
        organization=root,
        name="round",
        template="organization",
        scheme="together",
        opens_at=opens_at,
        closes_at=opens_at + dt.timedelta(days=1),
    )
    choosing = Choosing(which=CHOSEN, chosen=tuple(place.pk for place in places))
    given = {"evaluation_round": held, "actor": office, "version": held.version, "choosing": choosing}
    steps["set up"] = timed(lambda: round_subjects_set(**given))
    steps["open"] = timed(lambda: ballot_open(ballot=held.ballot))
    Paper.objects.filter(ballot=held.ballot).update(marked=True)
    for place, tally in enumerate(Tally.objects.filter(ballot=held.ballot, slot=0).order_by("pk")):
        votes = len(people[place])
        tally.counts = [votes - place % 3, place % 3, 0, 0, 0] * 5
        tally.save(update_fields=["counts"])
    steps["seal"] = timed(lambda: ballot_seal(ballot=Ballot.objects.get(pk=held.pk)))
    EvaluationRound.objects.filter(pk=held.pk).update(state="published", published_at=clock.now())
    return EvaluationRound.objects.select_related("ballot", "campaign", "organization").get(pk=held.pk)


def officer() -> Any:
    """Return somebody of the campaign office."""
    from campaign.common import clock
    from orgs.models import Organization, RoleAssignment, User

    user, made = User.objects.get_or_create(username="office", defaults={"name": "office"})
    if made:
        root = Organization.objects.get(code="R")
        RoleAssignment.objects.create(user=user, role="office", organization=root, starts_on=clock.today())
    return User.objects.get(pk=user.pk)


def page(name: str, *arguments: int) -> None:
    from django.test import Client
    from django.urls import reverse

    client = Client()
    client.force_login(officer(), backend="orgs.authentication.AccountBackend")
    answer = client.get(reverse(name, args=arguments), headers={"host": "localhost"})
    if answer.status_code != 200:
        raise SystemExit(f"{name}: {answer.status_code}")


def summary(held: Any) -> None:
    page("round_results", held.pk)


def single(held: Any) -> None:
    page("round_result", held.pk, held.ballot.subjects.order_by("pk")[0].pk)


def form(held: Any) -> None:
    from campaign.models import Period
    from campaign.reports.registry import ReportRequest, reports

    today = held.ballot.sealed_at.date()
    period = Period.objects.filter(campaign=held.campaign, starts_on__lte=today, ends_on__gte=today).first()
    request = ReportRequest(officer(), held.organization, held.campaign, period)
    for _sheet, rows in reports.get("evaluation_summary").sheets(request):
        for _row in rows:
            pass


ASKED: dict[str, Callable[[Any], None]] = {"result of one": single, "summary of all": summary, "form d.5": form}


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def best(ask: Callable[[Any], None], held: Any) -> tuple[float, int]:
    """Return the shortest time of some, and how many statements it took."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    seconds = []
    for _time in range(TIMES):
        with CaptureQueriesContext(connection) as captured:
            seconds.append(timed(lambda: ask(held)))
    return min(seconds), len(captured)


def report(figures: dict[str, tuple[float, int, float]], size: str, *, as_json: bool) -> None:
    if not as_json:
        print(f"{size}\n{'':18} {'ms':>9} {'floor':>9} {'statements':>11}")
    for name, (seconds, statements, floor) in figures.items():
        ours, theirs = round(seconds * 1000, 1), round(floor * 1000, 1)
        if as_json:
            figure = {"name": name, "size": size, "value": ours, "unit": "ms", "floor": theirs}
            ratio = round(seconds / floor, 3) if floor else None
            print(json.dumps({**figure, "ratio": ratio, "statements": statements}, ensure_ascii=False))
        else:
            print(f"{name:18} {ours:9.1f} {theirs:9.1f} {statements:11}")


if __name__ == "__main__":
    main()
