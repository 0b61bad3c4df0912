"""Which parts are alive: database and broker are asked, worker and scheduler leave a heartbeat."""

import os
from collections.abc import Callable

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from redis import RedisError

from campaign.common.access import PUBLIC, access
from campaign.heartbeat import has_beaten, redis_client


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def broker_answers() -> bool:
    if not settings.REDIS_URL:
        return os.access(settings.BROKER_DIR / "messages", os.W_OK | os.X_OK)
    try:
        with redis_client() as redis:
            return bool(redis.ping())
    except RedisError:
        return False


PARTS: dict[str, Callable[[], bool]] = {
    "database": database_answers,
    "broker": broker_answers,
    "worker": lambda: has_beaten("worker"),
    "scheduler": lambda: has_beaten("scheduler"),
}


@access(GET=PUBLIC)
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part is alive, else 503; the body names each part. It says nothing else to the world."""
    alive = {part: answers() for part, answers in PARTS.items()}
    state = {part: "ok" if ok else "down" for part, ok in alive.items()}
    return JsonResponse(state, status=200 if all(alive.values()) else 503, headers={"Cache-Control": "no-store"})
