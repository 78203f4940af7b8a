"""One application for a run, and a database of its own for each test.

Every test commits for real, so that deferred constraints, triggers and second connections behave as in production. The
database is a copy of a migrated template: a file on SQLite, ``CREATE DATABASE … TEMPLATE`` on PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from compliance import create_app
from compliance.kernel import db, jobs, migrations
from compliance.settings import from_environment

SERVER = os.environ.get("COMPLIANCE_TEST_DATABASE_URL", "")


class FreshContextClient(FlaskClient):
    """A client whose every request has an application context of its own, as in a server."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:  # noqa: ANN401 - handed on as they come
        with self.application.app_context():
            return super().open(*args, **kwargs)


class Store:
    """Where the databases of a run come from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"countersign_{uuid.uuid4().hex[:12]}"

    def make_template(self) -> str:
        if SERVER:
            self.on_server(f'CREATE DATABASE "{self.name}"')
            return self.url(self.name)
        return f"sqlite:///{self.folder / 'template.db'}"

    def copy(self) -> str:
        name = f"{self.name}_{uuid.uuid4().hex[:8]}"
        if SERVER:
            self.on_server(f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')
            return self.url(name)
        shutil.copy(self.folder / "template.db", self.folder / f"{name}.db")
        return f"sqlite:///{self.folder / name}.db"

    def drop(self, url: str) -> None:
        made = sa.make_url(url)
        if SERVER:
            self.on_server(f'DROP DATABASE "{made.database}" WITH (FORCE)')
        else:
            for path in self.folder.glob(f"{Path(str(made.database)).name}*"):
                path.unlink()

    def url(self, name: str) -> str:
        return sa.make_url(SERVER).set(database=name).render_as_string(hide_password=False)

    def on_server(self, statement: str) -> None:
        engine = sa.create_engine(SERVER, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(tmp_path_factory.mktemp("databases"))
    url = made.make_template()
    engine = db.make_engine(url)
    migrations.upgrade(engine)
    jobs.remove(engine)  # Few tests have jobs, and without these tables every copy is quicker; see job_tables.
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    yield made
    made.drop(url)


@pytest.fixture(scope="session")
def whole_app(data_dir: Path) -> Flask:
    """Return the application with the processes that the tests declare for themselves."""
    made = create_app(
        from_environment(
            {
                "COMPLIANCE_ENV": "test",
                "COMPLIANCE_BLIND_REVIEWS": "0",
                "COMPLIANCE_DATA_DIR": str(data_dir),
                "COMPLIANCE_SECRET_KEY": "k" * 48,
                "COMPLIANCE_WORKFLOWS": "workflows,tests.engine.processes",
            }
        )
    )
    made.test_client_class = FreshContextClient
    return made


@pytest.fixture
def database_url(store: Store) -> Iterator[str]:
    url = store.copy()
    yield url
    store.drop(url)


@pytest.fixture
def app(whole_app: Flask, database_url: str) -> Iterator[Flask]:
    """Return the application on a fresh database, inside an application context."""
    engine, settings = db.make_engine(database_url), whole_app.config["SETTINGS"]
    with whole_app.app_context():
        cast("dict[str | None, sa.Engine]", db.db.engines)[None] = engine
        yield whole_app
        db.db.session.remove()
    whole_app.config["SETTINGS"] = settings  # Serving it has named another address.
    engine.dispose()


@pytest.fixture
def job_tables(app: Flask) -> Iterator[None]:
    """Give the test the tables of the job engine."""
    del app  # Asked for so that the database is there.
    jobs.install(db.engine())
    yield
    jobs.close()


@pytest.fixture
def replays(app: Flask) -> Iterator[Path]:
    """Return where the replays of this test lie; those of another database are of no use to it."""
    folder: Path = app.config["SETTINGS"].data_dir / "replays"
    shutil.rmtree(folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
