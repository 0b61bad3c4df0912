"""The gate's decisions themselves, without a page: every model × capability × person × place, on both databases."""

from collections import defaultdict

import pytest
from django.apps import apps
from django.db.models import Model

from campaign.common.access import ScopedQuerySet
from campaign.common.capabilities import Cap
from orgs.models import User
from tests.permissions.cases import Scoped, Target, scoped
from tests.permissions.ground import Ground, undone
from tests.permissions.oracle import ACTORS
from tests.permissions.test_matrix import ADDRESSES

SCOPED_MODELS = [
    model for model in apps.get_models() if isinstance(model._default_manager.get_queryset(), ScopedQuerySet)
]
assert ADDRESSES  # importing it has registered what stands for each model


def made(each: Scoped, ground: Ground) -> dict[str, Target]:
    return {at: each.make(ground.world, at) for at in each.places}


def number_and_model(number: int) -> str:
    return scoped[number].make.__qualname__.replace(".<locals>", "")


@pytest.mark.parametrize("number", range(len(scoped)), ids=number_and_model)
def test_who_may_use_a_capability_on_what(ground: Ground, number: int) -> None:
    each = scoped[number]
    targets = made(each, ground)
    places = {target.record.pk: at for at, target in targets.items() if target.record}
    model = type(next(iter(targets.values())).record)
    assert model in SCOPED_MODELS
    wrong = []
    for actor in ACTORS:
        user = User.objects.get(pk=ground.world.users[actor].pk)
        for capability in each.capabilities:
            allowed = model._default_manager.all().allowed(user, capability).filter(pk__in=places)  # type: ignore[union-attr]
            found = {places[pk] for pk in allowed.values_list("pk", flat=True)}
            wanted = {at for at, target in targets.items() if target.reached_by(actor, capability, at)}
            if found != wanted:
                wrong.append(f"{actor} {capability}: {sorted(found)} instead of {sorted(wanted)}")
    assert not wrong, "\n".join(wrong)


def test_every_scoped_model_is_tried_and_names_what_makes_it_visible(ground: Ground) -> None:
    tried: dict[type[Model], list[Scoped]] = defaultdict(list)
    for each in scoped:
        with undone():
            tried[type(each.make(ground.world, each.places[0]).record)].append(each)
    for model in SCOPED_MODELS:
        queryset = model._default_manager.get_queryset()
        assert model in tried, model
        assert queryset.view_capability in Cap  # type: ignore[attr-defined]
