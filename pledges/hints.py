"""What makes an item hard to check: remarks for the writer and the reviewer, never a block (2-domain b.5, known complaint
of vague pledges)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from pledges.models import ACTIVE, Pledge, PledgeItem

FIGURE = re.compile(
    r"\d|[〇一二两三四五六七八九十百千万]+\s*(?:个|件|次|项|名|人|台|套|起|户|篇|期|天|小时|吨|元|%|个百分点)|全部|零"
)
EMPTY_WORDS = re.compile(r"努力|加强|进一步|不断|积极|认真|大力|切实|力争|提高认识|更好地")


def item_hints(item: PledgeItem, doubles: Sequence[str] = ()) -> list[str]:
    """Return the remarks on one item; `doubles` are the subjects who promise the same."""
    hints = []
    measured = f"{item.target} {item.text}"
    if item.target and not FIGURE.search(measured):
        hints.append(_("No figure: how will anyone see that it was done?"))
    if item.text and EMPTY_WORDS.search(item.text) and not FIGURE.search(measured):
        hints.append(_("Many such words say nothing yet. What exactly will be different?"))
    if item.due_on is None:
        hints.append(_("No day by which it is done."))
    if doubles:
        names = "、".join(doubles[:3])
        hints.append(_("Word for word the same as %(names)s. Tie it to the own post.") % {"names": names})
    return hints


def pledge_hints(pledge: Pledge, items: Iterable[PledgeItem]) -> dict[int, list[str]]:
    """Return the remarks on the items of a pledge, by their order; one query, whatever their number.

    "The same as someone else's" looks at the pledges of the same organization and year.
    """
    found = list(items)
    doubles: dict[str, list[str]] = defaultdict(list)
    texts = [item.text for item in found if item.text]
    others = (
        PledgeItem.objects.filter(
            pledge__organization=pledge.organization_id,
            pledge__year=pledge.year,
            pledge__state__in=ACTIVE,
            text__in=texts,
        )
        .exclude(pledge=pledge)
        .order_by("pledge__subject_name")
    )
    for text, name in others.values_list("text", "pledge__subject_name"):
        if name not in doubles[text]:
            doubles[text].append(name)
    remarks = {item.order: item_hints(item, doubles[item.text]) for item in found}
    return {order: hints for order, hints in remarks.items() if hints}
