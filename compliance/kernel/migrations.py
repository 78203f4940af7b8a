"""Bringing the database to the schema of this version, and telling where models and migrations differ."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection, Engine

from compliance.kernel import jobs
from compliance.kernel.db import Base
from compliance.kernel.schema import folder

__all__ = ["downgrade", "drift", "folder", "upgrade"]


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to *revision*, and the job engine's tables, which count versions of their own."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)
    jobs.install(engine)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to *revision*; back to nothing, the job engine's tables go too."""
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)
    if revision == "base":
        jobs.remove(engine)


def drift(engine: Engine) -> list[object]:
    """Return the differences between the migrated database and the models; empty when there are none."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _is_ours})
        return list(compare_metadata(context, Base.metadata))


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name not in jobs.table_names()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder()))
    config.attributes["connection"] = connection
    return config
