"""What else the record vouches for: rows whose digests stand in events. Whoever keeps such rows adds a comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written: where, and what."""

    stream: str
    rev: int
    what: str

    def __str__(self) -> str:
        """Return the fault as a line of a report."""
        return f"{self.stream} revision {self.rev}: {self.what}"


# Yields, for each thing that it looked at, what is wrong with it; it reads a bounded number of rows at a time.
Compare = Callable[[Connection], Iterator[list[Fault]]]

_found: dict[str, Compare] = {}


def add(things: str, compare: Compare) -> None:
    """Let every check of the record compare *things* (a plural, for the report) too."""
    _found[things] = compare


def added() -> dict[str, Compare]:
    """Return every comparison by what it compares."""
    return dict(_found)
