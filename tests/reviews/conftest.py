from collections.abc import Iterator

import pytest

from campaign.common import clock
from tests.reviews.rounds import STAGE


@pytest.fixture
def in_the_stage() -> Iterator[None]:
    """It is a day of the stage that carries mass evaluation."""
    with clock.at(STAGE):
        yield
