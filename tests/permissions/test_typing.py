"""Nothing typed is lost, and nobody overwrites anybody unseen: looked for in every form that the pages of pledges show, so
that a form which is new has to keep what is typed into it as well (tests/pledges/test_browser_keeping.py tries it by hand)."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.apps import apps
from django.db.models import F
from django.test import Client
from django.test.html import Element, parse_html
from django.urls import reverse

from campaign.common import clock
from campaign.common.errors import EditConflict
from campaign.common.models import Versioned
from pledges.models import PledgeState
from pledges.services import boardlink_create
from tests.permissions.cases import Target, cases
from tests.permissions.ground import Ground, undone
from tests.permissions.pledges import stored
from tests.permissions.test_matrix import ADDRESSES, DECISIONS
from tests.permissions.test_odd_values import asking
from tests.pledges.test_browser_keeping import ELSEWHERE, OTHERS

pytestmark = pytest.mark.one_database

PAGES = sorted(
    name
    for name, pattern in ADDRESSES.items()
    if getattr(pattern.callback, "__module__", "").startswith("pledges.views") and "GET" in DECISIONS[name]
)
NOTHING_TYPED = {"pledge_create": "a choice alone", "hall_enter": "the code of a link, which is in its address"}
"""Forms that keep nothing, and why. Those that take files alone cannot: a browser gives none back."""
ADDED = {
    "board_link": "a further link",
    "comment_add": "a further opinion",
    "pledge_appraise_many": "asked with the time at which each item was seen",
    "pledge_check": "a further check",
    "pledge_progress": "a further entry",
    "pledge_queue_publish": "asked with the time at which the list was seen",
    "pledge_queue_review": "asked with the time at which the list was seen",
    "adjustment_decide": "one of two who decide is refused",
    "pledge_check_answer": "one of two who answer is refused",
}
"""Drafts of forms that carry no version: nothing that somebody else wrote can be overwritten."""
TRIED_BY_HAND = {*OTHERS, *ELSEWHERE}
HALF = "写到一半的话"
SAMPLES = {"textarea": HALF, "text": HALF, "number": "7", "date": "2026-08-01"}
PICKED = ("radio", "checkbox")


@dataclass
class Shown:
    """A form as it stands on a page. `values` is what a browser would send, `typed` what somebody who fills it all in would."""

    address: str
    url: str
    draft: str
    kept_in_page: bool = False
    values: dict[str, list[str]] = field(default_factory=dict)
    typed: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, list[str]] = field(default_factory=dict)

    @property
    def written(self) -> dict[str, list[str]]:
        """The fields that people fill in."""
        return {name: values for name, values in self.typed.items() if self.kinds[name] != "hidden"}


Opened = Iterator[tuple[str, str, list[Shown]]]


def elements(element: Element | str) -> Iterator[Element]:
    if isinstance(element, Element):
        yield element
        for child in element.children:
            yield from elements(child)


def forms_on(address: str, text: str, url: str) -> Iterator[Shown]:
    tree = parse_html(text[text.index("<body") : text.index("</body>") + len("</body>")])
    for element in elements(tree):
        given = dict(element.attributes)
        if element.name == "form" and given.get("method") == "post":
            form = Shown(
                address, given.get("action") or url, given.get("data-draft") or "", given.get("data-draft") == ""
            )
            for part in elements(element):
                _note(form, part)
            yield form


def _note(form: Shown, part: Element) -> None:
    given = dict(part.attributes)
    name, kind = given.get("name"), given.get("type", "text") if part.name == "input" else part.name
    if part.name == "button" and name:
        form.buttons[name] = [given.get("value", "")]
    if part.name not in ("input", "textarea", "select") or not name or name == "csrfmiddlewaretoken":
        return
    form.kinds[name] = str(kind)
    if part.name == "select":
        options = [dict(each.attributes) for each in elements(part) if each.name == "option"]
        form.values[name] = [each["value"] for each in options if "selected" in each][:1] or [options[0]["value"]]
        form.typed[name] = [options[-1]["value"]]
    elif kind in PICKED:
        form.values.setdefault(name, [])
        form.typed.setdefault(name, [given.get("value", "on")])
        if "checked" in given:
            form.values[name].append(given.get("value", "on"))
    elif kind != "file":
        said = "".join(str(child) for child in part.children) if part.name == "textarea" else given.get("value", "")
        form.values[name] = [said]
        form.typed[name] = [SAMPLES.get(str(kind), said)]


def shown_to(ground: Ground, actor: str, address: str, url: str) -> list[Shown]:
    answer = ground.send(actor, "GET", url)
    if answer.status != 200 or "text/html" not in answer.text.partition("\n\n")[0]:
        return []
    found = list(forms_on(address, answer.text, url))
    return [form for form in found if form.written and "search" not in form.kinds.values()]


@pytest.fixture
def opened(ground: Ground, request: pytest.FixtureRequest) -> Opened:
    """The forms of an address, with who looks at them and where, one case after another."""
    address = request.param

    def each() -> Opened:
        for case in cases[address]:
            at = case.places[0] if case.make else ""
            with undone():
                target = case.make(ground.world, at) if case.make else Target(kwargs=case.arguments)
                actor = asking(case, target, DECISIONS[address].get("POST", DECISIONS[address]["GET"]), at)
                url = reverse(address, kwargs=dict(target.kwargs)) + target.query
                yield actor, url, shown_to(ground, actor, address, url)

    return each()


@pytest.mark.parametrize("opened", PAGES, indirect=True)
def test_what_is_typed_stands_there_again(ground: Ground, opened: Opened) -> None:
    for actor, url, forms in opened:
        for form in forms:
            if form.address in NOTHING_TYPED:
                assert not {"textarea", "text"} & set(form.kinds.values()) or form.address == "hall_enter"
                continue
            assert form.draft, f"{url} has a form that keeps nothing: {form.kinds}"
            assert form.draft.partition(":")[0] in TRIED_BY_HAND, f"{form.draft}: try it in a browser as well"
            fields = [[name, value] for name, values in (form.values | form.typed).items() for value in values]
            kept = ground.send(actor, "POST", reverse("draft", args=[form.draft]), {"fields": json.dumps(fields)})
            assert kept.status == 200
            again = next(each for each in shown_to(ground, actor, form.address, url) if each.draft == form.draft)
            assert {name: again.values[name] for name in form.written} == form.written


def _saved_by_somebody_else(ground: Ground, actor: str, form: Shown) -> None:
    if form.address == "pledge_rules":  # until somebody saves them, there are none
        assert ground.send(actor, "POST", form.url, form.values).status == 302
        return
    for model in apps.get_app_config("pledges").get_models():
        if issubclass(model, Versioned):
            model._default_manager.update(version=F("version") + 1)


@pytest.mark.parametrize("opened", PAGES, indirect=True)
def test_who_is_second_is_told_and_keeps_the_text(ground: Ground, opened: Opened) -> None:
    for actor, _url, forms in opened:
        for form in forms:
            kind = form.draft.partition(":")[0]
            if form.address in NOTHING_TYPED:
                continue
            assert ("version" in form.values) != (kind in ADDED), f"{form.draft}: versions, or a reason why not"
            if kind in ADDED:
                continue
            _saved_by_somebody_else(ground, actor, form)
            sent = {**form.buttons, **form.values, **form.typed, "version": form.values["version"]}
            answer = ground.send(actor, "POST", form.url, sent)
            assert answer.status == 200, (form.url, answer.location)
            assert str(EditConflict()) in answer.text, form.url
            again = next(each for each in forms_on(form.address, answer.text, form.url) if each.draft == form.draft)
            assert {name: again.values[name] for name in form.written} == form.written
            assert again.values["version"] != form.values["version"], "sending it again is a decision"


def test_a_visitor_of_the_hall_keeps_it_in_the_page(ground: Ground) -> None:
    """Without an account nothing is kept elsewhere: the form says so to static/js/draft.js."""
    pledge = stored(ground.world, "east_one", PledgeState.PUBLISHED)
    secretary, until = ground.world.user("secretary", "east_one"), clock.today() + dt.timedelta(days=9)
    _link, code = boardlink_create(organization=pledge.organization, actor=secretary, name="大厅", expires_on=until)
    visitor = Client()
    visitor.post(reverse("hall_enter"), {"code": code})
    for address, arguments in (("hall_board", []), ("hall_screen", []), ("hall_pledge", [pledge.pk])):
        url = reverse(address, args=arguments)
        forms = list(forms_on(address, visitor.get(url).content.decode(), url))
        typed = [form for form in forms if form.written]
        assert [bool(typed), *(form.kept_in_page for form in typed)] == ([True, True] if arguments else [False])
