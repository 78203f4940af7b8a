"""Whether the database has the schema of this version, told without loading what would bring it there.

A web process asks this once and never migrates; the library that does weighs more than ten megabytes in each of them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

_PACKAGE: Final = Path(__file__).parent.parent
_VERSION: Final = sa.table("alembic_version", sa.column("version_num", sa.Text()))


def folder() -> Path:
    """Return where the migrations lie: inside an installed package, beside it in a checkout."""
    inside = _PACKAGE / "migrations"
    return inside if inside.is_dir() else _PACKAGE.parent / "migrations"


@cache
def newest() -> str:
    """Return the number of the newest migration: their files are numbered in their order."""
    return max(path.name.partition("_")[0] for path in folder().glob("versions/[0-9]*.py"))


def is_current(engine: Engine) -> bool:
    """Tell whether every migration of this version has run on the database."""
    with engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        if not sa.inspect(connection).has_table(_VERSION.name):
            return False
        return connection.scalars(sa.select(_VERSION.c.version_num)).all() == [newest()]
