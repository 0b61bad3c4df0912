"""The figures of a big run, asked once for all its parts: tables that belong to one attempt of one run. Asked by each part, every
query would read the records of the whole group as often as there are parts.

PostgreSQL alone, and only where the application may make tables; elsewhere each part asks for its own figures.
"""

from collections.abc import Callable, Iterable

from django.db import connection

from campaign.scoring.engine import Asked, Computation, all_asked
from campaign.scoring.models import ScoreRun
from campaign.scoring.plans import Plans
from campaign.scoring.roll import Extent

PREFIX = "scoring_shared_"


def figures_share(run: ScoreRun, attempt: int, plans: Plans, tell: Callable[[int], None]) -> str:
    """Write all figures down for the parts of `run`; returns how the names of their tables begin, nothing where each part is to
    ask for its own. Others see them at once."""
    if not _may_share():
        return ""
    prefix = f"{PREFIX}{run.pk}_{attempt}_"
    computation = Computation(Extent(run.period, run.place, run.as_of), plans, tell)
    try:
        computation.measure(figures_shared(prefix, plans).__getitem__)
    finally:
        computation.work.drop()
    return prefix


def figures_shared(prefix: str, plans: Plans) -> dict[Asked, str]:
    """Return the tables that begin with `prefix`: the same for every job, since the sheets are."""
    asked = ((metric.figures, audience) for metric, audience in all_asked(plans))
    return {one: f"{prefix}{number}" for number, one in enumerate(asked)} if prefix else {}


def figures_forget(runs: Iterable[ScoreRun]) -> None:
    """Drop what attempts of these runs have left."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for run in runs:
            cursor.execute("SELECT tablename FROM pg_tables WHERE starts_with(tablename, %s)", [f"{PREFIX}{run.pk}_"])
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TABLE IF EXISTS "{name}"')


def _may_share() -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_schema_privilege(current_schema(), 'CREATE')")
        return bool(cursor.fetchone()[0])
