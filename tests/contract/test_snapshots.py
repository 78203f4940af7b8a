"""Nothing that others rely on changes unseen. ``pytest tests/contract --refresh`` writes the files anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from compliance import create_app
from compliance.kernel import db
from compliance.settings import from_environment
from tests.conftest import Store
from tests.contract import snapshots

NAMES = ("addresses.txt", "rights.txt", "openapi.txt", "vocabulary.txt")


@pytest.fixture(scope="module")
def taken(data_dir: Path, store: Store) -> Iterator[dict[str, list[str]]]:
    """Return the snapshots of the product as it is shipped, without the processes of the tests."""
    url = store.copy()
    secrets = {"COMPLIANCE_SECRET_KEY": "k" * 48, "COMPLIANCE_DATA_DIR": str(data_dir), "COMPLIANCE_ENV": "test"}
    shipped: Flask = create_app(from_environment(secrets | {"COMPLIANCE_DATABASE_URL": url}))
    yield snapshots.taken(shipped)
    with shipped.app_context():
        db.engine().dispose()
    store.drop(url)


@pytest.mark.parametrize("name", NAMES)
def test_what_others_rely_on_is_as_it_was_written_down(
    name: str, taken: dict[str, list[str]], request: pytest.FixtureRequest
) -> None:
    path, lines = snapshots.FOLDER / name, taken[name]
    if request.config.getoption("refresh", default=False):
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    kept = path.read_text(encoding="utf-8").splitlines()
    gone, new = [line for line in kept if line not in lines], [line for line in lines if line not in kept]
    assert (gone, new) == ([], []), "If this is meant, run “pytest tests/contract --refresh” and commit the difference."
    assert kept == lines


def test_every_snapshot_has_its_test_and_no_file_is_left_over(taken: dict[str, list[str]]) -> None:
    assert set(taken) == set(NAMES)
    assert {path.name for path in snapshots.FOLDER.iterdir()} == set(NAMES)
