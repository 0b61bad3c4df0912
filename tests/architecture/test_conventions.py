"""What every part of the product keeps, whoever wrote it: read from its sources and its models."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.db.models import CheckConstraint, Q
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.functional import Promise

from campaign.common.access import ScopedQuerySet
from campaign.common.capabilities import MATRIX
from tests.architecture.test_floors import APPS, modules

OUR_MODELS = [model for model in apps.get_models() if model.__module__.split(".")[0] in APPS]
CLOCK = "campaign.common.clock"
TIMES = {
    ("timezone", "now"),
    ("date", "today"),
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("time", "time"),
}
EXACT = ("campaign.scoring", "campaign.ballots", "campaign.common.exact", "pledges", "reviews", "awards")


# -- time ----------------------------------------------------------------------------------------------------------


def asked_for_the_time(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that ask for the time themselves: `timezone.now()`, `dt.date.today()`, or a reference to one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if (owner, node.attr) in TIMES:
                yield node.lineno
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").rpartition(".")[2]
            if any((module, alias.name) in TIMES for alias in node.names):
                yield node.lineno


def test_only_the_clock_asks_for_the_time() -> None:
    found = [
        f"{name}:{line}"
        for name, path in modules()
        if name != CLOCK
        for line in asked_for_the_time(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_files_go_out_by_one_door() -> None:
    """Which keeps them out of caches: most hold names (`campaign.common.downloads`)."""
    door = "campaign.common.downloads"
    found = [name for name, path in modules() if name != door and "FileResponse(" in path.read_text(encoding="utf-8")]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "timezone.now()",
        "x = dt.date.today()",
        "datetime.now(UTC)",
        "default=timezone.now",
        "from django.utils.timezone import now",
    ],
)
def test_asking_for_the_time_is_found(source: str) -> None:
    assert list(asked_for_the_time(ast.parse(source)))


def test_the_clock_is_not_found() -> None:
    assert not list(asked_for_the_time(ast.parse("moment = clock.now(); day = clock.today(); time.monotonic()")))


# -- marks ---------------------------------------------------------------------------------------------------------


def inexact(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that make a float."""
    for node in ast.walk(tree):
        made = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float"
        if made or (isinstance(node, ast.Constant) and isinstance(node.value, float)):
            yield node.lineno


def test_what_is_counted_is_exact() -> None:
    found = [
        f"{name}:{line}"
        for name, path in modules()
        if name.startswith(EXACT) and ".management." not in name  # which wait for seconds
        for line in inexact(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize("source", ["float(marks)", "marks * 0.01"])
def test_a_float_is_found(source: str) -> None:
    assert list(inexact(ast.parse(source)))


def test_no_column_is_inexact() -> None:
    assert [field for model in OUR_MODELS for field in model._meta.fields if isinstance(field, models.FloatField)] == []


# -- models --------------------------------------------------------------------------------------------------------


def held_values(condition: Any, field: str) -> set[str] | None:
    """Return the values that a check leaves to `field`; None where it leaves all of them."""
    if isinstance(condition, tuple):
        lookup, value = condition
        if lookup == f"{field}__in":
            return set(value)
        return {value} if lookup == field else None
    if not isinstance(condition, Q) or condition.negated:
        return None
    found = [held_values(child, field) for child in condition.children]
    known = [values for values in found if values is not None]
    if condition.connector == Q.OR:
        return set.union(*known) if known and len(known) == len(found) else None
    return set.intersection(*known) if known else None


def test_every_choice_is_held_by_the_database() -> None:
    loose = []
    for model in OUR_MODELS:
        for field in model._meta.local_fields:
            if not field.choices:
                continue
            allowed = {value for value, _label in field.flatchoices}
            checks = [each.condition for each in model._meta.constraints if isinstance(each, CheckConstraint)]
            held = [values for each in checks if (values := held_values(each, field.name)) is not None]
            if not any(allowed <= values <= allowed | {""} for values in held):
                loose.append(field)
    assert loose == []


def test_every_model_has_a_name_that_people_can_read() -> None:
    """The admin and the audit log print it: a translated one, not the class's own."""
    assert [model for model in OUR_MODELS if not isinstance(model._meta.verbose_name, Promise)] == []


def test_what_knows_the_user_says_how() -> None:
    """A queryset that is scoped names its capability, which somebody holds, and lookups that exist."""
    for model in OUR_MODELS:
        queryset = model._default_manager.get_queryset()
        if not isinstance(queryset, ScopedQuerySet):
            continue
        assert MATRIX[queryset.view_capability], model
        places = {queryset.org_lookup, *queryset.org_lookups.values()}
        people = {queryset.person_lookup, *queryset.person_lookups.values()}
        for lookup in (places | people) - {None, "", "pk"}:
            if lookup != "organization" or "organization" in {field.name for field in model._meta.get_fields()}:
                model._default_manager.filter(**{f"{lookup}__isnull": False})


# -- views ---------------------------------------------------------------------------------------------------------


def decided_views() -> set[Any]:
    return {inspect.unwrap(entry.callback) for entry in _entries(get_resolver()) if hasattr(entry.callback, "access")}


def _entries(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _entries(entry)
        else:
            yield entry


def public_views(path: Path) -> Iterator[ast.FunctionDef]:
    """Yield the functions of a module of views that take a request first and are meant for an address."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if public and node.args.args and node.args.args[0].arg == "request":
            yield node


def is_decided(node: ast.FunctionDef) -> bool:
    called = [decorator.func for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
    return any(getattr(function, "id", "") == "access" for function in called)


VIEWS = [(name, path) for name, path in modules() if "views" in name.split(".") or name == "campaign.health"]


def test_every_view_carries_its_decision() -> None:
    assert len(VIEWS) > 10
    found = [f"{name}.{node.name}" for name, path in VIEWS for node in public_views(path) if not is_decided(node)]
    assert found == []


def test_every_view_has_an_address() -> None:
    """A view that nobody can reach is not tried by the permission test either."""
    reached = {(view.__module__, view.__name__) for view in decided_views()}
    assert [f"{n}.{v.name}" for n, path in VIEWS for v in public_views(path) if (n, v.name) not in reached] == []


def test_views_leave_writing_to_services() -> None:
    """No view saves, creates or deletes: only services change state."""
    writing = {"save", "create", "bulk_create", "update_or_create", "get_or_create", "bulk_update", "save_version"}
    found = [
        f"{name}:{node.lineno}"
        for name, path in VIEWS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in writing
    ]
    assert found == []
