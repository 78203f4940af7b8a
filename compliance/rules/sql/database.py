"""A database that lives in the memory of one replay and works on Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from compliance.rules.sql.writing import text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Database: TypeAlias = "DuckDBPyConnection"

MEMORY: Final = "200MB"
THREADS: Final = 2


@contextmanager
def opened(folder: Path, memory: str = MEMORY) -> Iterator[Database]:
    """Open one that writes into *folder* what does not fit into its memory, and fetches nothing from anywhere."""
    import duckdb  # noqa: PLC0415 - weighs twenty megabytes that no process carries before it replays

    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "threads": THREADS,
        "temp_directory": str(folder / "spilled"),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(config=settings) as connection:
        yield connection


def write(database: Database, rows: str, target: Path) -> None:
    """Write rows to a file that is there as a whole or not at all."""
    partial = target.with_suffix(".partial")
    database.execute(f"COPY {rows} TO {text(str(partial))} (FORMAT parquet, COMPRESSION zstd)")
    partial.replace(target)
