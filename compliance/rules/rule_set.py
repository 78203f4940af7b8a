"""A rule set that was read and checked: it decides an interview and explains every row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from compliance.rules.combining import Combined, Combiner
from compliance.rules.errors import AnswerError, show
from compliance.rules.finding import RESULT, Finding, to_line
from compliance.rules.model import (
    Answer,
    Dated,
    Derived,
    Ending,
    Matrix,
    Question,
    Result,
    Section,
    Step,
    Without,
)
from compliance.rules.scoring import Scored, SectionScorer
from compliance.rules.table import DecisionTable, RowTrace
from compliance.rules.walking import Answers, Walk, through

_MAX_KEPT: Final = 20_000


@dataclass(frozen=True, slots=True)
class About(Dated):
    """What a rule set says of itself. The dates are those between which its rules are meant to be used."""

    key: str
    version: str
    title: str
    jurisdiction: str
    effective_from: dt.date | None
    effective_to: dt.date | None
    source: str
    source_url: str
    licence: str
    citation: str
    note: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What a rule set is made of, read and checked. ``wording_by`` is the question that picks a result's wording."""

    about: About
    digest: str
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    derived: tuple[Derived, ...]
    endings: tuple[Ending, ...]
    steps: tuple[Step, ...]
    results: Mapping[str, Result]
    without: Without | None
    wording_by: str | None


class RuleSet:
    """A loaded and checked rule set; deciding changes nothing but what it remembers to be quick.

    ``digest`` is the SHA-256 of the content: comments and spacing do not count.
    """

    def __init__(self, parts: Parts) -> None:
        self.about = parts.about
        self.key, self.version, self.title = parts.about.key, parts.about.version, parts.about.title
        self.digest = parts.digest
        self.sections, self.questions, self.derived = parts.sections, parts.questions, parts.derived
        self.endings, self.steps, self.results = parts.endings, parts.steps, parts.results
        self.without, self.wording_by = parts.without, parts.wording_by
        self._by_key = {question.key: question for question in parts.questions}
        self._scorers = tuple(SectionScorer(section) for section in parts.sections)
        self._combiner = Combiner(parts.sections, parts.steps, parts.results, parts.without)
        self._combined: dict[tuple[str | None, ...], Combined] = {}
        self._opening = to_line({"rule_set": self.key, "version": self.version})[:-1]

    def __repr__(self) -> str:
        return f"<RuleSet {self.key} {self.version}>"

    def question(self, key: str) -> Question:
        """Find a page of the questionnaire. Raises ``AnswerError`` if there is none of that key."""
        if key not in self._by_key:
            raise AnswerError(None, key, f"{show(key)} is no question of {self.title}.")
        return self._by_key[key]

    def walk(self, answers: Answers) -> Walk:
        """Follow the answers through the questionnaire, as far as they lead."""
        return through(self.questions, self.endings, answers)

    def section(self, key: str) -> Section:
        """Find a section. Raises ``AnswerError`` if there is none of that key."""
        for section in self.sections:
            if section.key == key:
                return section
        raise AnswerError(key, None, f"{show(key)} is no section of {self.title}.")

    def decide(self, interview: object) -> Finding:
        """Decide an interview: an object of sections, each an object of answers; anything may be missing.

        Names that the rule set does not know are ignored. Raises ``AnswerError``, and decides nothing, if a section is
        no object or a value is none of its question's.
        """
        scored, combined = self._settle(interview)
        return Finding(
            self.key,
            self.version,
            combined.result,
            combined.outcome,
            combined.scores,
            (*[one.reason for one in scored if one.reason], combined.reason),
            combined.without,
            self._write(scored, combined),
        )

    def decide_line(self, interview: object) -> str:
        """Decide as ``decide`` does and hand back only the finding's line; a stream of interviews needs no more."""
        return self._write(*self._settle(interview))

    def _settle(self, interview: object) -> tuple[list[Scored], Combined]:
        if not isinstance(interview, Mapping):
            problem = show(interview)
            raise AnswerError(
                None, None, f"{problem[0].upper()}{problem[1:]} stands where an object of sections belongs."
            )
        scored = [scorer.score(interview.get(scorer.key)) for scorer in self._scorers]
        return scored, self._combine(tuple([one.score for one in scored]))

    def _write(self, scored: list[Scored], combined: Combined) -> str:
        lines = ",".join([*[one.line for one in scored if one.line], combined.line])
        return f'{self._opening},{combined.head},"reasons":[{lines}]}}'

    def _combine(self, scores: tuple[str | None, ...]) -> Combined:
        kept = self._combined.get(scores)
        if kept is None:
            by_key = {scorer.key: score for scorer, score in zip(self._scorers, scores, strict=True) if score}
            kept = self._combiner.combine(by_key)
            if len(self._combined) < _MAX_KEPT:
                self._combined[scores] = kept
        return kept

    def explain(self, section: str, answers: Mapping[str, Answer | None]) -> tuple[RowTrace, ...]:
        """Tell of every row of a section's table which cell failed, what it wanted and what it got.

        The section ``result`` is the matrix, and its answers are the sections' scores. Raises ``AnswerError`` for a
        section without a table and for values that no question knows.
        """
        table = self.table(section)
        values = table.values(answers)
        for column, value in zip(table.columns, values, strict=True):
            if value is not None and not column.accepts(value):
                raise AnswerError(section, column.key, column.refusal(value))
        return table.explain(values)

    def table(self, section: str) -> DecisionTable:
        """Find a section's table; ``result`` names the matrix. Raises ``AnswerError`` if there is none."""
        if section == RESULT:
            found = next((step.table for step in self.steps if isinstance(step, Matrix)), None)
        else:
            found = self.section(section).table
        if found is None:
            raise AnswerError(section, None, f"Section {show(section)} has no table, so there is nothing to look at.")
        return found
