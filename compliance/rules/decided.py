"""Decided cases: what courts found, as answers to our questions, and how far the rules find the same."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from compliance.rules.errors import AnswerError
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.model import Outcome

AGREE: Final = "agree"
REVIEW: Final = "review"
OPPOSITE: Final = "opposite"
VERDICTS: Final = (AGREE, REVIEW, OPPOSITE)
REMANDED: Final = "remanded"


@dataclass(frozen=True, slots=True)
class DecidedCase:
    """A case that a court decided, and the answers that its judgment gives to our questions."""

    id: str
    name: str
    test: str
    outcome: str
    facts: Mapping[str, str]


@functools.cache
def cases() -> tuple[DecidedCase, ...]:
    """Return every case that is known and was not sent back."""
    file = resources.files("compliance") / "demo" / "data" / "caselaw.jsonl"
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return tuple(
        DecidedCase(one["id"], one["name"], one["test"].replace("_", "-"), one["outcome"], one["facts"])
        for one in found
        if one["outcome"] != REMANDED
    )


def verdict(outcome: str, decided: str) -> str:
    """Compare an outcome with the court's."""
    if outcome == Outcome.NEEDS_REVIEW:
        return REVIEW
    return AGREE if outcome == decided else OPPOSITE


def compared(before: object, after: object) -> dict[str, Any]:
    """Hold two versions of a rule set against the decided cases of its test, as plain data.

    It says how many agree before and after, and names every case that is found otherwise than before. There are no
    cases of rule sets that decide no status, nor of an authority's tables.
    """
    if not isinstance(before, LegalTest) or not isinstance(after, LegalTest):
        return {"cases": 0, "before": {}, "after": {}, "moved": []}
    own = [one for one in cases() if one.test == after.key]
    found = [(one, outcome(before, one), outcome(after, one)) for one in own]
    return {
        "cases": len(own),
        "before": _counted(verdict(old, one.outcome) for one, old, _ in found),
        "after": _counted(verdict(new, one.outcome) for one, _, new in found),
        "moved": [
            {"id": one.id, "name": one.name, "decided": one.outcome, "before": old, "after": new}
            for one, old, new in found
            if old != new
        ],
    }


def outcome(test: LegalTest, case: DecidedCase) -> str:
    """Return what a test finds in the facts of a case; a fact that it does not take any more leaves it to a person."""
    try:
        return test.decide(case.facts).outcome.value
    except AnswerError:
        return Outcome.NEEDS_REVIEW.value


def _counted(verdicts: Any) -> dict[str, int]:  # noqa: ANN401 - any iterable of words
    counts = Counter(verdicts)
    return {word: counts[word] for word in VERDICTS}
