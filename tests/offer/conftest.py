from collections.abc import Iterator

import pytest
import time_machine

from tests.offer.scene import MONDAY, Desk


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def desk(app: object) -> Desk:
    del app  # Asked for so that the database is there.
    return Desk()
