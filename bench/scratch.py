"""A database and a data directory that a benchmark makes for itself and takes away again."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from flask import Flask

from compliance import create_app
from compliance.kernel import db, migrations
from compliance.settings import from_environment

SERVER: Final = os.environ.get("BENCH_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


@dataclass(frozen=True, slots=True)
class Scratch:
    """An installation of its own: its application in this process, and the environment for its servers."""

    app: Flask
    url: str
    environ: dict[str, str]


@contextmanager
def scratch(*, sqlite: bool = False) -> Iterator[Scratch]:
    """Make an empty installation on PostgreSQL, or on SQLite, and drop it in the end."""
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        name = f"countersign_bench_{secrets.token_hex(4)}"
        if sqlite:
            url = f"sqlite:///{Path(folder) / name}.db"
        else:
            on_server(f'CREATE DATABASE "{name}"')
            url = sa.make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        environ = {
            "COMPLIANCE_DATABASE_URL": url,
            "COMPLIANCE_DATA_DIR": folder,
            "COMPLIANCE_SECRET_KEY": secrets.token_urlsafe(48),
            "COMPLIANCE_BLIND_REVIEWS": "0",  # They open another case beside one decision in twenty, by chance.
        }
        app = create_app(from_environment(environ))
        try:
            with app.app_context():
                migrations.upgrade(db.engine())
                yield Scratch(app, url, environ)
                db.session().close()
                db.engine().dispose()
        finally:
            if not sqlite:
                on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def backends(url: str) -> list[int]:
    """Return the ids of the processes of PostgreSQL on this machine that work for the database at *url*."""
    name = sa.make_url(url).database
    engine = sa.create_engine(SERVER)
    with engine.connect() as connection:
        query = sa.text("SELECT pid FROM pg_stat_activity WHERE datname = :name")
        found = list(connection.scalars(query, {"name": name}))
    engine.dispose()
    return found


def on_server(statement: str) -> None:
    """Run *statement* on the server itself, outside any transaction."""
    engine = sa.create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
