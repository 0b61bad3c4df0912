"""What holds in every template: nothing inline, only icons that exist, only static files that are there."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from campaign.common.navigation import menu

ROOTS = (settings.BASE_DIR / "templates", *(settings.BASE_DIR / app / "templates" for app in ("orgs", "campaign")))
TEMPLATES = sorted(path for root in ROOTS if root.is_dir() for path in root.rglob("*.html"))
SOURCES = sorted(
    path
    for app in ("campaign", "orgs", "pledges", "reviews", "awards")
    for path in (settings.BASE_DIR / app).rglob("*.py")
    if "migrations" not in path.parts
)
COMMENT = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}|<!--.*?-->", re.DOTALL)
INLINE = re.compile(
    r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\bsrc=)|javascript:|\shx-on", re.IGNORECASE
)
ICON = re.compile(
    r"{% icon [\"']([a-z0-9-]+)[\"']|\bicon=[\"']([a-z0-9-]+)[\"']|[\"']icon[\"']: [\"']([a-z0-9-]+)[\"']"
)
STATIC = re.compile(r"{% static [\"']([^\"']+)[\"']")


def text_of(path: Path) -> str:
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_nothing_is_inline(path: Path) -> None:
    assert INLINE.findall(text_of(path)) == []


def test_the_search_for_inline_things_finds_them() -> None:
    for bad in ('<p style="x">', "<style>", "<a onclick='x()'>", "<script>x</script>", '<a href="javascript:x">'):
        assert INLINE.search(bad), bad
    assert not INLINE.search('<script defer src="/static/js/app.js"></script>')


def known_icons() -> set[str]:
    sheet = finders.find("vendor/icons/tabler-icons.min.css")
    assert sheet
    return set(re.findall(r"\.ti-([a-z0-9-]+):before", Path(sheet).read_text(encoding="utf-8")))


def test_every_icon_exists() -> None:
    used = {name for path in (*TEMPLATES, *SOURCES) for found in ICON.findall(text_of(path)) for name in found if name}
    used |= {entry.icon for entry in menu}
    assert len(used) > 20
    assert used - known_icons() == set()


def test_every_static_file_is_found() -> None:
    named = {name for path in TEMPLATES for name in STATIC.findall(text_of(path))}
    assert len(named) > 5
    assert [name for name in sorted(named) if finders.find(name) is None] == []
