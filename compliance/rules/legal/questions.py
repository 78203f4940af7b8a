"""Reading the questions that all legal tests share, and which answers to them contradict each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compliance.rules.errors import RuleSetError, show
from compliance.rules.fields import Fields, read_toml
from compliance.rules.legal.model import Allowed, Contradiction
from compliance.rules.model import Option, Question

FILE: Final = "questions.toml"

UNKNOWN: Final = "unknown"
"""What may be given instead of leaving a question out; it is no answer and decides nothing."""

_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")
_VALUE: Final = re.compile(r"[a-z0-9][a-z0-9_]*")
_YES_NO: Final = {"yes": "Yes", "no": "No"}
_PAIR: Final = 2


@dataclass(frozen=True, slots=True)
class Pool:
    """The shared questions in the order in which they are asked.

    ``context`` are those whose answer is what the work is, so that nobody could arrange it differently.
    """

    questions: Mapping[str, Question]
    context: frozenset[str]
    contradictions: tuple[Contradiction, ...]

    @property
    def known(self) -> Allowed:
        """Every answer of every question."""
        return {key: options(question) for key, question in self.questions.items()}


def options(question: Question) -> frozenset[str]:
    """The answers of a question as they are written."""
    return frozenset(option.word for option in question.options)


def read_pool(folder: Path) -> Pool:
    """Read and check the file of shared questions in *folder*. Raises ``RuleSetError``."""
    fields = read_toml(folder, FILE)
    found: dict[str, Question] = {}
    context: set[str] = set()
    for entry in fields.tables("question"):
        question = _question(entry)
        if question.key in found:
            raise RuleSetError(entry.place, f"the question {show(question.key)} is there twice.")
        found[question.key] = question
        if entry.flag("context", default=False):
            context.add(question.key)
        entry.finish()
    contradictions = tuple(_contradiction(entry, found) for entry in fields.tables("contradiction"))
    fields.finish()
    return Pool(found, frozenset(context), contradictions)


def _question(entry: Fields) -> Question:
    key = entry.text("key")
    if not _KEY.fullmatch(key):
        raise RuleSetError(entry.place, f"{show(key)} cannot be a key; take small letters, digits and underscores.")
    listed = entry.table("options").all_texts() or _YES_NO
    for value in listed:
        if not _VALUE.fullmatch(value) or value == UNKNOWN:
            raise RuleSetError(
                entry.place, f"{show(value)} cannot be an option; take small letters, digits and underscores."
            )
    return Question(
        key=key,
        section=entry.text("group"),
        short=entry.text("short"),
        options=tuple(Option(value, label) for value, label in listed.items()),
        text=entry.text("text"),
        help=entry.text("help", ""),
        why=entry.text("why"),
    )


def _contradiction(entry: Fields, questions: Mapping[str, Question]) -> Contradiction:
    pair = read_allowed(entry.table("answers"), questions)
    if len(pair) != _PAIR:
        raise RuleSetError(entry.place, "a contradiction is between the answers of exactly two questions.")
    first, second = pair.items()
    found = Contradiction(first, second, entry.text("text"))
    entry.finish()
    return found


def read_allowed(entry: Fields, questions: Mapping[str, Question]) -> dict[str, frozenset[str]]:
    """Read conditions: for each question the answers that fulfil it. Raises ``RuleSetError``."""
    found: dict[str, frozenset[str]] = {}
    for key in entry.names():
        words = entry.texts(key)
        question = known_question(key, questions, entry)
        for word in words:
            if word not in options(question):
                raise RuleSetError(entry.place, f"{show(word)} is no answer of {key}; it has {question.words}.")
        if not words:
            raise RuleSetError(entry.place, f"no answer fulfils {show(key)}; name at least one of {question.words}.")
        if len(words) == len(question.options):
            raise RuleSetError(entry.place, f"every answer fulfils {show(key)}; leave it out or take one away.")
        found[key] = frozenset(words)
    return found


def known_question(key: str, questions: Mapping[str, Question], entry: Fields) -> Question:
    """Find a question that an entry names. Raises ``RuleSetError`` if there is none."""
    if key not in questions:
        raise RuleSetError(entry.place, f"{show(key)} is no question of {FILE}.")
    return questions[key]
