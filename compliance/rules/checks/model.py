"""What a compliance check consists of: questions, when it applies, and the duties that follow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from compliance.rules.legal.model import Source
from compliance.rules.model import Dated, Outcome


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A number of which only a lower bound is known."""

    number: int


Value = str | int | dt.date | AtLeast
Given = Mapping[str, Value]


class Type(StrEnum):
    """What an answer is."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    NUMBER = "number"
    DATE = "date"


class Truth(StrEnum):
    """Whether a condition is fulfilled, as far as the answers tell."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class CheckQuestion:
    """One question of a check; only a choice has options."""

    key: str
    short: str
    text: str
    type: Type
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Clause:
    """One answer must be among these, or lie within these bounds."""

    question: str
    values: frozenset[str] = frozenset()
    at_least: int | None = None
    at_most: int | None = None

    def truth(self, given: Given) -> Truth:
        """Whether it is fulfilled."""
        value = given.get(self.question)
        if value is None:
            return Truth.OPEN
        if isinstance(value, AtLeast):
            return self._truth_from(value.number)
        if isinstance(value, int):
            fits = (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)
        else:
            fits = value in self.values
        return Truth.HOLDS if fits else Truth.FAILS

    def _truth_from(self, least: int) -> Truth:
        """Whether it is fulfilled by every number from *least* on, by none, or by some."""
        if self.at_most is not None:
            return Truth.FAILS if least > self.at_most else Truth.OPEN
        return Truth.HOLDS if self.at_least is None or least >= self.at_least else Truth.OPEN


def all_hold(clauses: tuple[Clause, ...], given: Given) -> Truth:
    """One that fails is enough to fail; else one that is open leaves it open."""
    found = {clause.truth(given) for clause in clauses}
    if Truth.FAILS in found:
        return Truth.FAILS
    return Truth.OPEN if Truth.OPEN in found else Truth.HOLDS


@dataclass(frozen=True, slots=True)
class Due:
    """A term: so many days after something. With ``question`` the day is known once that date is answered."""

    days: int
    kind: str
    after: str
    question: str | None


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that has to be done, left undone, or kept.

    It exists where ``applies`` holds, and is fulfilled where ``met`` does; without ``met`` nobody was asked about it.
    ``who`` has to see to it.
    """

    key: str
    text: str
    who: str
    citation: str
    source: Source
    applies: tuple[Clause, ...]
    met: tuple[Clause, ...]
    due: Due | None


@dataclass(frozen=True, slots=True)
class CheckAbout(Dated):
    """What a check says of itself. Where it names a ``status``, it is a law for those who were found to have it."""

    key: str
    version: str
    title: str
    jurisdiction: str
    effective_from: dt.date
    effective_to: dt.date | None
    applies_when: str
    excluded: str
    consequences: str
    note: str
    authority: tuple[str, ...]
    verified: tuple[str, ...]
    unverified: tuple[str, ...]
    places: tuple[str, ...]
    status: Outcome | None


@dataclass(frozen=True, slots=True)
class CheckParts:
    """A check as it was read."""

    about: CheckAbout
    digest: str
    questions: Mapping[str, CheckQuestion]
    applies: tuple[Clause, ...]
    duties: tuple[Duty, ...]
    known: frozenset[str]
