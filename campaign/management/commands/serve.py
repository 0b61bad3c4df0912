"""Run the whole portal on one machine: web server, worker and scheduler under one supervisor."""

import os
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from campaign import frontend
from campaign.demo.logins import demo_logins
from campaign.env import env_bool
from campaign.supervisor import Program, Supervisor

DEMO_SIZE = "s"


class Command(BaseCommand):
    help = (
        "Bring the database up to date and run web server, worker and scheduler until Ctrl-C. Loads the demo group into "
        "an empty database when no DATABASE_URL is set, or with DEMO=1; never with DEMO=0."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"), help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--workers", type=int, default=2, help="processes of the web server")
        parser.add_argument("--threads", type=int, default=4, help="threads of each of them")
        parser.add_argument("--concurrency", type=int, default=2, help="processes of the worker")

    def handle(self, *args: Any, **options: Any) -> None:
        check_port(options["host"], options["port"])
        call_command("migrate", interactive=False, verbosity=1)
        self.load_demo()
        self.collect_static()
        self.greet(options["host"], options["port"])
        # The programs open connections of their own.
        connections.close_all()
        Supervisor(programs(options), self.say).run()
        self.say("Stopped.")

    def say(self, line: str) -> None:
        """Print at once, also into a pipe; a reader that went away must not stop the portal."""
        try:
            print(line, flush=True)
        except BrokenPipeError:
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115

    def load_demo(self) -> None:
        if env_bool("DEMO", default=settings.EMBEDDED) and not get_user_model().objects.exists():
            self.say("The database is empty: loading the demo group.")
            call_command("seed_demo", size=DEMO_SIZE, verbosity=0)  # the logins come with the address

    def collect_static(self) -> None:
        """Put the static files where the web server reads them, when any changed since the last time."""
        now, mark = frontend.fingerprint(), settings.DATA_DIR / "static.fingerprint"
        if mark.exists() and mark.read_text(encoding="ascii") == now and settings.STATIC_ROOT.is_dir():
            return
        call_command("collectstatic", interactive=False, verbosity=0)
        mark.write_text(now, encoding="ascii")

    def greet(self, host: str, port: int) -> None:
        shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host  # noqa: S104
        lines = [f"The portal is at http://{shown}:{port}/ (Ctrl-C stops it)."]
        logins = demo_logins()
        if logins:
            width = max(len(username) for _role, username, _password in logins)
            lines += ["Demo logins (account, password, role):"]
            lines += [f"  {username:{width}}  {password}  {role}" for role, username, password in logins]
        self.say("\n".join(["", *lines, ""]))


def check_port(host: str, port: int) -> None:
    """Raise CommandError where the port cannot be listened on, before anything else is done."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host}:{port}: {error.strerror}. Choose another with PORT=…"
            ) from error


def programs(options: dict[str, Any]) -> list[Program]:
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--quiet", "-A", "campaign"]
    return [
        Program(
            "web",
            [
                *python, "granian", "--interface", "wsgi", "--host", options["host"], "--port", str(options["port"]),
                "--workers", str(options["workers"]), "--blocking-threads", str(options["threads"]),
                "--respawn-failed-workers", "--workers-kill-timeout", "3", "--no-ws", "--log-level", "warning",
                "campaign.wsgi:application",
            ],
        ),
        Program(
            "worker",
            [*celery, "worker", "--concurrency", str(options["concurrency"]), "--loglevel", "INFO",
             "--without-gossip", "--without-mingle"],
            # On SIGTERM wait CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT for running tasks, then end: jobs go on elsewhere.
            {"REMAP_SIGTERM": "SIGQUIT"},
        ),
        Program("scheduler", [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""]),
    ]  # fmt: skip
