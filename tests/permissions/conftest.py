import copy
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from campaign.common import clock
from tests.permissions.ground import NOON, Ground, make_ground, undone


def with_bare_refusals() -> Any:
    """Return the templates, but "not found" without menu and frame: most answers are refusals, and `test_lists` looks at
    the frame. What the page is given is printed instead."""
    (engine,) = copy.deepcopy(settings.TEMPLATES)
    engine["APP_DIRS"] = False
    loaders = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
    bare = ("django.template.loaders.locmem.Loader", {"404.html": "{{ request_path }} {{ exception }}"})
    engine["OPTIONS"]["loaders"] = [("django.template.loaders.cached.Loader", [bare, *loaders])]
    return [engine]


@pytest.fixture(scope="module")
def shared_ground(django_db_setup: None, django_db_blocker: Any) -> Iterator[Ground]:
    """One group for all tests of a module, in a transaction that is never committed."""
    with django_db_blocker.unblock(), clock.at(NOON), transaction.atomic():
        yield make_ground()
        transaction.set_rollback(True)


@pytest.fixture
def ground(shared_ground: Ground, db: None) -> Iterator[Ground]:
    with undone():
        yield shared_ground


@pytest.fixture(scope="module")
def bare_refusals() -> Iterator[None]:
    with override_settings(TEMPLATES=with_bare_refusals(), SESSION_SAVE_EVERY_REQUEST=False):
        yield
