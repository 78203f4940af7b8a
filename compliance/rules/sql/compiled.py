"""One rule set as one query, and what it must equal: the same rule set asked one interview at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from compliance.rules import explained, interview
from compliance.rules.errors import AnswerError
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.rule_set import RuleSet
from compliance.rules.sql.legal import LegalWriter
from compliance.rules.sql.tables import TableWriter
from compliance.rules.sql.writing import Stages, text
from compliance.rules.walking import Answers

Compilable = RuleSet | LegalTest

NOT_ACCEPTED: Final = "answers_not_accepted"
"""Stands where an answer that was given then is none of the options any more, so that nothing can be decided."""


def columns(rules: Compilable) -> tuple[str, ...]:
    """Return the questions whose answers the query looks at, in their order."""
    return tuple(question.key for question in rules.questions)


def query(rules: Compilable, source: str, kept: Sequence[str], answer: Callable[[str], str]) -> str:
    """Write the query that decides every row of *source*: the columns *kept*, then ``result``.

    *answer* names the column of a question's answers, which holds them as JSON writes them. A table gives its own
    result, a legal test its outcome.
    """
    stages = Stages()
    if isinstance(rules, RuleSet):
        result = TableWriter(rules).write(stages, answer)
    else:
        result = LegalWriter(rules).write(stages, answer, text(NOT_ACCEPTED))
    return f"SELECT {', '.join([*kept, f'{result} AS result'])} FROM {stages.over(source)}"  # noqa: S608 - values quoted


def decided(rules: Compilable, answers: Answers) -> str:
    """Decide one interview by the rule set itself, and say it in the words of the query."""
    if isinstance(rules, RuleSet):
        return rules.decide(interview.to_interview(rules, answers)).result
    try:
        return rules.outcome(explained.own(rules, answers))
    except AnswerError:
        return NOT_ACCEPTED
