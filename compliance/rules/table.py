"""One decision table: read it from text, refuse it when it is broken, find the row that decides, explain the others.

A row is a line of cells parted by ``|``; the last cell is the outcome. The rows are tried from the top and the first
whose cells all hold decides. A cell is ``-`` (not looked at), ``*`` (any answer, but there must be one), or the
accepted answers parted by ``/``. An outcome followed by ``(kept)`` marks a row that may stay although no answers reach
it. Lines that begin with ``#`` and lines of dashes are for the reader only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance.rules.errors import Place, RuleSetError, show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compliance.rules.model import Answer, Column

OUTCOME_HEADING = "outcome"
_KEPT = "(kept)"

Cell = tuple["Answer", ...] | None


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. ``number`` counts rules from 1, ``line`` lines of the file; a cell of ``None`` is not looked at."""

    number: int
    line: int
    cells: tuple[Cell, ...]
    outcome: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class CellTrace:
    """What one cell wanted (``None``: anything, or nothing), what it got, and whether that was enough."""

    question: str
    wanted: tuple[Answer, ...] | None
    got: Answer | None
    holds: bool


@dataclass(frozen=True, slots=True)
class RowTrace:
    """How one row fared. ``decides`` is true of the first row that holds, ``holds`` of every one that does."""

    row: int
    outcome: str
    holds: bool
    decides: bool
    cells: tuple[CellTrace, ...]

    @property
    def failed(self) -> tuple[CellTrace, ...]:
        """The cells that kept this row from holding."""
        return tuple(cell for cell in self.cells if not cell.holds)


class DecisionTable:
    """A checked table. Finding a row costs one look-up a column, however many rows there are."""

    def __init__(self, name: str, columns: tuple[Column, ...], rows: tuple[Row, ...]) -> None:
        """Compile: for each column, which rows each value leaves standing, as bits of one integer."""
        self.name = name
        self.columns = columns
        self.rows = rows
        self._missing = tuple(self._standing(place, None) for place in range(len(columns)))
        self._masks = tuple(
            {value: self._standing(place, value) for value in column.values} for place, column in enumerate(columns)
        )

    def _standing(self, place: int, value: Answer | None) -> int:
        return sum(
            1 << row
            for row, rule in enumerate(self.rows)
            if (cell := rule.cells[place]) is None or (value is not None and value in cell)
        )

    def values(self, answers: Mapping[str, Answer | None]) -> tuple[Answer | None, ...]:
        """Put answers by name into the order of the columns."""
        return tuple(answers.get(column.key) for column in self.columns)

    def first(self, values: Sequence[Answer | None]) -> Row | None:
        """Find the row that decides; the values stand in the order of the columns and are known to be accepted."""
        standing = -1
        for value, masks, missing in zip(values, self._masks, self._missing, strict=True):
            standing &= missing if value is None else masks[value]
        if not standing:
            return None
        return self.rows[(standing & -standing).bit_length() - 1]

    def explain(self, values: Sequence[Answer | None]) -> tuple[RowTrace, ...]:
        """Tell of every row which cells held, what each wanted and what it got."""
        decisive = self.first(values)
        return tuple(self._trace(row, values, decides=row is decisive) for row in self.rows)

    def _trace(self, row: Row, values: Sequence[Answer | None], *, decides: bool) -> RowTrace:
        cells = tuple(
            CellTrace(column.key, cell, value, cell is None or (value is not None and value in cell))
            for column, cell, value in zip(self.columns, row.cells, values, strict=True)
        )
        return RowTrace(row.number, row.outcome, all(cell.holds for cell in cells), decides, cells)

    def unreached_row(self) -> Row | None:
        """Find the first row that no answers at all could reach, because those above it always decide."""
        for place, row in enumerate(self.rows):
            above = (1 << place) - 1
            if not row.kept and not self._escapes(row, above, 0):
                return row
        return None

    def _escapes(self, row: Row, above: int, place: int) -> bool:
        if not above:
            return True
        if place == len(self.columns):
            return False
        cell = row.cells[place]
        left = {above & self._masks[place][value] for value in cell or self.columns[place].values}
        if cell is None:
            left.add(above & self._missing[place])
        return any(self._escapes(row, rest, place + 1) for rest in sorted(left))


def read_cells(text: str, file: str) -> list[tuple[int, list[str]]]:
    """Split a table's text into its lines of cells, each with its line number; the first one is the heading.

    Raises ``RuleSetError`` if there is no heading or no row.
    """
    lines = [
        (number, [cell.strip() for cell in line.split("|")])
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip(" -|\t") and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise RuleSetError(Place(file), "the table is empty; it needs a line of headings and at least one row.")
    if len(lines) == 1:
        raise RuleSetError(Place(file), "the table has headings but no row.")
    return lines


def parse_table(
    text: str,
    file: str,
    known: Mapping[str, Column],
    outcomes: Sequence[str],
) -> DecisionTable:
    """Read and check one table.

    ``known`` are the columns it may use, ``outcomes`` the words allowed in its last cell. Raises ``RuleSetError`` with
    file, line and column for whatever is broken, so that no fault waits for a decision.
    """
    (heading_line, heading), *body = read_cells(text, file)
    columns = _parse_heading(heading, Place(file, heading_line), known)
    shape = _Shape(file, columns, tuple(outcomes))
    rows = tuple(_parse_row(shape, number, line, cells) for number, (line, cells) in enumerate(body, start=1))
    _refuse_duplicates(rows, file)
    table = DecisionTable(file, columns, rows)
    unreached = table.unreached_row()
    if unreached is not None:
        raise RuleSetError(
            Place(file, unreached.line),
            f"row {unreached.number} can never decide, because the rows above it take every case it covers; "
            f"remove it, move it up, or write {_KEPT} after its outcome.",
        )
    return table


def _parse_heading(heading: list[str], place: Place, known: Mapping[str, Column]) -> tuple[Column, ...]:
    *names, last = heading
    if last != OUTCOME_HEADING:
        raise RuleSetError(place, f"the last heading must be {show(OUTCOME_HEADING)}, not {show(last)}.")
    for number, name in enumerate(names, start=1):
        where = place.at(f"column {number}")
        if name not in known:
            listed = ", ".join(known)
            raise RuleSetError(where, f"{show(name)} is not known here; the table can ask for {listed}.")
        if name in names[: number - 1]:
            raise RuleSetError(where, f"{show(name)} is a heading twice.")
    return tuple(known[name] for name in names)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What every row of one table is read against."""

    file: str
    columns: tuple[Column, ...]
    outcomes: tuple[str, ...]


def _parse_row(shape: _Shape, number: int, line: int, cells: list[str]) -> Row:
    place = Place(shape.file, line)
    width = len(shape.columns) + 1
    if len(cells) != width:
        raise RuleSetError(place, f"row {number} has {len(cells)} cells where the headings name {width}.")
    *conditions, last = cells
    parsed = tuple(
        _parse_cell(cell, column, place.at(f"column {at} ({column.key})"))
        for at, (cell, column) in enumerate(zip(conditions, shape.columns, strict=True), start=1)
    )
    outcome = _parse_outcome(last, shape.outcomes, place.at(f"column {width} ({OUTCOME_HEADING})"))
    return Row(number, line, parsed, outcome, kept=last.endswith(_KEPT))


def _parse_outcome(cell: str, outcomes: tuple[str, ...], place: Place) -> str:
    outcome = cell.removesuffix(_KEPT).strip()
    if not outcome:
        raise RuleSetError(place, f"the row has no outcome; write one of {', '.join(outcomes)}.")
    if outcome not in outcomes:
        raise RuleSetError(place, f"{show(outcome)} is no outcome here; write one of {', '.join(outcomes)}.")
    return outcome


def _parse_cell(cell: str, column: Column, place: Place) -> Cell:
    if not cell:
        raise RuleSetError(place, "the cell is empty; write - where the row does not look at the answer.")
    if cell == "-":
        return None
    if cell == "*":
        return column.values
    found: list[Answer] = []
    for word in (part.strip() for part in cell.split("/")):
        option = column.by_word(word)
        if option is None:
            raise RuleSetError(place, f"{show(word)} is no answer of {column.key}; it has {column.words}.")
        if option.value in found:
            raise RuleSetError(place, f"{show(word)} stands twice in one cell.")
        found.append(option.value)
    return tuple(value for value in column.values if value in found)


def _refuse_duplicates(rows: tuple[Row, ...], file: str) -> None:
    seen: dict[tuple[Cell, ...], Row] = {}
    for row in rows:
        earlier = seen.setdefault(row.cells, row)
        if earlier is not row:
            raise RuleSetError(
                Place(file, row.line),
                f"row {row.number} has the same conditions as row {earlier.number} (line {earlier.line}); keep one.",
            )
