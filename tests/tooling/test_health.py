"""/healthz names what is down; heartbeats count for TIMEOUT_SECONDS and are seen by every process."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from campaign import heartbeat
from campaign.common import clock

pytestmark = pytest.mark.django_db
ALL_WELL = {"database": "ok", "broker": "ok", "worker": "ok", "scheduler": "ok"}


@pytest.fixture(autouse=True)
def _no_heartbeats(settings: LazySettings) -> Iterator[None]:
    """Heartbeats outlive a test like they outlive a process."""
    yield
    if settings.REDIS_URL:
        with heartbeat.redis_client() as redis:
            redis.flushdb()
    for path in (settings.DATA_DIR / "run").glob("heartbeat-*"):
        path.unlink()


def test_all_well(client: Client) -> None:
    heartbeat.beat("worker")
    heartbeat.beat("scheduler")
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == ALL_WELL


@pytest.mark.parametrize("missing", ["worker", "scheduler"])
def test_names_the_part_that_never_beat(client: Client, missing: str) -> None:
    for part in {"worker", "scheduler"} - {missing}:
        heartbeat.beat(part)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == ALL_WELL | {missing: "down"}


def test_a_heartbeat_counts_until_it_is_too_old(client: Client) -> None:
    heartbeat.beat("worker")
    heartbeat.beat("scheduler")
    beaten = clock.now()
    with clock.at(beaten + timedelta(seconds=heartbeat.TIMEOUT_SECONDS - 1)):
        assert client.get("/healthz").status_code == 200
    with clock.at(beaten + timedelta(seconds=heartbeat.TIMEOUT_SECONDS + 1)):
        assert client.get("/healthz").json() == ALL_WELL | {"worker": "down", "scheduler": "down"}


@pytest.mark.one_database
def test_names_the_broker_whose_folder_is_gone(client: Client, settings: LazySettings, tmp_path: Path) -> None:
    heartbeat.beat("worker")
    heartbeat.beat("scheduler")
    settings.BROKER_DIR = tmp_path / "gone"
    assert client.get("/healthz").json() == ALL_WELL | {"broker": "down"}


@pytest.mark.redis
def test_names_a_redis_that_does_not_answer(client: Client, settings: LazySettings) -> None:
    heartbeat.beat("worker")
    heartbeat.beat("scheduler")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never says a word
        given, settings.REDIS_URL = settings.REDIS_URL, f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        began = time.monotonic()
        response = client.get("/healthz")
        settings.REDIS_URL = given
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "broker": "down", "worker": "down", "scheduler": "down"}
    assert time.monotonic() - began < 10


def test_answers_only_to_be_read(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
