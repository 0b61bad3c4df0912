"""People who press in the same second: calls in threads and on connections of their own."""

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from campaign.common.errors import DomainError


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Run `calls` in threads of their own; return "" for each that went through, else the name of its refusal."""

    start = Barrier(len(calls))

    def attempt(call: Callable[[], object]) -> str:
        start.wait(timeout=30)
        try:
            call()
        except DomainError as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(calls)) as pool:
        # The clock of the test is a context variable: each thread gets it.
        return [
            done.result() for done in [pool.submit(contextvars.copy_context().run, attempt, call) for call in calls]
        ]
