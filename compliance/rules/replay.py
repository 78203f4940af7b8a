"""What would change if a rule set had applied to everything that was found before; nothing of the past is changed.

The past lies in Parquet files, one row for each finding: its determination and party, the word that was found, and a
column for each answer. The unit of work is one such file in and one file of results out. A result is written under
another name first, so that a file with its own name is whole; one that is there is not worked out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from compliance.rules.sql.compiled import Compilable, columns, query
from compliance.rules.sql.database import Database, opened, write
from compliance.rules.sql.writing import name, text

PART: Final = "part-*.parquet"
PAGE_SIZE: Final = 50
_WHO: Final = ("determination", "party")

Progress = Callable[[int, int], bool]
"""Is told how many files are done, of how many; answers whether to go on."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many findings went from one word to another, or stayed with it."""

    old: str
    new: str
    findings: int


@dataclass(frozen=True, slots=True)
class Changed:
    """One finding that would be another: of which determination, for which party."""

    determination: str
    party: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the files of one replay lie."""

    folder: Path

    @property
    def past(self) -> Path:
        """The folder of what was found before."""
        return self.folder / "past"

    @property
    def results(self) -> Path:
        """The folder of what would be found now."""
        return self.folder / "results"

    def parts(self) -> list[Path]:
        """Return the files of the past, the oldest first."""
        return sorted(self.past.glob(PART))

    def open_parts(self) -> list[Path]:
        """Return those that were not replayed yet."""
        return [part for part in self.parts() if not (self.results / part.name).exists()]

    def part(self, number: int) -> Path:
        """Return the file of the past with that number."""
        return self.past / f"part-{number:06d}.parquet"


def answer_column(question: str) -> str:
    """Return the column that holds the answers to a question, as JSON writes them."""
    return f"answer {question}"


def replay(rules: Compilable, shelf: Shelf, progress: Progress) -> bool:
    """Replay every file that is not done yet; tell whether all are done now, and not stopped in between."""
    shelf.results.mkdir(parents=True, exist_ok=True)
    total, still_open = len(shelf.parts()), shelf.open_parts()
    going_on = progress(total - len(still_open), total)
    for done, part in enumerate(still_open, start=total - len(still_open) + 1):
        if not going_on:
            return False
        replay_part(rules, part, shelf.results / part.name)
        going_on = progress(done, total)
    return True


def replay_part(rules: Compilable, part: Path, result: Path) -> None:
    """Replay one file of the past: what stayed is counted by word, what would change is listed."""
    with opened(result.parent) as database:
        source = f"(SELECT {', '.join(_known(database, rules, part))} FROM {_read(part)})"  # noqa: S608 - quoted
        found = query(rules, source, (*_WHO, "old"), answer_column)
        listed = ", ".join(f"CASE WHEN old <> new THEN {one} END AS {one}" for one in _WHO)
        database.execute(f"CREATE TEMP TABLE found AS SELECT old, result AS new, {listed} FROM ({found})")  # noqa: S608
        write(
            database,
            "(SELECT old, new, count(*) AS findings, determination, party FROM found WHERE old = new GROUP BY ALL"
            " UNION ALL SELECT old, new, 1, determination, party FROM found WHERE old <> new ORDER BY 4, 5)",
            result,
        )


def matrix(shelf: Shelf) -> list[Moved]:
    """Count the findings that are replayed by what they were and what they would be."""
    return [
        Moved(*row)
        for row in _of_results(
            shelf, "SELECT old, new, sum(findings)::BIGINT FROM {} GROUP BY old, new ORDER BY old, new", {}
        )
    ]


def changed(shelf: Shelf, after: Changed | None = None, size: int = PAGE_SIZE) -> list[Changed]:
    """Return a page of the findings that would change, in the order of their determinations, behind *after*."""
    asked = "SELECT determination, party, old, new FROM {} WHERE determination IS NOT NULL"
    behind = {}
    if after is not None:
        asked += " AND (determination, party) > ($determination, $party)"
        behind = {"determination": after.determination, "party": after.party}
    asked += " ORDER BY determination, party LIMIT $size"
    return [Changed(*row) for row in _of_results(shelf, asked, {**behind, "size": size})]


def _of_results(shelf: Shelf, asked: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    if not any(shelf.results.glob(PART)):
        return
    with opened(shelf.folder) as database:
        yield from database.execute(asked.format(_read(shelf.results / PART)), dict(values)).fetchall()


def _read(files: Path) -> str:
    return f"read_parquet({text(str(files))})"


def _known(database: Database, rules: Compilable, part: Path) -> list[str]:
    """Select the columns that the rules look at; nobody has answered what was not asked in the past."""
    there = {row[0] for row in database.execute(f"DESCRIBE SELECT * FROM {_read(part)}").fetchall()}  # noqa: S608
    asked = [answer_column(key) for key in columns(rules)]
    return [*_WHO, "old", *(name(one) if one in there else f"NULL::VARCHAR AS {name(one)}" for one in asked)]
