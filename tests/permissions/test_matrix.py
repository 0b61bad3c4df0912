"""Every address × method × role × place of the object, against the matrix (docs/roles.md).

Allowed means that the page is shown, or that the post changes something; refused means "not found", nothing of the object
in the answer, and not one statement that writes.
"""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver, reverse

import tests.permissions as package
from campaign.common.access import PUBLIC, SIGNED_IN, Decision
from campaign.common.capabilities import MATRIX, Cap
from orgs.models import User
from tests.permissions.cases import Case, Target, cases
from tests.permissions.ground import Answer, Ground, undone
from tests.permissions.oracle import ACTORS, BESIDE, VISITORS, holds_somewhere

AUDIT = "audit_auditentry"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")

for module in pkgutil.iter_modules(package.__path__):
    if not module.name.startswith("test_"):
        importlib.import_module(f"tests.permissions.{module.name}")


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            if entry.namespace != "admin":  # Django's own gate, see below
                yield from patterns(entry)
        else:
            yield entry


ADDRESSES = {str(pattern.name): pattern for pattern in patterns()}
DECISIONS: dict[str, dict[str, Decision]] = {
    name: getattr(pattern.callback, "access", {}) for name, pattern in ADDRESSES.items()
}
TRIES = [
    (name, method, number)
    for name, decisions in sorted(DECISIONS.items())
    for method in decisions
    for number, _case in enumerate(cases.get(name, ()))
]


def test_every_address_has_a_name_a_decision_and_a_case() -> None:
    assert len(ADDRESSES) == len(list(patterns()))
    assert [name for name, decisions in DECISIONS.items() if not decisions] == []
    assert sorted(set(ADDRESSES) ^ set(cases)) == []


def test_every_capability_has_a_role_and_every_decision_a_capability() -> None:
    assert [capability for capability in Cap if not MATRIX.get(capability)] == []
    decided = {decision for decisions in DECISIONS.values() for decision in decisions.values()}
    assert {decision for decision in decided if not isinstance(decision, Cap)} <= {PUBLIC, SIGNED_IN}


@pytest.mark.one_database
@pytest.mark.parametrize(("name", "method", "number"), TRIES)
def test_address(bare_refusals: None, ground: Ground, name: str, method: str, number: int) -> None:
    case, decision = cases[name][number], DECISIONS[name][method]
    wrong: list[str] = []
    for at in _places(case):
        with undone():
            target = case.make(ground.world, at) if case.make else Target(kwargs=case.arguments, payload=case.payload)
            for actor in (*VISITORS, "") if at == _places(case)[0] else VISITORS:
                answer = _ask(ground, actor, method, name, target)
                wrong += [
                    f"{method} {name} of {at or 'nothing'} as {actor or 'nobody'}: {complaint}"
                    for complaint in _complaints(case, target, decision, method, actor, at, answer)
                ]
    assert not wrong, "\n".join(wrong)


def _places(case: Case) -> list[str]:
    """Leave out what lies beside: for an address it is as foreign as the rest, and the test of the gate looks at both."""
    return [at for at in case.places if at != BESIDE] if case.make else [""]


def _ask(ground: Ground, actor: str, method: str, name: str, target: Target) -> Answer:
    url = reverse(name, kwargs=dict(target.kwargs)) + target.query
    return ground.ask(actor, method, url, target.data if method == "POST" else None)


def _complaints(
    case: Case, target: Target, decision: Decision, method: str, actor: str, at: str, answer: Answer
) -> Iterator[str]:
    opened = decision == PUBLIC or (bool(actor) and (decision == SIGNED_IN or holds_somewhere(actor, Cap(decision))))
    reached = opened and (case.make is None or (bool(actor) and target.reached_by(actor, decision, at)))
    if not actor and not opened:
        if answer.kind != "sent on" or not answer.location.startswith(reverse("login")):
            yield f"{answer.kind} instead of the login page"
    else:
        wanted = _wanted(case, method, actor, at, opened=opened, reached=reached)
        if (found := _found(method, answer, case.status)) != wanted:
            yield f"{found} instead of {wanted} (wrote to {sorted(answer.written)})"
    if not reached and answer.tried:
        yield f"wrote to {sorted(answer.tried)}"
    if method == "GET" and answer.tried - {AUDIT}:
        yield f"a visit wrote to {sorted(answer.tried)}"
    if answer.then not in ("", "shown", "sent on"):
        yield f"leads to {answer.location}, which is {answer.then}"
    if target.marker and not reached and target.marker in answer.text:
        yield "shows the marker"
    named = case.names and method == "GET" and answer.kind == "shown" and reached
    if named and target.marker not in answer.text:
        yield "does not show the marker"


def _wanted(case: Case, method: str, actor: str, at: str, *, opened: bool, reached: bool) -> str:
    """Say how the request has to end: not found, shown, sent on (GET), changed, told (POST)."""
    if not opened or (not reached and not case.named_in_form):
        return "not found"
    if method == "GET":
        return "sent on" if case.sent_on(actor, at) else "shown"
    return "changed" if reached and case.changes and not case.told(actor, at) else "told"


def _found(method: str, answer: Answer, status: int) -> str:
    shown = answer.status == status
    if method == "GET":
        return "shown" if shown else answer.kind
    if shown or answer.kind == "sent on":
        return "changed" if answer.written else "told"
    return answer.kind


@pytest.mark.one_database
@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_a_method_without_a_decision_is_refused(bare_refusals: None, ground: Ground, name: str) -> None:
    case, decided = cases[name][0], set(DECISIONS[name])
    target = case.make(ground.world, _places(case)[0]) if case.make else Target(kwargs=case.arguments)
    if "GET" in decided:
        asked, headed = (_ask(ground, "former@east", method, name, target) for method in ("GET", "HEAD"))
        assert (headed.status, headed.tried) == (asked.status, frozenset())
        decided.add("HEAD")
    for method in METHODS:
        if method not in decided:
            answer = _ask(ground, "office@root", method, name, target)
            assert (answer.status, answer.tried) == (405, frozenset()), method


@pytest.mark.one_database
def test_djangos_own_admin_is_closed_to_every_role_and_changes_nothing(ground: Ground) -> None:
    pages = [reverse("admin:index")] + [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
    ]
    for page in pages:
        for actor in ACTORS:
            answer = ground.ask(actor, "GET", page)
            assert answer.kind == "sent on", f"{page} as {actor}"
            assert answer.location.startswith(reverse("admin:login"))
    User.objects.filter(pk=ground.world.users["office@root"].pk).update(is_superuser=True)
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert ground.ask("office@root", "GET", reverse(f"{name}_changelist")).status == 200, name
        added = ground.ask("office@root", "POST", reverse(f"{name}_add"))
        assert (added.status, added.tried) == (403, frozenset()), name
