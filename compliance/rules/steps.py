"""Reading the steps that turn scores into a result, and making sure that they leave no case open."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from compliance.rules.errors import Place, RuleSetError, show
from compliance.rules.fields import Fields
from compliance.rules.finding import RESULT
from compliance.rules.model import AnySectionScores, Column, Matrix, Option, Otherwise, Result, Section, Step
from compliance.rules.table import parse_table

_KINDS: Final = "any_section_scores, matrix or otherwise"
_MAX_COMBINATIONS: Final = 1_000_000

TableText = Callable[[str, Place], str]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a step may speak of."""

    sections: Mapping[str, Section]
    results: Mapping[str, Result]
    table_text: TableText


def read_steps(
    entries: Sequence[Fields],
    sections: Mapping[str, Section],
    results: Mapping[str, Result],
    table_text: TableText,
    place: Place,
) -> tuple[Step, ...]:
    """Read the steps; the last one, and only it, must decide whatever the scores are. Raises ``RuleSetError``."""
    known = _Known(sections, results, table_text)
    found: list[Step] = []
    for entry in entries:
        found.append(_step(entry, known, found))
        entry.finish()
    if not found or not isinstance(found[-1], Otherwise):
        raise RuleSetError(place, "the last step must be of the kind otherwise, so that every case has a result.")
    if sum(isinstance(step, Otherwise) for step in found) > 1:
        raise RuleSetError(place, "only the last step may be of the kind otherwise.")
    if sum(isinstance(step, Matrix) for step in found) > 1:
        raise RuleSetError(place, "only one step may be of the kind matrix.")
    return tuple(found)


def _step(entry: Fields, known: _Known, before: Sequence[Step]) -> Step:
    match kind := entry.text("kind"):
        case "any_section_scores":
            return _any_section(entry, known)
        case "matrix":
            return _matrix(entry, known, before)
        case "otherwise":
            return Otherwise(_result(entry.text("result"), entry, known), entry.text("text"))
        case _:
            raise RuleSetError(entry.place, f"the kind {show(kind)} is unknown; it is {_KINDS}.")


def _any_section(entry: Fields, known: _Known) -> AnySectionScores:
    keys, score = entry.texts("sections"), entry.text("score")
    if not keys:
        raise RuleSetError(entry.place, "“sections” must name at least one section.")
    for key in keys:
        if key not in known.sections or score not in known.sections[key].scores:
            raise RuleSetError(entry.place, f"the section {show(key)} cannot score {show(score)}.")
    return AnySectionScores(keys, score, _result(entry.text("result"), entry, known), entry.text("text"))


def _matrix(entry: Fields, known: _Known, before: Sequence[Step]) -> Matrix:
    columns = {key: _scores(section) for key, section in known.sections.items() if section.table}
    taken = {word: _result(result, entry, known) for word, result in entry.table("results").all_texts().items()}
    texts = entry.table("texts").all_texts()
    if set(texts) != set(taken):
        raise RuleSetError(entry.place, "“results” and “texts” must speak of the same outcomes.")
    table_name = entry.text("table")
    file = f"{table_name}.txt"
    table = parse_table(known.table_text(table_name, entry.place), file, columns, tuple(taken))
    matrix = Matrix(table, taken, texts)
    _check_complete(matrix, before)
    return matrix


def _scores(section: Section) -> Column:
    options = tuple(Option(score, f"{score}, {meaning}") for score, meaning in section.scores.items())
    return Column(section.key, RESULT, section.title, options)


def _check_complete(matrix: Matrix, before: Sequence[Step]) -> None:
    decided = {(key, s.score) for s in before if isinstance(s, AnySectionScores) for key in s.sections}
    possible = [[score for score in c.values if (c.key, score) not in decided] for c in matrix.table.columns]
    place = Place(matrix.table.name)
    if math.prod(map(len, possible)) > _MAX_COMBINATIONS:
        raise RuleSetError(place, f"the scores combine in more than {_MAX_COMBINATIONS} ways; use fewer columns.")
    for combination in itertools.product(*possible):
        if matrix.table.first(combination) is None:
            pairs = zip(matrix.table.columns, combination, strict=True)
            said = ", ".join(f"{column.key} {score}" for column, score in pairs)
            raise RuleSetError(place, f"no row covers the combination {said}; add one.")


def _result(word: str, entry: Fields, known: _Known) -> str:
    if word not in known.results:
        raise RuleSetError(entry.place, f"the result {show(word)} is unknown; there are {', '.join(known.results)}.")
    return word
