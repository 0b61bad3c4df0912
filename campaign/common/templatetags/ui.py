"""Template tags of the design language (docs/design-language.md); loaded in every template."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import QueryDict
from django.template import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.urls import NoReverseMatch, reverse
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]
from django.utils.translation import gettext as _

from campaign.common import exact, oversight
from campaign.common.workflow import Step

register = template.Library()

COLOURS = {
    # Lies with its owner, or is out of use.
    "grey": "draft planned inactive cancelled withdrawn expired left deceased voided none exempt",
    # Somebody's turn, or under way.
    "blue": (
        "uploaded checked submitted waiting queued pending running open nominated recommended reviewing "
        "in_progress ready notified requested released writing reported"
    ),
    # Time presses, or only in part.
    "amber": "adjusted due due_soon warning partly basic average suspended lost_contact probationary absent",
    "red": "returned overdue failed rejected declined refused revoked locked unfulfilled poor unqualified",
    "green": (
        "applied approved published succeeded done fulfilled active accepted normal full good fair qualified "
        "current selected"
    ),
    # Honours.
    "gold": "awarded announced honoured excellent decided confirmed",
    # Fixed for good.
    "violet": "appraised graded closed frozen sealed archived final computed",
}
"""The colour of a badge by the name of its state. Colour never stands alone: the label says the same."""
COLOUR_OF = {state: colour for colour, states in COLOURS.items() for state in states.split()}


@register.filter
def hundredths(value: int | None) -> str:
    """Show an integer of hundredths as a decimal; "—" for nothing."""
    return "—" if value is None else exact.hundredths(value)


@register.filter
def signed(value: int | None) -> str:
    """Show a difference of hundredths with its sign; "—" for nothing."""
    return "—" if value is None else exact.signed(value)


@register.simple_tag
def sorted_actions(actions: Iterable[Mapping[str, Any]] | None) -> dict[str, list[Mapping[str, Any]]]:
    """Return the actions of a page, what is rarely needed (`more`) apart; it stands with the others where there are none."""
    given = list(actions or ())
    plain = [action for action in given if not action.get("more")]
    return {"plain": plain, "rare": [action for action in given if action.get("more")]} if plain else {"plain": given}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Show a Tabler icon; `label` only where the icon says something that no text beside it says."""
    if label:
        return format_html('<i class="ti ti-{}" role="img" aria-label="{}"></i>', name, label)
    return format_html('<i class="ti ti-{}" aria-hidden="true"></i>', name)


@register.simple_tag
def state(value: str, label: str | Promise | None = None) -> SafeString:
    """Show a state as a badge in its colour; without `label` the state's own label (a TextChoices value has one)."""
    text = label if label is not None else getattr(value, "label", value)
    return format_html('<span class="state state-{}">{}</span>', COLOUR_OF.get(str(value), "grey"), text)


@register.simple_tag(takes_context=True)
def link_with(context: Context, field: str, value: Any) -> str:
    """Return this page's query string with `field` set to `value`; anything but another page begins at the first."""
    query: QueryDict = context["request"].GET.copy()
    query[field] = str(value)
    if field != "page":
        query.pop("page", None)
    return f"?{query.urlencode()}"


@register.simple_tag
def page_range(page: Page[Any]) -> list[Any]:
    """Return the page numbers to offer, "…" where some are left out."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.simple_tag
def page_summary(page: Page[Any]) -> str:
    """Say which rows are shown, of how many."""
    total = getattr(page.paginator, "count_text", str(page.paginator.count))
    return _("Rows %(first)s–%(last)s of %(total)s") % {
        "first": page.start_index(),
        "last": page.end_index(),
        "total": total,
    }


@register.simple_tag
def step_url(url_name: str, obj: Any, step: Step) -> str:
    """Return where the step of a workflow is posted: `url_name` with the object's id and the step's name, else with the
    id alone (the step's name is then read from the field `step`)."""
    try:
        return reverse(url_name, args=[obj.pk, step.name])
    except NoReverseMatch:
        return reverse(url_name, args=[obj.pk])


@register.simple_tag
def role_names(user: Any) -> str:
    """Name the roles that `user` holds today."""
    return "、".join(dict.fromkeys(grant.title for grant in user.grants))


@register.simple_tag(takes_context=True)
def oversight_links(context: Context) -> dict[str, str]:
    """Return where "who can see this" and the history of this page's object stand, as far as the reader may look there."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    kind = oversight.kind_of_page(match.url_name or "") if match else None
    record = context.get(kind.key) if kind else None
    if request is None or kind is None or record is None or getattr(record, "pk", None) is None:
        return {}
    stands = oversight.standing(request.user, kind, record)
    pages = {"readers": stands.sees_readers, "history": stands.sees_history}
    return {page: reverse(f"oversight_{page}", args=[kind.key, record.pk]) for page, shown in pages.items() if shown}


@register.simple_tag(takes_context=True)
def appearance(context: Context) -> str:
    """Return what the reader chose: light, dark, or auto for what the system says."""
    request = context.get("request")
    chosen = request.COOKIES.get("appearance", "") if request is not None else ""
    return chosen if chosen in ("light", "dark") else "auto"


@register.simple_tag(takes_context=True)
def same_as(context: Context, name: str) -> SafeString:
    """Show the block `name` of this page once more: the heading is the title unless a page says otherwise."""
    block = context.render_context[BLOCK_CONTEXT_KEY].get_block(name)
    return block.nodelist.render(context)  # type: ignore[no-any-return]


NOTHING = ("", "—")
"""Texts of a cell that hold nothing."""


@register.filter
def cells(row: Any) -> SafeString:
    """The cells of a row of a table. Written here and not in the template, which takes several times as long for a page of a
    thousand cells; what is the same all the way down a column is worked out once. One that says nothing is left out of the
    card on a phone."""
    shown = ((*_of_column(column, row.table), _as_shown(cell)) for column, cell in row.items())
    return format_html_join(
        "",
        '<td {} data-label="{}"><div class="cell{}">{}</div></td>',
        ((*frame, " cell-none" if text in NOTHING else "", text) for *frame, text in shown),
    )


def _as_shown(value: Any) -> Any:
    """As a template would: days and moments in the reader's words and time."""
    return value if isinstance(value, str) else localize(template_localtime(value))


def _of_column(column: Any, table: Any) -> tuple[str, Any]:
    found: tuple[str, Any] | None = getattr(column, "cell_frame", None)
    if found is None:
        found = column.attrs["td"].as_html(), column.header
        varies = {**table.attrs.get("td", {}), **column.column.attrs.get("td", {})}
        if not any(callable(value) for value in varies.values()):
            column.cell_frame = found
    return found
