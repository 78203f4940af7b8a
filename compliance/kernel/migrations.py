"""Bringing the database to the schema of this version, and telling where models and migrations differ."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection, Engine

from compliance.kernel import jobs
from compliance.kernel.db import Base
from compliance.kernel.schema import VERSION_TABLE, Chain, chains, folder

__all__ = ["downgrade", "drift", "folder", "upgrade"]


def upgrade(engine: Engine, revision: str = "head", packages: tuple[str, ...] = ()) -> None:
    """Bring the database up to *revision*, and the job engine's tables, which count versions of their own.

    Brought up all the way, the migrations of *packages* follow; raises :class:`~compliance.kernel.schema.ChainError`
    before anything runs where one of them is not what its HEAD says.
    """
    platform, *others = chains(packages) if revision == "head" else chains()
    for chain in others:
        chain.refuse_other_head()
    for chain in (platform, *others):
        with engine.begin() as connection:
            command.upgrade(_config(connection, chain), revision)
    jobs.install(engine)


def downgrade(engine: Engine, revision: str, packages: tuple[str, ...] = ()) -> None:
    """Take the database back to *revision*; back to nothing, what *packages* and the job engine brought goes too."""
    platform, *others = chains(packages)
    if revision == "base":
        for chain in reversed(others):
            with engine.begin() as connection:
                command.downgrade(_config(connection, chain), revision)
    with engine.begin() as connection:
        command.downgrade(_config(connection, platform), revision)
    if revision == "base":
        jobs.remove(engine)


def drift(engine: Engine) -> list[object]:
    """Return the differences between the migrated database and the models; empty when there are none."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _is_ours})
        return list(compare_metadata(context, Base.metadata))


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not (name in jobs.table_names() or str(name).startswith(VERSION_TABLE))


def _config(connection: Connection, chain: Chain) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder()))
    config.set_main_option("version_locations", str(chain.versions))
    config.set_main_option("path_separator", "newline")  # A folder may have any name that is one line.
    config.attributes["connection"], config.attributes["version_table"] = connection, chain.table
    return config
