"""What a told rule set consists of: chapters of parts, each a title with lines under it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from compliance.rules.legal.model import Allowed, Source
from compliance.rules.model import Outcome, Question

SOURCES: Final = {
    Source.VERIFIED: "checked against the source",
    Source.PARTLY: "partly checked against the source",
    Source.UNVERIFIED: "not checked against the source",
}
OUTCOMES: Final = {
    Outcome.INDEPENDENT_CONTRACTOR: "independent contractor",
    Outcome.EMPLOYEE: "employee",
    Outcome.NEEDS_REVIEW: "left to a reviewer",
}


@dataclass(frozen=True, slots=True)
class Line:
    """Something said under a label, in one sentence or several."""

    label: str
    said: tuple[str, ...]


def anchor(kind: str, key: str) -> str:
    """Return by what name a page of the rules can be opened at one of its parts."""
    return f"{kind.lower()}-{key}"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a rule set has: a factor, a gate, a question. ``kind`` and ``key`` name it in every version.

    ``more`` is what a page folds away; ``proposed`` is true of what is not law.
    """

    kind: str
    key: str
    title: str
    lines: tuple[Line, ...]
    more: tuple[Line, ...] = ()
    proposed: bool = False

    @property
    def anchor(self) -> str:
        """By what name its place on the page can be opened."""
        return anchor(self.kind, self.key)


@dataclass(frozen=True, slots=True)
class Chapter:
    """Parts that belong together. ``folded`` is true of what only few readers want to see."""

    title: str
    intro: str
    parts: tuple[Part, ...]
    folded: bool = False


def lines(*said: tuple[str, str | tuple[str, ...]]) -> tuple[Line, ...]:
    """Return those lines that say something."""
    listed = ((label, (text,) if isinstance(text, str) else text) for label, text in said)
    return tuple(Line(label, text) for label, text in listed if any(text))


def cited(citation: str, source: Source) -> str:
    """Return a citation with whether somebody held the statement against it."""
    return f"{citation} ({SOURCES[source]})" if citation else SOURCES[source]


def span(first: dt.date | None, last: dt.date | None) -> str:
    """Return between which days something is in force."""
    if first is None:
        return f"until {last}" if last else "no date is given"
    return f"from {first}" if last is None else f"from {first} to {last}"


def conditions(allowed: Allowed, questions: Mapping[str, Question]) -> tuple[str, ...]:
    """Return which answers are wanted, question by question."""
    return tuple(_wanted(key, values, questions.get(key)) for key, values in allowed.items())


def questions_told(questions: tuple[Question, ...]) -> Iterator[Part]:
    """Yield each question with its help and its answers."""
    for one in questions:
        answers = tuple(option.label for option in one.options if option.offered)
        told = lines(("Help", one.help), ("Why it is asked", one.why), ("Answers", answers))
        yield Part("Question", one.key, one.text, told)


def _wanted(key: str, values: frozenset[str], question: Question | None) -> str:
    if question is None:
        return f"{key}: {' or '.join(sorted(values))}"
    labels = (f"“{option.label}”" for option in question.options if option.word in values)
    return f"{question.text} {' or '.join(labels)}"
