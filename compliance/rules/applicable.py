"""Which legal tests apply to an engagement, and what they say together: the strictest outcome leads.

Every place counts, that of the worker, of the client and of the work: a worker in one state, a client in another and
work in a third stand under all three. A place for which there is no test is never guessed at; it asks for a reviewer.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from compliance.rules.errors import AnswerError, show
from compliance.rules.legal.finding import LegalFinding
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.loading import PURPOSES
from compliance.rules.legal.model import Effect
from compliance.rules.model import Outcome
from compliance.rules.places import Places

STRICTEST_FIRST: Final = (Outcome.EMPLOYEE, Outcome.NEEDS_REVIEW, Outcome.INDEPENDENT_CONTRACTOR)

UNSUPPORTED: Final = "JURISDICTION_UNSUPPORTED"
PARTLY_COVERED: Final = "JURISDICTION_PARTLY_COVERED"


class Rules(Protocol):
    """Where legal tests come from: a library, or one with later versions in it."""

    @property
    def places(self) -> Places:
        """What is known about places."""
        ...

    def legal_tests(self, at: dt.date) -> list[LegalTest]:
        """Every legal test that is in force on a day."""
        ...

    def __hash__(self) -> int:
        """Return what it is remembered by."""
        ...


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the three parties to the question are, what the status is asked for, and as of when.

    Without a purpose every one counts.
    """

    worker: str
    client: str
    work: str
    on: dt.date
    purpose: str | None = None

    @property
    def places(self) -> dict[str, str]:
        """Each place by whose it is."""
        return {"worker": self.worker, "client": self.client, "work": self.work}


@dataclass(frozen=True, slots=True)
class Gap:
    """A place for which something is missing: with ``UNSUPPORTED`` no test at all, so that a reviewer must decide."""

    code: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Applying:
    """A test that applies, and the places because of which it does."""

    test: LegalTest
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Applicable:
    """The tests that apply, and what is missing."""

    situation: Situation
    tests: tuple[Applying, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """What all tests that apply say; ``leading`` are those with the strictest outcome."""

    outcome: Outcome
    findings: tuple[LegalFinding, ...]
    leading: tuple[str, ...]
    gaps: tuple[Gap, ...]

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain data, always in the same order."""
        return {
            "outcome": self.outcome,
            "leading": list(self.leading),
            "gaps": [{"code": gap.code, "place": gap.place, "text": gap.text} for gap in self.gaps],
            "findings": [finding.as_json() for finding in self.findings],
        }


def applicable(library: Rules, situation: Situation, answers: Mapping[str, object] | None = None) -> Applicable:
    """Find the tests that apply. Raises ``AnswerError`` for a purpose that no test knows.

    With answers, a test that they put out of its own scope is left out.
    """
    found = _covering(library, situation)
    if not answers:
        return found
    return replace(found, tests=tuple(one for one in found.tests if not is_out_of_scope(one.test, answers)))


@functools.lru_cache(maxsize=512)
def _covering(library: Rules, situation: Situation) -> Applicable:
    """Find the tests that apply before anything is answered: the same for every engagement of such a kind."""
    purpose = situation.purpose
    if purpose is not None and purpose not in PURPOSES:
        raise AnswerError(None, "purpose", f"{show(purpose)} is no purpose; it is one of {', '.join(PURPOSES)}.")
    places = {place: library.places.known_as(place) for place in dict.fromkeys(situation.places.values())}
    in_force = library.legal_tests(situation.on)
    found: list[Applying] = []
    for test in in_force:
        scope = test.parts.scope
        because = tuple(said for said, place in places.items() if _covers(library, test, place))
        asked = scope.answers_for(purpose, situation.on)
        if because and asked and not scope.only_by_redirect:
            found.append(Applying(test, because))
    gaps = tuple(gap for said, place in places.items() if (gap := _gap(library, in_force, situation, said, place)))
    return Applicable(situation, tuple(found), gaps)


def decide(library: Rules, situation: Situation, answers: Mapping[str, object]) -> Together:
    """Decide by every test that applies. Raises ``AnswerError``."""
    found = applicable(library, situation, answers)
    findings = tuple(one.test.decide(answers) for one in found.tests)
    outcomes = [finding.outcome for finding in findings]
    if not findings or any(gap.code == UNSUPPORTED for gap in found.gaps):
        outcomes.append(Outcome.NEEDS_REVIEW)
    outcome = strictest(outcomes)
    leading = tuple(finding.rule_set for finding in findings if finding.outcome is outcome)
    return Together(outcome, findings, leading, found.gaps)


def strictest(outcomes: list[Outcome]) -> Outcome:
    """An employee goes before a review, and a review before a contractor; nothing at all is a review."""
    return next((outcome for outcome in STRICTEST_FIRST if outcome in outcomes), Outcome.NEEDS_REVIEW)


def _covers(library: Rules, test: LegalTest, place: str) -> bool:
    scope = test.parts.scope
    around = library.places.around(place)
    return any(one in scope.places for one in around) and not any(one in scope.without for one in around)


def is_out_of_scope(test: LegalTest, answers: Mapping[str, object]) -> bool:
    """Whether answers put a test out of its own scope, so that it says nothing of the engagement."""
    given = {key: value for key, value in answers.items() if isinstance(value, str)}
    return any(gate.effect is Effect.APPLIES_IF and gate.fires(given) for gate in test.gates)


def _gap(library: Rules, tests: list[LegalTest], situation: Situation, said: str, place: str) -> Gap | None:
    deciding = [test.parts.scope for test in tests if _decides(library, test, situation, place)]
    if not deciding:
        purpose = situation.purpose
        law = "the law" if purpose is None else f"the law on {purpose.replace('_', ' ')}"
        return Gap(UNSUPPORTED, said, f"There is no test for {law} of {show(said)}, so a reviewer must decide.")
    own = any(one in scope.places for scope in deciding for one in library.places.around(place) if "-" in one)
    if "-" in place and not own and any(scope.parts_have_own_law for scope in deciding):
        country = place.partition("-")[0]
        return Gap(
            PARTLY_COVERED,
            said,
            f"Of {show(said)} only the tests of {country} are known; where it has a law of its own, look it up.",
        )
    return None


def _decides(library: Rules, test: LegalTest, situation: Situation, place: str) -> bool:
    """Whether a test decides for a place; one that only flags a presumption does not."""
    scope = test.parts.scope
    if scope.only_flags or scope.only_by_redirect:
        return False
    return _covers(library, test, place) and scope.answers_for(situation.purpose, situation.on)
