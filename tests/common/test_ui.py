"""The template tags of the design language."""

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from campaign.common.templatetags import ui
from campaign.common.text import as_printed
from campaign.jobs.models import JobState


def shown(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


def test_state_shows_colour_and_label_and_escapes() -> None:
    assert shown("{% state s %}", s=JobState.FAILED).startswith('<span class="state state-red">')
    assert "state-grey" in shown("{% state 'never heard of' %}")
    assert "&lt;b&gt;" in shown("{% state 'draft' label %}", label="<b>")


def test_no_state_has_two_colours() -> None:
    assert len(ui.COLOUR_OF) == sum(len(states.split()) for states in ui.COLOURS.values())


def test_icon_is_hidden_from_readers_unless_it_stands_alone() -> None:
    assert 'aria-hidden="true"' in shown("{% icon 'flag' %}")
    alone = shown("{% icon 'flag' label %}", label='"><script>')
    assert 'role="img"' in alone
    assert "<script>" not in alone


@pytest.mark.parametrize(("value", "text"), [(8333, "83.33"), (None, "—"), (0, "0.00"), (-50, "-0.50")])
def test_hundredths(value: int | None, text: str) -> None:
    assert shown("{{ n|hundredths }}", n=value) == text


def test_link_with_keeps_the_query_and_starts_over_unless_it_turns_the_page() -> None:
    request = RequestFactory().get("/", {"q": "a&b", "page": "7"})
    assert shown("{% link_with 'sort' '-name' as link %}{{ link }}", request=request) == "?q=a%26b&amp;sort=-name"
    assert shown("{% link_with 'page' 8 as link %}{{ link }}", request=request) == "?q=a%26b&amp;page=8"


def test_appearance_takes_only_what_it_knows() -> None:
    request = RequestFactory().get("/")
    for cookie, expected in (("dark", "dark"), ("light", "light"), ('"><script>', "auto"), (None, "auto")):
        request.COOKIES = {"appearance": cookie} if cookie else {}
        assert shown("{% appearance %}", request=request) == expected


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("您好,请登录!", "您好\uff0c请登录\uff01"),
        ("第 1 条,共 %(n)s 条", "第1条\uff0c共%(n)s条"),
        ("日志(三年)", "日志\uff08三年\uff09"),
        ("等(另有 %(count)s 行)", "等\uff08另有%(count)s行\uff09"),
        ("%(sheet)s,%(rows)s", "%(sheet)s\uff0c%(rows)s"),
        ("创先办(CXB)", "创先办\uff08CXB\uff09"),
        ("满分 90% 起得 {n} 分", "满分90%起得{n}分"),
        ("%(name)s %(year)s 年的 Excel 报表", "%(name)s %(year)s年的 Excel 报表"),
        ("2026-01-01, C1 (a)", "2026-01-01, C1 (a)"),
        ("见 https://example.org", "见 https://example.org"),
        ("", ""),
    ],
)
def test_texts_are_set_as_offices_print_them(typed: str, printed: str) -> None:
    assert as_printed(typed) == printed
    assert as_printed(printed) == printed
