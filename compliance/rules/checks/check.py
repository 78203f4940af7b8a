"""A compliance check that was read: whether it applies, which duties follow, and by when each is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from compliance.rules.checks.model import (
    AtLeast,
    CheckParts,
    CheckQuestion,
    Due,
    Duty,
    Given,
    Truth,
    Type,
    Value,
    all_hold,
)
from compliance.rules.errors import AnswerError, no_object, show
from compliance.rules.finding import to_line
from compliance.rules.legal.questions import UNKNOWN

_LARGEST: Final = 10**12


class State(StrEnum):
    """How a duty stands."""

    MET = "met"
    NOT_MET = "not_met"
    OPEN = "open"
    TO_DO = "to_do"
    NOT_DUE = "does_not_apply"


_APPLIES: Final = {Truth.HOLDS: "applies", Truth.FAILS: "does_not_apply", Truth.OPEN: "needs_review"}


class ComplianceCheck:
    """Decides from the answers whether the law applies, and what follows."""

    def __init__(self, parts: CheckParts) -> None:
        self.parts, self.about, self.digest = parts, parts.about, parts.digest
        self.key, self.version, self.title = parts.about.key, parts.about.version, parts.about.title
        self.questions, self.duties = parts.questions, parts.duties
        self._head = to_line({"rule_set": self.key, "version": self.version, "digest": self.digest})[:-1]

    def __repr__(self) -> str:
        return f"<ComplianceCheck {self.key} {self.version}>"

    def decide(self, answers: object) -> dict[str, Any]:
        """Decide answers: an object by question; a date is written 2026-04-06, a number as a whole number.

        Raises ``AnswerError``, and decides nothing, for what no question knows.
        """
        given = self._checked(answers)
        applies = all_hold(self.parts.applies, given)
        duties = [] if applies is Truth.FAILS else [self._duty(duty, given) for duty in self.duties]
        return {
            "outcome": _APPLIES[applies],
            "applies_when": self.about.applies_when,
            "excluded": self.about.excluded,
            "duties": duties,
            "missing": self._missing(given, applies),
            "consequences": self.about.consequences,
            "authority": list(self.about.authority),
        }

    def decide_line(self, answers: object) -> str:
        """Decide as ``decide`` does and write it as one line of JSON."""
        return f"{self._head},{to_line(self.decide(answers))[1:]}"

    def _missing(self, given: Given, applies: Truth) -> list[str]:
        if applies is Truth.FAILS:
            return []
        asked = [clause.question for clause in self.parts.applies]
        if applies is Truth.HOLDS:
            asked += [clause.question for duty in self.duties for clause in (*duty.applies, *duty.met)]
        return [key for key in dict.fromkeys(asked) if key not in given]

    def _duty(self, duty: Duty, given: Given) -> dict[str, Any]:
        return {
            "key": duty.key,
            "text": duty.text,
            "who": duty.who,
            "state": self._state(duty, given),
            "due": None if duty.due is None else _due(duty.due, given),
            "citation": duty.citation,
            "source": duty.source,
        }

    def _state(self, duty: Duty, given: Given) -> State:
        applies = all_hold(duty.applies, given)
        if applies is Truth.FAILS:
            return State.NOT_DUE
        if applies is Truth.OPEN:
            return State.OPEN
        if not duty.met:
            return State.TO_DO
        return {Truth.HOLDS: State.MET, Truth.FAILS: State.NOT_MET, Truth.OPEN: State.OPEN}[all_hold(duty.met, given)]

    def _checked(self, answers: object) -> dict[str, Value]:
        if not isinstance(answers, Mapping):
            raise no_object(answers)
        given: dict[str, Value] = {}
        for key, value in answers.items():
            question = self.questions.get(key)
            if question is None and key not in self.parts.known:
                raise AnswerError(None, str(key), f"{show(key)} is no question of any test; is it misspelt?")
            if question is not None and value is not None and value != UNKNOWN:
                given[key] = _value(question, value)
        return given


def _value(question: CheckQuestion, value: object) -> Value:
    match question.type:
        case Type.NUMBER:
            if isinstance(value, AtLeast):
                return value
            if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
                return value
            allowed = "a whole number, not below 0"
        case Type.DATE:
            day = _day(value)
            if day is not None:
                return day
            allowed = "a date like 2026-04-06"
        case _:
            if isinstance(value, str) and value in question.options:
                return value
            allowed = f"one of {', '.join(question.options)}"
    raise AnswerError(
        None, question.key, f"Question {question.key}: {show(value)} is not an answer of this question; give {allowed}."
    )


def _day(value: object) -> dt.date | None:
    if not isinstance(value, str):
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None


def _due(due: Due, given: Given) -> dict[str, Any]:
    said = {"days": due.days, "kind": due.kind, "after": due.after, "on": None}
    since = given.get(due.question) if due.question else None
    # Working days need a region's calendar, which whoever carries the duty out has and a rule set has not.
    if isinstance(since, dt.date) and due.kind == "calendar_days" and (dt.date.max - since).days >= due.days:
        said["on"] = (since + dt.timedelta(days=due.days)).isoformat()
    return said
