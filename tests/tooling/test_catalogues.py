"""Texts are found in Python and in templates, translations survive an update, and faults are named."""

import gettext
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

from campaign import catalogues

VIEW = """
from django.utils.translation import gettext_lazy as _, ngettext, npgettext, pgettext
TITLE = _("Pledge of %(name)s")
COUNT = ngettext("%(n)d item", "%(n)d items", 3)
STATE = pgettext("state", "Open")
SEATS = npgettext("hall", "seat", "seats", 2)
"""
TEMPLATE = """{% load i18n %}
<div>
    <p>Don't {% trans "Read 100%" %}</p>
  {% blocktrans trimmed count n=n %}
     one {{ n }} it's
       {% plural %}
     many {{ n }} "x"
  {% endblocktrans %}
</div>
  <a title="{% translate 'Close' context 'verb' %}">{{ x|default:_("none") }}</a>
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {
        "pledges/views.py": VIEW,
        "templates/pledges/board.html": TEMPLATE,
        "templates/registration/login.html": '{% load i18n %}{% trans "Log in" %}',
        "campaign/audit/views.py": "from x import gettext as _\n_('Entry')\n",
        "campaign/scoring/views.py": "from x import gettext as _\n_('Score')\n",
        "campaign/views.py": "from x import gettext as _\n_('Stage')\n",
    }
    for name, text in files.items():
        write(tmp_path / name, text)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def update(tree: Path) -> dict[str, int]:
    return catalogues.update(tree, settings.CATALOGUES)


def translate(tree: Path, part: str, texts: dict[str, str]) -> None:
    """Write translations as a person would: into the file."""
    path = catalogues.po_path(tree, part)
    with path.open("rb") as file:
        catalogue = read_po(file, locale=catalogues.LANGUAGE)
    for message in catalogue:
        if message.id and catalogues.source_of(message) in texts:
            text = texts[catalogues.source_of(message)]
            message.string = text if isinstance(message.id, str) else (text,)
    catalogues.write_if_changed(path, catalogue)


def test_finds_texts_of_python_and_templates_in_their_part(tree: Path) -> None:
    found = {part: set(catalogues.messages_of(messages)) for part, messages in catalogues.extracted(tree).items()}
    assert found["pledges"] == {
        ("", "Pledge of %(name)s"),
        ("", "%(n)d item"),
        ("state", "Open"),
        ("hall", "seat"),
        ("", "Read 100%%"),
        ("", "one %(n)s it's"),
        ("verb", "Close"),
        ("", "none"),
    }
    assert found["common"] == {("", "Log in"), ("", "Entry")}
    assert found["scoring"] == {("", "Score")}
    assert found["campaign"] == {("", "Stage")}


def test_update_twice_changes_nothing_and_names_no_date_or_line(tree: Path) -> None:
    update(tree)
    first = catalogues.po_path(tree, "pledges").read_text(encoding="utf-8")
    write(tree / "pledges/views.py", "\n\n\n" + VIEW)
    update(tree)
    assert catalogues.po_path(tree, "pledges").read_text(encoding="utf-8") == first
    assert "Date" not in first
    assert str(tree) not in first
    assert "#: pledges/views.py\n" in first


def test_translation_survives_and_a_text_that_is_gone_comes_back_translated(tree: Path) -> None:
    assert update(tree)["campaign"] == 1
    translate(tree, "campaign", {"Stage": "阶段"})
    write(tree / "campaign/views.py", "")
    update(tree)
    assert '#~ msgstr "阶段"' in catalogues.po_path(tree, "campaign").read_text(encoding="utf-8")
    assert not [line for line in catalogues.problems(tree) if line.startswith("campaign")]
    write(tree / "campaign/views.py", "from x import gettext as _\n_('Stage')\n")
    assert update(tree)["campaign"] == 0


def test_a_text_translated_in_another_part_is_taken_over(tree: Path) -> None:
    update(tree)
    translate(tree, "campaign", {"Stage": "阶段"})
    write(tree / "awards/views.py", "from x import gettext as _\n_('Stage')\n")
    assert update(tree)["awards"] == 0


def test_problems_names_every_kind_of_fault(tree: Path) -> None:
    update(tree)
    translate(tree, "pledges", {"Pledge of %(name)s": "承诺", "Open": "开放", "%(n)d item": "%(n)d项"})
    translate(tree, "campaign", {"Stage": "阶段"})
    write(tree / "orgs/views.py", "from x import gettext as _\n_('New')\n_('Stage')\n")
    write(tree / "campaign/scoring/views.py", "")
    po = catalogues.po_path(tree, "common")
    po.write_text(po.read_text(encoding="utf-8").replace('msgid "Entry"', '#, fuzzy\nmsgid "Entry"'), encoding="utf-8")
    found = catalogues.problems(tree)
    assert "orgs: not in the catalogue: 'New'" in found
    assert "scoring: no longer in the sources: 'Score'" in found
    assert "common: fuzzy: 'Entry'" in found
    assert "common: not translated: 'Log in'" in found
    assert "pledges: other placeholders in the translation: 'Pledge of %(name)s'" in found
    assert not [line for line in found if "'Open'" in line or "%(n)d item" in line]


def test_two_translations_of_one_text_are_a_fault_and_a_context_mends_it(tree: Path) -> None:
    write(tree / "awards/views.py", "from x import gettext as _\n_('Stage')\n")
    update(tree)
    translate(tree, "campaign", {"Stage": "阶段"})
    translate(tree, "awards", {"Stage": "舞台"})
    assert any("different translations of 'Stage'" in line for line in catalogues.problems(tree))
    write(tree / "awards/views.py", "from x import pgettext\npgettext('hall', 'Stage')\n")
    update(tree)
    translate(tree, "awards", {"Stage": "舞台"})
    assert not any("different" in line for line in catalogues.problems(tree))


def test_compile_writes_what_gettext_reads_and_only_when_needed(tree: Path) -> None:
    update(tree)
    translate(tree, "pledges", {"Open": "开放", "%(n)d item": "%(n)d项"})
    assert "pledges" in catalogues.compile_catalogues(tree)
    with catalogues.po_path(tree, "pledges").with_suffix(".mo").open("rb") as file:
        texts = gettext.GNUTranslations(file)
    assert texts.pgettext("state", "Open") == "开放"
    assert texts.ngettext("%(n)d item", "%(n)d items", 5) == "%(n)d项"
    assert texts.gettext("none") == "none"
    assert catalogues.compile_catalogues(tree) == []
