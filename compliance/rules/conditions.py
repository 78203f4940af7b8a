"""The small language in which a rule set says when a question is asked.

A condition is one text or a list of texts, of which one must hold. A text is made of clauses joined by ``and``:

* ``endUserRole is endClient``: answered with exactly this;
* ``endUserRole is endClient/placingAgency``: answered with one of these;
* ``endUserRole is not endClient``: answered, but with something else;
* ``endUserRole is answered`` and ``endUserRole is unanswered``.

The answers of a yes-or-no question are written ``yes`` and ``no``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance.rules.errors import Place, RuleSetError, show

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from compliance.rules.model import Answer, Column

_CLAUSE_PARTS = 3


@dataclass(frozen=True, slots=True)
class Clause:
    """One question must be answered with one of these values, or (``unanswered``) must not be answered."""

    question: str
    values: tuple[Answer, ...]
    unanswered: bool = False

    def holds(self, answers: Mapping[str, Answer]) -> bool:
        """Whether the answers given fulfil it."""
        given = answers.get(self.question)
        if given is None:
            return self.unanswered
        return not self.unanswered and given in self.values

    def may_hold(self, answers: Mapping[str, Answer], still_open: Collection[str]) -> bool:
        """Whether it holds, or could once the open questions are answered."""
        return self.question in still_open or self.holds(answers)


@dataclass(frozen=True, slots=True)
class Condition:
    """Alternatives of clauses; without any alternative it always holds."""

    alternatives: tuple[tuple[Clause, ...], ...] = ()

    def holds(self, answers: Mapping[str, Answer]) -> bool:
        """Whether one alternative is fulfilled by the answers."""
        return not self.alternatives or any(
            all(clause.holds(answers) for clause in clauses) for clauses in self.alternatives
        )

    def may_hold(self, answers: Mapping[str, Answer], still_open: Collection[str]) -> bool:
        """Whether one alternative is, or could yet be, fulfilled."""
        return not self.alternatives or any(
            all(clause.may_hold(answers, still_open) for clause in clauses) for clauses in self.alternatives
        )


ALWAYS = Condition()


def parse_condition(texts: tuple[str, ...], questions: Mapping[str, Column], place: Place) -> Condition:
    """Read the texts of one condition.

    ``questions`` are those that may be named: the ones asked before. Raises ``RuleSetError`` for a clause that cannot
    be read, an unknown or later question, and an unknown answer.
    """
    return Condition(
        tuple(
            tuple(_parse_clause(clause.strip(), questions, place) for clause in text.split(" and ")) for text in texts
        ),
    )


def _parse_clause(text: str, questions: Mapping[str, Column], place: Place) -> Clause:
    parts = text.split(maxsplit=2)
    if len(parts) != _CLAUSE_PARTS or parts[1] != "is":
        raise RuleSetError(place, f"the condition {show(text)} cannot be read; write “question is answer”.")
    key, _, wanted = parts
    if key not in questions:
        raise RuleSetError(
            place,
            f"the condition {show(text)} names {show(key)}, which is no question asked before this one.",
        )
    column = questions[key]
    if wanted in {"answered", "unanswered"}:
        return Clause(key, column.values, unanswered=wanted == "unanswered")
    negated = wanted.startswith("not ")
    named = tuple(
        _value(word.strip(), column, place.at(f"condition {show(text)}"))
        for word in wanted.removeprefix("not ").split("/")
    )
    return Clause(key, tuple(value for value in column.values if (value in named) is not negated))


def _value(word: str, column: Column, place: Place) -> Answer:
    option = column.by_word(word)
    if option is None:
        raise RuleSetError(place, f"{show(word)} is no answer of {column.key}; it has {column.words}.")
    return option.value
