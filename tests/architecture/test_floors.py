"""An import only goes down (docs/architecture.md). Reads every import of the project, top level and late ones alike."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("campaign", "orgs", "pledges", "reviews", "awards")
ENGINES = ("campaign.scoring", "campaign.ballots", "campaign.reports", "campaign.notices")
BASE = (
    "campaign.common",
    "campaign.audit",
    "campaign.jobs",
    "campaign.attachments",
    "campaign.drafts",
    "campaign.lists",
    "campaign.env",
)
COMPOSITION = (
    "campaign.settings",
    "campaign.urls",
    "campaign.celery",
    "campaign.wsgi",
    "campaign.demo",
    "campaign.management",
    "campaign.health",
)
FLOORS: tuple[tuple[str, ...], ...] = (
    BASE,
    ("orgs",),
    ("campaign",),
    ENGINES,
    ("pledges", "campaign.filings"),
    ("reviews",),
    ("awards",),
    COMPOSITION,
)
READABLE = ("selectors", "models", "registry")
"""What reviews and awards may read of the links below them, and the registries that these own for them to fill."""


def part_of(module: str) -> tuple[int, str]:
    """Return the floor and the part that `module` belongs to: the longest name that fits."""
    found = [
        (len(part), floor, part)
        for floor, parts in enumerate(FLOORS)
        for part in parts
        if module == part or module.startswith(f"{part}.")
    ]
    _, floor, part = max(found)
    return floor, part


def modules() -> Iterator[tuple[str, Path]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield name.removesuffix(".__init__"), path


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def complaint(importer: str, imported: str) -> str | None:
    """Say what is wrong with an import between two parts of the project; None when nothing is."""
    if imported.split(".", maxsplit=1)[0] not in APPS:
        return None
    from_floor, from_part = part_of(importer)
    to_floor, to_part = part_of(imported)
    if from_part == to_part or from_part in COMPOSITION or importer == "campaign":
        return None
    rest = imported.removeprefix(to_part).split(".")
    if to_floor > from_floor:
        return f"{importer} climbs to {imported}"
    if from_part in ENGINES and to_part in ENGINES and "registry" not in rest:
        return f"{importer} may know only the registry of {to_part}, not {imported}"
    if from_part in ("reviews", "awards") and to_part in ("pledges", "reviews") and not set(rest) & set(READABLE):
        return f"{importer} may only read {to_part}, not {imported}"
    return None


def test_no_import_climbs() -> None:
    found = [text for name, path in modules() for imported in imports(path) if (text := complaint(name, imported))]
    assert found == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("campaign.common.access", "orgs.models"),
        ("orgs.services", "campaign.models.Campaign"),
        ("campaign.scoring.services", "pledges.models"),
        ("campaign.scoring.services", "campaign.ballots.models"),
        ("pledges.services", "reviews.models"),
        ("reviews.services", "pledges.services"),
    ],
)
def test_what_is_forbidden_is_found(importer: str, imported: str) -> None:
    assert complaint(importer, imported)


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("campaign.scoring.reports", "campaign.reports.registry.reports"),
        ("awards.services", "pledges.selectors.pledges_of"),
        ("campaign.demo.seed", "awards.services"),
        ("orgs.services", "campaign.common.errors.DomainError"),
    ],
)
def test_what_is_allowed_passes(importer: str, imported: str) -> None:
    assert complaint(importer, imported) is None
