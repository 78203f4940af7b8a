"""Following answers through a questionnaire: which pages are asked, which answers count, and where it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from compliance.rules.model import Answer, Ending, Question

Answers = Mapping[str, Answer | None]


@dataclass(frozen=True, slots=True)
class Walk:
    """How far the answers lead.

    ``pages`` are those that are asked, or may yet be asked, in order; ``answers`` those that count; ``next`` is the
    page to show now; ``ending`` is where the questionnaire stopped before its last page, if it did.
    """

    pages: tuple[Question, ...]
    answers: Mapping[str, Answer]
    next: Question | None
    ending: Ending | None

    @property
    def decides(self) -> bool:
        """Whether nothing is left to answer and the end is a decision, not only advice."""
        return self.next is None and (self.ending is None or self.ending.decides)


class Asks(Protocol):
    """Whatever asks questions: a rule set, or several that are asked as one."""

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question that may be asked."""

    def question(self, key: str) -> Question:
        """Find a question. Raises ``AnswerError`` if there is none of that key."""

    def walk(self, answers: Answers) -> Walk:
        """Follow the answers from the first page to the end, past pages that are still open."""


def through(questions: tuple[Question, ...], endings: tuple[Ending, ...], answers: Answers) -> Walk:
    """Follow the answers through pages that stand in a fixed order, each with its condition."""
    sure: dict[str, Answer] = {}
    still_open: dict[str, Question] = {}
    pages: list[Question] = []
    ending = None
    for question in questions:
        if not question.ask_if.may_hold(sure, still_open):
            continue
        pages.append(question)
        answer = given(question, answers, sure)
        if answer is None or not question.ask_if.holds(sure):
            still_open[question.key] = question
            continue
        sure[question.key] = answer
        ending = next((one for one in endings if one.when.holds(sure)), None)
        if ending is not None:
            break
    return Walk(tuple(pages), sure, next(iter(still_open.values()), None), ending)


def given(question: Question, answers: Answers, before: Mapping[str, Answer]) -> Answer | None:
    """Return the answer to *question* if it is one that is offered after the answers *before*."""
    answer = answers.get(question.key)
    if answer is None or not question.accepts(answer):
        return None
    return answer if any(option.value == answer for option in question.offered(before)) else None
