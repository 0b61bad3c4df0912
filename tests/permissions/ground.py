"""The group in which every address is tried: made once per process, and put back after every request."""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from campaign.common import clock
from campaign.common.capabilities import Role
from orgs.models import RoleAssignment, User
from tests.permissions.oracle import ACTORS, held_roles
from tests.world import PASSWORD, World, make_world

NOON = clock.start_of(dt.date(2026, 7, 10)) + dt.timedelta(hours=12)
"""In the second stage of the campaign, which carries everything that is done in one."""
READS = ("SELECT", "EXPLAIN", "PRAGMA")
"""How a statement begins that changes nothing; every other one writes."""
TABLE = re.compile(r'(?:INTO|UPDATE|FROM)\s+"?(\w+)', re.IGNORECASE)
SAVEPOINT = re.compile(r'(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT)\s+"?(\w+)', re.IGNORECASE)
OWN_SESSION = {"sign_in_session"}
"""Every visit may renew the visitor's own session."""


@dataclass(frozen=True)
class Answer:
    """What came back. `written` are the tables that are changed by it, `tried` also those whose change was taken back;
    `then` is how the page ends that the answer leads to."""

    status: int
    text: str
    location: str
    written: frozenset[str]
    tried: frozenset[str]
    then: str = ""

    @property
    def kind(self) -> str:
        if self.status == 404:
            return "not found"
        if 300 <= self.status < 400:
            return "sent on"
        return "shown" if self.status == 200 else str(self.status)


class Writes:
    """Notes what a request writes, from the statements that it sends to the database."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.tried: set[str] = set()
        self._savepoints: dict[str, int] = {}

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if found := SAVEPOINT.match(sql):
            self._savepoint(found[1].upper(), found[2])
        elif not sql.lstrip().upper().startswith(READS):
            table = TABLE.search(sql)
            name = table[1] if table else sql
            if name not in OWN_SESSION:
                self.kept.append(name)
                self.tried.add(name)
        return execute(sql, params, many, context)

    def _savepoint(self, verb: str, name: str) -> None:
        if verb == "SAVEPOINT":
            self._savepoints[name] = len(self.kept)
        elif verb.startswith("ROLLBACK"):
            del self.kept[self._savepoints[name] :]


class _Undo(Exception):
    """Ends a block whose changes nobody wants."""


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block does to the database."""
    try:
        with transaction.atomic():
            yield
            raise _Undo
    except _Undo:
        pass


@dataclass
class Ground:
    world: World
    client: Client = field(default_factory=Client)
    sessions: dict[str, str] = field(default_factory=dict)

    def ask(self, actor: str, method: str, url: str, data: Mapping[str, Any] | None = None) -> Answer:
        """Send a request as `actor` ("" is nobody), look where it leads, and take back what it did."""
        with undone():
            answer = self.send(actor, method, url, data)
            if method == "POST" and answer.kind == "sent on" and actor and answer.written:
                answer = replace(answer, then=self.send(actor, "GET", answer.location).kind)
        return answer

    def send(self, actor: str, method: str, url: str, data: Mapping[str, Any] | None = None) -> Answer:
        """Send a request as `actor`; what it does stays until the test ends."""
        self.client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: self.sessions[actor]} if actor else {})
        writes = Writes()
        try:
            with connection.execute_wrapper(writes):
                response: Any = getattr(self.client, method.lower())(url, data or {})
                text = _text(response)
        except Exception as error:
            error.add_note(f"{method} {url} as {actor or 'nobody'}")
            raise
        location = response.get("Location", "")
        return Answer(response.status_code, text, location, frozenset(writes.kept), frozenset(writes.tried))


def _text(response: Any) -> str:
    """Return headers and body as a reader gets them: nothing hides in an encoding."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    body = content.decode(errors="replace")
    if body and "json" in response.get("Content-Type", ""):
        body = json.dumps(json.loads(body), ensure_ascii=False)
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    return f"{unquote(headers)}\n{body}"


def make_ground() -> Ground:
    """Build the world with one campaign that is running, and sign everybody in."""
    world = make_world(members_per_branch=3)
    world.campaign()
    for actor in ACTORS:
        if actor not in world.users:
            _appoint(world, actor)
    ground = Ground(world)
    for actor in ACTORS:
        ground.client.cookies = SimpleCookie()  # else the session of the one before would end
        ground.client.force_login(world.users[actor], backend="orgs.authentication.AccountBackend")
        ground.sessions[actor] = ground.client.cookies[settings.SESSION_COOKIE_NAME].value
    return ground


def _appoint(world: World, actor: str) -> None:
    """Make an account for "role@place"; for nobody's role, one whose role ended yesterday."""
    name, at = actor.split("@")
    user = User(username=f"{name}-{at}", name=actor, organization=world.orgs[at])
    user.set_password(PASSWORD)
    user.save()
    roles = [role for role, _at in held_roles(actor)] or [Role.STAFF]
    ends_on = None if held_roles(actor) else clock.today() - dt.timedelta(days=1)
    for role in roles:
        RoleAssignment.objects.create(
            user=user, role=role, organization=world.orgs[at], starts_on=dt.date(2020, 1, 1), ends_on=ends_on
        )
    world.users[actor] = user
