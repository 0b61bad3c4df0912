"""How long a move and the tree take, beside the bare statements: `python -m bench.tree [--organizations N] [--json]`.

A group of N organizations stands three deep: committees of 25 branches below 40 divisions. `move` hangs the largest division,
with all below it, under another one; its floor is the one UPDATE that rewrites the same places, by plain SQL. `preview` is the
page before that says what the move touches; its floor counts the organizations in the subtree. `page` is the first page of
the tree as an administrator opens it, `branch` one opened committee; their floor is the bare read of the same rows. `search`
looks for characters inside a name, `initials` for the beginnings of its syllables, both over the whole group; their floor is
the bare search. How many statements are asked does not grow with N; the tests say so by counting.
"""

import argparse
import json
import os
import sys
import tempfile
from typing import Any

from bench.imports import path_below
from bench.scores import timed

DIVISIONS, PER_COMMITTEE = 40, 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--organizations", type=int, default=1_000)
    parser.add_argument("--json", action="store_true", help="one object per figure instead of the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-tree-") as folder:
        os.environ |= {"DATA_DIR": folder, "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL", "")}
        os.environ["DJANGO_SETTINGS_MODULE"] = "campaign.settings"
        report(measure(options.organizations), options.organizations, as_json=options.json)


def measure(size: int) -> dict[str, tuple[float, float]]:
    """Return seconds of the product and of the floor, by figure."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    divisions, user = make_group(size)
    client = signed_in(user)
    client.get("/organizations/")  # templates and connections are warm in a running portal
    root_rows = "SELECT * FROM orgs_organization WHERE depth = 2 ORDER BY path LIMIT 301"
    page = timed(lambda: client.get("/organizations/"))
    page_floor = timed(lambda: query(root_rows))
    committee = (
        "SELECT * FROM orgs_organization WHERE depth = 3 AND path >= '{0}' AND path < '{0}Z' ORDER BY path LIMIT 301"
    )
    opened = timed(lambda: client.get(f"/organizations/{divisions[1].pk}/children/"))
    opened_floor = timed(lambda: query(committee.format(divisions[1].path)))
    looked = {name: search(client, words) for name, words in (("search", "分部7第13"), ("initials", "fb7d13"))}
    shown = preview(client, divisions)
    pages = {"page": (page, page_floor), "branch": (opened, opened_floor), **looked, "preview": shown}
    return {**pages, "move": move(divisions)}


def make_group(size: int) -> tuple[list[Any], Any]:
    """Load the group in bulk: the first division gets as much as all others together; returns divisions and the reader."""
    import datetime as dt

    from orgs.models import Organization, RoleAssignment, User
    from orgs.services.organizations import search_names

    root = Organization.add_root(code="R", name="root", type="committee")
    divisions = [
        Organization(code=f"D{at}", name=f"division {at}", type="committee", depth=2, path=path_below(root.path, at))
        for at in range(DIVISIONS)
    ]
    committees, branches = [], []
    for at in range(max(2, (size - DIVISIONS - 1) // (PER_COMMITTEE + 1))):
        above = divisions[0] if at % 2 == 0 else divisions[1 + at % (DIVISIONS - 1)]
        path = path_below(above.path, above.numchild)
        above.numchild += 1
        committees.append(
            Organization(
                code=f"C{at}", name=f"committee {at}", type="committee", depth=3, path=path, numchild=PER_COMMITTEE
            )
        )
        branches += [
            Organization(
                code=f"B{at}-{place}",
                type="branch",
                depth=4,
                path=path_below(path, place),
                name=(name := f"集团分部{at}第{place}党支部"),
                **search_names(name),
            )
            for place in range(PER_COMMITTEE)
        ]
    Organization.objects.bulk_create([*divisions, *committees, *branches], batch_size=1000)
    Organization.objects.filter(pk=root.pk).update(numchild=DIVISIONS)
    user = User.objects.create(username="bench", name="bench", organization=root)
    RoleAssignment.objects.create(user=user, role="office", organization=root, starts_on=dt.date(2020, 1, 1))
    return list(Organization.objects.filter(depth=2).order_by("path")), user


def signed_in(user: Any) -> Any:
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(user, backend="orgs.authentication.AccountBackend")
    return client


def search(client: Any, words: str) -> tuple[float, float]:
    """Search the whole group for `words`, which some organizations have in their name or initials."""
    column = "initials" if words.isascii() else "name"
    sql = f"SELECT name FROM orgs_organization WHERE {column} LIKE '%{words}%' ORDER BY path LIMIT 50"
    page = client.get("/organizations/", {"q": words})
    if not (found := query(sql)) or found[0][0] not in page.content.decode():
        sys.exit(f"the search for {words} does not show what the database holds")
    return timed(lambda: client.get("/organizations/", {"q": words})), timed(lambda: query(sql))


def preview(client: Any, divisions: list[Any]) -> tuple[float, float]:
    """Ask what a move of the largest division would touch."""
    address, sent = f"/organizations/{divisions[0].pk}/move/", {"parent": divisions[-1].pk, "reason": "bench"}
    if 'name="confirm"' not in client.post(address, sent).content.decode():
        sys.exit("there is no preview of the move")
    path = divisions[0].path
    count = f"SELECT count(*) FROM orgs_organization WHERE path >= '{path}' AND path < '{path}Z'"
    return timed(lambda: client.post(address, sent)), timed(lambda: query(count))


def move(divisions: list[Any]) -> tuple[float, float]:
    """Move the largest division below the last one; the floor rewrites the same places once more and is taken back."""
    from django.db import connection, transaction

    from orgs.models import Organization
    from orgs.services import organization_move

    value = timed(lambda: organization_move(actor=None, organization=divisions[0], parent=divisions[-1]))
    path = Organization.objects.get(pk=divisions[0].pk).path
    sql = "UPDATE orgs_organization SET path = %s || substr(path, %s), depth = depth + 1 WHERE path >= %s AND path < %s"

    def bare() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [f"{divisions[0].path}ZZZZ", len(path) + 1, path, f"{path}Z"])
            transaction.set_rollback(True)

    return value, timed(bare)


def query(sql: str) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def report(figures: dict[str, tuple[float, float]], size: int, *, as_json: bool) -> None:
    if not as_json:
        print(f"{'tree':<10}{'organizations':>15}{'seconds':>10}{'floor':>10}{'ratio':>8}")
    for name, (value, floor) in figures.items():
        ratio = value / floor
        found = {"name": f"tree.{name}", "size": size, "value": value, "unit": "s", "floor": floor, "ratio": ratio}
        print(json.dumps(found) if as_json else f"{name:<10}{size:>15}{value:>10.3f}{floor:>10.4f}{ratio:>8.1f}")


if __name__ == "__main__":
    main()
