"""Reading a file of many cases: CSV or JSON Lines, whose columns are the fields of the form that opens one.

What is wrong with the file as a whole (its encoding, its heading, a line that is no JSON) refuses the whole of it with
the place; what is wrong with a value is left to the form, row by row.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from wtforms import BooleanField, Field, Form, SelectField, SelectMultipleField

from compliance.engine.errors import EngineError
from compliance.kernel.cells import as_typed, harmless, is_formula
from compliance.kernel.file_names import ending_of
from compliance.kernel.strict_json import NotAnObjectError, read_object

MAX_ROWS: Final = 10_000
MAX_COLUMNS: Final = 200
NAMED_LINES: Final = 5
MOST_NAMED: Final = 20
HELP_MARK: Final = "# "
FORMULA: Final = "This begins like a formula. Put an apostrophe before it if it is text."
YES_OR_NO: Final = "Write yes or no."
HOW_TO_WRITE_A_DAY: Final = "Write it as 2026-12-31: year, month, day; no other form is read."
_YES: Final = frozenset({"yes", "y", "true", "1", "x"})
_NO: Final = frozenset({"no", "n", "false", "0", ""})
_JSON_ENDINGS: Final = frozenset({"jsonl", "ndjson", "json"})


class ImportFileError(EngineError):
    """The file cannot be read as what it should be; nothing of it was taken."""

    status = 422
    code = "import_file"


@dataclass(slots=True)
class Row:
    """One row: where it stands, what the form gets, and what is wrong with a cell before any form looks at it.

    ``typed`` keeps what cannot be told from the form's value any more.
    """

    line: int
    values: dict[str, Any]
    wrong: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)


def read(content: bytes, name: str, form_class: type[Form]) -> list[Row]:
    """Return the rows of *content*; raises :class:`ImportFileError` that says what is wrong, where, and what to do."""
    text = _text_of(content)
    columns = {found.short_name: found for found in form_class()}
    is_json = ending_of(name) in _JSON_ENDINGS or (ending_of(name) != "csv" and text.lstrip().startswith("{"))
    rows: list[Row] = []
    for row in _json_lines(text, columns) if is_json else _csv(text, columns):
        if len(rows) == MAX_ROWS:
            raise ImportFileError(f"The file has more than {MAX_ROWS:,} rows. Split it, and import the parts in turn.")
        rows.append(row)
    if not rows:
        raise ImportFileError("The file holds no rows. Put one line for each case below the heading.")
    return rows


def template(form_class: type[Form]) -> str:
    """Return a CSV file to fill in: the heading, and a line of help that is skipped when the file comes back."""
    fields = list(form_class())
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([harmless(found.short_name) for found in fields])
    writer.writerow([harmless(HELP_MARK + help_of(found)) for found in fields])
    return out.getvalue()


def help_of(found: Field) -> str:
    """Return in words what a column takes."""
    need = "required" if found.flags.required else "optional"
    parts = (f"{found.label.text} ({need}).", str(found.description), how_to_write(found))
    return " ".join(part for part in parts if part)


def how_to_write(found: Field) -> str:
    """Return how a value of *found* is written in a file; empty where any text will do."""
    if isinstance(found, BooleanField):
        return YES_OR_NO
    if isinstance(found, SelectField):
        known = [str(choice[0]) for choice in found.iter_choices() if choice[0]]
        values = ", ".join(known[:MOST_NAMED])
        if len(known) > MOST_NAMED:
            return f"One of {len(known)} codes, such as {values}."
        return f"Several of these, with | between them: {values}." if _is_many(found) else f"One of: {values}."
    words = {"DateField": HOW_TO_WRITE_A_DAY, "IntegerField": "Write a whole number."}
    return words.get(found.type, "")


def _text_of(content: bytes) -> str:
    if not content.strip():
        raise ImportFileError("The file is empty. Choose another one.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ImportFileError(f"Line {line} is not UTF-8. Save the file as “CSV UTF-8” and send it again.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ImportFileError(f"Line {line} holds a NUL character, which is no text. Save the file anew as UTF-8.")
    return text


def _csv(text: str, columns: dict[str, Field]) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, columns), strict=True)
    heading: list[str] = []
    ragged: list[int] = []
    for line, cells in _records(reader):
        if not heading:
            heading = _checked_heading([cell.strip() for cell in cells], columns)
        elif len(cells) != len(heading):
            ragged.append(line)
        elif any(cell.strip() for cell in cells) and not all(cell.startswith(HELP_MARK) for cell in cells):
            yield _row(line, heading, cells, columns)
    if ragged:
        raise ImportFileError(
            f"{_lines(ragged)} another number of cells than the heading, which has {len(heading)}. Put quotation marks "
            "around a cell that holds the separator."
        )


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401 - csv names no type for its readers
    """Yield each record with the line that it begins on; blank lines are left out."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise ImportFileError(
                f"Line {line} cannot be read: a quotation mark is not closed, or a cell is far too long."
            ) from None
        if cells:
            yield line, cells


def _delimiter(text: str, columns: dict[str, Field]) -> str:
    """Return the separator that makes the most known columns of the first line."""
    first = text.split("\n", 1)[0][:100_000]

    def known(separator: str) -> int:
        return sum(cell.strip(' "\r') in columns for cell in first.split(separator))

    return max((",", ";", "\t"), key=known)


def _checked_heading(heading: list[str], columns: dict[str, Field]) -> list[str]:
    if len(heading) > MAX_COLUMNS:
        raise ImportFileError(f"The heading has {len(heading):,} columns; a file has at most {MAX_COLUMNS}.")
    if "" in heading:
        raise ImportFileError(f"Column {heading.index('') + 1} has no heading. Name it, or take it out.")
    if twice := next((name for name in heading if heading.count(name) > 1), None):
        raise ImportFileError(f"The heading names “{twice[:60]}” twice. Keep one of the two columns.")
    if stranger := next((name for name in heading if name not in columns), None):
        raise ImportFileError(_no_column("The heading", stranger, columns))
    if missing := [name for name, found in columns.items() if found.flags.required and name not in heading]:
        raise ImportFileError(f"The heading lacks {', '.join(missing)}. Add these columns; the template has them all.")
    return heading


def _row(line: int, heading: list[str], cells: list[str], columns: dict[str, Field]) -> Row:
    row = Row(line, {})
    for name, cell in zip(heading, cells, strict=True):
        if is_formula(cell):
            row.wrong[name] = FORMULA
        _take(row, columns[name], as_typed(cell).strip())
    return row


def _take(row: Row, found: Field, cell: str) -> None:
    name = found.short_name
    if isinstance(found, BooleanField):
        if cell.lower() not in _YES | _NO:
            row.wrong[name] = YES_OR_NO
            row.typed[name] = cell
        row.values[name] = cell.lower() in _YES
    elif _is_many(found):
        row.values[name] = [part.strip() for part in cell.split("|") if part.strip()]
    elif cell:
        row.values[name] = cell


def _json_lines(text: str, columns: dict[str, Field]) -> Iterator[Row]:
    for number, line in enumerate(re.split(r"\r?\n", text), start=1):
        if not line.strip():
            continue
        try:
            members = read_object(line)
        except NotAnObjectError as error:
            raise ImportFileError(f"Line {number} {str(error).replace('look at line 1, ', 'look at ')}") from None
        row = Row(number, {})
        for name, value in members.items():
            if name not in columns:
                raise ImportFileError(_no_column(f"Line {number}", name, columns))
            _take_value(row, columns[name], value)
        yield row


def _take_value(row: Row, found: Field, value: Any) -> None:  # noqa: ANN401 - any JSON value
    name = found.short_name
    if value is None:
        return
    if isinstance(found, BooleanField):
        if not isinstance(value, bool):
            row.wrong[name] = "Give true or false."
            row.typed[name] = str(value)
        row.values[name] = value is True
    elif _is_many(found) and isinstance(value, list) and all(isinstance(item, str) for item in value):
        row.values[name] = value
    elif isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        row.values[name] = value if isinstance(value, str) else str(value)
    else:
        raise ImportFileError(f"Line {row.line} gives “{name}” as something other than text or a number. Give text.")
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and not _is_text(text):
            raise ImportFileError(f"Line {row.line} gives “{name}” with a character that is not text. Type it again.")


def _is_text(text: str) -> bool:
    return "\0" not in text and not re.search("[\ud800-\udfff]", text)


def _is_many(found: Field) -> bool:
    return isinstance(found, SelectMultipleField)


def _no_column(where: str, name: str, columns: dict[str, Field]) -> str:
    shown = name[:60].encode("utf-8", "replace").decode()
    near = difflib.get_close_matches(shown, columns, 1)
    hint = f"Perhaps you mean “{near[0]}”." if near else f"The columns are: {', '.join(columns)}."
    return f"{where} names “{shown}”, which is no column. {hint}"


def _lines(found: list[int]) -> str:
    named = ", ".join(str(line) for line in found[:NAMED_LINES])
    more = f" and {len(found) - NAMED_LINES} more" if len(found) > NAMED_LINES else ""
    return f"Line {named} has" if len(found) == 1 else f"Lines {named}{more} have"
