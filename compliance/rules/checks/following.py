"""Which duties follow for an engagement: the checks that cover its places on its day, decided on what is known of it.

What a check asks and nobody knows stays open and is named; nothing is guessed. A law for contractors says nothing of
work that was found to be employment.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.checks.model import AtLeast, CheckQuestion, Type, Value
from compliance.rules.library import Library
from compliance.rules.standing import Standing

DOES_NOT_APPLY: Final = "does_not_apply"


@dataclass(frozen=True, slots=True)
class Fact:
    """An answer that is known without asking. ``basis`` says from where; ``told_by`` names the party that told it."""

    value: Value
    basis: str
    told_by: str = ""


@dataclass(frozen=True, slots=True)
class Covering:
    """A check in force that covers an engagement, and the places because of which it does."""

    check: ComplianceCheck
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Follows:
    """What one check says of an engagement: whether its law applies, what must be done, and what is not known."""

    check: ComplianceCheck
    places: tuple[str, ...]
    facts: Mapping[str, Fact]
    found: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain data, always in the same order and in words that need no rule set to be read."""
        questions = self.check.questions
        return {
            "rule_set": self.check.key,
            "version": self.check.version,
            "digest": self.check.digest,
            "title": self.check.title,
            "places": list(self.places),
            "outcome": self.found["outcome"],
            "applies_when": self.found["applies_when"],
            "excluded": self.found["excluded"],
            "duties": self.found["duties"],
            "open": [questions[key].text for key in self.found["missing"]],
            "consequences": self.found["consequences"],
            "facts": [
                {
                    "question": questions[key].text,
                    "answer": told(questions[key], fact.value),
                    "basis": fact.basis,
                    "told_by": fact.told_by,
                }
                for key, fact in self.facts.items()
            ],
        }


def following(covering: Iterable[Covering], facts: Mapping[str, Fact]) -> tuple[Follows, ...]:
    """Decide each check on the *facts*; one whose law does not apply is left out. Raises ``AnswerError``."""
    found = (_decided(one, facts) for one in covering)
    return tuple(one for one in found if one.found["outcome"] != DOES_NOT_APPLY)


@functools.lru_cache(maxsize=512)
def covering(library: Library | Standing, places: tuple[str, ...], on: dt.date) -> tuple[Covering, ...]:
    """Find the checks in force on a day that cover one of the *places*; the same for every engagement of the kind."""
    around = {place: library.places.around(library.places.known_as(place)) for place in dict.fromkeys(places)}
    found = (
        Covering(check, tuple(place for place, those in around.items() if set(those) & set(check.about.places)))
        for check in library.checks(on)
    )
    return tuple(one for one in found if one.places)


def told(question: CheckQuestion, value: Value) -> str:
    """Return an answer as people read it."""
    if isinstance(value, AtLeast):
        return f"at least {value.number:,}"
    if isinstance(value, int):
        return f"{value:,}"
    return value.isoformat() if isinstance(value, dt.date) else question.options[value]


def _decided(one: Covering, facts: Mapping[str, Fact]) -> Follows:
    own = {key: facts[key] for key in one.check.questions if key in facts}
    written = {key: _written(one.check.questions[key], fact.value) for key, fact in own.items()}
    return Follows(one.check, one.places, own, one.check.decide(written))


def _written(question: CheckQuestion, value: Value) -> object:
    """Return a value as a check takes it: a day is a text there."""
    return value.isoformat() if question.type is Type.DATE and isinstance(value, dt.date) else value
