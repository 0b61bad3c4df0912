"""Heartbeats of worker and scheduler, which tell that they are alive without asking them.

They go the way of the broker: a file in DATA_DIR where the broker is one, else a key in Redis, which every machine of the
installation sees. They do not go through the queue, so that a worker busy with long jobs counts as alive.
"""

import logging
import os
import threading
from pathlib import Path
from typing import Any, cast

from celery import Celery, bootsteps, signals
from django.conf import settings
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from campaign.common import clock

logger = logging.getLogger(__name__)

EVERY_SECONDS = 4
# Three beats missed: long enough for a busy machine, short enough that a restart is seen.
TIMEOUT_SECONDS = 15


def redis_client() -> Redis:
    """Return a client that gives up soon and does not try again: who asks for health does not wait."""
    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0))


def beat(part: str) -> None:
    """Leave the heartbeat of `part`; a failure to do so is logged, since it must not stop the part."""
    stamp = str(clock.now().timestamp())
    try:
        if settings.REDIS_URL:
            with redis_client() as redis:
                redis.set(_key(part), stamp)
        else:
            _write(_file(part), stamp)
    except (OSError, RedisError) as error:
        logger.warning("no heartbeat of the %s: %s", part, error)


def _key(part: str) -> str:
    return f"campaign-heartbeat-{part}"


def _file(part: str) -> Path:
    return Path(settings.DATA_DIR) / "run" / f"heartbeat-{part}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(text, encoding="ascii")
    fresh.replace(path)


def _read(part: str) -> bytes | None:
    if not settings.REDIS_URL:
        return _file(part).read_bytes()
    with redis_client() as redis:
        return cast("bytes | None", redis.get(_key(part)))


def has_beaten(part: str) -> bool:
    """Return whether `part` left a heartbeat within the last TIMEOUT_SECONDS."""
    try:
        stamp = _read(part)
    except (OSError, RedisError):
        return False
    return stamp is not None and clock.now().timestamp() - float(stamp) < TIMEOUT_SECONDS


class WorkerHeartbeat(bootsteps.StartStopStep):
    """Beats in a thread of the worker's main process, once its children are there.

    Not by Celery's own timer: that one keeps a stopping worker waiting for the next beat.
    """

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        self.stopped = threading.Event()
        threading.Thread(target=self.beat_until_stopped, daemon=True).start()

    def beat_until_stopped(self) -> None:
        beat("worker")
        while not self.stopped.wait(EVERY_SECONDS):
            beat("worker")

    def stop(self, parent: Any) -> None:
        self.stopped.set()


def scheduler_has_sent(**_: Any) -> None:
    beat("scheduler")


def scheduler_starts(**_: Any) -> None:
    """Beat whenever the scheduler has sent something, which it does every few seconds (jobs.sweep)."""
    beat("scheduler")
    signals.after_task_publish.connect(scheduler_has_sent)


def install(app: Celery) -> None:
    """Let workers and schedulers of `app` leave their heartbeats."""
    app.steps["worker"].add(WorkerHeartbeat)
    signals.beat_init.connect(scheduler_starts)
