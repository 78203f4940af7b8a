"""From the sections' scores to the result, by the steps that the rule set lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from compliance.rules.finding import RESULT, Held, Reason, to_line
from compliance.rules.model import AnySectionScores, Matrix, Otherwise, Outcome, Result, Section, Step, Without
from compliance.rules.scoring import held_cells, spoken

_TITLE: Final = "Result"


@dataclass(frozen=True, slots=True)
class Combined:
    """A result with its reason, written out once for every decision with the same scores."""

    result: str
    outcome: Outcome
    scores: Mapping[str, str]
    reason: Reason
    without: str | None
    head: str
    line: str


class Combiner:
    """Tries the steps in order; the first that decides gives the result."""

    def __init__(
        self,
        sections: tuple[Section, ...],
        steps: tuple[Step, ...],
        results: Mapping[str, Result],
        without: Without | None,
    ) -> None:
        self._sections = {section.key: section for section in sections}
        self._steps = steps
        self._results = results
        self._without = without

    def combine(self, scores: Mapping[str, str]) -> Combined:
        """Combine scores by section; a section without a score is left out."""
        reason = self._reason(scores)
        result = self._results[reason.score]
        head: dict[str, object] = {"result": result.word, "outcome": result.outcome, "scores": dict(scores)}
        without = None
        if self._without is not None:
            without = self._reason({**scores, self._without.section: self._without.score}).score
            head[self._without.name] = without
        kept = MappingProxyType(dict(scores))
        lines = (to_line(head)[1:-1], to_line(reason.as_json()))
        return Combined(result.word, result.outcome, kept, reason, without, *lines)

    def _reason(self, scores: Mapping[str, str]) -> Reason:
        for step in self._steps:
            found = self._try(step, scores)
            if found is not None:
                return found
        raise AssertionError("a rule set ends with a step that always decides")

    def _try(self, step: Step, scores: Mapping[str, str]) -> Reason | None:
        match step:
            case AnySectionScores():
                return self._by_section(step, scores)
            case Matrix():
                return _by_matrix(step, scores)
            case Otherwise():
                return Reason(RESULT, _TITLE, step.result, None, (), f"{step.result}: {step.text}")

    def _by_section(self, step: AnySectionScores, scores: Mapping[str, str]) -> Reason | None:
        those = [self._sections[key] for key in step.sections if scores.get(key) == step.score]
        if not those:
            return None
        held = tuple(
            Held(section.key, section.title, (step.score,), step.score, section.scores[step.score]) for section in those
        )
        return Reason(RESULT, _TITLE, step.result, None, held, f"{step.result}: {step.text} {spoken(held)}")


def _by_matrix(step: Matrix, scores: Mapping[str, str]) -> Reason | None:
    values = step.table.values(scores)
    # A score such as “no row fits” is none of the matrix's own words and fulfils no cell of it.
    known = [v if c.accepts(v) else None for c, v in zip(step.table.columns, values, strict=True)]
    row = step.table.first(known)
    if row is None:
        return None
    result = step.results[row.outcome]
    held = held_cells(step.table, row, known)
    text = f"{result}: {step.texts[row.outcome]} {spoken(held)}"
    return Reason(RESULT, _TITLE, result, row.number, held, text)
