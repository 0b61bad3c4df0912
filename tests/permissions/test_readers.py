"""Who can see an object, as its page tells it, is who can see it by the gate: every kind × place × person."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from campaign.common.oversight import ObjectKind, kind_of, kinds
from orgs.models import User
from orgs.readers import readers_of
from tests.permissions.cases import scoped
from tests.permissions.ground import Ground, undone
from tests.permissions.oracle import ACTORS
from tests.permissions.test_matrix import ADDRESSES

assert ADDRESSES  # importing it has registered what stands for each model


def test_the_page_names_exactly_those_who_can_see_it(ground: Ground) -> None:
    wrong, tried = [], Counter[str]()
    for each in scoped:
        for at in each.places:
            with undone():
                record: Any = each.make(ground.world, at).record
                kind = kind_of(type(record)._meta.label_lower)
                found = kind.objects().filter(pk=record.pk).first() if kind else None
                if kind is None or found is None:
                    continue
                tried[kind.key] += 1
                wrong += list(_wrong(ground, kind, found, at))
    assert not wrong, "\n".join(wrong)
    assert set(tried) == {kind.key for kind in kinds}


def _wrong(ground: Ground, kind: ObjectKind, record: Any, at: str) -> Iterator[str]:
    named = {person.user_id for group in readers_of(kind, record) for person in group.people}
    for actor in ACTORS:
        user = User.objects.get(pk=ground.world.users[actor].pk)
        allowed = (kind.objects().allowed(user, each) for each in kind.capabilities(record))
        sees = any(found.filter(pk=record.pk).exists() for found in allowed)
        if (user.pk in named) != sees:
            yield f"{kind.key} at {at}: {actor} {'sees it, not named' if sees else 'is named, does not see it'}"
