"""A rule set: its sections scored by their tables, and the steps that turn the scores into a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from compliance.rules.errors import AnswerError, show
from compliance.rules.model import Answer, AnySectionScores, Matrix, Outcome, Section, Step, Without
from compliance.rules.table import Row, RowTrace

_MAX_CACHED: Final = 100_000
_ANSWERS: Final = frozenset({str, bool})


@dataclass(frozen=True, slots=True)
class Scored:
    """A section's score and the reason for it, ready to be written out."""

    score: str | None
    reason: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule set says of an interview. ``scores`` leaves sections without a score out."""

    result: str
    outcome: Outcome
    scores: Mapping[str, str]
    reasons: tuple[Mapping[str, Any], ...]
    without: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain data, always in the same order."""
        return {
            "result": self.result,
            **self.without,
            "outcome": self.outcome.value,
            "scores": dict(self.scores),
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, slots=True)
class Parts:
    """What a rule set is made of, read and checked."""

    head: Mapping[str, str]
    digest: str
    sections: tuple[Section, ...]
    steps: tuple[Step, ...]
    outcomes: Mapping[str, Outcome]
    without: Without | None
    context: Mapping[str, Mapping[str, list[Answer]]]


class RuleSet:
    """A loaded and checked rule set; deciding changes nothing but a cache."""

    def __init__(self, parts: Parts) -> None:
        self.key, self.version, self.title = (parts.head[name] for name in ("key", "version", "title"))
        self.digest, self.sections = parts.digest, parts.sections
        self._parts = parts
        self._cache: dict[str, dict[tuple[Answer | None, ...], Scored]] = {s.key: {} for s in parts.sections}

    def decide(self, interview: object) -> Finding:
        """Decide on *interview*, sections of answers.

        Raises :class:`AnswerError` naming section, question and value when an answer is none of its question's.
        """
        if not isinstance(interview, dict):
            raise AnswerError(None, None, f"An interview is an object of sections, not {show(interview)}.")
        self._check_context(interview)
        scores: dict[str, str] = {}
        reasons: list[Mapping[str, Any]] = []
        for section in self.sections:
            scored = self._score(section, interview.get(section.key))
            if scored.score is not None:
                scores[section.key] = scored.score
            if scored.reason is not None:
                reasons.append(scored.reason)
        result, text = self._combine(scores)
        reasons.append({"result": result, "text": text})
        return Finding(result, self._parts.outcomes[result], scores, tuple(reasons), self._without(scores))

    def explain(self, key: str, answers: Mapping[str, Answer]) -> tuple[RowTrace, ...]:
        """Return, for every row of the section *key*, which cells held, what each wanted and what it got."""
        section = next(section for section in self.sections if section.key == key)
        return section.table.explain(section.table.values(answers)) if section.table else ()

    def _without(self, scores: Mapping[str, str]) -> dict[str, str]:
        without = self._parts.without
        if without is None:
            return {}
        return {without.name: self._combine({**scores, without.section: without.score})[0]}

    def _score(self, section: Section, given: object) -> Scored:
        if given is None:
            return Scored(None, None)
        if not isinstance(given, dict):
            raise AnswerError(section.key, None, f"Section {section.key} is an object of answers, not {show(given)}.")
        values = tuple([given.get(column.key) for column in section.columns])
        for column, value in zip(section.columns, values, strict=True):
            # A number equals a boolean in the cache's eyes, so its type is looked at before.
            if value is not None and type(value) not in _ANSWERS:
                raise AnswerError(section.key, column.key, column.refusal(value))
        known = self._cache[section.key]
        found = known.get(values)
        if found is None:
            found = _score_afresh(section, values)
            if len(known) < _MAX_CACHED:
                known[values] = found
        return found

    def _combine(self, scores: Mapping[str, str]) -> tuple[str, str]:
        for step in self._parts.steps:
            if isinstance(step, Matrix):
                row = _matrix_row(step, scores)
                if row is not None:
                    return step.results[row.outcome], step.texts[row.outcome]
            elif not isinstance(step, AnySectionScores) or any(scores.get(s) == step.score for s in step.sections):
                return step.result, step.text
        raise AssertionError("a rule set ends with a step that always decides")

    def _check_context(self, interview: Mapping[str, Any]) -> None:
        for section, questions in self._parts.context.items():
            given = interview.get(section)
            if given is None:
                continue
            if not isinstance(given, dict):
                raise AnswerError(section, None, f"Section {section} is an object of answers, not {show(given)}.")
            for key, allowed in questions.items():
                _check_one(section, key, given.get(key), allowed)


def _check_one(section: str, key: str, value: object, allowed: list[Answer]) -> None:
    if value is not None and not any(type(value) is type(one) and value == one for one in allowed):
        words = ", ".join(str(one) for one in allowed)
        raise AnswerError(section, key, f"Section {section}, question {key}: {show(value)} is none of {words}.")


def _matrix_row(step: Matrix, scores: Mapping[str, str]) -> Row | None:
    values = [scores.get(column.key) for column in step.table.columns]
    known = [v if v in c.values else None for v, c in zip(values, step.table.columns, strict=True)]
    return step.table.first(known)


def _score_afresh(section: Section, values: tuple[Any, ...]) -> Scored:
    for column, value in zip(section.columns, values, strict=True):
        if value is not None and not column.accepts(value):
            raise AnswerError(section.key, column.key, column.refusal(value))
    if section.table is None or all(value is None for value in values):
        return Scored(section.empty, _reason(section, section.empty, "No question of this area was answered."))
    by_name = {column.key: value for column, value in zip(section.columns, values, strict=True)}
    row = section.table.first(section.table.values(by_name))
    if row is None:
        return Scored(section.no_row, _reason(section, section.no_row, "No rule covers these answers."))
    held = [
        (column, by_name[column.key]) for column, cell in zip(section.table.columns, row.cells, strict=True) if cell
    ]
    words = " ".join(f"{column.short} {column.label(value)}." for column, value in held)
    reason = _reason(section, row.outcome, words) or {}
    return Scored(row.outcome, {**reason, "row": row.number, "because": {column.key: value for column, value in held}})


def _reason(section: Section, score: str | None, text: str) -> Mapping[str, Any] | None:
    return None if score is None else {"section": section.key, "title": section.title, "score": score, "text": text}
