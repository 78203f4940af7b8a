"""Cells of tables that people open in a spreadsheet: text that would run there as a formula is told from other text."""

from __future__ import annotations

import re
from typing import Final

# What a spreadsheet takes for the beginning of a formula, with the full-width twins that some of them fold, also behind
# spaces of any kind; and the characters that some of them skip or split at before they look.
_FORMULA: Final = re.compile(r"[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[ \u00a0\u3000\ufeff]*[\t\r\n\0]")
_NUMBER: Final = re.compile(r"\s*[+-]?[0-9][0-9.,]*\s*")


def is_formula(text: str) -> bool:
    """Tell whether a spreadsheet could run *text*; a number with its sign is none."""
    return _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None


def harmless(value: object) -> str:
    """Return *value* as a cell that no spreadsheet takes for a formula: an apostrophe before it makes it text."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def as_typed(cell: str) -> str:
    """Return what somebody meant by *cell*: without the apostrophe that :func:`harmless` puts before a formula."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell
