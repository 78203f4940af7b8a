from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.jobs.scene import House, Sink


@pytest.fixture
def house(job_tables: None, data_dir: Path, database_url: str, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Return a way to set up an installation on the test's database."""
    del job_tables  # Asked for so that they are there.
    made: list[House] = []

    def build(**settings: str) -> House:
        made.append(House(tmp_path, data_dir / "keys", database_url, **settings))
        return made[-1]

    yield build
    for one in made:
        one.close()


@pytest.fixture
def sink() -> Iterator[Callable[..., Sink]]:
    made: list[Sink] = []

    def build(holds_at: int | None = None, refuses: str = "") -> Sink:
        made.append(Sink(holds_at, refuses))
        return made[-1]

    yield build
    for one in made:
        one.close()
