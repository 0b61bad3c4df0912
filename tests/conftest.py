"""What every test shares; the browser's fixtures stand in tests/chromium.py."""

import gc
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from campaign.audit.models import PROTECTED
from campaign.common.append_only import unprotect
from campaign.scoring import sealing
from tests.world import World, make_world

pytest_plugins = ["tests.chromium"]


# How fast a busy machine draws examples says nothing of the rule that they try.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}


def pytest_sessionstart() -> None:
    """Compile the translations that are newer than what was compiled: tests read pages as people do."""
    from django.conf import settings

    from campaign.catalogues import compile_catalogues

    compile_catalogues(settings.BASE_DIR)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was loaded to stay: it would look at all of it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def touches_database(item: pytest.Item) -> bool:
    cls = getattr(item, "cls", None)
    return (
        item.get_closest_marker("django_db") is not None
        or not DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
        or (cls is not None and issubclass(cls, TransactionTestCase))
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a server that this run was not given; the runner names it at its end.

    What touches no database says the same on each, so that the pass on the servers leaves it out.
    """
    from django.conf import settings

    for item in items:
        if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL (set TEST_DATABASE_URL)"))
        if item.get_closest_marker("redis"):
            if not settings.REDIS_URL:
                item.add_marker(pytest.mark.skip(reason="needs Redis (set TEST_REDIS_URL)"))
        elif not touches_database(item):
            item.add_marker("one_database")


@pytest.fixture(autouse=True)
def _own_cache() -> Iterator[None]:
    """No test finds what another one cached."""
    yield
    cache.clear()


@pytest.fixture
def world(db: None) -> World:
    """The small group of tests/world.py; a browser test asks for `live_server` or `page` as well."""
    return make_world()


@pytest.fixture
def emptied(transactional_db: None) -> Iterator[None]:
    """Lets the database be emptied after a test that commits; the triggers come back with the emptying."""
    yield
    sealing.uninstall()
    for model in PROTECTED:
        unprotect(model)
