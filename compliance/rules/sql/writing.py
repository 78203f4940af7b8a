"""Writing SQL in stages, each of which may use what the stages before it worked out.

Answers are compared as small numbers: the place of an option among the options of its question, counted from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from compliance.rules.finding import to_line
from compliance.rules.model import Answer, Column

NOT_ACCEPTED: Final = -1
"""Stands for an answer that is none of the options."""

Codes = Mapping[Answer, int]


@dataclass
class Stages:
    """Named expressions in the order of working them out. What one refers to stands in a stage before it."""

    listed: list[dict[str, str]] = field(default_factory=list)

    def add(self, expressions: Mapping[str, str]) -> None:
        """Work these out next, from all that was worked out before."""
        if expressions:
            self.listed.append(dict(expressions))

    def over(self, source: str) -> str:
        """Write the stages over the rows of *source*, which keep their columns."""
        for stage in self.listed:
            named = ", ".join(f"{expression} AS {name}" for name, expression in stage.items())
            source = f"(SELECT *, {named} FROM {source})"  # noqa: S608 - names of our own, values quoted
        return source


def text(value: str) -> str:
    """Write a text as SQL."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """Write a name as SQL."""
    return '"' + value.replace('"', '""') + '"'


def codes(column: Column) -> dict[Answer, int]:
    """Number the options of a question."""
    return {option.value: number for number, option in enumerate(column.options, start=1)}


def coded(column: str, numbered: Codes, otherwise: str) -> str:
    """Turn answers, as JSON writes them, into their numbers."""
    whens = " ".join(f"WHEN {text(to_line(value))} THEN {number}" for value, number in numbered.items())
    return f"(CASE {column} {whens} {otherwise} END)::TINYINT"


def among(column: str, numbers: Iterable[int]) -> str:
    """Ask whether a number is one of these; unknown where there is none."""
    listed = ", ".join(map(str, sorted(numbers)))
    return f"{column} IN ({listed})" if listed else "FALSE"


def every(terms: Sequence[str]) -> str:
    """Ask whether all of them hold."""
    return f"({' AND '.join(terms)})" if terms else "TRUE"


def some(terms: Sequence[str]) -> str:
    """Ask whether one of them holds."""
    return f"({' OR '.join(terms)})" if terms else "FALSE"


def first(cases: Sequence[tuple[str, str]], otherwise: str) -> str:
    """Take what stands with the first condition that holds."""
    whens = " ".join(f"WHEN {condition} THEN {value}" for condition, value in cases)
    return f"CASE {whens} ELSE {otherwise} END" if whens else otherwise
