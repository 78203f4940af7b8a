"""What a legal test consists of: factors or prongs, the gates before them, and how scores become an outcome.

Scores are kept as whole numbers throughout. A leaning is a whole number from -2 to 2, a weight is kept in thousandths,
and the mean of a factor's leanings is multiplied by ``EVEN``, which every possible number of answers divides. So no
outcome hangs on how a machine rounds, and a query in a database can compute the same.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from compliance.rules.model import Dated, Outcome, Question

STRONGEST: Final = 2
"""The strongest leaning towards either side."""

MOST_QUESTIONS: Final = 16
"""How many questions one factor may have."""

EVEN: Final = math.lcm(*range(1, MOST_QUESTIONS + 1))

THOUSAND: Final = 1000

Answers = Mapping[str, str]
Allowed = Mapping[str, frozenset[str]]


class Source(StrEnum):
    """Whether somebody held the statement against its source."""

    VERIFIED = "verified"
    PARTLY = "partly"
    UNVERIFIED = "unverified"


class Method(StrEnum):
    """How factors are combined."""

    WEIGHING = "weighing"
    CORE_FACTORS = "core_factors"
    ALL_PRONGS = "all_prongs"


class Effect(StrEnum):
    """What a gate does when it fires."""

    RELIEF = "relief"
    OVERRIDE = "override"
    REDIRECT = "redirect"
    APPLIES_IF = "applies_if"


class Standing(StrEnum):
    """Where a prong, or a group of factors, stands."""

    MET = "met"
    FAILED = "failed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing that the law looks at. ``weight`` is in thousandths and ours.

    ``not_asked`` says why a factor has no question; it then has no part in the balance. The last three are of prongs:
    ``any_of`` takes the best of its questions, ``settled_by`` lets one answer decide it, and without one of
    ``met_only_if`` it cannot be met.
    """

    key: str
    title: str
    meaning: str
    citation: str
    source: Source
    weight: int
    leanings: Mapping[str, Mapping[str, int]]
    not_asked: str = ""
    any_of: bool = False
    settled_by: Mapping[str, Mapping[str, Standing]] = field(default_factory=dict)
    met_only_if: Allowed = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """A rule read before the factors. It fires when each of ``all_of`` is answered so and none of ``unless``.

    An ``applies_if`` gate is the other way round: it fires, and the test does not apply, once one of its conditions is
    answered differently.
    """

    key: str
    title: str
    effect: Effect
    result: Outcome | None
    redirect: str | None
    scope: str
    all_of: Allowed
    unless: Allowed
    citation: str
    source: Source
    note: str

    def fires(self, answers: Answers) -> bool:
        """Whether it decides, given the answers."""
        if self.effect is Effect.APPLIES_IF:
            return any(key in answers and answers[key] not in allowed for key, allowed in self.all_of.items())
        return all(answers.get(key) in allowed for key, allowed in self.all_of.items()) and not any(
            answers.get(key) in allowed for key, allowed in self.unless.items()
        )

    @property
    def questions(self) -> tuple[str, ...]:
        """What it looks at."""
        return (*self.all_of, *(key for key in self.unless if key not in self.all_of))


@dataclass(frozen=True, slots=True)
class TieBreaker:
    """A question that decides while the balance is nearer to zero than ``within`` (thousandths)."""

    question: str
    within: int
    results: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Combining:
    """How scores become an outcome; thresholds are in thousandths of a score from -1 to 1.

    At or above ``upper`` a balance is that of a contractor (a prong is met), at or below ``lower`` that of an employee
    (a prong has failed). ``least_answered`` is the part of the weight that must be answered.
    """

    method: Method
    upper: int
    lower: int
    least_answered: int
    note: str
    tie_breaker: TieBreaker | None = None
    core: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """Another way of weighing the same factors, off unless it is asked for.

    ``in_use`` says that an authority works by it; one that is only proposed is not law and has to be switched on.
    """

    key: str
    title: str
    in_use: bool
    effective_from: dt.date | None
    basis: str
    note: str
    source: Source
    weights: Mapping[str, int]
    method: Method
    core: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and what for a test applies.

    ``until`` limits a purpose to a last day. ``parts_have_own_law`` is true where, as in the United States, a part of
    the country may have a test of its own beside it. ``only_by_redirect`` is true of a test that another one has to
    call for, ``only_flags`` of one that shows that a presumption may arise and decides nothing.
    """

    places: tuple[str, ...]
    without: tuple[str, ...]
    purposes: tuple[str, ...]
    until: Mapping[str, dt.date]
    parts_have_own_law: bool
    only_by_redirect: bool
    only_flags: bool

    def answers_for(self, purpose: str | None, on: dt.date) -> bool:
        """Whether the test answers for a purpose (or, without one, for any) on a day."""
        asked = self.purposes if purpose is None else (purpose,)
        return any(one in self.purposes and on <= self.until.get(one, on) for one in asked)


@dataclass(frozen=True, slots=True)
class About(Dated):
    """What a legal test says of itself. The dates are those between which the law that it states is in force."""

    key: str
    version: str
    title: str
    jurisdiction: str
    level: str
    effective_from: dt.date
    effective_to: dt.date | None
    in_short: str
    applies_to: str
    presumption: str
    authority: tuple[str, ...]
    verified: tuple[str, ...]
    unverified: tuple[str, ...]
    weights_are: str
    note: str
    always_review: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two answers that cannot both be right."""

    first: tuple[str, frozenset[str]]
    second: tuple[str, frozenset[str]]
    text: str


@dataclass(frozen=True, slots=True)
class Parts:
    """A legal test as it was read and checked. ``questions`` are those that it uses, in the order of asking."""

    about: About
    digest: str
    scope: Scope
    factors: tuple[Factor, ...]
    gates: tuple[Gate, ...]
    combining: Combining
    variants: tuple[Variant, ...]
    questions: tuple[Question, ...]
    context: frozenset[str]
    contradictions: tuple[Contradiction, ...]
    known: Allowed
