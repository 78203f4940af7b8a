"""A decision table set as SQL: the way through the questionnaire, the score of each section, and the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from compliance.rules.conditions import Clause, Condition
from compliance.rules.model import AnySectionScores, Column, Derived, Matrix, Otherwise, Question, Section
from compliance.rules.rule_set import RuleSet
from compliance.rules.sql.writing import Codes, Stages, among, coded, codes, every, first, name, some, text
from compliance.rules.table import DecisionTable

_DECIDES: Final = 1
_ADVISES: Final = 0

Holds = Callable[[Clause], str]


class TableWriter:
    """Writes one rule set. Its stages follow :mod:`compliance.rules.walking` and the scorers word for word."""

    def __init__(self, rule_set: RuleSet) -> None:
        self._rules = rule_set
        self._codes: dict[str, Codes] = {one.key: codes(one) for one in (*rule_set.questions, *rule_set.derived)}
        self._names = {key: f"a{number}" for number, key in enumerate(self._codes)}
        self._scores = {section.key: _words(section) for section in rule_set.sections}
        self._score_names = {section.key: f"score{number}" for number, section in enumerate(rule_set.sections)}
        self._reached: set[str] = set()
        self._ended: str | None = None

    def write(self, stages: Stages, answer: Callable[[str], str]) -> str:
        """Add the stages; return the expression of the result. *answer* names the column of a question's answers."""
        given = {
            f"given_{self._names[one.key]}": coded(name(answer(one.key)), self._codes[one.key], "")
            for one in self._rules.questions
        }
        stages.add(given)
        for question in self._rules.questions:
            self._ask(stages, question)
        ended = [f"{self._ended} IS DISTINCT FROM {_ADVISES}"] if self._ended else []
        stages.add(
            {
                "decides": every([*(f"NOT open_{self._names[one.key]}" for one in self._rules.questions), *ended]),
                **{self._names[one.key]: self._derived(one) for one in self._rules.derived},
            }
        )
        stages.add(
            {self._score_names[one.key]: self._score(one) for one in self._rules.sections if self._scores[one.key]}
        )
        return self._result()

    def _ask(self, stages: Stages, question: Question) -> None:
        """Follow :func:`compliance.rules.walking.through` past one page."""
        known, before = self._names[question.key], self._ended
        going_on = [f"{before} IS NULL"] if before else []
        offered = first(
            [
                (f"given_{known} = {self._codes[question.key][option.value]}", self._holds(option.offered_if))
                for option in question.options
                if option.offered
            ],
            "FALSE",
        )
        asked = every([*going_on, self._holds(question.ask_if), offered])
        stages.add({known: f"CASE WHEN {asked} THEN given_{known} END"})
        may_be_asked = self._condition(question.ask_if, self._may_hold)
        self._reached.add(known)
        after = {f"open_{known}": f"coalesce({every([*going_on, f'{known} IS NULL', may_be_asked])}, FALSE)"}
        if self._may_end(question.key):
            self._ended = f"ended_{known}"
            endings = [
                (self._holds(one.when), str(_DECIDES if one.decides else _ADVISES)) for one in self._rules.endings
            ]
            here = f"CASE WHEN {known} IS NOT NULL THEN {first(endings, 'NULL')} END"
            after[self._ended] = f"coalesce({before}, {here})" if before else here
        stages.add(after)

    def _may_end(self, key: str) -> bool:
        """Whether an ending can first hold here: where it looks at this answer, or at one that is missing."""
        return any(
            not one.when.alternatives
            or any(
                clause.unanswered or clause.question == key for clauses in one.when.alternatives for clause in clauses
            )
            for one in self._rules.endings
        )

    def _holds(self, condition: Condition) -> str:
        return self._condition(condition, self._clause)

    def _condition(self, condition: Condition, holds: Holds) -> str:
        if not condition.alternatives:
            return "TRUE"
        return some([every([holds(clause) for clause in clauses]) for clauses in condition.alternatives])

    def _clause(self, clause: Clause) -> str:
        known = self._names[clause.question]
        if known not in self._reached:  # Whoever has not come to a page has given no answer there.
            return "TRUE" if clause.unanswered else "FALSE"
        if clause.unanswered:
            return f"{known} IS NULL"
        return among(known, [self._codes[clause.question][value] for value in clause.values])

    def _may_hold(self, clause: Clause) -> str:
        known = self._names[clause.question]
        return some([*([f"open_{known}"] if known in self._reached else []), self._clause(clause)])

    def _derived(self, derived: Derived) -> str:
        numbered = self._codes[derived.key]
        return first([(self._holds(when), str(numbered[value])) for value, when in derived.takes], "NULL")

    def _score(self, section: Section) -> str:
        """Score a section; its words are numbered from 1, in the order of :func:`_words`."""
        scores, table = self._scores[section.key], section.table
        if table is None or section.no_row is None:
            raise AssertionError("only a section with a table has scores")
        columns = [self._names[column.key] for column in section.columns]
        rows = first(
            [(self._row(table, row.cells), str(scores[row.outcome])) for row in table.rows],
            str(scores[section.no_row]),
        )
        empty = f"CASE WHEN decides THEN {scores[section.empty]} END" if section.empty else "NULL"
        return f"CASE WHEN {some([f'{one} IS NOT NULL' for one in columns])} THEN {rows} ELSE {empty} END"

    def _row(self, table: DecisionTable, cells: Sequence[tuple[object, ...] | None]) -> str:
        return every(
            [
                among(self._names[column.key], [self._codes[column.key][value] for value in _values(column, cell)])
                for column, cell in zip(table.columns, cells, strict=True)
                if cell is not None
            ]
        )

    def _result(self) -> str:
        """Try the steps in order; the last one always decides."""
        cases: list[tuple[str, str]] = []
        for step in self._rules.steps:
            match step:
                case AnySectionScores():
                    those = [self._scores_as(key, [step.score]) for key in step.sections]
                    cases.append((some(those), text(step.result)))
                case Matrix():
                    cases += [
                        (self._matrix_row(step, row.cells), text(step.results[row.outcome])) for row in step.table.rows
                    ]
                case Otherwise():
                    return first(cases, text(step.result))
        raise AssertionError("a rule set ends with a step that always decides")

    def _matrix_row(self, step: Matrix, cells: Sequence[tuple[object, ...] | None]) -> str:
        return every(
            [
                self._scores_as(column.key, [str(value) for value in _values(column, cell)])
                for column, cell in zip(step.table.columns, cells, strict=True)
                if cell is not None
            ]
        )

    def _scores_as(self, section: str, words: Sequence[str]) -> str:
        scores = self._scores[section]
        return among(self._score_names[section], [scores[word] for word in words if word in scores])


def _values(column: Column, cell: tuple[object, ...]) -> list[str | bool]:
    return [value for value in column.values if value in cell]


def _words(section: Section) -> Mapping[str, int]:
    """Number every score that a section can have; without a table it has none."""
    if section.table is None or section.no_row is None:
        return {}
    words = dict.fromkeys([*section.scores, section.no_row, *([section.empty] if section.empty else [])])
    return {word: number for number, word in enumerate(words, start=1)}
