"""Scoring one section: check its answers, find the row, and keep what was found for the next equal answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from compliance.rules.errors import AnswerError, show
from compliance.rules.finding import Held, Reason, to_line
from compliance.rules.model import Answer, Column, Section
from compliance.rules.table import DecisionTable, Row

_MAX_KEPT: Final = 20_000
"""How many different sets of answers one section remembers; what is beyond is worked out each time."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A section's score with its reason, and the reason written out once for every later decision."""

    score: str | None
    reason: Reason | None
    line: str


_NO_SCORE: Final = Scored(None, None, "")


class SectionScorer:
    """Scores one section. Keeps no answers beyond the closed lists of its questions."""

    def __init__(self, section: Section) -> None:
        self.key = section.key
        self._section = section
        self._keys = tuple(column.key for column in section.columns)
        self._kept: dict[tuple[object, ...], Scored] = {}

    def score(self, answers: object) -> Scored:
        """Score a section as it stands in an interview; ``None`` is a section that is missing.

        Raises ``AnswerError`` if it is no object or holds a value that its question does not know.
        """
        if answers is None:
            return _NO_SCORE
        # The first comparison is the usual case; the second costs ten times as much.
        if type(answers) is not dict and not isinstance(answers, Mapping):
            raise AnswerError(
                self.key, None, f"Section {self.key}: {show(answers)} stands where an object of answers belongs."
            )
        values = tuple(map(answers.get, self._keys))
        # The types are part of the key because 1 and true are equal and yet different answers.
        kind = (*values, *map(type, values))
        try:
            kept = self._kept.get(kind)
        except TypeError:
            kept = None
        return kept if kept is not None else self._score_afresh(values, kind)

    def _score_afresh(self, values: tuple[object, ...], kind: tuple[object, ...]) -> Scored:
        for column, value in zip(self._section.columns, values, strict=True):
            if value is not None and not column.accepts(value):
                raise AnswerError(self.key, column.key, column.refusal(value))
        reason = self._reason(cast("tuple[Answer | None, ...]", values))
        scored = _NO_SCORE if reason is None else Scored(reason.score, reason, to_line(reason.as_json()))
        if len(self._kept) < _MAX_KEPT:
            self._kept[kind] = scored
        return scored

    def _reason(self, values: tuple[Answer | None, ...]) -> Reason | None:
        section = self._section
        if section.table is None or section.no_row is None:
            return None
        if all(value is None for value in values):
            return self._without_row(section.empty, "no question of it was answered") if section.empty else None
        in_order = section.table.values(dict(zip(self._keys, values, strict=True)))
        row = section.table.first(in_order)
        if row is None:
            return self._without_row(section.no_row, "no row of its table fits these answers")
        held = held_cells(section.table, row, in_order)
        text = f"{section.title}: {row.outcome}, {section.scores[row.outcome]}. {spoken(held)}"
        return Reason(section.key, section.title, row.outcome, row.number, held, text)

    def _without_row(self, score: str, why: str) -> Reason:
        section = self._section
        return Reason(section.key, section.title, score, None, (), f"{section.title}: {score}, because {why}.")


def held_cells(table: DecisionTable, row: Row, values: Sequence[Answer | None]) -> tuple[Held, ...]:
    """Collect the conditions of a row that holds, with what fulfilled them."""
    return tuple(
        _held(column, cell, value)
        for column, cell, value in zip(table.columns, row.cells, values, strict=True)
        if cell is not None and value is not None
    )


def _held(column: Column, wanted: tuple[Answer, ...], got: Answer) -> Held:
    return Held(column.key, column.short, wanted, got, column.label(got))


def spoken(held: tuple[Held, ...]) -> str:
    """Say the conditions one after the other, as “what was asked: what was answered”."""
    if not held:
        return "This holds whatever the answers are."
    said = "; ".join(f"{one.short}: {one.label}" for one in held)
    return f"{said[0].upper()}{said[1:]}."
