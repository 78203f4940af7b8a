"""Bringing the database to the schema of this version, and telling when it is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from compliance.kernel import jobs
from compliance.kernel.db import Base

_PACKAGE: Final = Path(__file__).parent.parent


def folder() -> Path:
    """Return where the migrations lie: inside an installed package, beside it in a checkout."""
    inside = _PACKAGE / "migrations"
    return inside if inside.is_dir() else _PACKAGE.parent / "migrations"


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


def is_current(engine: Engine) -> bool:
    """Tell whether every migration of this version has run on the database."""
    with engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        found = MigrationContext.configure(connection).get_current_heads()
        ours = set(found) == set(ScriptDirectory.from_config(_config(connection)).get_heads())
    return ours and jobs.is_installed(engine)


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
