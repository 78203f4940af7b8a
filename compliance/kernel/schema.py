"""Whether the database has the schema of this version, told without loading what would bring it there.

A web process asks this once and never migrates; the library that does weighs more than ten megabytes in each of them.
Beside the migrations of the platform, each package of processes may bring its own: a chain with a table of its own in
which the database says how far it has come.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

VERSION_TABLE: Final = "alembic_version"
_PACKAGE: Final = Path(__file__).parent.parent


class ChainError(ValueError):
    """The migrations of a package are not what its HEAD says."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Migrations that follow each other: where they lie, and the table in which the database names the last one."""

    home: Path
    table: str

    @property
    def versions(self) -> Path:
        """The folder of the migrations themselves."""
        return self.home / "versions"

    def newest(self) -> str:
        """Return the number of the newest migration: their files are numbered in their order."""
        return _newest(self.versions).partition("_")[0]

    def refuse_other_head(self) -> None:
        """Raise :class:`ChainError` where the file HEAD does not name the newest migration."""
        named, newest = self.home / "HEAD", _newest(self.versions)
        found = named.read_text(encoding="utf-8").strip() if named.is_file() else "nothing"
        if found != newest:
            raise ChainError(f"{named} names {found}, and the newest migration is {newest}. Write that name into it.")


def folder() -> Path:
    """Return where the migrations lie: inside an installed package, beside it in a checkout."""
    inside = _PACKAGE / "migrations"
    return inside if inside.is_dir() else _PACKAGE.parent / "migrations"


def newest() -> str:
    """Return the number of the newest migration of the platform."""
    return chains()[0].newest()


@cache
def chains(packages: tuple[str, ...] = ()) -> tuple[Chain, ...]:
    """Return the migrations of the platform, and then of those of *packages* that bring their own."""
    found = ((name, home) for name in packages for home in _homes(name) if any(home.glob("versions/[0-9]*.py")))
    own = (Chain(home, f"{VERSION_TABLE}_{re.sub(r'[^a-z0-9]+', '_', name.lower())}") for name, home in found)
    return (Chain(folder(), VERSION_TABLE), *own)


def is_current(engine: Engine, packages: tuple[str, ...] = ()) -> bool:
    """Tell whether every migration of this version, and of *packages*, has run on the database."""
    with engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        return all(_has_run(connection, chain) for chain in chains(packages))


def _has_run(connection: sa.Connection, chain: Chain) -> bool:
    if not sa.inspect(connection).has_table(chain.table):
        return False
    version = sa.table(chain.table, sa.column("version_num", sa.Text()))
    return connection.scalars(sa.select(version.c.version_num)).all() == [chain.newest()]


def _homes(package: str) -> Iterable[Path]:
    """Return where *package* may keep its migrations, without loading it."""
    spec = importlib.util.find_spec(package)
    return [Path(place) / "migrations" for place in (spec.submodule_search_locations or ())] if spec else []


@cache
def _newest(versions: Path) -> str:
    return max(path.stem for path in versions.glob("[0-9]*.py"))
