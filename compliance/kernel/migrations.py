"""Bringing the database to the schema of this version, and telling when it is not there."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection, Engine

from compliance.kernel.db import Base
from compliance.kernel.schema import folder, is_current

__all__ = ["downgrade", "drift", "folder", "is_current", "upgrade"]


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to *revision*."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to *revision*."""
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def drift(engine: Engine) -> list[object]:
    """Return the differences between the migrated database and the models; empty when there are none."""
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder()))
    config.attributes["connection"] = connection
    return config
