from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from tests.offer.scene import MONDAY, Desk
from tests.rule_change.scene import Change


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def desk(job_tables: None, replays: Path) -> Desk:
    del job_tables, replays  # Asked for so that the database is there, and nothing lies where replays do.
    return Desk()


@pytest.fixture
def change(desk: Desk) -> Change:
    return Change(desk.rita, desk.sue)
