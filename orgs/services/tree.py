"""Places in the tree, given to many organizations at once.

treebeard saves node by node; here the paths of all new organizations are computed together and stored by one insert.
The tree stays as treebeard wants it (its `find_problems` finds nothing): steps without gaps in front, depth, numchild.
"""

from collections import Counter
from collections.abc import Sequence

from django.db.models import Case, F, Max, Q, Value, When
from django.db.models.functions import Concat, Left, Length, Substr
from django.utils.translation import gettext_lazy as _
from treebeard.numconv import NumConv

from campaign.common.access import under
from campaign.common.errors import DomainError
from orgs.models import Organization

BATCH = 500
MOVED = 100
STEPS = NumConv(Organization.alphabet)
NO_ROOM = _("There is no room for another organization there.")
INTO_ITSELF = _("An organization cannot come below itself, or below one that lies under it.")


def tree_lock() -> None:
    """Let nobody else give out places until the transaction ends (on SQLite it has the only write lock anyway)."""
    list(Organization.objects.select_for_update().filter(depth=1).values_list("pk", flat=True))


def tree_insert(new: Sequence[tuple[Organization, Organization | None]]) -> list[Organization]:
    """Store organizations as the last children of their parents, in the given order; returns them.

    A parent may be among the new ones; None makes a root. Call it under `tree_lock`. Raises DomainError when a parent
    has no place for more.
    """
    fresh = {id(organization): parent for organization, parent in new}
    old_parents = {parent.pk: parent for _new, parent in new if parent is not None and id(parent) not in fresh}
    parents = {parent.pk: parent for parent in Organization.objects.filter(pk__in=old_parents)}
    last = _last_steps([parent.path for parent in parents.values()], roots=any(parent is None for _new, parent in new))
    for organization, _parent in new:
        _place(organization, fresh, parents, last)
    for _new, parent in new:
        if parent is not None:
            (parent if id(parent) in fresh else parents[parent.pk]).numchild += 1
    # Parents first, so that the table reads like the tree.
    nodes = sorted((organization for organization, _parent in new), key=lambda node: node.path)
    Organization.objects.bulk_create(nodes, batch_size=BATCH)
    Organization.objects.bulk_update(parents.values(), ["numchild"], batch_size=BATCH)
    return nodes


def tree_move(nodes: Sequence[Organization], parent: Organization) -> None:
    """Hang `nodes`, all of them children of one organization, below `parent`, behind the children it has.

    What lies below them goes along: one statement rewrites the places of a hundred nodes with everything under them, however
    much that is. Call it under `tree_lock` with nodes and parent read under it; afterwards read them anew. Raises
    DomainError when `parent` lies in one of the nodes, or has no room.
    """
    if not nodes:
        return
    if any(parent.path.startswith(node.path) for node in nodes):
        raise DomainError(INTO_ITSELF)
    last = _last_steps([parent.path], roots=False)[parent.path]
    deepest = Organization.objects.filter(_under_any(nodes)).order_by("-depth").values_list("depth", flat=True)[0]
    deeper = parent.depth + 1 - nodes[0].depth
    longest = Organization._meta.get_field("path").max_length or 0
    if (deepest + deeper) * Organization.steplen > longest:
        raise DomainError(NO_ROOM)
    former = nodes[0].parent_path
    for start in range(0, len(nodes), MOVED):
        batch = nodes[start : start + MOVED]
        places = [parent.path + _step(last + start + number) for number in range(1, len(batch) + 1)]
        whens = [
            When(under(node.path), then=Concat(Value(place), Substr("path", len(node.path) + 1)))
            for node, place in zip(batch, places, strict=True)
        ]
        Organization.objects.filter(_under_any(batch)).update(path=Case(*whens), depth=F("depth") + deeper)
    Organization.objects.filter(path=former).update(numchild=F("numchild") - len(nodes))
    Organization.objects.filter(pk=parent.pk).update(numchild=F("numchild") + len(nodes))


def _under_any(nodes: Sequence[Organization]) -> Q:
    condition = Q()
    for node in nodes:
        condition |= under(node.path)
    return condition


def _step(number: int) -> str:
    step: str = STEPS.int2str(number).rjust(Organization.steplen, Organization.alphabet[0])
    if len(step) > Organization.steplen:
        raise DomainError(NO_ROOM)
    return step


def _place(
    organization: Organization,
    fresh: dict[int, Organization | None],
    parents: dict[int, Organization],
    last: Counter[str],
) -> None:
    """Give `organization` its path, its new ancestors first."""
    if organization.path:
        return
    above = fresh[id(organization)]
    if above is not None and id(above) in fresh:
        _place(above, fresh, parents, last)
    elif above is not None:
        above = parents[above.pk]
    start = above.path if above is not None else ""
    last[start] += 1
    organization.path, organization.numchild = start + _step(last[start]), 0
    organization.depth = len(organization.path) // Organization.steplen
    longest = Organization._meta.get_field("path").max_length or 0
    if len(organization.path) > longest:
        raise DomainError(NO_ROOM)


def _last_steps(paths: Sequence[str], *, roots: bool) -> Counter[str]:
    """Return the number of the last step given out below each of `paths` (and among the roots)."""
    found: Counter[str] = Counter()
    starts = [*paths, ""] if roots else list(paths)
    children = Organization.objects.filter(depth__in={len(start) // Organization.steplen + 1 for start in starts})
    if roots:
        newest = children.filter(depth=1).order_by("-path").values_list("path", flat=True).first()
        found[""] = STEPS.str2int(newest) if newest else 0
    above = Left("path", Length("path") - Organization.steplen)
    for at in range(0, len(paths), BATCH):
        rows = (
            children.filter(depth__gt=1)
            .annotate(above=above)
            .filter(above__in=paths[at : at + BATCH])
            .order_by()
            .values_list("above")
            .annotate(newest=Max("path"))
        )
        found.update({start: STEPS.str2int(newest[-Organization.steplen :]) for start, newest in rows})
    return found
