"""Whether the database has all that this version needs, told without loading what would bring it there."""

from __future__ import annotations

from sqlalchemy.engine import Engine

from compliance.kernel import jobs, schema


def is_current(engine: Engine, packages: tuple[str, ...] = ()) -> bool:
    """Tell whether the database has the schema of this version and *packages*, and what its job engine needs."""
    return schema.is_current(engine, packages) and jobs.is_installed(engine)
