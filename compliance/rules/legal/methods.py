"""What factors say before any gate, and the plainest way to get there: weighing them together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, NamedTuple

from compliance.rules.legal.balance import NOTHING_LOCKED, Balance, Weighed
from compliance.rules.legal.model import EVEN, STRONGEST, THOUSAND, Answers, Combining, Standing
from compliance.rules.legal.routes import Routes
from compliance.rules.legal.scoring import DECIMALS, NO_PULL, PULLS, Scored, decimal
from compliance.rules.legal.search import SHIFT
from compliance.rules.model import Outcome

PLAIN: Final = THOUSAND // 2
"""The balance at which every factor points plainly one way; from there on nothing can be surer."""

OUTCOMES: Final = {
    Standing.MET: Outcome.INDEPENDENT_CONTRACTOR,
    Standing.FAILED: Outcome.EMPLOYEE,
    Standing.OPEN: Outcome.NEEDS_REVIEW,
}
SPOKEN: Final = {
    Outcome.INDEPENDENT_CONTRACTOR: "an independent contractor",
    Outcome.EMPLOYEE: "an employee",
    Outcome.NEEDS_REVIEW: "for a reviewer to decide",
}


DECIDES: Final = 1 << 12
"""Marks, in a packed open question, that its answer alone could turn the outcome."""


def pack_open(order: int, moves: int, *, decides: bool) -> int:
    """Pack an open question, so that sorting puts first what could change most.

    That is one that could turn the outcome, then one that could move the test far (in thousandths), then an earlier.
    """
    return ((DECIDES if decides else 0) + moves) * SHIFT + (SHIFT - 1 - order)


class Reason(NamedTuple):
    """Why the outcome is what it is: a code for machines and a sentence for people."""

    code: str
    text: str


class Verdict(ABC):
    """What the factors say, before any gate."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    balance: int | None
    answered: int
    confidence: int

    @abstractmethod
    def lines(self) -> list[str]:
        """Each factor as JSON."""

    @abstractmethod
    def routes(self, most: int, locked: frozenset[str] = NOTHING_LOCKED) -> Routes[Outcome]:
        """The smallest changes of answers that lead to another outcome."""

    @abstractmethod
    def open(self) -> list[int]:
        """What is not answered yet, packed by :func:`pack_open`."""


class Method(ABC):
    """Turns answers into a verdict."""

    @abstractmethod
    def settle(self, answers: Answers) -> Verdict:
        """Work out what the factors say."""


def share(part: int, whole: int) -> int:
    """Part of a whole in thousandths."""
    return part * THOUSAND // whole if whole else 0


def pulled(scored: Sequence[Scored], weight: int) -> list[str]:
    """Write factors, each with how far it pulls the balance."""
    whole = 2 * STRONGEST * EVEN * weight
    half = whole // 2
    return [
        one.line + (PULLS[(2 * THOUSAND * one.effect + half) // whole] if one.weight else NO_PULL) for one in scored
    ]


class Weighing(Method):
    """All factors are weighed together."""

    def __init__(self, balance: Balance, combining: Combining) -> None:
        self.weighed = balance
        self.combining = combining
        self.told: dict[tuple[int | None, int, Standing, bool], tuple[int, Reason]] = {}
        """Confidence and reason for each balance, weight and standing, once they were worked out."""

    def settle(self, answers: Answers) -> Verdict:
        """Weigh the factors."""
        return _WeighedVerdict(self, answers, self.weighed.weigh(answers))


class _WeighedVerdict(Verdict):
    def __init__(self, method: Weighing, answers: Answers, found: Weighed) -> None:
        self._method, self._answers, self._found = method, answers, found
        self.outcome = OUTCOMES[found.standing]
        self.balance = found.balance
        self.answered = share(found.weight, method.weighed.possible)
        self.by_tie = found.tie is not None and self._by_tie()
        key = (self.balance, found.weight, found.standing, self.by_tie)
        told = method.told.get(key)
        if told is None:
            told = method.told[key] = self._confidence(), self._reason()
        self.confidence = told[0]
        self.reasons = (told[1],)

    def _by_tie(self) -> bool:
        if not self._found.enough:
            return False
        plain = self._method.weighed.ranges(self._found.weight, None)
        return next(s for s, first, last in plain if first <= self._found.sum <= last) is not self._found.standing

    def _confidence(self) -> int:
        if self.balance is None or self.outcome is Outcome.NEEDS_REVIEW:
            return 0
        combining = self._method.combining
        if self.by_tie and combining.tie_breaker:
            return 0
        upper, lower = combining.upper, combining.lower
        distance = self.balance - upper if self.outcome is Outcome.INDEPENDENT_CONTRACTOR else lower - self.balance
        room = PLAIN - (upper if self.outcome is Outcome.INDEPENDENT_CONTRACTOR else -lower)
        return max(0, min(THOUSAND, distance * THOUSAND // room)) * self.answered // THOUSAND

    def _reason(self) -> Reason:
        combining, balance = self._method.combining, self.balance
        if balance is None or not self._found.enough:
            return too_little(self.answered, combining.least_answered)
        at = f"The balance of the factors is {DECIMALS[balance]}"
        if self.by_tie and combining.tie_breaker:
            within = decimal(combining.tie_breaker.within)
            return Reason(
                "tie_breaker",
                f"{at}, within {within} of the middle, where {combining.tie_breaker.question} decides: "
                f"{SPOKEN[self.outcome]}.",
            )
        if self.outcome is Outcome.INDEPENDENT_CONTRACTOR:
            return Reason("balance", f"{at}, at or above {decimal(combining.upper)}: {SPOKEN[self.outcome]}.")
        if self.outcome is Outcome.EMPLOYEE:
            return Reason("balance", f"{at}, at or below {decimal(combining.lower)}: {SPOKEN[self.outcome]}.")
        between = f"between {decimal(combining.lower)} and {decimal(combining.upper)}"
        return Reason("balance", f"{at}, {between}: {SPOKEN[self.outcome]}.")

    def lines(self) -> list[str]:
        return pulled(self._found.scored, self._found.weight)

    def routes(self, most: int, locked: frozenset[str] = NOTHING_LOCKED) -> Routes[Outcome]:
        return self._method.weighed.routes(self._answers, self._found, most, locked).renamed(OUTCOMES)

    def open(self) -> list[int]:
        weighed, found = self._method.weighed, self._found
        opened = open_in(weighed, found)
        breaker = weighed.tie_breaker
        if breaker and breaker.question not in self._answers and found.enough:
            led = [weighed.ranges(found.weight, result) for result in breaker.results.values()]
            decides = any(s is not found.standing for r in led for s, a, b in r if a <= found.sum <= b)
            order = weighed.keys.index(breaker.question)
            opened.append(pack_open(order, THOUSAND if decides else 0, decides=decides))
        return opened


def open_in(weighed: Balance, found: Weighed) -> list[int]:
    """Tell of each open question how far one answer to it could move the balance, and whether it turns it."""
    opened: list[int] = []
    whole = STRONGEST * EVEN * found.weight
    now = found.sum * THOUSAND // whole if whole else 0
    here = weighed.here(found.standing, found.weight, found.tie) or (0, 0)
    low, high = here[0] - found.sum, here[1] - found.sum
    for scored in found.scored:
        if scored.added:
            opened += _open_afresh(weighed, found, scored, now)
            continue
        for down, up, packed in scored.unanswered:
            moves = (max(-down, up)) * THOUSAND // whole
            head = (moves if low <= down and up <= high else moves + DECIDES) * SHIFT
            opened += [head + one for one in packed]
    return opened


def _open_afresh(weighed: Balance, found: Weighed, scored: Scored, now: int) -> list[int]:
    weight = found.weight + scored.added
    whole = STRONGEST * EVEN * weight
    low, high = weighed.here(found.standing, weight, found.tie) or (1, 0)
    opened: list[int] = []
    for down, up, packed in scored.unanswered:
        down_to, up_to = found.sum + down, found.sum + up
        moves = max(now - down_to * THOUSAND // whole, up_to * THOUSAND // whole - now, 0)
        head = (moves if low <= down_to and up_to <= high else moves + DECIDES) * SHIFT
        opened += [head + one for one in packed]
    return opened


def too_little(answered: int, needed: int) -> Reason:
    """Say that too little is answered for the factors to decide."""
    return Reason(
        "too_little_answered",
        f"Only {answered // 10} % of the weight is answered; at least {needed // 10} % is needed.",
    )
