"""What a rule set consists of: questions, answers, sections and the steps that turn scores into a result."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from compliance.rules.conditions import ALWAYS, Condition
from compliance.rules.errors import show

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from compliance.rules.table import DecisionTable

Answer = str | bool


class Outcome(StrEnum):
    """What every rule set's own result words come down to."""

    INDEPENDENT_CONTRACTOR = "independent_contractor"
    EMPLOYEE = "employee"
    NEEDS_REVIEW = "needs_review"


class Dated:
    """What holds between two days; without a first or a last day it holds always before or after the other."""

    __slots__ = ()

    effective_from: dt.date | None
    effective_to: dt.date | None

    def in_force(self, day: dt.date) -> bool:
        """Whether it holds on a day."""
        first, last = self.effective_from, self.effective_to
        return (first is None or first <= day) and (last is None or day <= last)


def word_of(value: Answer) -> str:
    """Write a value as tables, conditions and forms do: ``yes`` and ``no`` stand for the booleans."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that a question knows. ``offered`` is false for answers accepted but no longer shown."""

    value: Answer
    label: str
    offered: bool = True
    offered_if: Condition = ALWAYS

    @property
    def word(self) -> str:
        """How tables, conditions and forms write the value: ``yes`` and ``no`` stand for the booleans."""
        return word_of(self.value)


@dataclass(frozen=True, slots=True)
class Column:
    """Something with a closed list of values that a table can look at: an answer, or a section's score."""

    key: str
    section: str
    short: str
    options: tuple[Option, ...]

    @property
    def values(self) -> tuple[Answer, ...]:
        """Every accepted value, in the order declared."""
        return tuple(option.value for option in self.options)

    @property
    def words(self) -> str:
        """Every accepted value as written in tables, for a sentence."""
        return ", ".join(option.word for option in self.options)

    def by_word(self, word: str) -> Option | None:
        """Find an option as tables and forms write it."""
        return next((option for option in self.options if option.word == word), None)

    def label(self, value: Answer) -> str:
        """What people read for this value; the value itself where it is none of the options."""
        for option in self.options:
            if option.value is value or (isinstance(value, str) and option.value == value):
                return option.label
        return str(value)

    def accepts(self, value: object) -> bool:
        """Whether the value is one of the options; a boolean and the word for it are different things."""
        if isinstance(value, bool):
            return any(option.value is value for option in self.options)
        return isinstance(value, str) and value in self.values

    def refusal(self, value: object) -> str:
        """Say in a sentence why the value is not accepted."""
        allowed = "true or false" if self.is_yes_no else f"one of {self.words}"
        return (
            f"Section {self.section}, question {self.key}: {show(value)} is not an answer of this question; "
            f"give {allowed}, or leave it out."
        )

    @property
    def is_yes_no(self) -> bool:
        """Whether the values are the two booleans."""
        return all(isinstance(option.value, bool) for option in self.options)


@dataclass(frozen=True, slots=True)
class Question(Column):
    """One page of the questionnaire.

    ``page_only`` answers never reach a table themselves; answers are derived from them.
    """

    text: str = ""
    help: str = ""
    why: str = ""
    ask_if: Condition = ALWAYS
    page_only: bool = False

    def offered(self, answers: Mapping[str, Answer]) -> tuple[Option, ...]:
        """The options to show, given the answers before this question."""
        return tuple(option for option in self.options if option.offered and option.offered_if.holds(answers))


@dataclass(frozen=True, slots=True)
class Derived(Column):
    """An answer that nobody is asked for: it takes the first value whose condition holds, or stays missing."""

    takes: tuple[tuple[Answer, Condition], ...] = ()

    def value(self, answers: Mapping[str, Answer]) -> Answer | None:
        """Work it out from the answers of the questionnaire."""
        return next((value for value, when in self.takes if when.holds(answers)), None)


@dataclass(frozen=True, slots=True)
class Ending:
    """The questionnaire stops here: with a decision, or only with advice (``decides`` is false)."""

    key: str
    when: Condition
    decides: bool
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A group of questions, scored by one table; without a table it is context and has no score.

    ``scores`` gives each score's meaning. ``empty`` is the score of a section without a single answer (none if
    missing), ``no_row`` the score when no row of the table holds.
    """

    key: str
    title: str
    about: str
    columns: tuple[Column, ...]
    table: DecisionTable | None = None
    scores: Mapping[str, str] = field(default_factory=dict)
    empty: str | None = None
    no_row: str | None = None


@dataclass(frozen=True, slots=True)
class AnySectionScores:
    """A step of the combination: it decides as soon as one of the sections has this score."""

    sections: tuple[str, ...]
    score: str
    result: str
    text: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """A step of the combination: a table over the scores; it decides when one of its rows holds."""

    table: DecisionTable
    results: Mapping[str, str]
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The last step: the result when no step before decided."""

    result: str
    text: str


Step = AnySectionScores | Matrix | Otherwise


@dataclass(frozen=True, slots=True)
class Result:
    """One result word, what it comes down to, and how it is worded on each route."""

    word: str
    outcome: Outcome
    text: str
    wording: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Without:
    """The second result that a rule set reports: as if one section had a given score."""

    name: str
    section: str
    score: str
